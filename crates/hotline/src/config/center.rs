//! The contact center: queues and agents.

use super::Span;
use flow::Zone;
use flow::zone::NoSuchZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// `[center]`: who we are.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CenterSection {
    /// The name people see.
    pub(crate) name: String,
    /// The domain phones register with.
    pub(crate) domain: String,
    /// The language of callers whose dialplan names none.
    #[serde(default = "english")]
    pub(crate) language: String,
    /// The time zone in which its days begin, and times are shown. Without it: the machine's.
    #[serde(default)]
    pub(crate) zone: Option<String>,
    /// How long a shutdown waits for live calls.
    #[serde(default = "drain_patience")]
    pub(crate) drain: Span,
    /// Whether agents are shown who listens to their calls.
    #[serde(default)]
    pub(crate) agents_see_monitors: bool,
}

/// `[[supervisor]]`: the phone of somebody who is no agent, to listen on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupervisorSection {
    /// The name the supervisor logs in with.
    pub(crate) login: String,
    /// The phone that is rung.
    pub(crate) phone: String,
}

impl CenterSection {
    /// The time zone: the one written, or the machine's.
    pub(crate) fn zone(&self) -> Result<Zone, NoSuchZone> {
        self.zone.as_deref().map_or_else(|| Ok(of_this_machine()), str::parse)
    }
}

/// The zone of the machine: as TZ says, or the link to it, or the file with its name; UTC where nothing says it. TZ may hold
/// what is no zone of the database, as `CET-1CEST`, and the link may be a copy.
fn of_this_machine() -> Zone {
    let localtime = Path::new("/etc/localtime");
    let link = std::fs::read_link(localtime).or_else(|_| std::fs::canonicalize(localtime));
    let says = [
        std::env::var("TZ").ok(),
        link.ok().map(|link| link.display().to_string()),
        std::fs::read_to_string("/etc/timezone").ok(),
    ];
    first_zone(says.iter().flatten().map(String::as_str))
}

/// The first of these that names a zone.
fn first_zone<'a>(mut says: impl Iterator<Item = &'a str>) -> Zone {
    says.find_map(zone_in).unwrap_or_default()
}

/// The zone that a name or a path into the database names.
fn zone_in(said: &str) -> Option<Zone> {
    // tzset(3): a colon goes before a file, and nothing at all is UTC.
    let said = said.trim().trim_start_matches(':');
    if said.is_empty() {
        return Some(Zone::default());
    }
    let name = said.split_once("zoneinfo/").map_or(said, |(_, name)| name);
    let name = ["posix/", "right/"].into_iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
    name.parse().ok()
}

fn english() -> String {
    "en".to_owned()
}

fn drain_patience() -> Span {
    Span::seconds(300)
}

/// `[codes]`: what an agent's phone dials.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CodesSection {
    pub(crate) ready: String,
    pub(crate) not_ready: String,
    pub(crate) logout: String,
}

impl Default for CodesSection {
    fn default() -> Self {
        let codes = center::Codes::default();
        Self { ready: codes.ready, not_ready: codes.not_ready, logout: codes.log_out }
    }
}

impl From<CodesSection> for center::Codes {
    fn from(section: CodesSection) -> Self {
        Self { ready: section.ready, not_ready: section.not_ready, log_out: section.logout }
    }
}

/// `[[queue]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueSection {
    /// Its name, as dialplans call it.
    pub(crate) name: String,
    /// What its agents must be able to do, and how well: `{ english = 2 }`.
    #[serde(default)]
    pub(crate) needs: BTreeMap<String, u8>,
    /// How long an agent is rung before the next one is asked.
    #[serde(default = "ring")]
    pub(crate) ring: Span,
    /// After-contact work.
    #[serde(default = "wrap_up")]
    pub(crate) wrap_up: Span,
    /// How often a caller is told the place in the queue; `0s` is never.
    #[serde(default = "announce")]
    pub(crate) announce: Span,
    /// How many may wait at once.
    #[serde(default = "waiting_max")]
    pub(crate) waiting_max: usize,
    /// Service level: percent answered within the threshold.
    #[serde(default = "goal")]
    pub(crate) goal: u8,
    /// The service level's threshold.
    #[serde(default = "threshold")]
    pub(crate) threshold: Span,
    /// Callers who leave sooner are not counted.
    #[serde(default = "short_abandon")]
    pub(crate) short_abandon: Span,
}

fn ring() -> Span {
    Span::seconds(15)
}

fn wrap_up() -> Span {
    Span::seconds(10)
}

fn announce() -> Span {
    Span::seconds(30)
}

fn waiting_max() -> usize {
    1000
}

fn goal() -> u8 {
    80
}

fn threshold() -> Span {
    Span::seconds(20)
}

fn short_abandon() -> Span {
    Span::seconds(5)
}

impl QueueSection {
    pub(crate) fn queue(&self) -> model::Queue {
        let needs = self.needs.iter();
        model::Queue {
            id: self.name.as_str().into(),
            needs: needs
                .map(|(skill, level)| model::SkillNeed { skill: skill.as_str().into(), level: *level })
                .collect(),
            ring: self.ring.0,
            wrap_up: self.wrap_up.0,
            announce: Some(self.announce.0).filter(|every| !every.is_zero()),
            waiting_max: self.waiting_max,
            service_level: model::queue::ServiceLevelGoal {
                goal: self.goal,
                threshold: self.threshold.0,
                short_abandon: self.short_abandon.0,
            },
        }
    }
}

/// `[[agent]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentSection {
    /// The name the agent logs in with.
    pub(crate) login: String,
    /// The name people see; the login if there is none.
    pub(crate) name: Option<String>,
    /// The phone that is rung.
    pub(crate) phone: Option<String>,
    /// The queues served.
    pub(crate) queues: Vec<String>,
    /// What the agent can do, and how well, 1 to 5.
    #[serde(default)]
    pub(crate) skills: BTreeMap<String, u8>,
    /// Whether the agent gets ready when the phone registers, and goes home when it is gone.
    #[serde(default)]
    pub(crate) ready_with_phone: bool,
}

impl AgentSection {
    pub(crate) fn agent(&self) -> model::Agent {
        model::Agent {
            id: self.login.as_str().into(),
            name: self.name.clone().unwrap_or_else(|| self.login.clone()),
            phone: self.phone.as_deref().map(Into::into),
            queues: self.queues.iter().map(|queue| queue.as_str().into()).collect(),
            skills: self.skills.iter().map(|(skill, level)| (skill.as_str().into(), *level)).collect(),
            ready_with_phone: self.ready_with_phone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_the_machine_is_the_first_one_that_can_be_understood() {
        let link = "/usr/share/zoneinfo/Europe/Berlin";
        for (says, zone) in [
            (vec!["Asia/Shanghai", link], "Asia/Shanghai"),
            (vec![":Asia/Shanghai", link], "Asia/Shanghai"),
            (vec![":/usr/share/zoneinfo/posix/Asia/Shanghai", link], "Asia/Shanghai"),
            (vec!["", link], "UTC"),
            (vec!["CET-1CEST", link], "Europe/Berlin"),
            (vec![":/etc/localtime", "../usr/share/zoneinfo/right/Europe/Berlin"], "Europe/Berlin"),
            (vec!["/etc/localtime", "Europe/Berlin\n"], "Europe/Berlin"),
            (vec!["CET-1CEST"], "UTC"),
            (vec![], "UTC"),
        ] {
            assert_eq!(first_zone(says.iter().copied()).name(), zone, "{says:?}");
        }
    }
}
