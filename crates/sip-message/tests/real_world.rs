//! What phones, carriers and browsers really send, and other parsers were seen to lose.

use bytes::Bytes;
use sip_message::{ContactList, HeaderName, Host, Message, Method, Request, Response};

#[test]
fn compact_names_mean_the_long_ones() {
    let invite = request(
        "INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:x@y>;tag=1\r\nt: <sip:a@b>\r\n\
         i: c1\r\nCSeq: 1 INVITE\r\nm: <sip:x@h>\r\nk: 100rel\r\ns: hello\r\nc: application/sdp\r\nl: 4\r\n\r\nv=0\n",
    );
    let headers = invite.headers();
    assert_eq!(headers.top_branch(), Some("z9hG4bK1"));
    assert_eq!(headers.from_tag(), Some("1"));
    assert_eq!(headers.call_id().unwrap(), "c1");
    assert_eq!(headers.contact().unwrap().unwrap().uri().to_string(), "sip:x@h");
    assert!(headers.supports("100rel"));
    assert_eq!(headers.subject().unwrap(), "hello");
    assert!(headers.content_type().unwrap().unwrap().is("application/sdp"));
    assert_eq!(headers.get("f"), headers.get(HeaderName::From));
    assert_eq!(&invite.body()[..], b"v=0\n");
}

#[test]
fn space_before_the_colon_and_folded_lines_change_nothing() {
    let invite = with("Subject \t :  first\r\n\tsecond\r\n   third  \r\n");
    assert_eq!(invite.headers().subject().unwrap(), "first second third");
    let raw = invite.headers().iter().find(|field| field.known() == Some(HeaderName::Subject)).unwrap().raw();
    assert_eq!(raw, b"Subject \t :  first\r\n\tsecond\r\n   third  ");
}

#[test]
fn two_contacts_in_one_header_are_two() {
    let invite = with("Contact: \"A, B\" <sip:a@h;x=1,2>;q=0.1, sip:b@h;q=0.9 ,<sip:c@h>\r\n");
    let ContactList::Addresses(contacts) = invite.headers().contacts().unwrap() else { panic!("a star") };
    let uris: Vec<String> = contacts.iter().map(|contact| contact.uri().to_string()).collect();
    assert_eq!(uris, ["sip:a@h;x=1,2", "sip:b@h", "sip:c@h"]);
    assert_eq!(contacts[1].q(), Some(900));
}

#[test]
fn a_browsers_instance_is_read_without_its_quotes() {
    let invite =
        with("Contact: <sip:q7@abc.invalid;transport=ws>;+sip.instance=\"<urn:uuid:0a1b>\";reg-id=1\r\n");
    let contact = invite.headers().contact().unwrap().unwrap();
    assert_eq!(contact.param("+sip.instance").unwrap(), "<urn:uuid:0a1b>");
    assert_eq!(contact.param("+SIP.Instance").unwrap(), "<urn:uuid:0a1b>");
    assert_eq!(contact.param("reg-id").unwrap(), "1");
    assert_eq!(contact.uri().param("transport").unwrap(), "ws");
}

#[test]
fn a_datagram_without_content_length_keeps_its_body() {
    let text = format!("{}Content-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n", head());
    assert_eq!(&request(&text).body()[..], b"v=0\r\ns=-\r\n");
}

#[test]
fn a_display_name_in_gbk_survives_byte_by_byte() {
    let name = [0xd5, 0xc5, 0xc8, 0xfd];
    for quote in ["\"", ""] {
        let mut text = b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: ".to_vec();
        text.extend_from_slice(quote.as_bytes());
        text.extend_from_slice(&name);
        text.extend_from_slice(quote.as_bytes());
        text.extend_from_slice(b" <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n");
        let message = Message::parse(Bytes::from(text.clone())).unwrap();
        let from = message.headers().from().unwrap();
        assert_eq!(from.raw_display(), [quote.as_bytes(), &name, quote.as_bytes()].concat());
        assert_eq!(from.tag(), Some("1"));
        assert!(from.display().unwrap().contains('\u{fffd}'));
        let mut printed = Vec::new();
        from.write(&mut printed);
        assert!(printed.windows(4).any(|window| window == name), "the wire keeps the bytes");
        assert_eq!(message.to_bytes(), text);
    }
}

#[test]
fn ipv6_stands_wherever_a_host_does() {
    let invite = request(
        "INVITE sip:user@[2001:db8::10]:5070;lr SIP/2.0\r\n\
         Via: SIP/2.0/UDP [2001:db8::9]:5061 ;received=2001:db8::9:255 ; branch=z9hG4bK1\r\n\
         From: <sip:x@[::1]>;tag=1\r\nTo: <sip:user@[2001:db8::10]>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
    );
    assert_eq!(invite.uri().host(), Some(Host::V6("2001:db8::10".parse().unwrap())));
    assert_eq!(invite.uri().port(), Some(5070));
    let via = invite.headers().top_via().unwrap();
    assert_eq!((via.host().to_string().as_str(), via.port()), ("[2001:db8::9]", Some(5061)));
    assert_eq!(via.received(), Some("2001:db8::9:255".parse().unwrap()));
}

