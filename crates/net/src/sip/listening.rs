//! What is listened on, and what others are told about it.
//!
//! One port for UDP and TCP, one more for TLS, on every address given. IPv4 and IPv6 are sockets of their own, also
//! where all addresses are meant (`0.0.0.0` and `::`), so that an address always shows its own family.

use crate::Dscp;
use sip::Transport;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use tokio_rustls::rustls::ServerConfig;

/// How many TCP connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How often another free port is tried when the first is free for some listeners and not for others.
const FREE_PORT_ATTEMPTS: usize = 16;

/// What SIP listens on.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The addresses; `0.0.0.0` and `::` are all of their family.
    pub addresses: Vec<IpAddr>,
    /// The port for UDP and TCP. 0 is any that is free for both on every address.
    pub port: u16,
    /// TLS, if there is any.
    pub tls: Option<TlsListening>,
    /// The addresses others reach us by where they are not those we listen on: at most one of each family counts.
    pub advertise: Vec<IpAddr>,
    /// How packets are marked for routers.
    pub dscp: Dscp,
}

/// SIP over TLS.
#[derive(Clone, Debug)]
pub struct TlsListening {
    /// The port. 0 is any that is free on every address.
    pub port: u16,
    /// Certificate, key and versions.
    pub config: Arc<ServerConfig>,
}

impl Listening {
    /// UDP and TCP on one address.
    pub fn on(address: SocketAddr) -> Self {
        Self {
            addresses: vec![address.ip()],
            port: address.port(),
            tls: None,
            advertise: Vec::new(),
            dscp: Dscp::SIGNALLING,
        }
    }

    /// What others are told when they came to `local`.
    pub(super) fn told(advertise: &[IpAddr], local: SocketAddr) -> SocketAddr {
        let local = SocketAddr::new(local.ip().to_canonical(), local.port());
        let other = advertise.iter().find(|other| other.is_ipv4() == local.is_ipv4());
        SocketAddr::new(other.copied().unwrap_or(local.ip()), local.port())
    }
}

/// One address of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// What is spoken there.
    pub transport: Transport,
    /// What is listened on.
    pub bound: SocketAddr,
    /// What others are told. Where all addresses are listened on and nothing is advertised, this is the one that
    /// leads to the world; each peer is told the one it came to.
    pub told: SocketAddr,
}

/// Why SIP cannot be listened for.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else has the port.
    #[error("{transport} port {port} on {address} is taken by another program")]
    Taken {
        /// `UDP`, `TCP` or `TLS`.
        transport: &'static str,
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The machine refuses for another reason.
    #[error("cannot listen for SIP over {transport} on {address}: {source}")]
    Refused {
        /// `UDP`, `TCP` or `TLS`.
        transport: &'static str,
        /// The address and port.
        address: SocketAddr,
        /// What it says.
        source: io::Error,
    },
    /// There is nothing to listen on.
    #[error("no address to listen on for SIP is given")]
    Nowhere,
    /// The thread that serves connections cannot be started.
    #[error("the machine gives no thread for SIP's connections: {0}")]
    Threads(io::Error),
}

/// Sockets that listen, not yet served.
pub(super) struct Bound {
    pub(super) datagrams: Vec<UdpSocket>,
    pub(super) streams: Vec<(Transport, std::net::TcpListener)>,
}

impl Bound {
    /// Opens every socket, or none.
    pub(super) fn new(listening: &Listening) -> Result<Self, BindError> {
        if listening.addresses.is_empty() {
            return Err(BindError::Nowhere);
        }
        let mut bound = with_free_port(listening.port, |port| Self::plain(&listening.addresses, port))?;
        if let Some(tls) = &listening.tls {
            bound.streams.extend(with_free_port(tls.port, |port| {
                listen_on_all(Transport::Tls, &listening.addresses, port)
            })?);
        }
        Ok(bound)
    }

    fn plain(addresses: &[IpAddr], port: u16) -> Result<Self, BindError> {
        let mut port = port;
        let mut datagrams = Vec::new();
        for address in addresses {
            let address = SocketAddr::new(*address, port);
            let socket = open(Transport::Udp, address).map(UdpSocket::from);
            let opened = socket.and_then(|socket| Ok((socket.local_addr()?.port(), socket)));
            let (got, socket) = opened.map_err(|error| refused(Transport::Udp, address, error))?;
            port = got;
            datagrams.push(socket);
        }
        Ok(Self { datagrams, streams: listen_on_all(Transport::Tcp, addresses, port)? })
    }
}

fn listen_on_all(
    transport: Transport,
    addresses: &[IpAddr],
    port: u16,
) -> Result<Vec<(Transport, std::net::TcpListener)>, BindError> {
    let mut port = port;
    let mut listeners = Vec::new();
    for address in addresses {
        let address = SocketAddr::new(*address, port);
        let listener = open(transport, address).map(std::net::TcpListener::from);
        let opened = listener.and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        let (got, listener) = opened.map_err(|error| refused(transport, address, error))?;
        port = got;
        listeners.push((transport, listener));
    }
    Ok(listeners)
}

