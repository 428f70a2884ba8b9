//! Where carriers are: from what the operator wrote to the sockets that reach it.
//!
//! An address is a place by itself. A name is looked up off the control thread (RFC 3263), and telephony is told when the
//! answer is there; it asks again when the answer has been good for as long as it said. So a call never waits for a name
//! service.

use base::IdSource;
use net::sip::SipSockets;
use net::sip::resolver::{Answer, NameServers, Resolver, Wanted};
use sip::{Destination, Transport};
use std::net::SocketAddr;
use std::time::Duration;
use telephony::CarrierAddress;

/// An address stays what it is; it is looked at again because our own addresses may change.
const NUMERIC_GOOD_FOR: Duration = Duration::from_secs(3600);

/// How soon a name is looked up again that could not be looked up now.
const UNASKED_GOOD_FOR: Duration = Duration::from_secs(5);

/// The ports of SIP without and with TLS (RFC 3261 §19.1.2).
const PORTS: (u16, u16) = (5060, 5061);

/// Finds carriers.
#[derive(Debug)]
pub struct Carriers {
    /// Or why there is no name service.
    resolver: Result<Resolver, String>,
}

impl Carriers {
    /// Gets ready to look up names. Without a name service there are addresses still.
    pub fn new(sockets: &SipSockets, servers: &NameServers, ids: IdSource) -> Self {
        Self { resolver: sockets.resolver(servers, ids).map_err(|error| error.to_string()) }
    }

    /// Where a carrier is, if that is known at once; otherwise [`Carriers::found`] will tell.
    pub(crate) fn find(&mut self, address: CarrierAddress, sockets: &SipSockets) -> Option<telephony::Input> {
        if address.ip().is_some() {
            let found = numeric(&address, sockets);
            return Some(telephony::Input::Resolved { address, found, good_for: NUMERIC_GOOD_FOR });
        }
        let CarrierAddress { host, port, transport, secure } = address.clone();
        let why = match &mut self.resolver {
            Ok(resolver) => {
                if resolver.ask(Wanted { host, port, transport, secure }) {
                    return None;
                }
                "too many names are being looked up".to_owned()
            }
            Err(why) => why.clone(),
        };
        Some(telephony::Input::Resolved { address, found: Err(why), good_for: UNASKED_GOOD_FOR })
    }

    /// Waits for the end of a search. May be dropped at its await without losing anything.
    pub(crate) async fn found(&mut self) -> Answer {
        match &mut self.resolver {
            Ok(resolver) => resolver.answered().await,
            Err(_) => std::future::pending().await,
        }
    }
}

/// What telephony is told of an answer. Whoever is to be reached over TLS will have to show the name that was looked for.
pub(crate) fn told(answer: Answer, sockets: &mut SipSockets) -> telephony::Input {
    let Answer { wanted: Wanted { host, port, transport, secure }, found, good_for } = answer;
    let address = CarrierAddress { host, port, transport, secure };
    let found = found.map_err(|why| why.to_string()).and_then(|ways| {
        let mut places = Vec::new();
        for way in ways {
            let Some(local) = sockets.towards(way.transport, way.remote.ip()) else { continue };
            if way.transport == Transport::Tls {
                sockets.expect(way.remote, &way.name);
            }
            let place = Destination { transport: way.transport, local, remote: way.remote, connection: None };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        if places.is_empty() {
            Err(format!("no address of ours can reach {}", address.host))
        } else {
            Ok(places)
        }
    });
    telephony::Input::Resolved { address, found, good_for }
}

/// The place that an address without a name means.
fn numeric(address: &CarrierAddress, sockets: &SipSockets) -> Result<Vec<Destination>, String> {
    let ip = address.ip().ok_or_else(|| format!("{} is a name", address.host))?;
    let transport = match (address.transport, address.secure) {
        (None | Some(Transport::Tcp), true) => Transport::Tls,
        (None, false) => Transport::Udp,
        (Some(said), _) => said,
    };
    let port = address.port.unwrap_or(if transport.is_secure() { PORTS.1 } else { PORTS.0 });
    let local = sockets.towards(transport, ip).ok_or_else(|| {
        format!(
            "no address of ours can reach {ip} by {}; see listen and tls_port in [sip]",
            transport.via_name()
        )
    })?;
    Ok(vec![Destination { transport, local, remote: SocketAddr::new(ip, port), connection: None }])
}
