//! The torture messages over the wire, against the running program in its default configuration.
//!
//! Every message comes from a loopback address of its own and from the port its Via names, so that answers find their
//! way and cannot be mistaken for those to another message. After each, an OPTIONS must be answered: silence counts only
//! when the server has shown that it has read on.

#![allow(clippy::disallowed_methods, reason = "these tests speak SIP over sockets of their own")]

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use tests::patience::Deadline;
use tests::server::Server;
use tests::torture::{self, Came, Expect, Message};

/// How long a message may go without any answer before the server counts as silent or dead.
const ANSWER_S: u64 = 10;

#[test]
fn every_message_over_udp_gets_the_answer_it_deserves() {
    let server = Server::start("torture-udp");
    let mut wrong = Vec::new();
    for (number, message) in torture::messages().iter().enumerate() {
        let came = over_udp(&server, message, number as u8);
        if !message.expect.iter().any(|expect| expect.fits(&came)) {
            wrong.push(format!("{}: expected {:?}, came {came:?}", message.name, message.expect));
        }
    }
    assert!(wrong.is_empty(), "{} of 61 wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}

#[test]
fn every_message_over_tcp_gets_the_answer_it_deserves() {
    let server = Server::start("torture-tcp");
    let mut wrong = Vec::new();
    for message in torture::messages() {
        let came = over_tcp(&server, &message);
        let expect = on_a_stream(&message);
        if !expect.iter().any(|expect| expect.fits(&came)) {
            wrong.push(format!("{}: expected {expect:?}, came {came:?}", message.name));
        }
        assert_eq!(probe_tcp(&server), Some(200), "after {} over TCP an OPTIONS gets no 200", message.name);
    }
    assert!(wrong.is_empty(), "{} of 61 wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}

/// What is expected where a stream differs from a datagram: there the end of a message is only where its length says.
fn on_a_stream(message: &Message) -> Vec<Expect> {
    match message.name.as_str() {
        // 9999 octets are announced; a stream waits for them.
        "clerr" => vec![Expect::Nothing, Expect::Status(400), Expect::Closed],
        // What is behind it is a second request there, and gets an answer of its own.
        "dblreq" => vec![Expect::Understood, Expect::Status(400)],
        // Where the next message begins cannot be known.
        "ncl" | "mcl01" => vec![Expect::Class(4), Expect::Closed],
        // Content-Length is required on a stream; without it there is no body, or no message.
        "inv2543" => vec![Expect::Understood, Expect::Status(400), Expect::Closed],
        _ => message.expect.clone(),
    }
}

fn over_udp(server: &Server, message: &Message, number: u8) -> Came {
    let address = Ipv4Addr::new(127, 44, 75, number + 1);
    let socket = UdpSocket::bind((address, message.via_port()))
        .unwrap_or_else(|e| panic!("{address}:{} is taken: {e}", message.via_port()));
    let target = server.ready.sip.udp;
    socket.send_to(&message.bytes, target).expect("sent");
    let mut statuses = Vec::new();
    // The probe goes out at once where silence is right, else only when no answer has come for a while.
    let mut probed = message.expect.contains(&Expect::Nothing) || message.expect.contains(&Expect::Whatever);
    if probed {
        socket
            .send_to(&options(&message.name, "UDP", socket.local_addr().expect("its address")), target)
            .expect("sent");
    }
    let mut deadline = Deadline::after_s(ANSWER_S);
    loop {
        let Some(left) = deadline.left() else {
            assert!(
                !probed,
                "{}: the server does not answer an OPTIONS any more\n{}",
                message.name,
                server.log()
            );
            probed = true;
            let probe = options(&message.name, "UDP", socket.local_addr().expect("its address"));
            socket.send_to(&probe, target).expect("sent");
            deadline = Deadline::after_s(ANSWER_S);
            continue;
        };
        socket.set_read_timeout(Some(left)).expect("a time-out can be set");
        let mut buffer = [0; 65_536];
        match socket.recv_from(&mut buffer) {
            Ok((length, _)) => {
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let status =
                    status(&text).unwrap_or_else(|| panic!("{}: not an answer: {text}", message.name));
                if is_probe(&text, &message.name) {
                    return if statuses.is_empty() { Came::Nothing } else { Came::Answers(statuses) };
                }
                statuses.push(status);
                if status >= 200 && !probed {
                    return Came::Answers(statuses);
                }
            }
            Err(error) if is_timeout(&error) => {}
            Err(error) => panic!("{}: {error}", message.name),
        }
    }
}

fn over_tcp(server: &Server, message: &Message) -> Came {
    let mut stream = TcpStream::connect(server.ready.sip.tcp).expect("a connection");
    stream.write_all(&message.bytes).expect("sent");
    let expects_silence = message.expect.contains(&Expect::Nothing) || message.name == "clerr";
    if expects_silence {
        let probe = options(&message.name, "TCP", stream.local_addr().expect("its address"));
        // A server that has closed the stream by now has answered in its way.
        let _ = stream.write_all(&probe);
    }
    let deadline = Deadline::after_s(ANSWER_S);
    let mut received = Vec::new();
    let mut buffer = [0; 65_536];
    while let Some(left) = deadline.left() {
        // Over a stream that waits for the rest of a message the probe is never answered: a second of silence is enough.
        let patience = if message.name == "clerr" { Duration::from_secs(1).min(left) } else { left };
        stream.set_read_timeout(Some(patience)).expect("a time-out can be set");
        match stream.read(&mut buffer) {
            Ok(0) => return answers_or(&received, Came::Closed),
            Ok(length) => received.extend_from_slice(&buffer[..length]),
            Err(error) if is_timeout(&error) && message.name == "clerr" => {
                return answers_or(&received, Came::Nothing);
            }
            Err(error) if is_timeout(&error) => continue,
            Err(_) => return answers_or(&received, Came::Closed),
        }
        let text = String::from_utf8_lossy(&received);
        if is_probe(&text, &message.name) {
            return Came::Nothing;
        }
        if answers(&received).iter().any(|status| *status >= 200) {
            return Came::Answers(answers(&received));
        }
    }
    answers_or(&received, Came::Nothing)
}

/// Sends an OPTIONS over a fresh connection and gives the status of its answer.
fn probe_tcp(server: &Server) -> Option<u16> {
    let mut stream = TcpStream::connect(server.ready.sip.tcp).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S))).ok()?;
    let local = stream.local_addr().ok()?;
    stream.write_all(&options("alive", "TCP", local)).ok()?;
    let mut buffer = [0; 65_536];
    let length = stream.read(&mut buffer).ok()?;
    status(&String::from_utf8_lossy(&buffer[..length]))
}

fn options(name: &str, transport: &str, local: SocketAddr) -> Vec<u8> {
    let target = match local.ip() {
        IpAddr::V4(_) => "127.0.0.1",
        IpAddr::V6(_) => "[::1]",
    };
    format!(
        "OPTIONS sip:{target} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {local};branch=z9hG4bKprobe{name};rport\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:probe@{local}>;tag=probe\r\n\
         To: <sip:{target}>\r\n\
         Call-ID: probe-{name}\r\n\
         CSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn is_probe(text: &str, name: &str) -> bool {
    text.lines()
        .any(|line| line.split_once(':').is_some_and(|(_, value)| value.trim() == format!("probe-{name}")))
}

fn status(text: &str) -> Option<u16> {
    text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// The statuses of all answers in a stream.
fn answers(received: &[u8]) -> Vec<u16> {
    String::from_utf8_lossy(received).lines().filter_map(status).collect()
}

fn answers_or(received: &[u8], otherwise: Came) -> Came {
    let statuses = answers(received);
    if statuses.is_empty() { otherwise } else { Came::Answers(statuses) }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
