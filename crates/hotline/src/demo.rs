//! `hotline demo`: a ready-made center in a folder.
//!
//! The first start makes the folder: configuration, dialplans, certificate, and a random password for everybody. From
//! then on it is an ordinary center; `hotline serve --config DIR/hotline.toml` runs it too.

use crate::assets;
use crate::cli::DemoArgs;
use crate::config::AddressList;
use crate::demo_center::{AGENTS, DOMAIN, STAFF, SUPERVISORS};
use crate::ready::{self, AgentPerson, People, Person, Ready, SupervisorPerson};
use crate::serve;
use crate::wiring::Plan;
use access::{Role, User};
use anyhow::Context;
use base::SecretSource;
use runtime::{Node, StartError};
use serde::{Deserialize, Serialize};
use sip::DigestSecret;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;
use store::Store;

/// The port of SIP over TLS.
const SIPS: u16 = 5061;
/// The port of HTTPS.
const HTTPS: u16 = 8443;

/// Letters of a demo password: 5 bits each.
const PASSWORD_LETTERS: usize = 16;

/// Everybody's passwords, kept so that a second start tells the same ones.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Passwords {
    /// By login.
    web: BTreeMap<String, String>,
    /// By phone.
    phones: BTreeMap<String, String>,
}

pub(crate) fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let dir = &args.dir;
    let is_new = make_folder(dir).with_context(|| format!("the folder {} cannot be made", dir.display()))?;
    let dir = &std::fs::canonicalize(dir)?;
    let begun = serve::tokio_runtime()?.block_on(async {
        let begun = begin(args, dir).await;
        match begun {
            Ok(Begun { node, plan, ready }) => {
                let file = dir.join("hotline.toml");
                let reread = || Ok(with_arguments(Plan::read(&file)?, args));
                Ok(serve::run(node, &plan, &ready, reread).await)
            }
            Err(error) => Err(error),
        }
    });
    if let Err(error) = &begun
        && is_new
        && !is_taken(error)
    {
        // Nothing has run in it, and a later start with other ports is to begin from nothing.
        let _ = std::fs::remove_dir_all(dir);
    }
    begun?
}

/// Makes the folder and those above it. Returns whether it was this start that made it, and not another one at the same moment.
fn make_folder(dir: &Path) -> io::Result<bool> {
    if let Some(above) = dir.parent() {
        std::fs::create_dir_all(above)?;
    }
    match std::fs::create_dir(dir) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a start failed because another process runs in the folder.
fn is_taken(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StartError::Occupied { .. }))
}

/// A demo that runs.
struct Begun {
    node: Node,
    plan: Plan,
    ready: Ready,
}

async fn begin(args: &DemoArgs, dir: &Path) -> anyhow::Result<Begun> {
    let passwords = passwords(dir)?;
    let file = dir.join("hotline.toml");
    if !file.exists() {
        make_dialplans(&dir.join("dialplans"))?;
        // What phones prove themselves with stands in it: it is nobody else's to read.
        ready::write_private(&file, configuration(&passwords).as_bytes())?;
    }
    let plan = with_arguments(Plan::read(&file)?, args);
    serve::start_logging(&plan.config.log);
    let address = runtime::reachable(args.listen);
    let names = ["localhost".to_owned(), address.to_string(), DOMAIN.to_owned()];
    let certificate = web::tls::demo_certificate(&dir.join("tls"), &names)?;
    let ca_file = certificate.authority.clone();
    let mut options = plan.options()?;
    // Who wants any free port for one does not want to run into a fixed one for the other.
    let port = args.sips.unwrap_or(if args.sip == 0 { 0 } else { SIPS });
    options.sip.tls = Some(runtime::SipTls { port, files: certificate.clone() });
    options.sip.authorities = ca_file.clone();
    let port = args.https.unwrap_or(if args.http == 0 { 0 } else { HTTPS });
    options.https =
        Some(runtime::Tls { listen: std::net::SocketAddr::new(args.listen, port), files: certificate });
    add_people(&plan, &passwords).await?;
    let node = Node::start(options).await?;
    let ready = Ready::of(&plan, &node).of_demo(people(&passwords), ca_file);
    Ok(Begun { node, plan, ready })
}

