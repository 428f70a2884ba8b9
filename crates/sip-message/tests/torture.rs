//! The messages of RFC 4475 and RFC 5118, byte by byte, in both framings.
//!
//! They are data beside the project (`shared/data/torture`, or `HOTLINE_SHARED_DATA`). Where they are absent these
//! tests say so and pass over them.

#![allow(clippy::disallowed_methods, reason = "a test reads its data from files; the crate does not")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sip_message::{Frame, FrameError, HeaderName, Message, ParseError, Request, StreamFramer};

/// One row of `index.tsv`.
struct Row {
    name: String,
    valid: bool,
    is_request: bool,
    stream: bool,
    expect: String,
    bytes: Bytes,
}

#[test]
fn every_torture_message_is_taken_or_refused_as_its_rfc_says() {
    let mut table = String::new();
    for row in rows() {
        let verdict = Message::parse(row.bytes.clone());
        writeln!(table, "{:32} {:11} {}", row.name, row.expect, sentence(&verdict)).unwrap();
        match (&verdict, row.valid) {
            (Ok(message), true) => {
                assert_eq!(matches!(message, Message::Request(_)), row.is_request, "{}", row.name)
            }
            (Err(error), true) => panic!("{}: valid, but {error}", row.name),
            (_, false) => assert!(fits(&verdict, &row), "{}: {}", row.name, sentence(&verdict)),
        }
    }
    if !table.is_empty() {
        insta::assert_snapshot!(table);
    }
}

#[test]
fn what_is_taken_prints_as_it_came() {
    for row in rows() {
        let Ok(message) = Message::parse(row.bytes.clone()) else { continue };
        let printed = message.to_bytes();
        assert!(row.bytes.starts_with(&printed), "{}", row.name);
        // RFC 4475 §3.1.1.8 has octets behind its end; two files of RFC 5118 count their body too short.
        let cut =
            ["dblreq", "ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"].contains(&row.name.as_str());
        assert!(printed.len() == row.bytes.len() || cut, "{}", row.name);

        let mut edited = message.clone();
        edited.headers_mut().append("X-Passing-Through", "yes").unwrap();
        assert_eq!(edited.headers_mut().remove("x-passing-through"), 1);
        if matches!(message, Message::Request(_)) {
            assert_eq!(edited.to_bytes(), printed, "{}", row.name);
        }
    }
}

#[test]
fn a_stream_cuts_the_same_messages_whatever_the_size_of_its_pieces() {
    for row in rows() {
        for size in [1, 7, 100, usize::MAX] {
            let mut framer = StreamFramer::new();
            let mut frames = Vec::new();
            let mut failure = None;
            for piece in row.bytes.chunks(size.min(row.bytes.len())) {
                framer.push(piece);
                loop {
                    match framer.next_frame() {
                        Ok(Some(frame)) => frames.push(frame),
                        Ok(None) => break,
                        Err(error) => {
                            failure = Some(error);
                            break;
                        }
                    }
                }
            }
            if row.stream {
                assert_eq!(frames, [Frame::Message(row.bytes.clone())], "{}", row.name);
                assert!(failure.is_none(), "{}", row.name);
            }
            if matches!(row.name.as_str(), "ncl" | "mcl01") {
                let Some(FrameError::Message(error)) = failure else { panic!("{}: no refusal", row.name) };
                assert_eq!(error.answerable().unwrap().1.code(), 400);
                assert!(frames.is_empty(), "{}", row.name);
            }
        }
    }
}

#[test]
fn the_short_tortuous_invite_is_understood() {
    let Some(invite) = request("wsinv") else { return };
    let headers = invite.headers();
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(headers.from().unwrap().display().unwrap(), "J Rosenberg \\\"");
    assert_eq!(headers.max_forwards().unwrap(), Some(68));
    assert_eq!(headers.cseq().unwrap().to_string(), "9 INVITE");
    let vias: Vec<_> = headers.vias().map(Result::unwrap).collect();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert!(!vias[0].has_unique_branch() && vias[1].has_unique_branch());
    assert_eq!(
        headers.get("newfangledheader").unwrap().text(),
        "newfangled value continued newfangled value"
    );
    assert!(headers.routes().unwrap()[0].uri().is_loose_router());
    assert_eq!(headers.contact().unwrap().unwrap().q(), Some(330));
    assert_eq!(headers.subject().unwrap(), "");
}

