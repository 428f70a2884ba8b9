//! What holds for every input: nothing panics, and what is printed reads back as it was.

use bytes::Bytes;
use proptest::prelude::*;
use sip_message::header::{AuthParams, AuthValue, ContentType, Diversion, Event, HistoryInfo, Privacy, RAck};
use sip_message::header::{
    Reason, Refresher, Replaces, RetryAfter, SessionExpires, SubscriptionState, UserToUser,
};
use sip_message::{
    CSeq, Headers, Message, Method, NameAddr, Params, Request, StatusCode, StreamFramer, ToValue, Uri, Via,
    classify,
};

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        look_at_everything(&bytes);
    }

    #[test]
    fn no_message_like_text_makes_a_parser_panic(text in message_like()) {
        look_at_everything(&text);
    }

    #[test]
    fn an_unchanged_message_prints_as_it_came(text in message_like()) {
        if let Ok(message) = Message::parse(Bytes::from(text.clone())) {
            let printed = message.to_bytes();
            let start = text.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(0);
            prop_assert!(text[start..].starts_with(&printed));
        }
    }

    #[test]
    fn an_edited_message_prints_every_line_it_kept(text in message_like()) {
        if let Ok(mut message) = Message::parse(Bytes::from(text)) {
            let before = lines(message.headers());
            message.headers_mut().append("X-New", "1").unwrap();
            let again = Message::parse(message.to_bytes());
            prop_assert!(again.is_ok(), "{again:?}");
            let again = again.unwrap();
            prop_assert_eq!(again.body(), message.body());
            let mut after = lines(again.headers());
            prop_assert_eq!(after.pop(), Some(b"X-New: 1".to_vec()));
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn a_refused_request_can_be_answered(text in message_like()) {
        if let Err(error) = Message::parse(Bytes::from(text))
            && let Some((request, status, reason)) = error.answerable()
        {
            let answer = request.answer(status).reason(&reason).to_tag("t").build();
            prop_assert!(answer.is_ok(), "{answer:?}");
        }
    }

    #[test]
    fn a_uri_prints_as_it_came(text in uri()) {
        let uri: Uri = text.parse().unwrap();
        prop_assert_eq!(uri.to_string(), text);
        prop_assert!(uri.equivalent(&uri));
        prop_assert_eq!(Uri::parse(uri.as_bytes()).unwrap(), uri);
    }

    #[test]
    fn a_user_of_any_text_comes_back(user in "\\PC{1,20}") {
        let uri = Uri::sip(Some(&user), sip_message::Host::Domain("h"), None).unwrap();
        prop_assert_eq!(uri.user().unwrap(), user.as_str());
        let other = uri.with_param("x", Some(&user)).unwrap();
        prop_assert_eq!(other.param("x").unwrap(), user.as_str());
        let header = uri.with_header("X", &user).unwrap();
        prop_assert_eq!(header.header("x").unwrap(), user);
    }

    #[test]
    fn a_name_of_any_text_comes_back(name in "\\PC{1,20}", tag in "[a-z0-9]{1,8}", uri in uri(), value in "\\PC{0,9}") {
        let address = NameAddr::new(uri.parse().unwrap())
            .with_display(&name).unwrap()
            .with_tag(&tag).unwrap()
            .with_param("x", Some(&value)).unwrap();
        let mut text = Vec::new();
        address.write(&mut text);
        let read = NameAddr::parse(&text).unwrap();
        prop_assert_eq!(read.display().unwrap(), name);
        prop_assert_eq!(read.tag(), Some(tag.as_str()));
        // A value in quotes of its own is taken as quoted already.
        if !value.starts_with('"') {
            prop_assert_eq!(read.param("x").unwrap(), value);
        }
        prop_assert_eq!(read, address);
    }

    #[test]
    fn a_via_prints_what_it_reads(host in "[a-z0-9.-]{1,12}", port in proptest::option::of(any::<u16>()), branch in "[a-zA-Z0-9.]{1,20}") {
        let port_text = port.map(|port| format!(" : {port}")).unwrap_or_default();
        let via = Via::parse(format!("SIP / 2.0/ TLS\t{host}{port_text} ;rport; branch = z9hG4bK{branch}").as_bytes()).unwrap();
        prop_assert_eq!(via.port(), port);
        let branch = format!("z9hG4bK{branch}");
        prop_assert_eq!(via.branch(), Some(branch.as_str()));
        let again = Via::parse(via.to_string().as_bytes()).unwrap();
        prop_assert_eq!(again.to_string(), via.to_string());
        prop_assert_eq!(again.host(), via.host());
    }

    #[test]
    fn credentials_of_any_text_come_back(user in "\\PC{0,20}", realm in "\\PC{0,20}", qop in "[a-z]{1,8}") {
        let value = AuthValue::new("Digest").quoted("username", &user).quoted("realm", &realm).token("qop", &qop);
        let mut text = Vec::new();
        value.write_value(&mut text);
        prop_assert_eq!(AuthValue::parse(&text).unwrap(), value);
    }

    #[test]
    fn what_a_call_is_about_comes_back(
        cause in proptest::option::of(any::<u16>()),
        words in proptest::option::of("\\PC{1,20}"),
        tags in ("[a-z0-9.]{1,9}", "[a-z0-9.]{1,9}", "[a-z0-9@.-]{1,20}"),
        flag in any::<bool>(), numbers in (any::<u32>(), any::<u32>()),
        data in "[!-~][ -~]{0,20}",
    ) {
        let reason = Reason { protocol: "Q.850".into(), cause, text: words.map(Into::into) };
        prop_assert_eq!(Reason::parse(&written(&reason)), Ok(reason));
        let replaces =
            Replaces { call_id: tags.2.into(), to_tag: tags.0.clone().into(), from_tag: tags.1.clone().into(), early_only: flag };
        prop_assert_eq!(Replaces::parse(&written(&replaces)), Ok(replaces));
        let rack = RAck { rseq: numbers.0, cseq: CSeq { number: numbers.1, method: Method::Invite } };
        prop_assert_eq!(RAck::parse(&written(&rack)), Ok(rack));
        let refresher = [None, Some(Refresher::Uac), Some(Refresher::Uas)][numbers.1 as usize % 3];
        let expires = SessionExpires { seconds: numbers.0, refresher };
        prop_assert_eq!(SessionExpires::parse(&written(&expires)), Ok(expires));
        let event = Event { package: tags.0.clone().into(), id: flag.then(|| tags.1.clone().into()) };
        prop_assert_eq!(Event::parse(&written(&event)), Ok(event));
        let state = SubscriptionState {
            state: tags.0.clone().into(),
            expires: flag.then_some(numbers.0),
            reason: flag.then(|| tags.1.clone().into()),
            retry_after: (!flag).then_some(numbers.1),
        };
        prop_assert_eq!(SubscriptionState::parse(&written(&state)), Ok(state));
        let retry = RetryAfter { seconds: numbers.0 };
        prop_assert_eq!(RetryAfter::parse(&written(&retry)), Ok(retry));
        let privacy = Privacy { values: vec![tags.0.clone().into(), tags.1.clone().into()] };
        prop_assert_eq!(Privacy::parse(&written(&privacy)), Ok(privacy));
        let user = UserToUser {
            data: data.into(),
            encoding: flag.then(|| tags.0.into()),
            purpose: None,
            content: Some(tags.1.into()),
        };
        prop_assert_eq!(UserToUser::parse(&written(&user)), Ok(user));
        let bytes = numbers.0.to_be_bytes();
        prop_assert_eq!(UserToUser::hex(&bytes).bytes(), Some(bytes.to_vec()));
    }

    #[test]
    fn the_way_of_a_call_comes_back(uri in uri(), name in "\\PC{1,12}", counter in any::<u32>(), index in "[0-9.]{1,7}") {
        let address = NameAddr::new(uri.parse().unwrap()).with_display(&name).unwrap();
        let diversion = Diversion::new(address.clone(), "no-answer", counter).unwrap();
        let read = Diversion::parse(&written(&diversion)).unwrap();
        prop_assert_eq!((read.counter(), read.reason()), (counter, Some("no-answer".to_owned())));
        prop_assert_eq!(read, diversion);
        let history = HistoryInfo::new(address, &index).unwrap();
        let read = HistoryInfo::parse(&written(&history)).unwrap();
        prop_assert_eq!(read.index(), Some(index));
        prop_assert_eq!(read, history);
    }

    #[test]
    fn a_built_request_is_the_same_when_parsed(
        user in "\\PC{1,12}", subject in "[ -~]{0,30}", body in prop::collection::vec(any::<u8>(), 0..80), number in any::<u32>()
    ) {
        let uri = Uri::sip(Some(&user), sip_message::Host::Domain("h"), None).unwrap();
        let built = Request::builder(Method::Message, uri)
            .header("Via", "SIP/2.0/UDP h;branch=z9hG4bK1")
            .header("From", "<sip:x@y>;tag=1")
            .header("To", "<sip:a@b>")
            .header("Call-ID", "c")
            .header("CSeq", CSeq { number, method: Method::Message })
            .header("Subject", &subject)
            .body("text/plain", body)
            .build()
            .unwrap();
        let Message::Request(read) = Message::parse(built.to_bytes()).unwrap() else { panic!("a response") };
        prop_assert_eq!(read.uri(), built.uri());
        prop_assert_eq!(read.body(), built.body());
        prop_assert_eq!(lines(read.headers()), lines(built.headers()));
        prop_assert_eq!(read.headers().subject().unwrap(), subject.trim());
        prop_assert_eq!(read.headers().cseq().unwrap().number, number);
    }

    #[test]
    fn pieces_do_not_matter_to_a_stream(text in message_like(), sizes in prop::collection::vec(1_usize..60, 1..40)) {
        let whole = frames(std::iter::once(&text[..]));
        let mut rest = &text[..];
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() { break; }
            let (piece, tail) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        prop_assert_eq!(frames(pieces.into_iter()), whole);
    }
}

/// The messages of a stream, and whether it ended in an error.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Bytes>, bool) {
    let mut framer = StreamFramer::new();
    let mut messages = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(sip_message::Frame::Message(bytes))) => messages.push(bytes),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return (messages, true),
            }
        }
    }
    (messages, false)
}