/// The command line goes before the file, which stays as it is.
fn with_arguments(mut plan: Plan, args: &DemoArgs) -> Plan {
    plan.config.sip.listen = AddressList(vec![args.listen]);
    plan.config.sip.port = args.sip;
    plan.config.http.listen = args.listen;
    plan.config.http.port = args.http;
    plan.config.media.ports = args.rtp;
    // Nobody has trusted the demo's certificate yet, and its passwords open a demo.
    plan.config.http.plain_login = true;
    plan
}

fn passwords(dir: &Path) -> anyhow::Result<Passwords> {
    let file = dir.join("passwords.json");
    if file.exists() {
        let text = std::fs::read_to_string(&file)?;
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; remove the folder to begin anew", file.display()));
    }
    let mut secrets = crate::users::secrets()?;
    let mut word = || secrets.token(PASSWORD_LETTERS);
    let logins = STAFF.iter().map(|(login, ..)| *login).chain(AGENTS.iter().map(|(login, ..)| *login));
    let phones = AGENTS.iter().map(|(_, _, phone, ..)| *phone);
    let phones = phones.chain(SUPERVISORS.iter().map(|(_, phone)| *phone));
    let passwords = Passwords {
        web: logins.map(|login| (login.to_owned(), word())).collect(),
        phones: phones.map(|phone| (phone.to_owned(), String::new())).collect(),
    };
    let phones =
        passwords.phones.keys().map(|phone| (phone.clone(), secrets.token(PASSWORD_LETTERS))).collect();
    let passwords = Passwords { phones, ..passwords };
    ready::write_private(&file, serde_json::to_string_pretty(&passwords)?.as_bytes())?;
    Ok(passwords)
}

