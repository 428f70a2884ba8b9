//! Where carriers are: from what the operator wrote to the sockets that reach it.

use net::sip::SipSockets;
use sip::{Destination, Transport};
use std::net::SocketAddr;
use std::time::Duration;
use telephony::CarrierAddress;

/// An address stays what it is; it is looked at again because our own addresses may change.
pub(crate) const NUMERIC_GOOD_FOR: Duration = Duration::from_secs(3600);

/// The ports of SIP without and with TLS (RFC 3261 §19.1.2).
const PORTS: (u16, u16) = (5060, 5061);

/// The place that an address without a name means.
pub(crate) fn numeric(address: &CarrierAddress, sockets: &SipSockets) -> Result<Vec<Destination>, String> {
    let Some(ip) = address.ip() else {
        return Err(format!("{} is a name, and there is no name service", address.host));
    };
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
