//! What is refused, with which answer, and what cannot be written.

use std::fmt::Write;

use bytes::Bytes;
use sip_message::{
    BuildError, HeaderError, HeaderName, Malformed, Message, Method, NameAddr, ParseErrorKind, Request,
    StatusCode, Uri, limits,
};

const HEAD: &str = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
                    To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n";

#[test]
fn a_second_one_of_what_stands_once_is_refused() {
    for (header, name) in [
        ("t: <sip:z@b>", HeaderName::To),
        ("From: <sip:x@y>;tag=1", HeaderName::From),
        ("i: c", HeaderName::CallId),
        ("CSEQ: 1 INVITE", HeaderName::CSeq),
        ("Max-Forwards: 70\r\nmax-forwards: 70", HeaderName::MaxForwards),
        ("Content-Length: 0\r\nl: 0", HeaderName::ContentLength),
        ("Expires: 60\r\nExpires: 0", HeaderName::Expires),
        ("Refer-To: <sip:a@b>\r\nr: <sip:c@d>", HeaderName::ReferTo),
    ] {
        assert_eq!(refusal(&format!("{HEAD}{header}\r\n\r\n")), (400, ParseErrorKind::Duplicate(name)));
    }
    // What only informs may be doubled.
    assert!(parse(&format!("{HEAD}User-Agent: a\r\nUser-Agent: b\r\n\r\n")).is_ok());
}

#[test]
fn a_second_tag_or_branch_is_refused() {
    let twice = Malformed::ParameterTwice;
    for (from, to, name) in [
        (";tag=1", ";tag=1;TAG=2", HeaderName::From),
        (";branch=z9hG4bK1", ";branch=z9hG4bK1;Branch=z9hG4bK2", HeaderName::Via),
    ] {
        let text = format!("{}\r\n", HEAD.replace(from, to));
        let expected = HeaderError::Malformed { name, problem: twice };
        assert_eq!(refusal(&text), (400, ParseErrorKind::Header(expected)));
    }
}

#[test]
fn a_tag_or_branch_that_could_not_be_written_again_is_refused() {
    for bad in ["\"a b\"", "\"1\"", "\u{e9}"] {
        for (part, name) in [(";tag=1", HeaderName::From), (";branch=z9hG4bK1", HeaderName::Via)] {
            let (param, _) = part.split_once('=').unwrap();
            let text = format!("{}\r\n", HEAD.replace(part, &format!("{param}={bad}")));
            let expected = HeaderError::Malformed { name, problem: Malformed::Parameter };
            assert_eq!(refusal(&text), (400, ParseErrorKind::Header(expected)), "{text}");
        }
    }
    // An empty one is as good as none.
    let text = format!("{}\r\n", HEAD.replace(";tag=1", ";tag=").replace(";branch=z9hG4bK1", ";branch="));
    let invite = request(&text);
    assert_eq!((invite.headers().from_tag(), invite.headers().top_branch()), (None, None));
    assert_eq!(invite.headers().from().unwrap().tag(), None);
}

#[test]
fn each_mandatory_header_is_missed() {
    for name in [HeaderName::To, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
        let rest: Vec<&str> = HEAD.lines().filter(|line| !line.starts_with(&format!("{name}:"))).collect();
        let text = format!("{}\r\n\r\n", rest.join("\r\n"));
        assert_eq!(refusal(&text), (400, ParseErrorKind::Header(HeaderError::Missing(name))));
    }
    let text = format!("{}\r\n", HEAD.replace("Via:", "X-Via:"));
    let error = parse(&text).unwrap_err();
    assert!(error.answerable().is_none(), "without a Via nobody waits for the answer");
}

#[test]
fn an_ack_and_a_response_are_never_answered() {
    for text in [
        HEAD.replace("INVITE", "ACK").replace("Call-ID: c", "Call-ID: "),
        HEAD.replace("INVITE sip:a@b SIP/2.0", "SIP/2.0 200 OK").replace("1 INVITE", "one INVITE"),
    ] {
        assert!(parse(&format!("{text}\r\n")).unwrap_err().answerable().is_none());
    }
}

