//! Ordinary messages: what is read from them, how they are answered, how they print.

use bytes::Bytes;
use sip_message::{
    ContactList, HeaderName, Host, Message, Method, NameAddr, Request, StatusCode, Transport, Uri, Via,
};

const INVITE: &str = "INVITE sip:4000@hotline.test;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP 10.0.0.7:5070;rport;branch=z9hG4bKabc, SIP/2.0/TCP [2001:db8::1]:5080;branch=z9hG4bKdef\r\n\
Record-Route: <sip:edge.hotline.test;lr>\r\n\
From: \"Anna \\\"A\\\" Lee\" <sip:anna@hotline.test>;tag=f1\r\n\
To: <sip:4000@hotline.test>\r\n\
Call-ID: c1@10.0.0.7\r\n\
CSeq: 7 INVITE\r\n\
Max-Forwards: 70\r\n\
m: <sip:anna@10.0.0.7:5070;ob>;expires=60;q=0.5, \"B, C\" <sip:b@10.0.0.8>\r\n\
k: timer, 100rel\r\n\
Session-Expires: 1800;refresher=uac\r\n\
X-Account: 42\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 4\r\n\
\r\n\
v=0\n";

#[test]
fn an_invite_reads_as_it_is_written() {
    let invite = request(INVITE);
    let headers = invite.headers();
    assert_eq!(*invite.method(), Method::Invite);
    assert_eq!(invite.uri().user().unwrap(), "4000");
    assert_eq!(invite.uri().transport().unwrap(), "udp");
    assert_eq!(&invite.body()[..], b"v=0\n");

    let vias: Vec<Via> = headers.vias().collect::<Result<_, _>>().unwrap();
    assert_eq!(vias.len(), 2);
    assert_eq!(*vias[0].transport(), Transport::Udp);
    assert_eq!(vias[0].branch(), Some("z9hG4bKabc"));
    assert!(vias[0].wants_rport() && vias[0].rport().is_none());
    assert_eq!(vias[1].host(), Host::V6("2001:db8::1".parse().unwrap()));
    assert_eq!(vias[1].port(), Some(5080));

    let from = headers.from().unwrap();
    assert_eq!(from.display().unwrap(), "Anna \"A\" Lee");
    assert_eq!(from.tag(), Some("f1"));
    assert_eq!(headers.to().unwrap().tag(), None);
    assert_eq!(headers.call_id().unwrap(), "c1@10.0.0.7");
    assert_eq!(headers.cseq().unwrap().number, 7);
    assert_eq!(headers.max_forwards().unwrap(), Some(70));
    assert!(headers.supports("100rel") && !headers.supports("path"));
    assert_eq!(headers.session_expires().unwrap().unwrap().seconds, 1800);
    assert_eq!(headers.get("x-account").unwrap().text(), "42");
    assert!(headers.content_type().unwrap().unwrap().is("Application/SDP"));
    let ContactList::Addresses(contacts) = headers.contacts().unwrap() else { panic!("a star") };
    assert_eq!(contacts.len(), 2);
    assert_eq!((contacts[0].expires(), contacts[0].q()), (Some(60), Some(500)));
    assert_eq!(contacts[1].display().unwrap(), "B, C");
    assert_eq!(headers.record_routes().unwrap().len(), 1);
}

#[test]
fn an_unchanged_message_prints_the_bytes_it_came_in() {
    let bytes = Bytes::from_static(INVITE.as_bytes());
    let printed = Message::parse(bytes.clone()).unwrap().to_bytes();
    assert_eq!(printed, bytes);
    assert_eq!(printed.as_ptr(), bytes.as_ptr(), "nothing was copied");
}