fn written(value: &impl ToValue) -> Vec<u8> {
    let mut text = Vec::new();
    value.write_value(&mut text);
    text
}

fn lines(headers: &Headers) -> Vec<Vec<u8>> {
    headers.iter().map(|field| field.raw().to_vec()).collect()
}

/// Calls every parser and every view.
fn look_at_everything(bytes: &[u8]) {
    let _ = classify(bytes);
    match Message::parse(Bytes::copy_from_slice(bytes)) {
        Ok(message) => {
            look_at_headers(message.headers());
            let _ = message.parts();
        }
        Err(error) => {
            if let Some(request) = &error.request {
                look_at_headers(request.headers());
                let _ = request.answer(StatusCode::OK).record_routes(request).to_tag("t").build();
            }
        }
    }
    let _ = Uri::parse(bytes).map(|uri| {
        let _ = (uri.user(), uri.host(), uri.raw_password(), uri.params().count(), uri.headers().count());
        let _ = (
            uri.without_params(),
            uri.for_request_line(),
            uri.with_param("a", Some("b")),
            uri.with_user("x"),
        );
        assert!(uri.equivalent(&uri));
    });
    let _ =
        NameAddr::parse(bytes).map(|address| (address.display().is_some(), address.q(), address.expires()));
    let _ = Via::parse(bytes).map(|mut via| {
        via.stamp("192.0.2.1".parse().unwrap(), 1);
        let _ = (via.host().to_string(), via.rport(), via.received());
    });
    let _ = (CSeq::parse(bytes), Params::parse(bytes), AuthValue::parse(bytes), AuthParams::parse(bytes));
    let _ = (ContentType::parse(bytes), Event::parse(bytes), RAck::parse(bytes), Reason::parse(bytes));
    let _ = (Replaces::parse(bytes), RetryAfter::parse(bytes), SessionExpires::parse(bytes));
    let _ = (SubscriptionState::parse(bytes), Privacy::parse(bytes));
    let _ = UserToUser::parse(bytes).map(|value| value.bytes());
    let _ = Diversion::parse(bytes).map(|one| (one.reason(), one.counter(), one.privacy()));
    let _ = HistoryInfo::parse(bytes).map(|one| (one.index(), one.reason(), one.cause(), one.privacy()));
    let _ = frames(bytes.chunks(3));
}