#[test]
fn an_unknown_method_is_kept() {
    let text = "FROBNICATE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
                To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 FROBNICATE\r\n\r\n";
    assert_eq!(*request(text).method(), Method::Other("FROBNICATE".into()));
    // Methods are case-sensitive: this one is not INVITE.
    let lower = text.replace("FROBNICATE", "invite");
    assert_eq!(*request(&lower).method(), Method::Other("invite".into()));
}

#[test]
fn a_reason_phrase_may_be_missing() {
    for start in ["SIP/2.0 200", "SIP/2.0 200 ", "sip/2.0 200 OK"] {
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
        );
        let answer = response(&text);
        assert_eq!(answer.status().code(), 200);
        assert_eq!(answer.to_bytes(), text.as_bytes());
    }
}

#[test]
fn line_feeds_alone_end_lines() {
    let text = format!("{}Content-Length: 4\r\n\r\nv=0\n", head()).replace("\r\n", "\n");
    let invite = request(&text);
    assert_eq!(invite.headers().len(), 6);
    assert_eq!(invite.headers().cseq().unwrap().number, 1);
    assert_eq!(&invite.body()[..], b"v=0\n");
}

#[test]
fn the_version_in_a_via_may_be_spread_out() {
    let text = head().replace("SIP/2.0/UDP h", "SIP  / 2.0\r\n /\tudp   h : 5070");
    let via = request(&format!("{text}\r\n")).headers().top_via().unwrap();
    assert_eq!(via.to_string(), "SIP/2.0/UDP h:5070;branch=z9hG4bK1");
}

#[test]
fn line_ends_before_the_start_line_are_passed_over() {
    let invite = request(&format!("\r\n\r\n{}\r\n", head()));
    assert_eq!(invite.to_bytes(), format!("{}\r\n", head()).as_bytes());
}

#[test]
fn a_tel_uri_and_a_refer_with_replaces_are_understood() {
    let refer = with(
        "Refer-To: <sip:bert@h?Replaces=c9%40h%3Bto-tag%3Da%3Bfrom-tag%3Db&Require=replaces>\r\n\
         P-Asserted-Identity: <tel:+49-30-123;phone-context=x>, \"A\" <sip:a@b>\r\n",
    );
    let target = refer.headers().refer_to().unwrap().unwrap();
    let replaces = target.uri().header("replaces").unwrap();
    let replaces = sip_message::header::Replaces::parse(replaces.as_bytes()).unwrap();
    assert_eq!((&*replaces.call_id, &*replaces.to_tag, &*replaces.from_tag), ("c9@h", "a", "b"));
    let identities = refer.headers().asserted_identities().unwrap();
    assert_eq!(identities[0].uri().user().unwrap(), "+49-30-123");
    assert_eq!(identities[1].display().unwrap(), "A");
}

#[test]
fn the_smaller_headers_say_what_they_mean() {
    let invite = with(
        "Session-Expires: 90 ;Refresher=UAS\r\nMin-SE: 90\r\nExpires: 99999999999999999999\r\nRSeq: 7\r\n\
         RAck: 776656 1 INVITE\r\nReason: SIP;cause=200;text=\"Call completed \\\"elsewhere\\\"\", Q.850;cause=16\r\n\
         Retry-After: 18000 (busy);duration=3600\r\nEvent: refer;id=93809824\r\n\
         Subscription-State: terminated;reason=noresource\r\nReplaces: c@h;from-tag=f;to-tag=t;early-only\r\n\
         Accept: text/*;q=0.3, application/sdp\r\nAllow: INVITE, ACK,BYE , X-NEW\r\n",
    );
    let headers = invite.headers();
    let session = headers.session_expires().unwrap().unwrap();
    assert_eq!((session.seconds, session.refresher), (90, Some(sip_message::header::Refresher::Uas)));
    assert_eq!(headers.min_se().unwrap(), Some(90));
    assert_eq!(headers.expires().unwrap(), Some(u32::MAX));
    assert_eq!(headers.rseq().unwrap(), Some(7));
    assert_eq!(headers.rack().unwrap().unwrap().to_string(), "776656 1 INVITE");
    let reasons = headers.reasons().unwrap();
    assert_eq!(reasons[0].text.as_deref(), Some("Call completed \"elsewhere\""));
    assert_eq!((&*reasons[1].protocol, reasons[1].cause), ("Q.850", Some(16)));
    assert_eq!(headers.retry_after().unwrap().unwrap().seconds, 18000);
    assert_eq!(headers.event().unwrap().unwrap().id.as_deref(), Some("93809824"));
    assert!(headers.subscription_state().unwrap().unwrap().is_terminated());
    assert!(headers.replaces().unwrap().unwrap().early_only);
    let accept = headers.accept().unwrap();
    assert!(accept[0].accepts("text/plain") && !accept[0].accepts("application/sdp"));
    assert_eq!(headers.allow().count(), 4);
    assert_eq!(headers.expires().unwrap().zip(headers.min_expires().unwrap()), None);
}

fn head() -> &'static str {
    "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\n\
     Call-ID: c\r\nCSeq: 1 INVITE\r\n"
}

/// An ordinary INVITE with more headers.
fn with(headers: &str) -> Request {
    request(&format!("{}{headers}\r\n", head()))
}

fn request(text: &str) -> Request {
    match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn response(text: &str) -> Response {
    match Message::parse(Bytes::copy_from_slice(text.as_bytes())) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}"),
    }
}
