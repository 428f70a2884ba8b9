//! Somebody out there with a socket of their own: writes SIP by hand over UDP, from an address of their choice.
//!
//! All of 127.0.0.0/8 is this machine, so a test can have as many addresses as it likes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use crate::patience;
use crate::websocket::hash;

/// How long a stranger waits before it repeats what was not answered: RFC 3261's T1.
const REPEAT: Duration = Duration::from_millis(500);

/// How long until it gives up.
const PATIENCE_S: u64 = 20;

/// A stranger.
#[derive(Debug)]
pub struct Stranger {
    socket: UdpSocket,
    server: SocketAddr,
    requests: u64,
    /// Bytes sent to the server, and received from it.
    pub bytes: (usize, usize),
}

impl Stranger {
    /// One at 127.0.0.`last` who talks to this server.
    pub fn at(last: u8, server: SocketAddr) -> Stranger {
        let socket =
            UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).expect("an address of this machine");
        socket.set_read_timeout(Some(REPEAT)).expect("a socket waits as long as it is told");
        Stranger { socket, server, requests: 0, bytes: (0, 0) }
    }

    /// Its address.
    pub fn address(&self) -> IpAddr {
        self.socket.local_addr().expect("it is bound").ip()
    }

    /// A new request for a user here, without a body.
    pub fn request(&mut self, method: &str, domain: &str, user: &str, more: &str) -> String {
        self.requests += 1;
        let number = self.requests;
        let here = self.socket.local_addr().expect("it is bound");
        let target =
            if method == "REGISTER" { format!("sip:{domain}") } else { format!("sip:{user}@{domain}") };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bKs{number}x{port}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@{domain}>;tag=t{number}\r\nTo: <sip:{user}@{domain}>\r\n\
             Call-ID: c{number}@{here}\r\nCSeq: {number} {method}\r\nContact: <sip:{user}@{here}>\r\n\
             {more}Content-Length: 0\r\n\r\n",
            port = here.port(),
        )
    }

    /// Sends and does not wait. What the machine does not take is lost.
    pub fn send(&mut self, text: &str) {
        if self.socket.send_to(text.as_bytes(), self.server).is_ok() {
            self.bytes.0 += text.len();
        }
    }

    /// Takes what has come, without waiting for more.
    pub fn received(&mut self) -> Vec<String> {
        self.socket.set_nonblocking(true).expect("a socket can be asked");
        let received = std::iter::from_fn(|| self.receive()).collect();
        self.socket.set_nonblocking(false).expect("a socket can be asked");
        received
    }

    /// Sends until there is a final answer, as a phone does.
    pub fn asks(&mut self, text: &str) -> Option<String> {
        patience::until(PATIENCE_S, || {
            self.send(text);
            while let Some(answer) = self.receive() {
                if !answer.starts_with("SIP/2.0 1") {
                    return Some(answer);
                }
            }
            None
        })
    }

    /// Registers with a password. Returns the status it ends with.
    pub fn registers(&mut self, domain: &str, user: &str, password: &str) -> String {
        let first = self.request("REGISTER", domain, user, "Expires: 60\r\n");
        let challenge = self.asks(&first).expect("an answer");
        let Some(authorization) = answer(&challenge, user, password, domain) else {
            return status(&challenge);
        };
        let second = self.request("REGISTER", domain, user, &format!("Expires: 60\r\n{authorization}\r\n"));
        status(&self.asks(&second).expect("an answer"))
    }

    fn receive(&mut self) -> Option<String> {
        let mut buffer = [0; 4096];
        let (length, _) = self.socket.recv_from(&mut buffer).ok()?;
        self.bytes.1 += length;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}

/// The status of an answer: `503`.
pub fn status(answer: &str) -> String {
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The answer to a challenge with MD5, which is offered to whoever does not say what it is.
fn answer(challenge: &str, user: &str, password: &str, domain: &str) -> Option<String> {
    let line =
        challenge.lines().find(|line| line.starts_with("WWW-Authenticate: ") && !line.contains("SHA"))?;
    let value = |name: &str| Some(line.split_once(&format!("{name}=\""))?.1.split_once('"')?.0);
    let (realm, nonce) = (value("realm")?, value("nonce")?);
    let uri = format!("sip:{domain}");
    let secret = hash(&format!("{user}:{realm}:{password}"));
    let request = hash(&format!("REGISTER:{uri}"));
    let response = hash(&format!("{secret}:{nonce}:00000001:c:auth:{request}"));
    Some(format!(
        "Authorization: Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\""
    ))
}
