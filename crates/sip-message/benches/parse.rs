//! Nanoseconds for one ordinary INVITE, beside rsip and rsipstack in the same run.
//!
//! `cargo bench -p sip-message`, or with `-- PART` only the lines whose name has that part. Each figure is the best of
//! many short rounds, because other work on the machine only ever adds to it; compare figures of one run only.

#![expect(clippy::print_stdout, reason = "printing the figures is what this program is for")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench looks at the clock; the crate does not"
)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use sip_message::{HeaderName, Message, Method, Request, StatusCode, StreamFramer, Uri};

const INVITE: &str = "INVITE sip:4000@hotline.test:5060;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKPj3f9b1a7c8d6e4f20a1b2c3d4e5f60718\r\n\
Via: SIP/2.0/UDP 10.11.12.13:5062;received=198.51.100.7;branch=z9hG4bK-524287-1---7a1c0d5e\r\n\
Max-Forwards: 69\r\n\
Record-Route: <sip:edge.carrier.example:5060;lr;ftag=8f2c>\r\n\
From: \"Anna Lee\" <sip:+4930123456@carrier.example;user=phone>;tag=8f2c41d07be94a6c\r\n\
To: <sip:4000@hotline.test>\r\n\
Contact: <sip:+4930123456@10.11.12.13:5062;ob>;+sip.instance=\"<urn:uuid:0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9>\"\r\n\
Call-ID: 5b3c7d1e-9f24-4a80-8c16-2e7d9b0f3a55@10.11.12.13\r\n\
CSeq: 18423 INVITE\r\n\
Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS\r\n\
Supported: replaces, 100rel, timer, norefersub\r\n\
Session-Expires: 1800\r\n\
Min-SE: 90\r\n\
User-Agent: Phone/3.14 (x86_64-linux)\r\n\
P-Asserted-Identity: <sip:+4930123456@carrier.example>\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 214\r\n\
\r\n\
v=0\r\n\
o=- 3896400000 3896400000 IN IP4 10.11.12.13\r\n\
s=call\r\n\
c=IN IP4 10.11.12.13\r\n\
t=0 0\r\n\
m=audio 4000 RTP/AVP 8 0 101\r\n\
a=rtpmap:8 PCMA/8000\r\n\
a=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-16\r\n";

fn main() {
    let bytes = Bytes::from_static(INVITE.as_bytes());
    println!("an INVITE of {} bytes, {} headers", bytes.len(), invite(&bytes).headers().len());

    report("sip-message: parse", || Message::parse(black_box(bytes.clone())));
    // From the socket: the bytes have an owner, which costs a little more to share.
    report("sip-message: copy from a buffer and parse", || {
        Message::parse(Bytes::copy_from_slice(black_box(INVITE.as_bytes())))
    });
    report("sip-message: parse, then Via, From, To, Contact, CSeq, Call-ID", || {
        let request = invite(black_box(&bytes));
        let headers = request.headers();
        let call_id = headers.call_id().map(str::len);
        (headers.top_via(), headers.from(), headers.to(), headers.contact(), headers.cseq(), call_id)
    });
    let request = invite(&bytes);
    report("sip-message: answer 200 with a body", || {
        let answer = request.answer(StatusCode::OK).to_tag("3c9d21").record_routes(&request);
        answer
            .header(HeaderName::Contact, "<sip:10.0.0.1>")
            .body("application/sdp", request.body().clone())
            .build()
    });
    let uri: Uri = "sip:1001@10.0.0.9:5060;ob".parse().expect("a constant URI");
    report("sip-message: build a BYE", || {
        Request::builder(Method::Bye, uri.clone())
            .header(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK77e1;rport")
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, "<sip:4000@hotline.test>;tag=1")
            .header(HeaderName::To, "<sip:1001@hotline.test>;tag=2")
            .header(HeaderName::CallId, "5b3c7d1e")
            .header(HeaderName::CSeq, "2 BYE")
            .build()
    });
    report("sip-message: cut from a stream", || {
        let mut framer = StreamFramer::new();
        framer.push(black_box(INVITE.as_bytes()));
        framer.next_frame()
    });
    report("rsip 0.4: parse", || rsip::SipMessage::try_from(black_box(INVITE.as_bytes())));
    report("rsipstack 0.7.14: parse", || rsipstack::sip::SipMessage::try_from(black_box(INVITE.as_bytes())));
}

fn invite(bytes: &Bytes) -> Request {
    match Message::parse(bytes.clone()) {
        Ok(Message::Request(request)) => request,
        other => panic!("the INVITE of this file does not parse: {other:?}"),
    }
}

fn report<T>(what: &str, mut work: impl FnMut() -> T) {
    const ROUNDS: usize = 1_000;
    const TIMES: u32 = 200;

    // Cargo passes --bench to every bench program.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if wanted.is_some_and(|wanted| !what.contains(&wanted)) {
        return;
    }
    let best = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..TIMES {
                black_box(work());
            }
            begin.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!("{:>7.0} ns  {what}", best.as_secs_f64() * 1e9 / f64::from(TIMES));
}
