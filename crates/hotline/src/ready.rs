//! `ready.json`: how scripts find a running center. It is there exactly while calls and requests are accepted.

use crate::wiring::Plan;
use anyhow::Context;
use runtime::Node;
use serde::Serialize;
use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What it says.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ready {
    pid: u32,
    http: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    https: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<PathBuf>,
    sip: BTreeMap<&'static str, String>,
    domain: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<&'static str, &'static str>,
    codes: BTreeMap<&'static str, String>,
    #[serde(flatten)]
    people: Option<People>,
}

/// Who can log in; told by the demo only.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct People {
    pub(crate) admin: Person,
    pub(crate) supervisors: Vec<SupervisorPerson>,
    pub(crate) planners: Vec<Person>,
    pub(crate) marketing: Vec<Person>,
    pub(crate) agents: Vec<AgentPerson>,
}

/// Somebody who logs in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Person {
    pub(crate) login: String,
    pub(crate) password: String,
}

/// A supervisor, with the phone to listen on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SupervisorPerson {
    #[serde(flatten)]
    pub(crate) person: Person,
    pub(crate) sip_user: String,
    pub(crate) sip_password: String,
}

/// An agent, with the phone.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentPerson {
    #[serde(flatten)]
    pub(crate) person: Person,
    pub(crate) sip_user: String,
    pub(crate) sip_password: String,
    pub(crate) queues: Vec<String>,
    pub(crate) skills: BTreeMap<String, u8>,
}

impl Ready {
    /// What is true of a running node.
    pub(crate) fn of(plan: &Plan, node: &Node) -> Self {
        let addresses = node.addresses();
        let codes = &plan.config.codes;
        Self {
            pid: std::process::id(),
            http: format!("http://{}", addresses.http),
            https: addresses.https.map(|address| format!("https://{address}")),
            ca_file: None,
            sip: [
                ("udp", Some(addresses.sip.to_string())),
                ("tcp", Some(addresses.sip.to_string())),
                ("tls", addresses.sips.map(|address| address.to_string())),
                ("ws", Some(format!("ws://{}/sip", addresses.http))),
                ("wss", addresses.https.map(|address| format!("wss://{address}/sip"))),
            ]
            .into_iter()
            .filter_map(|(way, address)| Some((way, address?)))
            .collect(),
            domain: plan.config.center.domain.clone(),
            numbers: BTreeMap::new(),
            codes: [
                ("ready", codes.ready.clone()),
                ("not_ready", codes.not_ready.clone()),
                ("logout", codes.logout.clone()),
            ]
            .into(),
            people: None,
        }
    }

    /// The same with the demo's numbers and people.
    pub(crate) fn of_demo(self, people: People, ca_file: Option<PathBuf>) -> Self {
        Self { numbers: crate::demo_center::NUMBERS.into(), people: Some(people), ca_file, ..self }
    }

    /// What a person reads at the start.
    pub(crate) fn greeting(&self) -> String {
        let mut told = format!("hotline is ready: {}\n", self.http);
        told += &format!("SIP over UDP and TCP: {}", self.sip["udp"]);
        if let Some(tls) = self.sip.get("tls") {
            told += &format!(", over TLS: {tls}");
        }
        told += &format!(", domain {}\n", self.domain);
        if let Some(people) = &self.people {
            let supervisor = people.supervisors.first().map_or(&people.admin, |one| &one.person);
            told += &format!("log in as {} with {}\n", supervisor.login, supervisor.password);
            if let Some(agent) = people.agents.first() {
                told += &format!(
                    "register a SIP phone as {} with {}, dial {} to be ready; call 4000 from any other phone\n",
                    agent.sip_user, agent.sip_password, self.codes["ready"]
                );
            }
            told += "everybody else's passwords are in ready.json";
        } else {
            told += "nobody can log in before: hotline user add LOGIN --role admin --config FILE";
        }
        told
    }
}

/// Writes it, whole or not at all, readable for the owner only: it may hold passwords.
pub(crate) fn write(folder: &Path, ready: &Ready) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(ready)?;
    write_private(&folder.join("ready.json"), text.as_bytes())
}

/// Removes it.
pub(crate) fn remove(folder: &Path) {
    match std::fs::remove_file(folder.join("ready.json")) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "ready.json was not removed"),
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    let unfinished = path.with_extension("new");
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&unfinished, path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}
