//! A throw-away PostgreSQL server: made in a temporary folder, reached through a socket there, gone at the end.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a server may take to start, on a machine that is busy with other things.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// What a server writes into its log when it takes connections.
const STARTED: &str = "database system is ready to accept connections";

/// A running server.
pub(crate) struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
    server: Option<Child>,
}

impl Postgres {
    /// Makes a cluster and starts its server.
    pub(crate) fn start() -> Self {
        let programs = programs().expect(
            "no PostgreSQL server is installed (looked in /usr/lib/postgresql/*/bin); `make test` installs it",
        );
        let folder = tempfile::Builder::new().prefix("hotline-pg-").tempdir().unwrap();
        // PostgreSQL refuses to run as root, so that its account has to own the folder then.
        if let Some((user, group)) = other_account() {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Self { programs, folder, server: None };
        let data = server.path("data");
        let made = server
            .program("initdb")
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        server.resume();
        server
    }

    /// Starts the server of the cluster again, after [`stop`](Self::stop).
    pub(crate) fn resume(&mut self) {
        let socket = self.folder.path().display().to_string();
        let mut child = self
            .program("postgres")
            .arg("-D")
            .arg(self.path("data"))
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-k", &socket])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stderr.take().unwrap();
        self.server = Some(child);
        let mut log = fs::File::create(self.path("log")).unwrap();
        let (started, starting) = mpsc::channel();
        // It goes on reading to the server's end, which would stop at a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                if line.contains(STARTED) {
                    let _ = started.send(());
                }
            }
        });
        if starting.recv_timeout(START_PATIENCE).is_err() {
            panic!("PostgreSQL does not start: {}", fs::read_to_string(self.path("log")).unwrap_or_default());
        }
    }

    /// Stops the server as a power failure would.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.server.take() {
            // SIGQUIT is the immediate shutdown: no checkpoint, every connection is cut.
            let _ = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
            let _ = child.wait();
        }
    }

    /// The address of a new, empty database.
    pub(crate) fn fresh_database(&self, name: &str) -> String {
        let created = self
            .program("psql")
            .args(["-q", "-U", "postgres", "-d", "postgres", "-h"])
            .arg(self.folder.path())
            .arg("-c")
            .arg(format!("CREATE DATABASE {name}"))
            .output()
            .unwrap();
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
        format!("postgres://postgres@localhost/{name}?host={}", self.folder.path().display())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A PostgreSQL program, run under an account it accepts.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        match other_account() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .args([
                        format!("--reuid={user}"),
                        format!("--regid={group}"),
                        "--clear-groups".to_owned(),
                    ])
                    .arg(program);
                command
            }
        }
        .with_folder(self.folder.path())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

trait WithFolder {
    fn with_folder(self, folder: &Path) -> Command;
}

impl WithFolder for Command {
    fn with_folder(mut self, folder: &Path) -> Command {
        self.current_dir(folder).env("HOME", folder).stdin(Stdio::null());
        self
    }
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("initdb").exists().then_some((version, programs))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, programs)| programs)
}

/// User and group of the account `postgres`, when this test runs as root.
fn other_account() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let root =
        status.lines().any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"));
    if !root {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let account: Vec<&str> =
        accounts.lines().find(|line| line.starts_with("postgres:"))?.split(':').collect();
    Some((account.get(2)?.parse().ok()?, account.get(3)?.parse().ok()?))
}
