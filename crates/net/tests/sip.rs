//! SIP's sockets over the real network of this machine: every transport, every limit.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet sockets and time")]

#[path = "sip/authority.rs"]
mod authority;
mod traffic_class;

use authority::Authority;
use bytes::Bytes;
use net::sip::{Arrived, CONNECTIONS_PER_ADDRESS_MAX, Listening, Patience, SipSockets, TlsListening, Trust};
use sip::{ConnectionId, Destination, Source, Transmit, Transport};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long anything here may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// A limit that a test can wait for.
const SOON: Duration = Duration::from_millis(100);

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[tokio::test]
async fn who_listens_everywhere_says_the_address_each_datagram_came_to() {
    let everywhere: &[&str] = if has_ipv6() { &["0.0.0.0", "::"] } else { &["0.0.0.0"] };
    let mut sip = House::open(everywhere, &[]);
    let port = sip.sockets.own()[0].bound.port();
    for (mine, theirs) in
        [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "127.3.2.1"), ("127.9.9.9", "127.0.0.2"), ("::1", "::1")]
    {
        if mine == "::1" && !has_ipv6() {
            continue;
        }
        let phone = UdpSocket::bind((mine, 0)).await.unwrap();
        let to = SocketAddr::new(theirs.parse().unwrap(), port);
        phone.send_to(message("OPTIONS").as_bytes(), to).await.unwrap();
        let (_, source) = sip.message().await;
        assert_eq!((source.local, source.remote), (to, phone.local_addr().unwrap()));
        // The answer comes from where the question went.
        sip.answer(source);
        let mut buffer = [0; 2048];
        let (length, from) = timeout(PATIENCE, phone.recv_from(&mut buffer)).await.unwrap().unwrap();
        assert_eq!((&buffer[..length], from), (message("ANSWER").as_bytes(), to));
    }
}

#[tokio::test]
async fn signalling_is_marked_for_routers() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let phone = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    traffic_class::tell_class(&phone);
    phone.send_to(message("OPTIONS").as_bytes(), sip.address(Transport::Udp)).unwrap();
    let (_, source) = sip.message().await;
    sip.answer(source);
    assert_eq!(traffic_class::class_of_next(&phone), 24 << 2);
}

#[tokio::test]
async fn what_is_advertised_is_told_over_every_transport() {
    let authority = Authority::new();
    let mut listening = listening(&["127.0.0.1"]);
    listening.advertise = vec!["203.0.113.9".parse().unwrap()];
    listening.tls = Some(TlsListening { port: 0, config: authority.server(&["127.0.0.1"]) });
    let mut sip = House::with(&listening, Trust::load(None).unwrap(), Patience::default());
    let [udp, tcp, tls] = [Transport::Udp, Transport::Tcp, Transport::Tls].map(|one| sip.address(one));

    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    phone.send_to(message("OPTIONS").as_bytes(), udp).await.unwrap();
    assert_eq!(sip.message().await.1.local, SocketAddr::new(listening.advertise[0], udp.port()));

    let mut phone = TcpStream::connect(tcp).await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    assert_eq!(sip.message().await.1.local, SocketAddr::new(listening.advertise[0], tcp.port()));

    let mut phone = authority.connect(tls, "127.0.0.1").await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    let (_, source) = sip.message().await;
    assert_eq!(source.local, SocketAddr::new(listening.advertise[0], tls.port()));
    assert_eq!(source.transport, Transport::Tls);

    let line = sip.sockets.line_door().open(Transport::Ws, "127.0.0.1:80".parse().unwrap(), from(7)).await;
    line.unwrap().deliver(Bytes::from(message("OPTIONS"))).await;
    assert_eq!(sip.message().await.1.local, SocketAddr::new(listening.advertise[0], 80));
    // What we say ourselves is the same.
    let towards = sip.sockets.towards(Transport::Tls, HERE);
    assert_eq!(towards, Some(SocketAddr::new(listening.advertise[0], tls.port())));
}

#[tokio::test]
async fn our_own_address_towards_a_peer_is_the_one_it_will_see() {
    let sip = House::open(&["0.0.0.0"], &[]);
    let port = sip.address(Transport::Udp).port();
    for transport in [Transport::Udp, Transport::Tcp] {
        assert_eq!(sip.sockets.towards(transport, HERE), Some(SocketAddr::new(HERE, port)));
    }
    assert_eq!(sip.sockets.towards(Transport::Udp, "::1".parse().unwrap()), None);
    assert_eq!(sip.sockets.towards(Transport::Tls, HERE), None);
}

