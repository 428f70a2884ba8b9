//! The way back of a response: RFC 3261 §18.2.1 and §18.2.2, RFC 3581.

use crate::facts;
use crate::transport::{Destination, Source};
use sip_message::{HeaderName, Request};
use std::net::SocketAddr;

/// The port of a sent-by that names none.
const DEFAULT_PORT: u16 = 5060;

/// Notes in the top Via where the request came from, and says where its answers go.
///
/// On a stream they go back on the connection. On UDP they go to the address the request came from: to its port if
/// the peer asked for that (`rport`), else to the port of its sent-by. A `maddr` is not followed: it would let anybody
/// aim our answers at others.
pub(super) fn stamp(request: &mut Request, source: Source) -> Destination {
    let back = Destination::from(source);
    let Some(mut via) = facts::top_via(request.headers()) else { return back };
    let remote = if source.connection.is_some() || via.wants_rport() {
        source.remote
    } else {
        SocketAddr::new(source.remote.ip(), via.port().unwrap_or(DEFAULT_PORT))
    };
    let stamped = via.wants_rport() || via.host().address() != Some(source.remote.ip());
    via.stamp(source.remote.ip(), source.remote.port());
    if stamped {
        // A Via so long that the stamp does not fit stays as it is: the answer goes to the right place all the same.
        let _ = request.headers_mut().replace_first(HeaderName::Via, via);
    }
    Destination { remote, ..back }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{ConnectionId, Transport};
    use bytes::Bytes;
    use sip_message::Message;

    #[test]
    fn answers_go_where_the_rules_say() {
        let table = [
            ("SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP phone.local:5062;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP phone.local:5062;maddr=192.0.2.9;branch=z9hG4bK1", None),
            ("SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1", None),
            ("SIP/2.0/TCP 10.0.0.1:5062;branch=z9hG4bK1", Some(ConnectionId(1))),
        ];
        let lines: Vec<_> = table.iter().map(|(via, connection)| check(via, *connection)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        192.0.2.7:5062  SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;received=192.0.2.7
        192.0.2.7:5060  SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;received=192.0.2.7
        192.0.2.7:40000  SIP/2.0/UDP 10.0.0.1:5062;rport=40000;branch=z9hG4bK1;received=192.0.2.7
        192.0.2.7:5062  SIP/2.0/UDP phone.local:5062;branch=z9hG4bK1;received=192.0.2.7
        192.0.2.7:5062  SIP/2.0/UDP phone.local:5062;maddr=192.0.2.9;branch=z9hG4bK1;received=192.0.2.7
        192.0.2.7:5062  SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bK1
        192.0.2.7:40000  SIP/2.0/TCP 10.0.0.1:5062;branch=z9hG4bK1;received=192.0.2.7
        ");
    }

    fn check(via: &str, connection: Option<ConnectionId>) -> String {
        let text = format!(
            "OPTIONS sip:hotline.test SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@a.test>;tag=1\r\n\
             To: <sip:hotline.test>\r\nCall-ID: c\r\nCSeq: 7 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        let Ok(Message::Request(mut request)) = Message::parse(Bytes::from(text)) else {
            unreachable!("it is a request")
        };
        let source = Source {
            transport: if connection.is_some() { Transport::Tcp } else { Transport::Udp },
            local: "192.0.2.1:5060".parse().unwrap(),
            remote: "192.0.2.7:40000".parse().unwrap(),
            connection,
        };
        let destination = stamp(&mut request, source);
        format!("{}  {}", destination.remote, facts::top_via(request.headers()).unwrap())
    }
}