#[test]
fn sizes_end_at_their_limits() {
    let line = |bytes: usize| format!("X-Long: {}\r\n", "a".repeat(bytes - "X-Long: ".len()));
    assert!(parse(&format!("{HEAD}{}\r\n", line(limits::HEADER_BYTES))).is_ok());
    assert_eq!(
        refusal(&format!("{HEAD}{}\r\n", line(limits::HEADER_BYTES + 1))),
        (513, ParseErrorKind::HeaderTooLong)
    );

    let text = HEAD.replacen("sip:a@b", &format!("sip:{}@b", "a".repeat(limits::HEADER_BYTES)), 1);
    assert_eq!(refusal(&format!("{text}\r\n")), (414, ParseErrorKind::RequestUri(Malformed::TooLong)));

    let many = |lines: usize| format!("{HEAD}{}\r\n", "X-A: y\r\n".repeat(lines - 5));
    assert!(parse(&many(limits::HEADERS)).is_ok());
    assert_eq!(refusal(&many(limits::HEADERS + 1)), (513, ParseErrorKind::TooManyHeaders));

    let vias = |values: usize| {
        let row = ", SIP/2.0/UDP h".repeat(values - 1);
        format!("{}\r\n", HEAD.replace(";branch=z9hG4bK1", &format!(";branch=z9hG4bK1{row}")))
    };
    assert!(parse(&vias(limits::VIAS)).is_ok());
    assert_eq!(refusal(&vias(limits::VIAS + 1)), (483, ParseErrorKind::TooManyVias));

    let sized = |bytes: usize| format!("{HEAD}\r\n{}", "x".repeat(bytes - HEAD.len() - 2));
    assert!(parse(&sized(limits::MESSAGE_BYTES)).is_ok());
    assert_eq!(refusal(&sized(limits::MESSAGE_BYTES + 1)), (513, ParseErrorKind::TooLarge));
}

#[test]
fn a_refusal_can_always_be_sent() {
    let text = HEAD.replace("To: <sip:a@b>", "To: \"torn <sip:a@b>").replace("CSeq: 1", "CSeq: 1e3");
    let error = parse(&format!("{text}\r\n")).unwrap_err();
    let (request, status, reason) = error.answerable().unwrap();
    let answer = request.answer(status).reason(&reason).to_tag("t").build().unwrap();
    insta::assert_snapshot!(answer, @r#"
    SIP/2.0 400 Bad Request: To has an unterminated quote
    Via: SIP/2.0/UDP h;branch=z9hG4bK1
    From: <sip:x@y>;tag=1
    To: "torn <sip:a@b>
    Call-ID: c
    CSeq: 1e3 INVITE
    Content-Length: 0
    "#);
}

#[test]
fn lines_that_two_readers_could_see_differently_are_refused() {
    for line in ["X: a\rTo: <sip:evil@b>", "no colon here", ": no name", "N\u{e9}: x", "X Y: z", "X\r: z"] {
        assert_eq!(refusal(&format!("{HEAD}{line}\r\n\r\n")), (400, ParseErrorKind::HeaderLine), "{line:?}");
    }
    assert_eq!(refusal(HEAD), (400, ParseErrorKind::HeadUnfinished));
    assert_eq!(refusal(&HEAD[..HEAD.len() - 9]), (400, ParseErrorKind::HeadUnfinished));
}

#[test]
fn what_is_no_sip_is_dropped_and_a_wrong_version_is_told_apart() {
    for line in
        ["GET / HTTP/1.1", "", "INVITE", "INVITE sip:a@b", "INV(ITE sip:a@b SIP/2.0", "SIP/2.0 99 Low"]
    {
        let error = parse(&format!("{line}\r\n{}\r\n", &HEAD[24..])).unwrap_err();
        assert!(matches!(error.kind, ParseErrorKind::StartLine(_)), "{line}: {error}");
        assert!(error.answerable().is_none(), "{line}");
    }
    for version in ["SIP/3.0", "sip/2.1", "SIP/7.0"] {
        let text = format!("{}\r\n", HEAD.replacen("SIP/2.0", version, 1));
        assert_eq!(refusal(&text), (505, ParseErrorKind::Version));
    }
    assert_eq!(parse("SIP/3.0 200 OK\r\n\r\n").unwrap_err().kind, ParseErrorKind::Version);
}

#[test]
fn nothing_passed_to_a_builder_becomes_a_header_of_its_own() {
    let uri: Uri = "sip:a@b".parse().unwrap();
    let build = |name: &'static str, value: &str| {
        Request::builder(Method::Info, uri.clone()).header(name, value).build().map(|_| ())
    };
    assert_eq!(build("X-Ok", "tab\tand ünïcode"), Ok(()));
    for value in ["a\r\nEvil: yes", "a\nEvil: yes", "a\rb", "nul\0", "bell\x07", "\x7f"] {
        assert_eq!(build("X-Note", value), Err(BuildError::ControlCharacter(None)));
        assert_eq!(build("Subject", value), Err(BuildError::ControlCharacter(Some(HeaderName::Subject))));
    }
    assert_eq!(build("X-No te", "x"), Err(BuildError::Name));
    assert_eq!(build("X:", "x"), Err(BuildError::Name));
    assert_eq!(build("", "x"), Err(BuildError::Name));

    let invite = request(&format!("{HEAD}\r\n"));
    let split = invite.answer(StatusCode::OK).reason("OK\r\nEvil: yes").build();
    assert_eq!(split.map(|_| ()), Err(BuildError::Reason));
    let split = invite.answer(StatusCode::OK).to_tag("t\r\nEvil: yes").build();
    assert_eq!(split.map(|_| ()), Err(BuildError::ControlCharacter(Some(HeaderName::To))));
    let mut edited = invite.clone();
    assert!(edited.headers_mut().set("X-Note", "a\r\nEvil: yes").is_err());
    assert_eq!(edited.to_bytes(), invite.to_bytes());

    for method in ["", "A B", "A\r\nEvil: yes"] {
        let built = Request::builder(Method::Other(method.into()), uri.clone()).build();
        assert_eq!(built.map(|_| ()), Err(BuildError::RequestLine));
    }
    assert!(NameAddr::new(uri.clone()).with_display("a\r\nb").is_err());
    assert!(NameAddr::new(uri.clone()).with_tag("a\r\nb").is_err());
    assert!(uri.with_user("a\r\nb@<>").unwrap().to_string().starts_with("sip:a%0D%0Ab%40%3C%3E@"));
    assert!("sip:a\r\n@b".parse::<Uri>().is_err());
}