#[test]
fn an_answer_carries_what_names_the_transaction() {
    let invite = request(INVITE);
    let answer = invite
        .answer(StatusCode::OK)
        .to_tag("t9")
        .record_routes(&invite)
        .header(HeaderName::Contact, Uri::sip(Some("center"), Host::Domain("10.0.0.1"), Some(5060)).unwrap())
        .body("application/sdp", "v=0\r\n")
        .build()
        .unwrap();
    let expected = "SIP/2.0 200 OK\r\n\
Via: SIP/2.0/UDP 10.0.0.7:5070;rport;branch=z9hG4bKabc, SIP/2.0/TCP [2001:db8::1]:5080;branch=z9hG4bKdef\r\n\
From: \"Anna \\\"A\\\" Lee\" <sip:anna@hotline.test>;tag=f1\r\n\
To: <sip:4000@hotline.test>;tag=t9\r\n\
Call-ID: c1@10.0.0.7\r\n\
CSeq: 7 INVITE\r\n\
Record-Route: <sip:edge.hotline.test;lr>\r\n\
Contact: <sip:center@10.0.0.1:5060>\r\n\
Content-Type: application/sdp\r\n\
Content-Length: 5\r\n\
\r\n\
v=0\r\n";
    assert_eq!(answer.to_string(), expected);
    let Message::Response(read) = Message::parse(answer.to_bytes()).unwrap() else { panic!("a request") };
    assert_eq!(read.status(), StatusCode::OK);
    assert_eq!(read.headers().to_tag(), Some("t9"));
}

#[test]
fn the_top_via_is_stamped_pushed_and_popped_and_the_rest_stays() {
    let mut invite = request(INVITE);
    let mut top = invite.headers().top_via().unwrap();
    top.stamp("192.0.2.9".parse().unwrap(), 4321);
    assert!(invite.headers_mut().replace_first(HeaderName::Via, &top).unwrap());
    let ours = Via::new(Transport::Udp, Host::Domain("10.0.0.1"), None, "z9hG4bKours").unwrap().with_rport();
    invite.headers_mut().prepend(HeaderName::Via, ours).unwrap();
    let branches: Vec<String> =
        invite.headers().vias().map(|via| via.unwrap().branch().unwrap().to_owned()).collect();
    assert_eq!(branches, ["z9hG4bKours", "z9hG4bKabc", "z9hG4bKdef"]);

    assert!(invite.headers_mut().remove_first(HeaderName::Via).unwrap());
    let stamped = invite.headers().top_via().unwrap();
    assert_eq!(stamped.received(), Some("192.0.2.9".parse().unwrap()));
    assert_eq!(stamped.rport(), Some(4321));
    invite.headers_mut().set(HeaderName::MaxForwards, 69).unwrap();
    invite.set_body("text/plain", Bytes::from_static(b"hello")).unwrap();
    let again = request(std::str::from_utf8(&invite.to_bytes()).unwrap());
    assert_eq!(again.headers().max_forwards().unwrap(), Some(69));
    assert_eq!(&again.body()[..], b"hello");
    assert_eq!(again.headers().vias().count(), 2);
}

#[test]
fn a_request_of_our_own_parses_back() {
    let uri: Uri = "sip:anna@10.0.0.7:5070;transport=tcp?Subject=hi".parse().unwrap();
    let from = NameAddr::new("sip:4000@hotline.test".parse().unwrap())
        .with_display("Hotline \"4000\"")
        .unwrap()
        .with_tag("x1")
        .unwrap();
    let built = Request::builder(Method::Invite, uri)
        .header(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1")
        .header(HeaderName::MaxForwards, 70)
        .header(HeaderName::From, &from)
        .header(HeaderName::To, "<sip:anna@hotline.test>")
        .header(HeaderName::CallId, "id1")
        .header(HeaderName::CSeq, "1 INVITE")
        .header("X-Queue", "support")
        .body("application/sdp", "v=0\r\n")
        .build()
        .unwrap();
    let read = request(&built.to_string());
    assert_eq!(read.uri().to_string(), "sip:anna@10.0.0.7:5070;transport=tcp");
    assert_eq!(read.headers().from().unwrap(), from);
    assert_eq!(read.headers().get("X-Queue"), built.headers().get("x-queue"));
    assert_eq!(&read.body()[..], b"v=0\r\n");
}

fn request(text: &str) -> Request {
    match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}