fn look_at_headers(headers: &Headers) {
    let _ = (
        headers.top_via(),
        headers.vias().count(),
        headers.top_branch(),
        headers.from_tag(),
        headers.to_tag(),
    );
    let _ = (headers.from(), headers.to(), headers.call_id(), headers.cseq(), headers.max_forwards());
    let _ =
        (headers.contacts(), headers.routes(), headers.record_routes(), headers.paths(), headers.refer_to());
    let _ = (headers.authorization(), headers.www_authenticate(), headers.authentication_info());
    let _ = (headers.accept(), headers.content_type(), headers.session_expires(), headers.replaces());
    let _ = (headers.reasons(), headers.allow().count(), headers.require().count(), headers.retry_after());
    let _ = (headers.event(), headers.subscription_state(), headers.rack(), headers.user_agent());
    let _ = (headers.privacy(), headers.diversions(), headers.history(), headers.user_to_user());
    let _ = (headers.service_routes(), headers.preferred_identities(), headers.allow_events().count());
    let mut edited = headers.clone();
    let names: Vec<String> = headers.iter().map(|field| field.name().to_owned()).collect();
    for name in &names {
        let _ = edited.remove_first(name.as_str());
        let _ = edited.replace_first(name.as_str(), "x");
        let _ = edited.set(name.as_str(), "y");
    }
    for field in edited.iter() {
        let _ = (field.value().text(), field.raw());
    }
}

