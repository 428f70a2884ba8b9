//! One UDP socket, and through which address of the machine its datagrams come and go.
//!
//! A socket that listens on all addresses asks the system for the address each datagram came to (`IP_PKTINFO`,
//! `IPV6_RECVPKTINFO`), and answers from it: a phone that wrote to one address of a machine with several does not
//! know the others.

use super::listening::{Listening, OwnAddress, leaves_from, reachable};
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, SockaddrIn6, SockaddrLike, SockaddrStorage,
    recvmsg, sendmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use sip::Transport;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// A UDP socket of ours.
pub(super) struct Datagrams {
    socket: UdpSocket,
    own: OwnAddress,
    /// Whether each datagram says which address it came to.
    listens_everywhere: bool,
    advertise: Vec<IpAddr>,
    /// Where the system writes what it says besides the datagram.
    beside: Vec<u8>,
}

/// One datagram that came, its bytes in the caller's buffer.
pub(super) struct Came {
    pub(super) length: usize,
    pub(super) remote: SocketAddr,
    /// What the peer may be told about where it came to.
    pub(super) local: SocketAddr,
    /// How long it has been waiting in the system for us.
    pub(super) waited: Duration,
}

/// The longest wait that is believed: the wall clock, by which it is reckoned, may be set in between.
const WAITED_MAX: Duration = Duration::from_secs(10);

impl Datagrams {
    /// Must be called within a tokio runtime.
    pub(super) fn new(socket: std::net::UdpSocket, advertise: &[IpAddr]) -> io::Result<Self> {
        let bound = socket.local_addr()?;
        let listens_everywhere = bound.ip().is_unspecified();
        if listens_everywhere {
            match bound {
                SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?,
                SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?,
            }
        }
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        let told = Listening::told(advertise, SocketAddr::new(reachable(bound.ip()), bound.port()));
        Ok(Self {
            socket: UdpSocket::from_std(socket)?,
            own: OwnAddress { transport: Transport::Udp, bound, told },
            listens_everywhere,
            advertise: advertise.to_vec(),
            beside: nix::cmsg_space!(libc::in6_pktinfo, TimeSpec),
        })
    }

    pub(super) fn own(&self) -> OwnAddress {
        self.own
    }

    /// Our address as a peer there sees it.
    pub(super) fn towards(&self, remote: IpAddr) -> SocketAddr {
        match leaves_from(remote).filter(|_| self.listens_everywhere) {
            Some(local) => Listening::told(&self.advertise, SocketAddr::new(local, self.own.bound.port())),
            None => self.own.told,
        }
    }

    pub(super) fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        // An error shows again when the socket is read, and is dealt with there.
        self.socket.poll_recv_ready(context).map(drop)
    }

    /// Takes the next datagram, if there is one.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Came> {
        let Self { socket, beside, .. } = self;
        let (length, remote, to, at) = socket.try_io(Interest::READABLE, || {
            let mut into = [IoSliceMut::new(buffer)];
            let got =
                recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut into, Some(beside), MsgFlags::empty())?;
            let remote = got.address.as_ref().and_then(address_of).ok_or(Errno::EAFNOSUPPORT)?;
            let (mut to, mut at) = (None, None);
            for said in got.cmsgs()? {
                match said {
                    ControlMessageOwned::ScmTimestampns(time) => at = Some(time),
                    other => to = came_to(other).or(to),
                }
            }
            Ok((got.bytes, remote, to, at))
        })?;
        let local = match to {
            Some(to) => Listening::told(&self.advertise, SocketAddr::new(to, self.own.bound.port())),
            None => self.own.told,
        };
        Ok(Came { length, remote, local, waited: at.map_or(Duration::ZERO, waited_since) })
    }

    /// Sends, from `local` if the machine has that address.
    pub(super) fn send(&self, bytes: &[u8], local: SocketAddr, remote: SocketAddr) -> io::Result<()> {
        let ip = local.ip();
        // What is advertised is seldom this machine's own: then the system chooses.
        let is_chosen = self.listens_everywhere && !ip.is_unspecified() && !self.advertise.contains(&ip);
        if is_chosen && ip.is_ipv4() == remote.is_ipv4() {
            match self.send_from(bytes, ip, remote) {
                // The address is gone; the system chooses.
                Err(error) if is_about_the_address(&error) => {}
                done => return done,
            }
        }
        self.socket.try_send_to(bytes, remote).map(drop)
    }

    fn send_from(&self, bytes: &[u8], local: IpAddr, remote: SocketAddr) -> io::Result<()> {
        let socket = self.socket.as_raw_fd();
        let bytes = [IoSlice::new(bytes)];
        self.socket.try_io(Interest::WRITABLE, || {
            match (local, remote) {
                (IpAddr::V4(local), SocketAddr::V4(remote)) => {
                    let from = libc::in_pktinfo {
                        ipi_ifindex: 0,
                        ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(local.octets()) },
                        ipi_addr: libc::in_addr { s_addr: 0 },
                    };
                    let beside = [ControlMessage::Ipv4PacketInfo(&from)];
                    sendmsg(socket, &bytes, &beside, MsgFlags::empty(), Some(&SockaddrIn::from(remote)))?;
                }
                (IpAddr::V6(local), SocketAddr::V6(remote)) => {
                    let from = libc::in6_pktinfo {
                        ipi6_addr: libc::in6_addr { s6_addr: local.octets() },
                        ipi6_ifindex: 0,
                    };
                    let beside = [ControlMessage::Ipv6PacketInfo(&from)];
                    sendmsg(socket, &bytes, &beside, MsgFlags::empty(), Some(&SockaddrIn6::from(remote)))?;
                }
                _ => return Err(Errno::EADDRNOTAVAIL.into()),
            }
            Ok(())
        })
    }
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|address| SocketAddrV4::from(*address).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|address| SocketAddrV6::from(*address).into()))
        .filter(|_| storage.len() > 0)
}

fn waited_since(time: TimeSpec) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from(time)).min(WAITED_MAX)
}

fn came_to(beside: ControlMessageOwned) -> Option<IpAddr> {
    match beside {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
        _ => None,
    }
}

fn is_about_the_address(error: &io::Error) -> bool {
    let about = [Errno::EINVAL, Errno::EADDRNOTAVAIL, Errno::ENETUNREACH, Errno::ENODEV];
    error.raw_os_error().is_some_and(|number| about.contains(&Errno::from_raw(number)))
}
