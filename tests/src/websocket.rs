//! A phone in a browser without the browser: SIP over a WebSocket (RFC 7118), word by word.
//!
//! Like a browser it has no address of its own: its Via and Contact name a host that does not exist.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use md5::{Digest, Md5};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::tls;

/// How long an answer may take.
const ANSWER_S: u64 = 20;

/// The host that does not exist.
pub(crate) const NOWHERE: &str = "df7jal23ls0d.invalid";

/// A stream of bytes, encrypted or not.
trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// A phone, connected.
pub struct WebSocketPhone {
    socket: WebSocket<Box<dyn Stream>>,
    transport: &'static str,
    domain: String,
    user: String,
    password: String,
    requests: u32,
}

impl WebSocketPhone {
    /// Connects to `ws://…` or `wss://…`; an encrypted server has to prove its name to `authority`.
    pub fn connect(url: &str, authority: Option<&Path>) -> WebSocketPhone {
        WebSocketPhone::try_connect(url, authority).unwrap_or_else(|e| panic!("{url}: {e}"))
    }

    /// The same, and why not.
    pub fn try_connect(url: &str, authority: Option<&Path>) -> Result<WebSocketPhone, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or_else(|| panic!("{url} is no address"));
        let host = rest.split('/').next().unwrap_or_default();
        let address: SocketAddr = host.parse().unwrap_or_else(|e| panic!("{host}: {e}"));
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S))).expect("a time-out can be set");
        let (stream, transport): (Box<dyn Stream>, _) = match scheme {
            "ws" => (Box::new(stream), "WS"),
            "wss" => (Box::new(tls::over(stream, authority.expect("an authority"))), "WSS"),
            other => panic!("{other} is no way"),
        };
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("sec-websocket-protocol", "sip".parse().expect("a word"));
        let (socket, response) = client(request, stream).map_err(|e| e.to_string())?;
        assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
        Ok(WebSocketPhone {
            socket,
            transport,
            domain: String::new(),
            user: String::new(),
            password: String::new(),
            requests: 0,
        })
    }

    /// Whose phone it is.
    pub fn of(self, user: &str, password: &str, domain: &str) -> WebSocketPhone {
        WebSocketPhone {
            user: user.to_owned(),
            password: password.to_owned(),
            domain: domain.to_owned(),
            ..self
        }
    }

    /// Registers, answering the challenge; gives the final answer.
    pub fn register(&mut self) -> String {
        let target = format!("sip:{}", self.domain);
        let challenge = self.ask("REGISTER", &target, "");
        assert!(challenge.starts_with("SIP/2.0 401 "), "no challenge: {challenge}");
        let credentials = self.credentials(&challenge, "REGISTER", &target);
        self.ask("REGISTER", &target, &format!("Authorization: {credentials}\r\n"))
    }

    /// Sends a request and waits for its final answer.
    pub fn ask(&mut self, method: &str, target: &str, more: &str) -> String {
        self.requests += 1;
        let Self { transport, domain, user, requests, .. } = self;
        let way = transport.to_lowercase();
        let text = format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {NOWHERE};branch=z9hG4bKw{requests}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag=w\r\n\
             To: <sip:{user}@{domain}>\r\n\
             Call-ID: w@{NOWHERE}\r\n\
             CSeq: {requests} {method}\r\n\
             Contact: <sip:{user}@{NOWHERE};transport={way}>;expires=300\r\n\
             {more}Content-Length: 0\r\n\r\n"
        );
        self.send(&text);
        loop {
            let answer = self.receive();
            if !answer.starts_with("SIP/2.0 1") {
                return answer;
            }
        }
    }

    /// Sends a message.
    pub fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("sent");
    }

    /// Waits for the next message.
    pub fn receive(&mut self) -> String {
        loop {
            match self.socket.read().unwrap_or_else(|e| panic!("nothing came: {e}")) {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?} came"),
            }
        }
    }

    /// Answers a request, without a body.
    pub fn answer(&mut self, request: &str, status: &str) {
        let kept = ["via", "from", "call-id", "cseq"];
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.lines().skip(1).take_while(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default().trim().to_lowercase();
            if kept.contains(&name.as_str()) {
                text.push_str(&format!("{line}\r\n"));
            } else if name == "to" {
                text.push_str(&format!("{line};tag=w\r\n"));
            }
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        self.send(&text);
    }

    /// RFC 2617's answer to a challenge: MD5 with `qop=auth`.
    fn credentials(&self, challenge: &str, method: &str, target: &str) -> String {
        let line = challenge
            .lines()
            .filter(|line| line.to_lowercase().starts_with("www-authenticate:"))
            .find(|line| !line.contains("SHA-256"))
            .unwrap_or_else(|| panic!("MD5 is not offered: {challenge}"));
        let value = |name: &str| {
            let rest =
                line.split(&format!("{name}=\"")).nth(1).unwrap_or_else(|| panic!("no {name}: {line}"));
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let (realm, nonce) = (value("realm"), value("nonce"));
        let secret = hash(&format!("{}:{realm}:{}", self.user, self.password));
        let asked = hash(&format!("{method}:{target}"));
        let response = hash(&format!("{secret}:{nonce}:00000001:0a4f113b:auth:{asked}"));
        format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{target}\", \
             response=\"{response}\", algorithm=MD5, cnonce=\"0a4f113b\", qop=auth, nc=00000001",
            self.user
        )
    }
}

pub(crate) fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