#[tokio::test]
async fn an_answer_leaves_by_the_socket_it_was_asked_at() {
    let mut sip = House::open(&["127.0.0.1", "127.0.0.2"], &[]);
    for host in ["127.0.0.2", "127.0.0.1"] {
        let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = SocketAddr::new(host.parse().unwrap(), sip.address(Transport::Udp).port());
        phone.send_to(message("OPTIONS").as_bytes(), to).await.unwrap();
        let (_, source) = sip.message().await;
        sip.answer(source);
        let (_, from) = timeout(PATIENCE, phone.recv_from(&mut [0; 2048])).await.unwrap().unwrap();
        assert_eq!(from, to);
    }
}

#[tokio::test]
async fn a_datagram_to_a_family_nobody_listens_on_is_reported() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let remote: SocketAddr = "[::1]:5060".parse().unwrap();
    sip.send(Destination {
        transport: Transport::Udp,
        local: sip.address(Transport::Udp),
        remote,
        connection: None,
    });
    assert!(matches!(sip.next().await, Arrived::Unsent { remote: unsent, .. } if unsent == remote));
}

#[tokio::test]
async fn signs_of_life_over_udp_are_no_messages_and_stun_is_answered() {
    let mut sip = House::open(&["0.0.0.0"], &[]);
    let to = SocketAddr::new("127.0.0.5".parse().unwrap(), sip.address(Transport::Udp).port());
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for empty in [&b"\r\n\r\n"[..], b"\r\n", b"", b"\0\0\0\0"] {
        phone.send_to(empty, to).await.unwrap();
    }
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    request.extend([9; 12]);
    phone.send_to(&request, to).await.unwrap();
    phone.send_to(message("OPTIONS").as_bytes(), to).await.unwrap();
    assert_eq!(sip.message().await.0, message("OPTIONS"));
    let mut buffer = [0; 2048];
    let (length, asked) = timeout(PATIENCE, phone.recv_from(&mut buffer)).await.unwrap().unwrap();
    assert_eq!((length, asked), (32, to));
    let port = u16::from_be_bytes([buffer[26] ^ 0x21, buffer[27] ^ 0x12]);
    assert_eq!((&buffer[..2], port), (&[1, 1][..], phone.local_addr().unwrap().port()));
}

#[tokio::test]
async fn a_phone_is_reached_over_the_connection_it_opened() {
    let authority = Authority::new();
    let here: &[&str] = if has_ipv6() { &["127.0.0.1", "::1"] } else { &["127.0.0.1"] };
    let mut listening = listening(here);
    listening.tls = Some(TlsListening { port: 0, config: authority.server(here) });
    let mut sip = House::with(&listening, Trust::load(None).unwrap(), Patience::default());
    for host in here {
        let at = |port: u16| SocketAddr::new(host.parse().unwrap(), port);
        let plain = TcpStream::connect(at(sip.address(Transport::Tcp).port())).await.unwrap();
        is_reached(&mut sip, plain, Transport::Tcp).await;
        let tls = at(sip.address(Transport::Tls).port());
        is_reached(&mut sip, authority.connect(tls, host).await.unwrap(), Transport::Tls).await;
    }
}

async fn is_reached(sip: &mut House, mut phone: impl AsyncRead + AsyncWrite + Unpin, transport: Transport) {
    phone.write_all(message("REGISTER").as_bytes()).await.unwrap();
    let (_, source) = sip.message().await;
    assert_eq!(source.transport, transport);
    let used = sip.answer(source);
    assert_eq!(used, source.connection);
    assert_eq!(read(&mut phone, message("ANSWER").len()).await, message("ANSWER"));
    // A ping is answered with a pong, and is no message (RFC 5626 §4.4.1).
    phone.write_all(b"\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut phone, 2).await, "\r\n");
    drop(phone);
    assert_eq!(sip.closed().await, source.connection);
    // When it is gone, nobody is called on the port it came from.
    assert_eq!(sip.answer(source), None);
    assert_eq!(sip.closed().await, source.connection);
}

#[tokio::test]
async fn a_line_brought_by_others_is_a_connection_too() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let door = sip.sockets.line_door();
    let mut line = door.open(Transport::Wss, "127.0.0.1:8443".parse().unwrap(), from(7)).await.unwrap();
    assert!(line.deliver(Bytes::from(message("REGISTER"))).await);
    let (_, source) = sip.message().await;
    assert_eq!((source.transport, source.remote), (Transport::Wss, from(7)));
    assert_eq!(sip.sockets.connections(), 1);
    sip.answer(source);
    assert_eq!(line.next().await.unwrap(), message("ANSWER"));
    drop(line);
    assert_eq!(sip.closed().await, source.connection);
    assert_eq!(sip.sockets.connections(), 0);
    assert_eq!(sip.answer(source), None, "nobody listens in a browser");
    assert_eq!(sip.closed().await, source.connection);
}

