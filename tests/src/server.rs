//! The program under test: `hotline demo`, started in a folder of its own and on ports of its own.
//!
//! What the tests know of it is what operators know: the command line, `ready.json`, SIP and HTTP.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde::Deserialize;

use crate::http::Http;
use crate::patience;
use crate::place;

/// How long the demo may take to accept calls, on a loaded machine and with an unoptimized build.
const START_S: u64 = 30;

/// What `DIR/ready.json` says.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// The process that wrote it.
    pub pid: u32,
    /// Where HTTP is served.
    pub http: String,
    /// Where SIP is served.
    pub sip: SipAddresses,
    /// The domain of all addresses of record.
    pub domain: String,
    /// What can be dialed, by name.
    pub numbers: std::collections::BTreeMap<String, String>,
    /// What an agent's phone dials to change its state.
    pub codes: Codes,
    /// The administrator.
    pub admin: Login,
    /// The supervisors.
    pub supervisors: Vec<Login>,
    /// The agents.
    pub agents: Vec<AgentLogin>,
}

/// The SIP part of `ready.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct SipAddresses {
    /// `IP:PORT` for UDP.
    pub udp: SocketAddr,
    /// `IP:PORT` for TCP.
    pub tcp: SocketAddr,
}

/// The codes by which a phone alone is an agent's desk.
#[derive(Debug, Clone, Deserialize)]
pub struct Codes {
    /// Ready for calls.
    pub ready: String,
    /// Not ready.
    pub not_ready: String,
    /// Logged out.
    pub logout: String,
}

/// A login to the HTTP side.
#[derive(Debug, Clone, Deserialize)]
pub struct Login {
    /// The name.
    pub login: String,
    /// The password of this folder.
    pub password: String,
}

/// An agent's two logins.
#[derive(Debug, Clone, Deserialize)]
pub struct AgentLogin {
    /// The name at the desk.
    pub login: String,
    /// The password at the desk.
    pub password: String,
    /// The user of the phone.
    pub sip_user: String,
    /// The password of the phone.
    pub sip_password: String,
    /// The queues the agent works for.
    pub queues: Vec<String>,
}

/// A running demo center. It is killed when the test ends, however it ends.
#[derive(Debug)]
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// What it wrote when it was ready.
    pub ready: Ready,
}

impl Server {
    /// Starts a demo center for a test, in an empty folder named after it.
    pub fn start(test: &str) -> Server {
        Server::start_in(&place::folder(test))
    }

    /// Starts a demo center in a folder that may hold the data of an earlier run.
    pub fn start_in(folder: &Path) -> Server {
        let binary = binary();
        let ready_file = folder.join("demo/ready.json");
        // Left over after a kill: what is awaited below must be the new one.
        let _ = fs::remove_file(&ready_file);
        let log =
            File::options().create(true).append(true).open(folder.join("server.log")).expect("a log file");
        let ports = place::rtp_ports();
        let mut child = Command::new(&binary)
            .arg("demo")
            .args(["--dir", &folder.join("demo").display().to_string()])
            .args(["--listen", "127.0.0.1", "--sip", "0", "--http", "0", "--https", "0"])
            .args(["--rtp", &format!("{}-{}", ports.start(), ports.end())])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{} cannot be started: {e}", binary.display()));
        let ready = patience::until(START_S, || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server ended with {status}:\n{}", place::tail(&folder.join("server.log"), 40));
            }
            serde_json::from_slice::<Ready>(&fs::read(&ready_file).ok()?).ok()
        });
        let Some(ready) = ready else {
            let _ = child.kill();
            let _ = child.wait();
            let found = fs::read_to_string(&ready_file).unwrap_or_else(|e| e.to_string());
            let parsed = serde_json::from_str::<Ready>(&found).map(|_| ());
            panic!(
                "no usable ready.json after {START_S} s ({parsed:?}): {found}\n{}",
                place::tail(&folder.join("server.log"), 40)
            );
        };
        Server { child, folder: folder.to_path_buf(), ready }
    }

    /// The test's folder: the server's own is `demo` in it, its output `server.log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The SIP address of a name or number here.
    pub fn uri(&self, user: &str) -> String {
        format!("sip:{user}@{}", self.ready.domain)
    }

    /// The number behind a name of `ready.json`.
    pub fn number(&self, name: &str) -> &str {
        self.ready.numbers.get(name).unwrap_or_else(|| panic!("ready.json has no number {name:?}"))
    }

    /// The agent with this login.
    pub fn agent(&self, login: &str) -> &AgentLogin {
        self.ready
            .agents
            .iter()
            .find(|a| a.login == login)
            .unwrap_or_else(|| panic!("no agent {login:?} in ready.json"))
    }

    /// HTTP without a login.
    pub fn http(&self) -> Http {
        Http::new(&self.ready.http)
    }

    /// HTTP, logged in as the administrator.
    pub fn as_admin(&self) -> Http {
        self.http().log_in(&self.ready.admin.login, &self.ready.admin.password)
    }

    /// Ends it as a power failure would, and waits until it is gone.
    pub fn kill(mut self) -> PathBuf {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server is gone");
        self.folder.clone()
    }

    /// Waits until it has ended by itself.
    pub fn wait(mut self) -> ExitStatus {
        let child = &mut self.child;
        let ended = patience::until(60, || child.try_wait().expect("the server can be waited for"));
        ended.unwrap_or_else(|| panic!("the server still runs after 60 s:\n{}", self.log()))
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status().expect("kill can be started");
        assert!(status.success(), "kill -s {name} {pid}: {status}");
    }

    /// The end of what it wrote.
    pub fn log(&self) -> String {
        place::tail(&self.folder.join("server.log"), 60)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the end of {}/server.log ---\n{}", self.folder.display(), self.log());
        }
    }
}

/// The binary to test: `HOTLINE_BINARY`, or the one cargo built beside this test.
pub fn binary() -> PathBuf {
    let binary = std::env::var_os("HOTLINE_BINARY").map_or_else(|| place::built("hotline"), PathBuf::from);
    assert!(
        binary.is_file(),
        "{} does not exist: run `make test`, or `cargo build -p hotline` before the tests",
        binary.display()
    );
    binary
}