fn make_dialplans(folder: &Path) -> anyhow::Result<()> {
    for name in assets::Dialplans::iter() {
        let Some(file) = assets::Dialplans::get(&name) else { continue };
        let path = folder.join(&*name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, &file.data))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn configuration(passwords: &Passwords) -> String {
    let mut text = format!(
        "# The demo center. Ports and addresses of the command line go before those here.\n\
         # Every key is explained in docs/hotline.toml.\n\n\
         [center]\nname = \"Demo center\"\ndomain = \"{DOMAIN}\"\n\n\
         [folders]\ndata = \".\"\ndialplans = \"dialplans\"\n\n\
         [[queue]]\nname = \"support\"\n\n[[queue]]\nname = \"sales\"\n\n\
         [[trunk]]\nname = \"carrier\"\naccept_from = [\"127.0.0.0/8\"]\nsend_to = \"127.0.0.1:5090\"\nprefixes = [\"9\"]\n\
         # Most demos have no carrier there; nobody is to be told so every ten seconds.\nprobe = \"0s\"\n"
    );
    let phone_section = |phone: &str| {
        let password = passwords.phones.get(phone).map_or("", String::as_str);
        let secret = DigestSecret::new(phone, DOMAIN, password);
        format!(
            "\n[[phone]]\nuser = \"{phone}\"\nha1_md5 = \"{}\"\nha1_sha256 = \"{}\"\ncalls_out = true\n",
            crate::users::hex(&secret.md5),
            crate::users::hex(&secret.sha256),
        )
    };
    for (login, phone) in SUPERVISORS {
        let _ = write!(text, "\n[[supervisor]]\nlogin = \"{login}\"\nphone = \"{phone}\"\n");
        text += &phone_section(phone);
    }
    for (login, name, phone, queues, skills) in AGENTS {
        let skills: Vec<_> = skills.iter().map(|(skill, level)| format!("{skill} = {level}")).collect();
        let _ = write!(
            text,
            "\n[[agent]]\nlogin = \"{login}\"\nname = \"{name}\"\nphone = \"{phone}\"\nqueues = {queues:?}\n\
             skills = {{ {} }}\n",
            skills.join(", "),
        );
        text += &phone_section(phone);
    }
    text
}

/// Enters everybody into the library who is not there yet.
async fn add_people(plan: &Plan, passwords: &Passwords) -> anyhow::Result<()> {
    let store = Store::open(&plan.database()).await?;
    store.migrate().await?;
    let mut secrets = crate::users::secrets()?;
    let staff = STAFF.iter().map(|(login, name, role)| (*login, *name, Role::parse(role)));
    let agents = AGENTS.iter().map(|(login, name, ..)| (*login, *name, Some(Role::Agent)));
    for (login, name, role) in staff.chain(agents) {
        let (Some(role), Some(password)) = (role, passwords.web.get(login)) else { continue };
        if store.user(login).await?.is_some() {
            continue;
        }
        add_user(&store, login, name, role, password, &mut secrets).await?;
    }
    store.close().await;
    Ok(())
}

/// Enters somebody into the library.
pub(crate) async fn add_user(
    store: &Store,
    login: &str,
    name: &str,
    role: Role,
    password: &str,
    secrets: &mut SecretSource,
) -> anyhow::Result<()> {
    let hash = web::password::hash(password, secrets)?;
    let user = User {
        login: login.to_owned(),
        name: name.to_owned(),
        role,
        queues: None,
        created_at: web::Clock::system().now(),
        disabled: false,
    };
    Ok(store.add_user(&user, &hash).await?)
}

fn people(passwords: &Passwords) -> People {
    let person = |login: &str| Person {
        login: login.to_owned(),
        password: passwords.web.get(login).cloned().unwrap_or_default(),
    };
    People {
        admin: person("admin"),
        supervisors: SUPERVISORS
            .iter()
            .map(|(login, phone)| SupervisorPerson {
                person: person(login),
                sip_user: (*phone).to_owned(),
                sip_password: passwords.phones.get(*phone).cloned().unwrap_or_default(),
            })
            .collect(),
        planners: vec![person("paul")],
        marketing: vec![person("mona")],
        agents: AGENTS
            .iter()
            .map(|(login, _, phone, queues, skills)| AgentPerson {
                person: person(login),
                sip_user: (*phone).to_owned(),
                sip_password: passwords.phones.get(*phone).cloned().unwrap_or_default(),
                queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
                skills: skills.iter().map(|(skill, level)| ((*skill).to_owned(), *level)).collect(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr, TcpListener};

    #[test]
    fn a_first_start_that_fails_leaves_no_folder_and_a_later_one_all_that_was_there() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let args = DemoArgs {
            dir: folder.path().join("demo"),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            sip: 0,
            sips: None,
            http: taken.local_addr().expect("an address").port(),
            https: Some(0),
            rtp: "40000-40099".parse().expect("a range"),
        };
        run(&args).expect_err("the port is taken");
        assert!(!args.dir.exists(), "it would begin a later start with half of things");
        std::fs::create_dir(&args.dir).expect("a folder");
        std::fs::write(args.dir.join("mine.txt"), "kept").expect("written");
        run(&args).expect_err("the port is taken still");
        assert!(args.dir.join("mine.txt").exists(), "what was there is nobody's to remove");
    }

    #[test]
    fn of_two_first_starts_one_makes_the_folder_and_neither_removes_it_under_the_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("above/demo");
        assert!(make_folder(&dir).expect("it can be made"));
        assert!(!make_folder(&dir).expect("it is there"), "it is the other one's");
        std::fs::write(folder.path().join("file"), "").expect("written");
        assert!(make_folder(&folder.path().join("file")).is_err(), "a file is no folder");

        let taken = StartError::Occupied { folder: "demo".to_owned(), pid: None };
        assert!(is_taken(&taken.into()));
        assert!(!is_taken(&anyhow::anyhow!("the port is taken")));
    }
}
