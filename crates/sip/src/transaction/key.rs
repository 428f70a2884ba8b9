//! Which transaction a request belongs to: RFC 3261 §17.2.3, with §9.2 for CANCEL and §8.2.2.2 for merged requests.
//!
//! A request whose branch begins with the cookie is named by branch, sent-by and method. One of an RFC 2543 client is
//! named by Request-URI, From tag, Call-ID, CSeq number and the whole top Via. Responses need no key: the branch of a
//! request of ours is the number of its transaction.

use crate::facts;
use sip_message::{Method, Request};

/// The name of a server transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey(Box<[u8]>);

impl ServerKey {
    /// The key of the transaction that this request begins or repeats. An ACK belongs to its INVITE.
    pub fn of(request: &Request) -> Option<Self> {
        Self::with_method(request, request.method())
    }

    /// The key of the INVITE that this CANCEL is about.
    pub fn of_canceled(cancel: &Request) -> Option<Self> {
        Self::with_method(cancel, &Method::Invite)
    }

    fn with_method(request: &Request, method: &Method) -> Option<Self> {
        let headers = request.headers();
        let branch = headers.top_branch().filter(|branch| sip_message::Via::is_unique(branch));
        let method = if *method == Method::Ack { Method::Invite.as_str() } else { method.as_str() };
        let mut key = Vec::with_capacity(96);
        if let Some(branch) = branch {
            key.push(b'b');
            // The cookie carries nothing, and branches are compared without case (§7.3.1).
            let branch = branch.as_bytes().get(sip_message::Via::COOKIE.len()..)?;
            key.extend(branch.iter().map(u8::to_ascii_lowercase));
            key.push(0);
            let (host, port) = headers.top_sent_by()?;
            key.extend(host.bytes().map(|byte| byte.to_ascii_lowercase()));
            key.extend(port.unwrap_or(0).to_be_bytes());
        } else {
            key.push(b'r');
            key.extend(request.uri().as_bytes());
            key.push(0);
            key.extend(headers.from_tag().unwrap_or_default().as_bytes());
            key.push(0);
            key.extend(facts::call_id(headers)?.as_bytes());
            key.extend(facts::cseq(headers)?.number.to_be_bytes());
            facts::top_via(headers)?.write(&mut key);
        }
        key.push(0);
        key.extend(method.as_bytes());
        Some(Self(key.into()))
    }
}

/// What two copies of one request have in common when a fork upstream has sent them on two ways: From tag, Call-ID,
/// CSeq. A hash, since it is compared and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MergeKey(u64);

impl MergeKey {
    /// The key of a request outside of a dialog; `None` for one inside, and for ACK and CANCEL.
    pub fn of(request: &Request) -> Option<Self> {
        if matches!(request.method(), Method::Ack | Method::Cancel) || facts::has_to_tag(request) {
            return None;
        }
        let headers = request.headers();
        let number = facts::cseq(headers)?.number.to_be_bytes();
        let parts = [
            facts::call_id(headers)?.as_bytes(),
            headers.from_tag()?.as_bytes(),
            request.method().as_str().as_bytes(),
            &number,
        ];
        Some(Self(fingerprint(&parts)))
    }
}

/// FNV-1a over the parts, with a final mix. Not for strangers to be kept apart by: whoever makes two of their own
/// requests collide has one of them refused.
pub(crate) fn fingerprint(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 29
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use sip_message::Message;

    #[test]
    fn a_repeated_request_has_the_same_key() {
        assert_eq!(
            key("INVITE", "SIP/2.0/UDP a.test;branch=z9hG4bK1"),
            key("INVITE", "SIP/2.0/UDP A.test;branch=z9hg4bk1")
        );
    }

    #[test]
    fn branch_sent_by_and_method_tell_requests_apart() {
        let one = key("INVITE", "SIP/2.0/UDP a.test;branch=z9hG4bK1");
        assert_ne!(one, key("INVITE", "SIP/2.0/UDP a.test;branch=z9hG4bK2"));
        assert_ne!(one, key("INVITE", "SIP/2.0/UDP b.test;branch=z9hG4bK1"));
        assert_ne!(one, key("INVITE", "SIP/2.0/UDP a.test:5062;branch=z9hG4bK1"));
        assert_ne!(one, key("OPTIONS", "SIP/2.0/UDP a.test;branch=z9hG4bK1"));
        assert_ne!(one, key("CANCEL", "SIP/2.0/UDP a.test;branch=z9hG4bK1"));
    }

    #[test]
    fn ack_and_cancel_find_their_invite() {
        for via in
            ["SIP/2.0/UDP a.test;branch=z9hG4bK1", "SIP/2.0/UDP a.test", "SIP/2.0/UDP a.test;branch=z9hG4bK"]
        {
            let invite = key("INVITE", via);
            assert_eq!(key("ACK", via), invite, "{via}");
            assert_eq!(ServerKey::of_canceled(&request("CANCEL", via, "")).unwrap(), invite, "{via}");
        }
    }

    #[test]
    fn the_same_request_by_two_ways_is_noticed() {
        let first = request("INVITE", "SIP/2.0/UDP a.test;branch=z9hG4bK1", "");
        let second = request("INVITE", "SIP/2.0/UDP b.test;branch=z9hG4bK2", "");
        assert!(MergeKey::of(&first).is_some());
        assert_eq!(MergeKey::of(&first), MergeKey::of(&second));
        assert_ne!(ServerKey::of(&first), ServerKey::of(&second));
        let inside = request("INVITE", "SIP/2.0/UDP a.test;branch=z9hG4bK1", ";tag=ours");
        assert_eq!(MergeKey::of(&inside), None);
    }

    fn key(method: &str, via: &str) -> ServerKey {
        ServerKey::of(&request(method, via, "")).unwrap()
    }

    fn request(method: &str, via: &str, to_tag: &str) -> Request {
        let text = format!(
            "{method} sip:4000@hotline.test SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:a@a.test>;tag=1\r\n\
             To: <sip:4000@hotline.test>{to_tag}\r\nCall-ID: c\r\nCSeq: 7 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        match Message::parse(Bytes::from(text)).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => unreachable!("it begins with a method"),
        }
    }
}
