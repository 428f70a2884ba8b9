//! A stream is cut where its messages end, and nowhere else.

use bytes::Bytes;
use sip_message::{Frame, FrameError, Message, ParseErrorKind, StreamFramer, limits};

const OPTIONS: &str = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
                       To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 3\r\n\r\n1\r\n";

#[test]
fn messages_and_signs_of_life_come_out_in_order_however_the_bytes_arrive() {
    let stream = format!("\r\n\r\n{OPTIONS}{OPTIONS}\r\n\r\n\r\n\r\n{OPTIONS}");
    let message = Frame::Message(Bytes::from_static(OPTIONS.as_bytes()));
    let expected = [Frame::Ping, message.clone(), message.clone(), Frame::Ping, Frame::Ping, message];
    for size in 2..=stream.len() {
        let mut framer = StreamFramer::new();
        let mut frames = Vec::new();
        for piece in stream.as_bytes().chunks(size) {
            framer.push(piece);
            while let Some(frame) = framer.next_frame().unwrap() {
                frames.push(frame);
            }
        }
        // A ping whose halves arrive apart is first taken for a pong; the ping is heard all the same.
        frames.retain(|frame| *frame != Frame::Pong);
        assert_eq!(frames, expected, "in pieces of {size}");
        assert_eq!(framer.pending(), 0);
    }
}

#[test]
fn a_lone_line_end_is_a_pong_at_once() {
    let mut framer = StreamFramer::new();
    framer.push(StreamFramer::PONG);
    assert_eq!(framer.next_frame().unwrap(), Some(Frame::Pong));
    assert_eq!(framer.next_frame().unwrap(), None);
    framer.push(OPTIONS.as_bytes());
    assert!(matches!(framer.next_frame().unwrap(), Some(Frame::Message(_))));
    framer.push(StreamFramer::PING);
    assert_eq!(framer.next_frame().unwrap(), Some(Frame::Ping));
    assert_eq!(framer.next_frame().unwrap(), None);
}

#[test]
fn a_length_that_is_not_clear_ends_the_connection_with_an_answer() {
    for (lines, kind) in [
        ("Content-Length: -1", None),
        (
            "Content-Length: 1\r\nContent-Length: 2",
            Some(ParseErrorKind::Duplicate(sip_message::HeaderName::ContentLength)),
        ),
        (
            "Content-Length: 3\r\nl: 3",
            Some(ParseErrorKind::Duplicate(sip_message::HeaderName::ContentLength)),
        ),
        ("Content-Length: 99999999999999999999", None),
        ("Content-Length: 3, 3", None),
        ("X: y", Some(ParseErrorKind::LengthRequired)),
    ] {
        let text = OPTIONS.replace("Content-Length: 3", lines);
        let error = refusal(&text);
        let (request, status, _) = error.answerable().unwrap();
        assert_eq!(status.code(), 400, "{lines}");
        assert_eq!(request.headers().call_id().unwrap(), "c");
        assert!(kind.is_none_or(|kind| kind == error.kind), "{lines}: {error}");
    }
}

#[test]
fn a_message_too_large_is_answered_and_a_head_without_end_is_not() {
    let text = OPTIONS.replace("Content-Length: 3", "Content-Length: 70000");
    assert_eq!(refusal(&text).answerable().unwrap().1.code(), 513);

    let mut framer = StreamFramer::new();
    let line = "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
    let mut pushed = 0;
    loop {
        framer.push(line.as_bytes());
        pushed += line.len();
        match framer.next_frame() {
            Ok(None) => assert!(pushed <= limits::MESSAGE_BYTES),
            Err(FrameError::HeadTooLarge) => break,
            other => panic!("{other:?}"),
        }
    }
    // The connection is lost; what comes later is not even kept.
    framer.push(OPTIONS.as_bytes());
    assert!(framer.next_frame().is_err());
    assert_eq!(framer.pending(), 0);
}

#[test]
fn a_stream_of_single_bytes_costs_no_more_than_its_length() {
    // Quadratic work would need two thousand million steps here and be noticed.
    let head = OPTIONS.replace("Content-Length: 3\r\n\r\n1\r\n", "");
    let text = format!("{head}{}Content-Length: 0\r\n\r\n", "X: y\r\n".repeat(200).replace("X:", "X-Y:"));
    let filler = format!("{}{text}", "\r\n\r\n".repeat(10_000));
    let mut framer = StreamFramer::new();
    let mut last = None;
    for byte in filler.as_bytes() {
        framer.push(&[*byte]);
        while let Some(frame) = framer.next_frame().unwrap() {
            last = Some(frame);
        }
    }
    let Some(Frame::Message(bytes)) = last else { panic!("{last:?}") };
    assert!(Message::parse(bytes).is_ok());
}

fn refusal(text: &str) -> sip_message::ParseError {
    let mut framer = StreamFramer::new();
    framer.push(text.as_bytes());
    match framer.next_frame() {
        Err(FrameError::Message(error)) => error,
        other => panic!("no refusal: {other:?}"),
    }
}
