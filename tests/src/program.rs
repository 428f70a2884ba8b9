//! A program outside that hears a call and speaks in it, over a WebSocket: what the documentation of live sound says, done.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::http::Http;
use crate::patience::Deadline;
use crate::sound::Sound;

/// How long a message may take.
const MESSAGE_S: u64 = 20;

/// A program, connected.
pub struct Program {
    socket: WebSocket<TcpStream>,
    rate: u32,
    tone: Vec<i16>,
    said: usize,
    heard: Vec<i16>,
    /// What it was told in words, `start` first.
    pub told: Vec<Value>,
}

impl Program {
    /// Connects to a call that goes on, in the name of whoever `http` is logged in as; it says a tone as long as it hears.
    pub fn connect(http: &Http, call: &str, query: &str, hz: f64) -> Program {
        let path = format!("ws://{}/api/v1/interactions/{call}/stream?{query}", http.address());
        let mut request = path.into_client_request().expect("a request");
        let token = format!("Bearer {}", http.token().expect("logged in"));
        request.headers_mut().insert("authorization", token.parse().expect("a header"));
        let stream = TcpStream::connect(http.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(MESSAGE_S))).expect("a time-out can be set");
        let (socket, _) = client(request, stream).unwrap_or_else(|e| panic!("{call}?{query}: {e}"));
        let mut program =
            Program { socket, rate: 0, tone: Vec::new(), said: 0, heard: Vec::new(), told: Vec::new() };
        let start = program.word();
        program.rate = start["rate"].as_u64().expect("a rate") as u32;
        program.tone = Sound::tone(program.rate, hz, 1.0).channel(0).to_vec();
        program
    }

    /// Hears and speaks until what it hears satisfies `is_so`.
    pub fn hears(&mut self, what: &str, within_s: u64, is_so: impl Fn(&Sound) -> bool) {
        let deadline = Deadline::after_s(within_s);
        while deadline.left().is_some() {
            self.read();
            if is_so(&Sound::of(self.rate, self.heard.clone())) {
                return;
            }
        }
        panic!("the program does not hear {what} within {within_s} s");
    }

    /// Goes on until it is told something of this type.
    pub fn is_told(&mut self, kind: &str) -> Value {
        loop {
            let word = self.word();
            if word["type"] == kind {
                return word;
            }
        }
    }

    /// The next thing that it is told in words.
    fn word(&mut self) -> Value {
        let known = self.told.len();
        while self.told.len() == known {
            self.read();
        }
        self.told[known].clone()
    }

    /// Takes a message; for each 20 ms that it hears, it says as much.
    fn read(&mut self) {
        match self.socket.read().unwrap_or_else(|e| panic!("nothing came: {e}")) {
            Message::Text(text) => self.told.push(serde_json::from_str(text.as_str()).expect("JSON")),
            Message::Binary(bytes) => {
                let (samples, []) = bytes.as_chunks::<2>() else { panic!("half a sample came") };
                self.heard.extend(samples.iter().map(|sample| i16::from_le_bytes(*sample)));
                let said: Vec<u8> = (0..samples.len())
                    .flat_map(|at| self.tone[(self.said + at) % self.tone.len()].to_le_bytes())
                    .collect();
                self.said += samples.len();
                // The line may be over already; then the word for it is among what has come.
                let _ = self.socket.send(Message::binary(said));
            }
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?} came"),
        }
    }
}
