//! A TURN server: coturn, with a secret of the test's, on ports of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::patience;
use crate::place;

/// A running TURN server. It is stopped when the test ends.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    port: u16,
    /// What it shares with the center.
    pub secret: String,
}

impl Relay {
    /// Starts one; its log and its files are in the folder.
    pub fn start(folder: &Path) -> Relay {
        let (port, secret) = (place::free_port(), format!("shared by {}", std::process::id()));
        let log = File::create(folder.join("turnserver.log")).expect("a log file");
        let child = Command::new(place::program("turnserver", "coturn"))
            .args(["-n", "--log-file", "stdout", "--no-tls", "--no-dtls", "--no-cli", "--fingerprint"])
            .args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--allow-loopback-peers"])
            .args(["--listening-port", &port.to_string(), "--realm", "relay.test"])
            .args(["--use-auth-secret", "--static-auth-secret", &secret])
            .args(["--pidfile", &folder.join("turnserver.pid").display().to_string()])
            .args(["--userdb", &folder.join("turnserver.db").display().to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log)
            .spawn()
            .expect("turnserver can be started");
        let relay = Relay { child, port, secret };
        patience::expect("the TURN server listens", 20, || {
            std::net::TcpStream::connect(("127.0.0.1", relay.port)).is_ok()
        });
        relay
    }

    /// Its address, as pages are told it.
    pub fn url(&self, transport: &str) -> String {
        format!("turn:127.0.0.1:{}?transport={transport}", self.port)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