#[test]
fn escapes_in_users_are_resolved_and_nothing_else_is() {
    let Some(invite) = request("esc01") else { return };
    assert_eq!(invite.uri().user().unwrap(), "sips:user@example.com");
    assert_eq!(invite.uri().host().unwrap().to_string(), "example.net");
    let contact = invite.headers().contact().unwrap().unwrap();
    assert_eq!(contact.uri().user().unwrap(), "caller");
    // %6C%72 is lr, n%61me is name, and v%61lue%25%34%31 is value%41, resolved once and no further.
    assert!(contact.uri().is_loose_router());
    assert_eq!(contact.uri().param("name").unwrap(), "value%41");

    let register = request("escnull").unwrap();
    assert_eq!(register.headers().to().unwrap().uri().user().unwrap(), "null-\0-null");
    let semicolon = request("semiuri").unwrap();
    assert_eq!(semicolon.uri().user().unwrap(), "user;par=u@example.net");
}

#[test]
fn control_characters_in_a_display_name_are_replaced_for_people_and_kept_for_the_wire() {
    let Some(strange) = request("intmeth") else { return };
    let to = strange.headers().to().unwrap();
    assert_eq!(to.display().unwrap(), "BEL:\u{fffd} NUL:\u{fffd} DEL:\u{fffd}");
    assert_eq!(to.raw_display(), b"\"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\"");
    let answer = strange.answer(sip_message::StatusCode::NOT_IMPLEMENTED).to_tag("t").build().unwrap();
    let raw = strange.headers().get(HeaderName::To).unwrap().as_bytes();
    let sent = answer.headers().get(HeaderName::To).unwrap().as_bytes();
    assert_eq!(sent, [raw, b";tag=t"].concat());
}

#[test]
fn a_binary_multipart_body_comes_apart() {
    let Some(message) = request("mpart01") else { return };
    let parts = message.parts().unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(&parts[0].body[..], b"Hello");
    assert!(parts[1].content_type.is("application/octet-stream"));
    assert!(parts[1].body.contains(&0));
}

/// Whether a verdict on an invalid message is one of those its row allows.
fn fits(verdict: &Result<Message, ParseError>, row: &Row) -> bool {
    let answer = verdict.as_ref().err().map(|error| error.answerable().map(|(_, status, _)| status.code()));
    row.expect.split(' ').any(|word| match (word, answer) {
        ("any", _) => true,
        // What the parser takes, the layers above refuse with any code but these.
        (_, None) => false,
        ("none", Some(code)) => code.is_none(),
        ("4xx", Some(code)) => code.is_some_and(|code| (400..500).contains(&code)),
        (word, Some(code)) => code.is_some_and(|code| word == code.to_string()),
    })
}

fn sentence(verdict: &Result<Message, ParseError>) -> String {
    match verdict {
        Ok(_) => "taken".to_owned(),
        Err(error) => match error.answerable() {
            Some((_, status, _)) => format!("{status}: {error}"),
            None => format!("dropped: {error}"),
        },
    }
}

fn request(name: &str) -> Option<Request> {
    let row = rows().into_iter().find(|row| row.name == name)?;
    match Message::parse(row.bytes) {
        Ok(Message::Request(request)) => Some(request),
        other => panic!("{name} is no request: {other:?}"),
    }
}

#[expect(clippy::print_stderr, reason = "who runs the tests must hear that they were passed over")]
fn rows() -> Vec<Row> {
    let data = std::env::var_os("HOTLINE_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = data.join("torture");
    let Ok(index) = std::fs::read_to_string(folder.join("index.tsv")) else {
        eprintln!(
            "PASSED OVER: no torture messages, because {} is not there",
            folder.join("index.tsv").display()
        );
        return Vec::new();
    };
    index
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let file = folder.join(cells[1]).join(format!("{}.dat", cells[0]));
            Row {
                name: cells[0].to_owned(),
                valid: cells[3] == "valid",
                is_request: cells[4] == "req",
                stream: cells[5] == "tcp",
                expect: cells[6].to_owned(),
                bytes: std::fs::read(&file)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
                    .into(),
            }
        })
        .collect()
}
