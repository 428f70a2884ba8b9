//! SIPp, the load generator: exact messages from a scenario file, many calls at once, a plain verdict.
//!
//! The scenarios are in `tests/interop/sipp`, those of the races in a folder of their own; each says in its first comment what
//! it wants and when it ends well.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use codec::Law;

use crate::place;
use crate::server::Server;
use crate::sound::Sound;
use crate::tree;

/// After this SIPp gives up by itself.
const RUN_S: u32 = 90;

/// A run of one scenario, before it is started.
#[derive(Debug, Clone)]
pub struct Sipp {
    scenario: String,
    user: String,
    password: String,
    calls: u32,
    per_second: u32,
    transport: &'static str,
    from: IpAddr,
    port: Option<u16>,
    target: Option<SocketAddr>,
    keys: Vec<(&'static str, String)>,
    exact: bool,
}

/// A run that goes on. It is ended when the test ends.
#[derive(Debug)]
pub struct Running {
    child: Child,
    folder: PathBuf,
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
    pub fn new(scenario: &str, user: &str) -> Sipp {
        Sipp {
            scenario: scenario.to_owned(),
            user: user.to_owned(),
            password: String::new(),
            calls: 1,
            per_second: 1,
            transport: "u1",
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: None,
            target: None,
            keys: Vec::new(),
            exact: false,
        }
    }

    /// Somebody who waits for a call on this port.
    pub fn callee(scenario: &str, port: u16) -> Sipp {
        Sipp { port: Some(port), ..Sipp::new(scenario, "callee") }
    }

    /// With `[name]` standing for this in the scenario.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Sipp {
        self.keys.push((name, value.to_string()));
        self
    }

    /// Sends and takes exactly what the scenario says: nothing is repeated by itself, and what comes again comes to the
    /// scenario.
    pub fn exactly(self) -> Sipp {
        Sipp { exact: true, ..self }
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
        self.start(server).finish()
    }

    /// Starts it.
    pub fn start(&self, server: &Server) -> Running {
        let sipp = place::program("sipp", "sip-tester");
        let family = if self.from.is_ipv4() { "v4" } else { "v6" };
        let name = self.scenario.replace('/', "-");
        let folder = server.folder().join(format!("sipp-{name}-{}-{family}", self.user));
        // What an earlier run left would be read as this one's.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for SIPp");
        write_audio(folder.join("audio.ul"));
        let output = File::create(folder.join("output.log")).expect("a log file");
        let usual = if self.transport == "t1" { server.ready.sip.tcp } else { server.ready.sip.udp };
        let target = self.target.unwrap_or(usual);
        let scenario = tree::root().join(format!("tests/interop/sipp/{}.xml", self.scenario));
        let mut command = Command::new(sipp);
        command
            .current_dir(&folder)
            .arg(target.to_string())
            .arg("-sf")
            .arg(scenario)
            .args(["-i", &self.from.to_string(), "-t", self.transport, "-nostdin"])
            .args(["-p", &self.port.unwrap_or_else(place::free_port).to_string()])
            .args(["-s", &self.user, "-ap", &self.password, "-key", "domain", &server.ready.domain])
            .args(["-m", &self.calls.to_string(), "-r", &self.per_second.to_string()])
            .args(["-mi", &self.from.to_string(), "-mp", &place::load_port(self.from).to_string()])
            .args(["-timeout", &format!("{RUN_S}s"), "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors.log", "-trace_msg", "-message_file", "messages.log"]);
        for (name, value) in &self.keys {
            command.args(["-key", name, value]);
        }
        if self.exact {
            command.arg("-nr");
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the same log"))
            .stderr(output)
            .spawn()
            .expect("sipp can be started");
        Running { child, folder }
    }
}

impl Running {
    /// Waits until it has ended.
    pub fn finish(mut self) -> Verdict {
        let status = self.child.wait().expect("sipp can be waited for");
        let errors = format!(
            "sipp {status}\n{}\n{}",
            place::tail(&self.folder.join("errors.log"), 40),
            place::tail(&self.folder.join("messages.log"), 60)
        );
        let messages = fs::read_to_string(self.folder.join("messages.log")).unwrap_or_default();
        Verdict { well: status.success(), errors, messages }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
