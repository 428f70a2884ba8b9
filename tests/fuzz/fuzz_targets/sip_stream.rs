//! A stream: cut the same whatever the size of its pieces, and never kept without end.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sip_message::{Frame, Message, StreamFramer};

fuzz_target!(|data: &[u8]| {
    // The first byte says how the rest arrives.
    let Some((size, data)) = data.split_first() else { return };
    let whole = frames(data, data.len().max(1));
    let pieces = frames(data, usize::from(*size).max(1));
    assert_eq!(whole, pieces);
    for message in whole.0 {
        let _ = Message::parse(message);
    }
});

/// The messages, and whether the stream broke.
fn frames(data: &[u8], size: usize) -> (Vec<Bytes>, bool) {
    let mut framer = StreamFramer::new();
    let mut messages = Vec::new();
    for piece in data.chunks(size) {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(bytes))) => messages.push(bytes),
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => break,
                Err(error) => {
                    if let sip_message::FrameError::Message(error) = error
                        && let Some((request, status, _)) = error.answerable()
                    {
                        let _ = request.answer(status).build();
                    }
                    return (messages, true);
                }
            }
        }
    }
    (messages, false)
}
