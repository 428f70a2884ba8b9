//! SIPp, the load generator: exact messages from a scenario file, many calls at once, a plain verdict.
//!
//! The scenarios are in `tests/interop/sipp`; each says in its first comment what it wants and when it ends well.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use codec::Law;

use crate::place;
use crate::server::Server;
use crate::sound::Sound;
use crate::tree;

/// After this SIPp gives up by itself.
const RUN_S: u32 = 60;

/// A run of one scenario, before it is started.
#[derive(Debug, Clone)]
pub struct Sipp {
    scenario: &'static str,
    user: String,
    password: String,
    calls: u32,
    per_second: u32,
    transport: &'static str,
    from: IpAddr,
    target: Option<SocketAddr>,
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Whether every call went as the scenario says.
    pub well: bool,
    /// What SIPp wrote about failures, and the last messages.
    pub errors: String,
    /// The messages that came and went.
    pub messages: String,
}

impl Sipp {
    /// One call of a scenario for a user or number.
    pub fn new(scenario: &'static str, user: &str) -> Sipp {
        Sipp {
            scenario,
            user: user.to_owned(),
            password: String::new(),
            calls: 1,
            per_second: 1,
            transport: "u1",
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            target: None,
        }
    }

    /// With this password.
    pub fn with_password(self, password: &str) -> Sipp {
        Sipp { password: password.to_owned(), ..self }
    }

    /// So many calls, so many started in a second.
    pub fn calls(self, calls: u32, per_second: u32) -> Sipp {
        Sipp { calls, per_second, ..self }
    }

    /// Over one TCP connection.
    pub fn over_tcp(self) -> Sipp {
        Sipp { transport: "t1", ..self }
    }

    /// From another address of this machine to another one of the server.
    pub fn between(self, from: IpAddr, target: SocketAddr) -> Sipp {
        Sipp { from, target: Some(target), ..self }
    }

    /// Runs it to its end.
    pub fn run(&self, server: &Server) -> Verdict {
        let sipp = place::program("sipp", "sip-tester");
        let family = if self.from.is_ipv4() { "v4" } else { "v6" };
        let folder = server.folder().join(format!("sipp-{}-{}-{family}", self.scenario, self.user));
        // What an earlier run left would be read as this one's.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for SIPp");
        write_audio(folder.join("audio.ul"));
        let output = File::create(folder.join("output.log")).expect("a log file");
        let usual = if self.transport == "t1" { server.ready.sip.tcp } else { server.ready.sip.udp };
        let target = self.target.unwrap_or(usual);
        let scenario = tree::root().join(format!("tests/interop/sipp/{}.xml", self.scenario));
        let status = Command::new(sipp)
            .current_dir(&folder)
            .arg(target.to_string())
            .arg("-sf")
            .arg(scenario)
            .args(["-i", &self.from.to_string(), "-t", self.transport, "-nostdin"])
            .args(["-p", &place::free_port().to_string()])
            .args(["-s", &self.user, "-ap", &self.password, "-key", "domain", &server.ready.domain])
            .args(["-m", &self.calls.to_string(), "-r", &self.per_second.to_string()])
            .args(["-mi", &self.from.to_string(), "-mp", &place::load_port(self.from).to_string()])
            .args(["-timeout", &format!("{RUN_S}s"), "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors.log", "-trace_msg", "-message_file", "messages.log"])
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the same log"))
            .stderr(output)
            .status()
            .expect("sipp can be started");
        let errors = format!(
            "sipp {status}\n{}\n{}",
            place::tail(&folder.join("errors.log"), 40),
            place::tail(&folder.join("messages.log"), 60)
        );
        let messages = fs::read_to_string(folder.join("messages.log")).unwrap_or_default();
        Verdict { well: status.success(), errors, messages }
    }
}

impl Verdict {
    /// Fails with what SIPp wrote.
    pub fn must_be_well(&self) {
        assert!(self.well, "{}", self.errors);
    }
}

/// The sound SIPp sends: 440 Hz as raw G.711 µ-law, which is all its `rtp_stream` understands.
fn write_audio(path: PathBuf) {
    let tone = Sound::tone(8000, 440.0, 10.0);
    let bytes: Vec<u8> = tone.channel(0).iter().map(|sample| Law::Mu.encode(*sample)).collect();
    fs::write(path, bytes).expect("the sound is written");
}