/// A port that is free on one address or for UDP may be taken on another or for TCP; with port 0 there are others.
fn with_free_port<T>(port: u16, open: impl Fn(u16) -> Result<T, BindError>) -> Result<T, BindError> {
    let attempts = if port == 0 { FREE_PORT_ATTEMPTS } else { 1 };
    let mut last = open(port);
    for _ in 1..attempts {
        match last {
            Err(BindError::Taken { .. }) => last = open(port),
            done => return done,
        }
    }
    last
}

fn open(transport: Transport, address: SocketAddr) -> io::Result<Socket> {
    let is_datagram = transport == Transport::Udp;
    let (kind, protocol) =
        if is_datagram { (Type::DGRAM, Protocol::UDP) } else { (Type::STREAM, Protocol::TCP) };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if !is_datagram {
        // Connections of an earlier run that linger must not keep the port.
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    if !is_datagram {
        socket.listen(BACKLOG)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn refused(transport: Transport, address: SocketAddr, source: io::Error) -> BindError {
    let transport = transport.via_name();
    if source.kind() == io::ErrorKind::AddrInUse {
        BindError::Taken { transport, address: address.ip(), port: address.port() }
    } else {
        BindError::Refused { transport, address, source }
    }
}

/// The address of this machine that packets to `remote` leave from.
pub(super) fn leaves_from(remote: IpAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // Connecting a datagram socket sends nothing; it only asks the routing table.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(remote, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified())
}

/// Listening everywhere says nothing about where we are; then it is the machine's own address towards the world, if
/// it has one.
pub fn reachable(listen: IpAddr) -> IpAddr {
    match listen {
        IpAddr::V4(address) if address.is_unspecified() => {
            leaves_from(Ipv4Addr::new(192, 0, 2, 1).into()).unwrap_or(Ipv4Addr::LOCALHOST.into())
        }
        IpAddr::V6(address) if address.is_unspecified() => {
            leaves_from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())
                .unwrap_or(Ipv6Addr::LOCALHOST.into())
        }
        concrete => concrete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advertised_stands_for_the_address_of_its_family() {
        let told = |advertise: &[&str], local: &str| {
            let advertise: Vec<IpAddr> = advertise.iter().map(|one| one.parse().unwrap()).collect();
            Listening::told(&advertise, local.parse().unwrap()).to_string()
        };
        assert_eq!(told(&[], "192.0.2.7:5060"), "192.0.2.7:5060");
        assert_eq!(told(&["203.0.113.9"], "192.0.2.7:5060"), "203.0.113.9:5060");
        assert_eq!(told(&["203.0.113.9"], "[2001:db8::7]:5060"), "[2001:db8::7]:5060");
        assert_eq!(told(&["203.0.113.9", "2001:db8::9"], "[2001:db8::7]:5061"), "[2001:db8::9]:5061");
        assert_eq!(told(&["203.0.113.9"], "[::ffff:192.0.2.7]:80"), "203.0.113.9:80");
    }

    #[test]
    fn a_port_somebody_has_is_named_in_the_refusal() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let refused = Bound::new(&Listening::on(address)).err().expect("a refusal").to_string();
        assert_eq!(refused, format!("UDP port {} on 127.0.0.1 is taken by another program", address.port()));
    }

    #[test]
    fn all_addresses_share_one_free_port() {
        let families = [IpAddr::from(Ipv4Addr::UNSPECIFIED), Ipv6Addr::UNSPECIFIED.into()];
        let addresses: Vec<_> =
            families.into_iter().filter(|any| UdpSocket::bind((*any, 0)).is_ok()).collect();
        let listening =
            Listening { addresses: addresses.clone(), ..Listening::on(SocketAddr::new(addresses[0], 0)) };
        let bound = Bound::new(&listening).expect("sockets");
        let ports: std::collections::BTreeSet<_> = bound
            .datagrams
            .iter()
            .map(|socket| socket.local_addr())
            .chain(bound.streams.iter().map(|(_, listener)| listener.local_addr()))
            .map(|address| address.unwrap().port())
            .collect();
        let each = addresses.len();
        assert_eq!((bound.datagrams.len(), bound.streams.len(), ports.len()), (each, each, 1));
    }

    #[test]
    fn who_listens_everywhere_is_somewhere() {
        for any in ["0.0.0.0", "::"] {
            let address = reachable(any.parse().unwrap());
            assert!(!address.is_unspecified() && address.is_ipv4() == (any == "0.0.0.0"), "{address}");
        }
        assert_eq!(reachable("192.0.2.7".parse().unwrap()).to_string(), "192.0.2.7");
        assert_eq!(leaves_from("127.0.0.1".parse().unwrap()), Some(Ipv4Addr::LOCALHOST.into()));
    }
}
