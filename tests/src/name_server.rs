//! A name server of the test's own: knows one zone, which the test may change, and nothing else (RFC 1035, RFC 2782).

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

const A: u16 = 1;
const SRV: u16 = 33;

/// Answers on a port of its own until it is dropped.
#[derive(Debug)]
pub struct NameServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    zone: Mutex<String>,
    asked: AtomicUsize,
    over: AtomicBool,
}

impl NameServer {
    /// A name server for this zone. Each line: name, `a` or `srv`, seconds to live, and what it says, as in
    /// `_sip._udp.carrier.test srv 5 10 0 5060 one.carrier.test`.
    pub fn with(zone: &str) -> NameServer {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port for names");
        socket.set_read_timeout(Some(LOOK)).expect("a socket waits as long as it is told");
        let address = socket.local_addr().expect("its address");
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let thread = thread::spawn(move || serve(&socket, &told));
        let server = NameServer { address, shared, thread: Some(thread) };
        server.says(zone);
        server
    }

    /// Where it is asked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says this from now on.
    pub fn says(&self, zone: &str) {
        *self.shared.zone.lock().expect("no test panics while it holds this") = zone.to_owned();
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 1500];
    while !shared.over.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        shared.asked.fetch_add(1, Ordering::SeqCst);
        let zone = shared.zone.lock().expect("no test panics while it holds this").clone();
        if let Some(answer) = answer(&buffer[..length], &zone) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// The question again, then what the zone says to it.
fn answer(query: &[u8], zone: &str) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    while *query.get(at)? != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(query.get(at + 1..=at + length)?).to_lowercase());
        at += length + 1;
    }
    let name = labels.join(".");
    let question = query.get(12..at + 5)?;
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let (mut known, mut count, mut records) = (false, 0u16, Vec::new());
    for line in zone.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() != Some(&&*name) {
            continue;
        }
        known = true;
        let (its_kind, data) = match (words[1], &words[3..]) {
            ("a", [address]) => (A, address.parse::<Ipv4Addr>().expect("an address").octets().to_vec()),
            ("srv", [priority, weight, port, target]) => {
                let numbers = [priority, weight, port].map(|word| word.parse::<u16>().expect("a number"));
                (SRV, [numbers.map(u16::to_be_bytes).concat(), encoded(target)].concat())
            }
            _ => panic!("{line:?} is no record"),
        };
        if its_kind == kind {
            count += 1;
            let seconds: u32 = words[2].parse().expect("seconds");
            let length = u16::try_from(data.len()).expect("a short record");
            records.extend(encoded(&name));
            records.extend([kind, 1].map(u16::to_be_bytes).concat());
            records.extend(seconds.to_be_bytes());
            records.extend(length.to_be_bytes());
            records.extend(data);
        }
    }
    // With authority, recursion available; no such name, if nothing at all is known about it.
    let flags: u16 = if known { 0x8580 } else { 0x8583 };
    let head = [flags, 1, count, 0, 0].map(u16::to_be_bytes).concat();
    Some([&query[..2], &head, question, &records].concat())
}

fn encoded(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
