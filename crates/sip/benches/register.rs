//! Microseconds for one registration with digest: the challenge, and the REGISTER that answers it. Without sockets; both
//! messages are read from bytes and both answers written.
//!
//! `cargo bench -p sip`. The figure is the best of several rounds, because other work on the machine only ever adds to it;
//! compare figures of one run only.

#![expect(clippy::print_stdout, reason = "printing the figures is what this program is for")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench looks at the clock; the crate does not"
)]

use base::{Duration, IdSource, Instant, Now, SecretSource, Timestamp};
use bytes::Bytes;
use sip::{
    Authenticator, AuthenticatorConfig, Credentials, DigestSecret, Registrar, RegistrarConfig, Source,
    Transport, UserAgent, UserAgentConfig, UserAgentOutput, Verdict,
};
use sip_message::Message;
use std::collections::BTreeMap;
use std::time;

/// How many phones register in one round.
const PHONES: u32 = 5_000;

/// How many rounds there are.
const ROUNDS: u32 = 12;

fn main() {
    let mut house = House::new();
    let mut best = [time::Duration::MAX; 2];
    for round in 0..ROUNDS {
        let mut spent = [time::Duration::ZERO; 2];
        for phone in 0..PHONES {
            let first = register(phone, round * 2 + 1, None);
            let begin = time::Instant::now();
            let challenge = house.handle(first);
            spent[0] += begin.elapsed();
            let answer = house.answer(phone, &challenge);
            let second = register(phone, round * 2 + 2, Some(&answer));
            let begin = time::Instant::now();
            let done = house.handle(second);
            spent[1] += begin.elapsed();
            assert!(done.starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&done));
        }
        for (best, spent) in best.iter_mut().zip(spent) {
            *best = (*best).min(spent / PHONES);
        }
        // The phones come again when their transactions are history.
        house.now = house.now.after(Duration::from_secs(60));
        house.agent.handle_timeout(house.now);
    }
    println!("{:>7.1} µs  challenge", best[0].as_secs_f64() * 1e6);
    println!("{:>7.1} µs  registration", best[1].as_secs_f64() * 1e6);
}

/// A registrar with its door.
struct House {
    agent: UserAgent,
    registrar: Registrar,
    authenticator: Authenticator,
    secrets: BTreeMap<String, DigestSecret>,
    credentials: Vec<Credentials>,
    ids: IdSource,
    now: Now,
}

impl House {
    fn new() -> Self {
        let config = AuthenticatorConfig { realm: "hotline.test".to_owned(), allows_md5: true };
        let name = |phone: u32| format!("{}", 100_000 + phone);
        Self {
            agent: UserAgent::new(UserAgentConfig::default(), IdSource::new(1)),
            registrar: Registrar::new(RegistrarConfig::new("hotline.test")),
            authenticator: Authenticator::new(config, SecretSource::fixed(1)),
            secrets: (0..PHONES)
                .map(|phone| (name(phone), DigestSecret::new(&name(phone), "hotline.test", "secret")))
                .collect(),
            credentials: (0..PHONES)
                .map(|phone| Credentials::new(&name(phone), "hotline.test", "secret"))
                .collect(),
            ids: IdSource::new(2),
            now: Now { mono: Instant::START, utc: Timestamp::from_millis(1_800_000_000_000) },
        }
    }

    /// As `telephony` does it.
    fn handle(&mut self, bytes: Bytes) -> Bytes {
        let source = Source {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().expect("a constant address"),
            remote: "192.0.2.2:5060".parse().expect("a constant address"),
            connection: None,
        };
        self.agent.handle_bytes(bytes, source, self.now);
        let mut sent = Bytes::new();
        while let Some(output) = self.agent.poll_output() {
            match output {
                UserAgentOutput::Request { tx, request, source } => {
                    match self.authenticator.check(&request, &source, &self.secrets, self.now) {
                        Verdict::Accept { user } => {
                            let response = self.registrar.register(&request, user.as_str(), source, self.now);
                            self.agent.respond(tx, response, self.now);
                        }
                        Verdict::Challenge(challenge) => {
                            self.agent.respond_challenge(tx, &request, &challenge, self.now);
                        }
                        Verdict::Refuse { why, .. } => panic!("refused: {why:?}"),
                    }
                }
                UserAgentOutput::Transmit(transmit) => sent = transmit.bytes,
                other => panic!("a REGISTER leads to {other:?}"),
            }
        }
        while self.registrar.poll_output().is_some() {}
        sent
    }

    fn answer(&mut self, phone: u32, challenge: &Bytes) -> String {
        let Ok(Message::Response(challenge)) = Message::parse(challenge.clone()) else {
            panic!("a challenge is a response")
        };
        let values: Vec<_> = challenge
            .headers()
            .all(sip_message::HeaderName::WwwAuthenticate)
            .map(|value| value.text().into_owned())
            .collect();
        let credentials = &self.credentials[phone as usize];
        let digest = credentials.answer(values.iter().map(String::as_str));
        let mut digest = digest.expect("it is our realm");
        digest.authorize("REGISTER", "sip:hotline.test", &mut self.ids)
    }
}

fn register(phone: u32, number: u32, authorization: Option<&str>) -> Bytes {
    let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
    let user = 100_000 + phone;
    Bytes::from(format!(
        "REGISTER sip:hotline.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.2:5060;rport;branch=z9hG4bKPj{user}x{number}\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{user}@hotline.test>;tag=8f2c41d0{user}\r\n\
         To: <sip:{user}@hotline.test>\r\n\
         Call-ID: 5b3c7d1e-9f24-4a80-8c16-{user}@192.0.2.2\r\n\
         CSeq: {number} REGISTER\r\n\
         Contact: <sip:{user}@192.0.2.2:5060;ob>\r\n\
         Expires: 300\r\n\
         Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS\r\n\
         User-Agent: Phone/3.14 (x86_64-linux)\r\n\
         {authorization}Content-Length: 0\r\n\r\n"
    ))
}