#[test]
fn control_characters_that_came_in_keep_nothing_from_going_out() {
    let text = HEAD.replace("<sip:x@y>", "\"a\\\0b\x07\\\"\\\\c\" <sip:x@y>;note=\"\x1b[0m\"");
    let invite = request(&format!("{text}\r\n"));
    let peer = invite.headers().from().unwrap();
    let bye =
        Request::builder(Method::Bye, peer.uri().clone()).header(HeaderName::To, &peer).build().unwrap();
    let to = bye.headers().get(HeaderName::To).unwrap().as_bytes();
    assert_eq!(to, b"\"ab\\\"\\\\c\" <sip:x@y>;note=\"[0m\";tag=1");
}

#[test]
fn a_copied_fold_becomes_one_line_in_the_answer() {
    let invite =
        request(&format!("{}\r\n", HEAD.replace("To: <sip:a@b>", "To: \"A\n B\" <sip:a@b>\r\n ;x=y")));
    let answer = invite.answer(StatusCode::RINGING).to_tag("t").build().unwrap();
    assert_eq!(answer.headers().get(HeaderName::To).unwrap().as_bytes(), b"\"A B\" <sip:a@b> ;x=y;tag=t");
}

#[test]
fn every_refusal_has_its_words() {
    let mut table = String::new();
    let header = HeaderError::Malformed { name: HeaderName::To, problem: Malformed::Host };
    for kind in [
        ParseErrorKind::TooLarge,
        ParseErrorKind::TooManyHeaders,
        ParseErrorKind::HeaderTooLong,
        ParseErrorKind::TooManyVias,
        ParseErrorKind::StartLine(Malformed::Character),
        ParseErrorKind::Version,
        ParseErrorKind::RequestUri(Malformed::Host),
        ParseErrorKind::RequestUri(Malformed::TooLong),
        ParseErrorKind::HeaderLine,
        ParseErrorKind::HeadUnfinished,
        ParseErrorKind::Duplicate(HeaderName::CallId),
        ParseErrorKind::Header(HeaderError::Missing(HeaderName::CSeq)),
        ParseErrorKind::Header(header),
        ParseErrorKind::BodyTooShort,
        ParseErrorKind::LengthRequired,
        ParseErrorKind::CSeqMethod,
    ] {
        writeln!(table, "{} {}", kind.status(), kind.reason()).unwrap();
    }
    insta::assert_snapshot!(table);
}

/// The status a text is refused with, and why.
fn refusal(text: &str) -> (u16, ParseErrorKind) {
    let error = parse(text).unwrap_err();
    let (_, status, _) = error.answerable().unwrap();
    (status.code(), error.kind)
}

fn parse(text: &str) -> Result<Message, sip_message::ParseError> {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn request(text: &str) -> Request {
    match parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}
