//! The resolver against a name server of the test's own, over real sockets.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet sockets and time")]

use base::IdSource;
use net::sip::resolver::{Answer, NameServers, Resolver, SEARCHES_MAX, Speaks, Unresolved, Wanted};
use sip::Transport;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long anything here may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// Name, kind, seconds to live, and what it says.
const ZONE: &str = "
    example.test            naptr 300 10 10 s SIPS+D2T _sips._tcp.example.test
    example.test            naptr 300 20 10 s SIP+D2U  _sip._udp.example.test
    _sips._tcp.example.test srv   300 0 0 5061 one.example.test
    _sip._udp.example.test  srv   300 0 0 5070 one.example.test
    _sip._udp.example.test  srv   300 1 0 5080 two.example.test
    one.example.test        a     20  192.0.2.1
    one.example.test        aaaa  300 2001:db8::1
    two.example.test        a     300 192.0.2.2
    two.example.test        aaaa  300 2001:db8::2
    bare.test               a     600 192.0.2.9
";

#[tokio::test]
async fn a_carriers_domain_becomes_an_ordered_list_of_ways() {
    let server = NameServer::start(ZONE).await;
    let mut resolver = server.resolver();
    let answer = find(&mut resolver, "example.test").await;
    let ways: Vec<_> =
        answer.found.iter().flatten().map(|way| (way.transport, way.remote.to_string())).collect();
    assert_eq!(
        ways,
        [
            (Transport::Tls, "192.0.2.1:5061".to_owned()),
            (Transport::Tls, "[2001:db8::1]:5061".to_owned()),
            (Transport::Udp, "192.0.2.1:5070".to_owned()),
            (Transport::Udp, "[2001:db8::1]:5070".to_owned()),
            (Transport::Udp, "192.0.2.2:5080".to_owned()),
            (Transport::Udp, "[2001:db8::2]:5080".to_owned()),
        ]
    );
    // The shortest-lived record ends the belief in all of it.
    assert!((Duration::from_secs(10)..=Duration::from_secs(20)).contains(&answer.good_for), "{answer:?}");
    // Asked again in the meantime, the name server hears nothing of it.
    let asked = server.asked.load(Ordering::SeqCst);
    assert_eq!(find(&mut resolver, "example.test").await.found.unwrap().len(), 6);
    assert_eq!(server.asked.load(Ordering::SeqCst), asked);
}

#[tokio::test]
async fn a_host_without_a_word_about_sip_is_tried_at_the_usual_port() {
    let server = NameServer::start(ZONE).await;
    let answer = find(&mut server.resolver(), "bare.test").await;
    let found = answer.found.unwrap();
    assert_eq!(
        (found.len(), found[0].remote.to_string(), &*found[0].name),
        (1, "192.0.2.9:5060".into(), "bare.test")
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_told_from_a_name_service_that_is_away() {
    let server = NameServer::start(ZONE).await;
    let answer = find(&mut server.resolver(), "nowhere.test").await;
    assert_eq!(answer.found, Err(Unresolved::Nowhere));

    // Bound, and never answering.
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut resolver = resolver(silent.local_addr().unwrap());
    let answer = find(&mut resolver, "example.test").await;
    assert!(matches!(answer.found, Err(Unresolved::NoAnswer(_))), "{answer:?}");
}

#[tokio::test]
async fn only_so_many_searches_are_under_way_at_once() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut resolver = resolver(silent.local_addr().unwrap());
    for n in 0..SEARCHES_MAX {
        assert!(resolver.ask(wanted(&format!("n{n}.test"))));
    }
    assert!(!resolver.ask(wanted("one-too-many.test")));
    for _ in 0..SEARCHES_MAX {
        let answer = timeout(PATIENCE, resolver.answered()).await.expect("every search ends");
        assert!(answer.found.is_err());
    }
}

async fn find(resolver: &mut Resolver, name: &str) -> Answer {
    assert!(resolver.ask(wanted(name)));
    let answer = timeout(PATIENCE, resolver.answered()).await.expect("an answer in time");
    assert_eq!(answer.wanted, wanted(name));
    answer
}

fn wanted(name: &str) -> Wanted {
    Wanted { host: name.to_owned(), port: None, transport: None, secure: false }
}

fn resolver(server: SocketAddr) -> Resolver {
    let speaks =
        Speaks { transports: vec![Transport::Udp, Transport::Tcp, Transport::Tls], ipv4: true, ipv6: true };
    Resolver::start(&Handle::current(), &NameServers::These(vec![server]), speaks, IdSource::new(1))
        .expect("a resolver")
}

/// A name server that knows one zone and nothing else.
struct NameServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    async fn start(zone: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                counter.fetch_add(1, Ordering::SeqCst);
                let _ = socket.send_to(&reply(&buffer[..length], zone), from).await;
            }
        });
        Self { address, asked }
    }

    fn resolver(&self) -> Resolver {
        resolver(self.address)
    }
}

/// RFC 1035 §4.1: the question again, then what the zone says to it.
fn reply(query: &[u8], zone: &str) -> Vec<u8> {
    let mut name = String::new();
    let mut at = 12;
    while query[at] != 0 {
        let length = usize::from(query[at]);
        name += &String::from_utf8_lossy(&query[at + 1..=at + length]).to_lowercase();
        name.push('.');
        at += length + 1;
    }
    let name = name.trim_end_matches('.');
    let question = &query[12..at + 5];
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let lines = zone.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let about: Vec<_> = lines.filter(|words| words.first() == Some(&name)).collect();
    let mut records = Vec::new();
    let mut count: u16 = 0;
    for words in &about {
        let (number, data) = match (words[1], &words[3..]) {
            ("a" | "aaaa", [address]) => match address.parse().unwrap() {
                IpAddr::V4(address) => (1u16, address.octets().to_vec()),
                IpAddr::V6(address) => (28, address.octets().to_vec()),
            },
            ("srv", [priority, weight, port, target]) => {
                (33, [&numbers(&[priority, weight, port])[..], &encoded(target)].concat())
            }
            ("naptr", [order, preference, flags, services, replacement]) => {
                let text = |text: &str| [&[text.len() as u8][..], text.as_bytes()].concat();
                let data = [
                    numbers(&[order, preference]),
                    text(flags),
                    text(services),
                    text(""),
                    encoded(replacement),
                ];
                (35, data.concat())
            }
            other => panic!("{other:?}"),
        };
        if number == kind {
            count += 1;
            records.extend(encoded(name));
            records.extend(number.to_be_bytes());
            records.extend(1u16.to_be_bytes());
            records.extend(words[2].parse::<u32>().unwrap().to_be_bytes());
            records.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            records.extend(data);
        }
    }
    // An answer with authority, recursion available; no such name, if nothing at all is known about it.
    let flags: u16 = if about.is_empty() { 0x8583 } else { 0x8580 };
    let head = [&query[..2], &flags.to_be_bytes(), &[0, 1], &count.to_be_bytes(), &[0, 0, 0, 0]];
    [&head.concat()[..], question, &records].concat()
}

fn numbers(words: &[&str]) -> Vec<u8> {
    words.iter().flat_map(|word| word.parse::<u16>().unwrap().to_be_bytes()).collect()
}

fn encoded(name: &str) -> Vec<u8> {
    let labels = name.split('.').flat_map(|label| [&[label.len() as u8][..], label.as_bytes()].concat());
    labels.chain([0]).collect()
}