#[tokio::test]
async fn a_connection_is_opened_used_again_and_opened_anew() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let carrier = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = Destination {
        transport: Transport::Tcp,
        local: sip.address(Transport::Tcp),
        remote: carrier.local_addr().unwrap(),
        connection: None,
    };
    let first = sip.send(way).expect("a connection");
    assert_eq!(sip.send(way), Some(first));
    let (mut stream, _) = timeout(PATIENCE, carrier.accept()).await.unwrap().unwrap();
    assert_eq!(read(&mut stream, 2 * message("ANSWER").len()).await, message("ANSWER").repeat(2));
    // What comes back on it says our listening address, not the port it happens to leave from.
    stream.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    let (_, source) = sip.message().await;
    assert_eq!((source.local, source.remote, source.connection), (way.local, way.remote, Some(first)));
    drop(stream);
    assert_eq!(sip.closed().await, Some(first));
    // We opened it, so somebody listens there.
    let second = sip.answer(source).expect("a connection");
    assert_ne!(second, first);
    timeout(PATIENCE, carrier.accept()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_that_cannot_be_opened_is_reported() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let connection = sip.send(Destination {
        transport: Transport::Tcp,
        local: sip.address(Transport::Tcp),
        remote: nobody,
        connection: None,
    });
    assert_eq!(sip.closed().await, connection);
}

#[tokio::test]
async fn only_who_shows_the_right_name_is_spoken_to_over_tls() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (shown, expected, trusted, reached) in [
        (authority.server(&["carrier.test"]), Some("carrier.test"), true, true),
        (authority.server(&["127.0.0.1"]), None, true, true),
        (authority.server(&["carrier.test"]), None, true, false),
        (authority.server(&["other.test"]), Some("carrier.test"), true, false),
        (stranger.server(&["carrier.test"]), Some("carrier.test"), true, false),
        (authority.server(&["carrier.test"]), Some("carrier.test"), false, false),
    ] {
        let trust = Trust::load(trusted.then(|| authority.file().to_owned())).unwrap();
        let mut sip = House::with(&listening(&["127.0.0.1"]), trust, Patience::default());
        let carrier = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let remote = carrier.local_addr().unwrap();
        if let Some(name) = expected {
            sip.sockets.expect(remote, name);
        }
        let way = Destination { transport: Transport::Tls, local: from(5061), remote, connection: None };
        let connection = sip.send(way);
        let (stream, _) = timeout(PATIENCE, carrier.accept()).await.unwrap().unwrap();
        let shaken = tokio_rustls::TlsAcceptor::from(shown).accept(stream).await;
        if reached {
            let mut stream = shaken.expect("a handshake");
            assert_eq!(read(&mut stream, message("ANSWER").len()).await, message("ANSWER"));
        } else {
            assert_eq!(sip.closed().await, connection, "{expected:?} was reached");
            // Nothing of the message has left.
            if let Ok(mut stream) = shaken {
                assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
            }
        }
    }
}

#[tokio::test]
async fn who_came_in_over_tls_is_not_taken_for_somebody_of_that_address() {
    let authority = Authority::new();
    let mut listening = listening(&["127.0.0.1"]);
    listening.tls = Some(TlsListening { port: 0, config: authority.server(&["127.0.0.1"]) });
    let mut sip = House::with(&listening, Trust::load(None).unwrap(), Patience::default());
    let mut phone = authority.connect(sip.address(Transport::Tls), "127.0.0.1").await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    let (_, source) = sip.message().await;
    let used = sip.send(Destination { connection: None, ..source.into() });
    assert!(used.is_some() && used != source.connection, "{used:?}");
}

