//! Searches told as text: what is wanted, what the name service holds, what is found.

use super::*;
use std::fmt::Write;

#[test]
fn an_address_needs_no_name_service() {
    insta::assert_snapshot!(check("192.0.2.1", ""), @"udp 192.0.2.1:5060");
    insta::assert_snapshot!(check("[2001:db8::1]", ""), @"udp [2001:db8::1]:5060");
    insta::assert_snapshot!(check("192.0.2.1:5070", ""), @"udp 192.0.2.1:5070");
    insta::assert_snapshot!(check("192.0.2.1;transport=tcp", ""), @"tcp 192.0.2.1:5060");
    insta::assert_snapshot!(check("sips 192.0.2.1", ""), @"tls 192.0.2.1:5061");
    insta::assert_snapshot!(check("sips 192.0.2.1;transport=tcp", ""), @"tls 192.0.2.1:5061");
}

#[test]
fn a_name_with_a_port_is_a_host() {
    let zone = "a example.com 192.0.2.1 2001:db8::1\nsrv _sip._udp.example.com 0 0 9 other.example.com";
    insta::assert_snapshot!(check("Example.com.:5070", zone), @r"
    ? a example.com
    udp 192.0.2.1:5070
    udp [2001:db8::1]:5070
    ");
}

#[test]
fn a_name_alone_goes_where_its_pointers_say() {
    // The example of RFC 3263 §4.1.
    let zone = "
        naptr example.com 50 50 s SIPS+D2T _sips._tcp.example.com
        naptr example.com 90 50 s SIP+D2T _sip._tcp.example.com
        naptr example.com 100 50 s SIP+D2U _sip._udp.example.com
        srv _sips._tcp.example.com 0 1 5061 server1.example.com
        srv _sip._tcp.example.com 0 1 5060 server1.example.com
        srv _sip._tcp.example.com 1 2 5060 server2.example.com
        srv _sip._udp.example.com 0 1 5060 server2.example.com
        a server1.example.com 192.0.2.1
        a server2.example.com 192.0.2.2 192.0.2.3";
    insta::assert_snapshot!(check("example.com", zone), @r"
    ? naptr example.com
    ? srv _sips._tcp.example.com
    ? srv _sip._tcp.example.com
    ? srv _sip._udp.example.com
    ? a server1.example.com
    ? a server2.example.com
    tls 192.0.2.1:5061
    tcp 192.0.2.1:5060
    tcp 192.0.2.2:5060
    tcp 192.0.2.3:5060
    udp 192.0.2.2:5060
    udp 192.0.2.3:5060
    ");
    // Encrypted or not at all.
    insta::assert_snapshot!(check("sips example.com", zone), @r"
    ? naptr example.com
    ? srv _sips._tcp.example.com
    ? a server1.example.com
    tls 192.0.2.1:5061
    ");
}

#[test]
fn pointers_to_what_we_do_not_speak_are_left_alone() {
    let zone = "
        naptr example.com 10 50 s SIPS+D2W _sips._ws.example.com
        naptr example.com 20 50 u E2U+sip other.example.com
        naptr example.com 30 50 s SIP+D2S _sip._sctp.example.com
        srv _sip._udp.example.com 0 0 5070 server.example.com
        a server.example.com 192.0.2.1";
    insta::assert_snapshot!(check("example.com", zone), @r"
    ? naptr example.com
    ? srv _sip._udp.example.com
    ? srv _sip._tcp.example.com
    ? srv _sips._tcp.example.com
    ? a server.example.com
    udp 192.0.2.1:5070
    ");
}

#[test]
fn a_name_that_nothing_is_said_about_is_a_host() {
    insta::assert_snapshot!(check("example.com", "a example.com 192.0.2.1"), @r"
    ? naptr example.com
    ? srv _sip._udp.example.com
    ? srv _sip._tcp.example.com
    ? srv _sips._tcp.example.com
    ? a example.com
    udp 192.0.2.1:5060
    ");
    insta::assert_snapshot!(check("sips example.com", "a example.com 192.0.2.1"), @r"
    ? naptr example.com
    ? srv _sips._tcp.example.com
    ? a example.com
    tls 192.0.2.1:5061
    ");
    insta::assert_snapshot!(check("example.com;transport=tls", "a example.com 192.0.2.1"), @r"
    ? srv _sips._tcp.example.com
    ? a example.com
    tls 192.0.2.1:5061
    ");
}

#[test]
fn a_service_that_is_not_offered_is_not_looked_for_elsewhere() {
    let zone = "srv _sip._tcp.example.com 0 0 0 .\na example.com 192.0.2.1";
    insta::assert_snapshot!(check("example.com;transport=tcp", zone), @"? srv _sip._tcp.example.com");
}

#[test]
fn what_we_cannot_speak_is_not_found() {
    insta::assert_snapshot!(check("example.com;transport=ws", ""), @"");
    insta::assert_snapshot!(check("sips example.com;transport=udp", ""), @"");
}

#[test]
fn heavier_servers_come_first_more_often_and_light_ones_are_not_forgotten() {
    let records = |weights: &[u16]| -> Vec<Srv> {
        let record = |(at, weight): (usize, &u16)| Srv {
            priority: 0,
            weight: *weight,
            port: u16::try_from(at).unwrap(),
            target: "a".into(),
        };
        weights.iter().enumerate().map(record).collect()
    };
    let mut first = [0u32; 3];
    let mut chance = IdSource::new(1);
    for _ in 0..10_000 {
        let ordered = ordered(records(&[0, 100, 300]), &mut chance);
        assert_eq!(ordered.len(), 3);
        first[usize::from(ordered[0].port)] += 1;
    }
    assert!((2200..2800).contains(&first[1]) && (7200..7800).contains(&first[2]), "{first:?}");
    assert!((1..200).contains(&first[0]), "{first:?}");
}

#[test]
fn a_lower_priority_is_never_tried_before_a_higher_one() {
    let mut chance = IdSource::new(7);
    for seed in 0..200u16 {
        let records = (0..12u16).map(|n| Srv {
            priority: n * 7 % 4,
            weight: n * seed % 50,
            port: n,
            target: "a".into(),
        });
        let ordered = ordered(records.collect(), &mut chance);
        assert!(ordered.is_sorted_by_key(|record| record.priority), "{ordered:?}");
        assert_eq!(ordered.len(), 12);
    }
}

#[test]
fn an_endless_zone_has_an_end_here() {
    let mut zone = String::new();
    for n in 0..200 {
        let _ = writeln!(zone, "srv _sip._udp.example.com {n} 0 5060 h{n}.example.com");
        let _ = write!(zone, "a h{n}.example.com");
        for last in 1..50 {
            let _ = write!(zone, " 10.0.{n}.{last}");
        }
        zone.push('\n');
    }
    let told = check("example.com;transport=udp", &zone);
    let ways = told.lines().filter(|line| line.starts_with("udp")).count();
    assert_eq!(ways, WAYS_MAX);
}

/// Searches `wanted` in `zone`: each question, then each way.
fn check(wanted: &str, zone: &str) -> String {
    let (secure, rest) = match wanted.strip_prefix("sips ") {
        Some(rest) => (true, rest),
        None => (false, wanted),
    };
    let (host, transport) = match rest.split_once(";transport=") {
        Some((host, word)) => (host, Transport::from_name(word)),
        None => (rest, None),
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, Some(port.parse().unwrap())),
        _ => (host, None),
    };
    let wanted = Wanted { host: host.to_owned(), port, transport, secure };
    let mut search = Search::new(&wanted, &[Transport::Udp, Transport::Tcp, Transport::Tls]);
    let mut chance = IdSource::new(1);
    let mut told = String::new();
    loop {
        let questions = search.questions();
        if questions.is_empty() {
            break;
        }
        for question in questions {
            let (word, name) = match &question {
                Question::Naptr(name) => ("naptr", name),
                Question::Srv(name) => ("srv", name),
                Question::Addresses(name) => ("a", name),
            };
            let _ = writeln!(told, "? {word} {name}");
            search.answer(&question, look(zone, word, name), &mut chance);
        }
    }
    for way in search.found().expect("nothing is left to be asked") {
        let _ = writeln!(told, "{} {}", way.transport.uri_name(), way.remote);
    }
    told.trim_end().to_owned()
}

fn look(zone: &str, kind: &str, name: &str) -> Records {
    let lines = zone.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(kind) && words.next() == Some(name)).then(|| words.collect::<Vec<_>>())
    });
    match kind {
        "naptr" => Records::Naptr(
            lines
                .map(|words| Naptr {
                    order: words[0].parse().unwrap(),
                    preference: words[1].parse().unwrap(),
                    flags: words[2].into(),
                    services: words[3].into(),
                    replacement: words[4].into(),
                })
                .collect(),
        ),
        "srv" => Records::Srv(
            lines
                .map(|words| Srv {
                    priority: words[0].parse().unwrap(),
                    weight: words[1].parse().unwrap(),
                    port: words[2].parse().unwrap(),
                    target: words[3].into(),
                })
                .collect(),
        ),
        _ => Records::Addresses(
            lines
                .flat_map(|words| words.into_iter().map(|word| word.parse().unwrap()).collect::<Vec<_>>())
                .collect(),
        ),
    }
}