/// Lines that look like those of a message, some whole, some damaged.
fn message_like() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        4 => Just("INVITE sip:a@b SIP/2.0".to_owned()),
        1 => Just("SIP/2.0 200 OK".to_owned()),
        1 => uri().prop_map(|uri| format!("INVITE {uri} SIP/2.0")),
        1 => "[A-Z]{0,3} ?[ -~]{0,10} ?SIP/[0-9.]{0,4}",
    ];
    let mandatory = Just(
        "Via: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: \"A\" <sip:x@y>;tag=1\nTo: <sip:a@b>\nCall-ID: c\nCSeq: 1 INVITE"
            .to_owned(),
    );
    let line = prop_oneof![
        3 => "(Via|v|Contact|m|Route|From|t|Subject|X-Other|Authorization|Expires|Content-Type|RAck|Event)[ \t]?:[ -~]{0,40}",
        2 => uri().prop_map(|uri| format!("Contact: \"n\" <{uri}>;q=0.5, <{uri}>")),
        1 => "[ -~\t]{0,30}",
        1 => "X-Folded: [a-z]{1,5}\n [a-z]{1,5} ",
        1 => "Via: SIP/2.0/(UDP|TCP) [a-z\\[\\]:0-9]{1,8}(;[a-z=\"]{0,8}){0,3}",
    ];
    let body = prop::collection::vec(any::<u8>(), 0..30);
    (
        start,
        proptest::option::weighted(0.9, mandatory),
        prop::collection::vec(line, 0..6),
        0..4,
        body,
        any::<bool>(),
    )
        .prop_map(|(start, mandatory, lines, length, body, carriage)| {
            let mut text = start;
            for line in mandatory.into_iter().chain(lines) {
                text.push('\n');
                text.push_str(&line);
            }
            match length {
                0 => {}
                1 => text.push_str(&format!("\nContent-Length: {}", body.len())),
                2 => text.push_str("\nl: 1"),
                _ => text.push_str("\nContent-Length: 0"),
            }
            text.push_str("\n\n");
            let text = if carriage { text.replace('\n', "\r\n") } else { text };
            [text.as_bytes(), &body].concat()
        })
}

fn uri() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[a-z][a-z0-9.-]{0,10}",
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| format!("[{address}]")),
    ];
    let user =
        proptest::option::of("[a-zA-Z0-9_.!~*'()&=+$,;?/-]{1,10}(%[0-9A-F]{2}){0,2}(:[a-z0-9]{0,4})?@");
    let port = proptest::option::of(any::<u16>().prop_map(|port| format!(":{port}")));
    let params = "(;[a-z]{1,6}(=[a-zA-Z0-9.%\\[\\]/:&+$-]{1,8})?){0,3}";
    ("sips?:", user, host, port, params).prop_map(|(scheme, user, host, port, params)| {
        format!("{scheme}{}{host}{}{params}", user.unwrap_or_default(), port.unwrap_or_default())
    })
}