#[tokio::test]
async fn a_connection_without_a_message_is_closed_whatever_else_it_sends() {
    let patience = Patience { first_message: SOON, ..Patience::default() };
    let mut sip = House::with(&listening(&["127.0.0.1"]), Trust::load(None).unwrap(), patience);
    let tcp = sip.address(Transport::Tcp);
    let silent = TcpStream::connect(tcp).await.unwrap();
    ends(silent).await;
    assert!(sip.closed().await.is_some());
    // Pings are answered, and count for nothing.
    let mut pinging = TcpStream::connect(tcp).await.unwrap();
    while pinging.write_all(b"\r\n\r\n").await.is_ok() && pinging.read(&mut [0; 2]).await.is_ok_and(|n| n > 0)
    {
    }
    assert!(sip.closed().await.is_some());
    // Half a message is no message.
    let mut half = TcpStream::connect(tcp).await.unwrap();
    half.write_all(b"OPTIONS sip:a SIP/2.0\r\n").await.unwrap();
    ends(half).await;
    assert!(sip.closed().await.is_some());
}

#[tokio::test]
async fn a_message_that_does_not_end_closes_a_connection_that_was_good_before() {
    let patience = Patience { message: SOON, ..Patience::default() };
    let mut sip = House::with(&listening(&["127.0.0.1"]), Trust::load(None).unwrap(), patience);
    let mut phone = TcpStream::connect(sip.address(Transport::Tcp)).await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    sip.message().await;
    // One byte now and then does not buy time.
    for byte in b"OPTIONS sip:a SIP/2.0\r\nSubject: ".iter().cycle() {
        if phone.write_all(&[*byte]).await.is_err() {
            break;
        }
        if let Ok(ended) = timeout(SOON / 20, phone.read(&mut [0; 1])).await {
            assert_eq!(ended.unwrap_or(0), 0);
            break;
        }
    }
    assert!(sip.closed().await.is_some());
}

#[tokio::test]
async fn a_connection_that_has_fallen_silent_is_closed_in_the_end() {
    let patience = Patience { idle: SOON, ..Patience::default() };
    let mut sip = House::with(&listening(&["127.0.0.1"]), Trust::load(None).unwrap(), patience);
    let mut phone = TcpStream::connect(sip.address(Transport::Tcp)).await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    let (_, source) = sip.message().await;
    ends(phone).await;
    assert_eq!(sip.closed().await, source.connection);
}

#[tokio::test]
async fn a_handshake_has_to_end() {
    let authority = Authority::new();
    let mut listening = listening(&["127.0.0.1"]);
    listening.tls = Some(TlsListening { port: 0, config: authority.server(&["127.0.0.1"]) });
    let patience = Patience { handshake: SOON, ..Patience::default() };
    let sip = House::with(&listening, Trust::load(None).unwrap(), patience);
    let silent = TcpStream::connect(sip.address(Transport::Tls)).await.unwrap();
    ends(silent).await;
    let mut plain = TcpStream::connect(sip.address(Transport::Tls)).await.unwrap();
    plain.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    ends(plain).await;
}

#[tokio::test]
async fn who_reads_nothing_is_let_go() {
    for patience in [
        // The queue is full first …
        Patience::default(),
        // … or the peer has had time enough to read one message.
        Patience { write: SOON, ..Patience::default() },
    ] {
        let mut sip = House::with(&listening(&["127.0.0.1"]), Trust::load(None).unwrap(), patience);
        let mut phone = TcpStream::connect(sip.address(Transport::Tcp)).await.unwrap();
        phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
        let (_, source) = sip.message().await;
        let heavy = Bytes::from(vec![b'x'; 60_000]);
        let mut closed = false;
        while !closed {
            sip.send_bytes(source.into(), heavy.clone());
            let next = timeout(SOON / 20, sip.next()).await;
            closed = matches!(next, Ok(Arrived::Closed { connection, .. }) if Some(connection) == source.connection);
        }
    }
}

#[tokio::test]
async fn one_address_opens_only_so_many_connections() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let tcp = sip.address(Transport::Tcp);
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_PER_ADDRESS_MAX {
        let mut phone = TcpStream::connect(tcp).await.unwrap();
        phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
        sip.message().await;
        open.push(phone);
    }
    ends(TcpStream::connect(tcp).await.unwrap()).await;
    let door = sip.sockets.line_door();
    let local = "127.0.0.1:80".parse().unwrap();
    assert!(door.open(Transport::Ws, local, SocketAddr::new(HERE, 9)).await.is_none());
    // Another address has places left.
    assert!(door.open(Transport::Ws, local, from(9)).await.is_some());
    open.clear();
    while sip.sockets.connections() > 0 {
        sip.next().await;
    }
    let mut phone = TcpStream::connect(tcp).await.unwrap();
    phone.write_all(message("OPTIONS").as_bytes()).await.unwrap();
    sip.message().await;
}

