//! The program under test: `hotline demo`, or `hotline serve` with a configuration of the test's, started in a folder of
//! its own and on ports of its own.
//!
//! What the tests know of it is what operators know: the command line, `ready.json`, SIP and HTTP.

use std::fs::{self, File};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
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
    /// The authority that vouches for the certificates, in the demo.
    pub ca_file: Option<PathBuf>,
    /// Where SIP is served.
    pub sip: SipAddresses,
    /// The domain of all addresses of record.
    pub domain: String,
    /// What can be dialed, by name; told by a demo.
    #[serde(default)]
    pub numbers: std::collections::BTreeMap<String, String>,
    /// What an agent's phone dials to change its state.
    pub codes: Codes,
    /// The administrator; told by a demo.
    pub admin: Option<Login>,
    /// The supervisors; told by a demo.
    #[serde(default)]
    pub supervisors: Vec<SupervisorLogin>,
    /// The agents; told by a demo.
    #[serde(default)]
    pub agents: Vec<AgentLogin>,
}

/// The SIP part of `ready.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct SipAddresses {
    /// `IP:PORT` for UDP.
    pub udp: SocketAddr,
    /// `IP:PORT` for TCP.
    pub tcp: SocketAddr,
    /// `IP:PORT` for TLS.
    pub tls: Option<SocketAddr>,
    /// The address of the WebSocket.
    pub ws: String,
    /// The same, encrypted.
    pub wss: Option<String>,
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
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Login {
    /// The name.
    pub login: String,
    /// The password of this folder.
    pub password: String,
}

/// A supervisor's two logins.
#[derive(Debug, Clone, Deserialize)]
pub struct SupervisorLogin {
    /// The name at the desk.
    pub login: String,
    /// The password at the desk.
    pub password: String,
    /// The user of the phone.
    pub sip_user: String,
    /// The password of the phone.
    pub sip_password: String,
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

/// A running center. It is killed when the test ends, however it ends.
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
        Server::start_on(folder, Ipv4Addr::LOCALHOST.into())
    }

    /// The same, on this address of the machine.
    pub fn start_on(folder: &Path, address: IpAddr) -> Server {
        let ports = place::rtp_ports();
        let mut command = Command::new(binary());
        command
            .arg("demo")
            .args(["--dir", &folder.join("demo").display().to_string()])
            .args(["--listen", &address.to_string()])
            .args(["--sip", "0", "--sips", "0", "--http", "0", "--https", "0"])
            .args(["--rtp", &format!("{}-{}", ports.start(), ports.end())]);
        Server::run(command, folder, &folder.join("demo/ready.json"))
    }

    /// Starts a demo center in a folder, with further sections in its configuration.
    pub fn start_with(folder: &Path, more: &str) -> Server {
        // The first start writes what every demo has.
        Server::start_in(folder).kill();
        let file = folder.join("demo/hotline.toml");
        let config = fs::read_to_string(&file).expect("the demo's configuration");
        fs::write(&file, format!("{config}\n{more}")).expect("written");
        Server::start_in(folder)
    }

    /// Starts the center of `hotline.toml` in the folder; its data are in `data` there. `root` can log in and is
    /// the administrator.
    pub fn serve(folder: &Path) -> Server {
        let config = folder.join("hotline.toml").display().to_string();
        // At a second start the administrator is there.
        if !folder.join("data/operator.token").exists() {
            add_root(&config);
        }
        let mut command = Command::new(binary());
        command.args(["serve", "--config", &config]);
        let mut server = Server::run(command, folder, &folder.join("data/ready.json"));
        server.ready.admin =
            Some(Login { login: "root".to_owned(), password: "root-of-the-test".to_owned() });
        server
    }

    fn run(mut command: Command, folder: &Path, ready_file: &Path) -> Server {
        // Left over after a kill: what is awaited below must be the new one.
        let _ = fs::remove_file(ready_file);
        let log =
            File::options().create(true).append(true).open(folder.join("server.log")).expect("a log file");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?} cannot be started: {e}"));
        let ready = patience::until(START_S, || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server ended with {status}:\n{}", place::tail(&folder.join("server.log"), 40));
            }
            serde_json::from_slice::<Ready>(&fs::read(ready_file).ok()?).ok()
        });
        let Some(ready) = ready else {
            let _ = child.kill();
            let _ = child.wait();
            let found = fs::read_to_string(ready_file).unwrap_or_else(|e| e.to_string());
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

    /// Where HTTPS is served, and encrypted WebSockets with it.
    pub fn secure(&self) -> SocketAddr {
        let wss = self.ready.sip.wss.as_deref().expect("wss");
        let address = wss.trim_start_matches("wss://").trim_end_matches("/sip");
        address.parse().unwrap_or_else(|e| panic!("{wss}: {e}"))
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
        let admin = self.ready.admin.as_ref().expect("an administrator");
        self.http().log_in(&admin.login, &admin.password)
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

/// Adds the administrator of the tests.
fn add_root(config: &str) {
    let mut add = Command::new(binary())
        .args(["user", "add", "root", "--role", "admin", "--password-stdin", "--config", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("hotline can be started");
    add.stdin.take().expect("its input").write_all(b"root-of-the-test\n").expect("the password is taken");
    let status = add.wait().expect("it ends");
    assert!(status.success(), "hotline user add: {status}");
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