#[tokio::test]
async fn what_is_no_sip_is_reported_with_what_may_be_answered() {
    let mut sip = House::open(&["127.0.0.1"], &[]);
    let mut phone = TcpStream::connect(sip.address(Transport::Tcp)).await.unwrap();
    // Without its length nobody knows where it ends.
    let text = message("OPTIONS").replace("Content-Length: 0\r\n", "");
    phone.write_all(text.as_bytes()).await.unwrap();
    let Arrived::Broken { error, source } = sip.next().await else { panic!("it is broken") };
    assert!(error.answerable().is_some());
    sip.answer(source);
    assert_eq!(read(&mut phone, message("ANSWER").len()).await, message("ANSWER"));
    ends(phone).await;
    assert_eq!(sip.closed().await, source.connection);
}

/// Some containers have no IPv6. Where it is said that they do not, everything else is tested all the same (docs/testing.md).
fn has_ipv6() -> bool {
    let has = std::net::UdpSocket::bind("[::1]:0").is_ok();
    let without = std::env::var("HOTLINE_TESTS_WITHOUT").unwrap_or_default();
    assert!(
        has || without.split(',').any(|name| name == "ipv6"),
        "this machine has no IPv6: give it the address ::1, or leave this out with HOTLINE_TESTS_WITHOUT=ipv6"
    );
    has
}

/// Sockets, listening.
struct House {
    sockets: SipSockets,
    waiting: Vec<Arrived>,
}

impl House {
    fn open(addresses: &[&str], advertise: &[IpAddr]) -> Self {
        let listening = Listening { advertise: advertise.to_vec(), ..listening(addresses) };
        Self::with(&listening, Trust::load(None).unwrap(), Patience::default())
    }

    fn with(listening: &Listening, trust: Trust, patience: Patience) -> Self {
        let sockets = SipSockets::bind(listening, trust, patience).expect("free ports");
        Self { sockets, waiting: Vec::new() }
    }

    /// The first address listened on.
    fn address(&self, transport: Transport) -> SocketAddr {
        self.sockets.own().iter().find(|own| own.transport == transport).expect("it is spoken").bound
    }

    async fn next(&mut self) -> Arrived {
        while self.waiting.is_empty() {
            timeout(PATIENCE, self.sockets.receive(&mut self.waiting)).await.expect("something comes");
        }
        self.waiting.remove(0)
    }

    async fn message(&mut self) -> (Bytes, Source) {
        loop {
            match self.next().await {
                Arrived::Message { bytes, source, .. } => return (bytes, source),
                Arrived::Closed { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn closed(&mut self) -> Option<ConnectionId> {
        match self.next().await {
            Arrived::Closed { connection, .. } => Some(connection),
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, source: Source) -> Option<ConnectionId> {
        self.send(source.into())
    }

    fn send(&mut self, way: Destination) -> Option<ConnectionId> {
        self.send_bytes(way, Bytes::from(message("ANSWER")))
    }

    fn send_bytes(&mut self, way: Destination, bytes: Bytes) -> Option<ConnectionId> {
        let Destination { transport, local, remote, connection } = way;
        self.sockets.send(&Transmit { transport, local, remote, connection, bytes, session: None })
    }
}

fn listening(addresses: &[&str]) -> Listening {
    Listening {
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        port: 0,
        tls: None,
        dscp: net::Dscp::SIGNALLING,
        advertise: Vec::new(),
    }
}

/// Somebody far away.
fn from(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn message(method: &str) -> String {
    format!(
        "{method} sip:hotline.test SIP/2.0\r\nVia: SIP/2.0/TCP phone.test;branch=z9hG4bK1\r\n\
         From: <sip:a@a.test>;tag=1\r\nTo: <sip:hotline.test>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

async fn read(stream: &mut (impl AsyncRead + Unpin), length: usize) -> String {
    let mut bytes = vec![0; length];
    timeout(PATIENCE, stream.read_exact(&mut bytes)).await.expect("in time").expect("so many bytes");
    String::from_utf8(bytes).unwrap()
}

/// Waits until the other end has closed.
async fn ends(mut stream: impl AsyncRead + Unpin) {
    let mut buffer = [0; 1024];
    while timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an end").is_ok_and(|length| length > 0) {}
}
