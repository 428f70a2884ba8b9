//! What a capture shows of a packet's mark: the traffic class it came with.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use std::io::IoSliceMut;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;

/// Lets a socket tell the traffic class of what comes to it.
pub(crate) fn tell_class(socket: &UdpSocket) {
    rustix::net::sockopt::set_ip_recvtos(socket, true).expect("the system tells it");
}

/// The traffic class of the next datagram of a socket that tells it.
pub(crate) fn class_of_next(socket: &UdpSocket) -> u8 {
    let mut buffer = [0; 2_048];
    let mut pieces = [IoSliceMut::new(&mut buffer)];
    let mut control = nix::cmsg_space!(u8, [u8; 32]);
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut pieces, Some(&mut control), MsgFlags::empty());
    let received = received.expect("a datagram comes");
    let mut told = received.cmsgs().expect("what comes with it is whole");
    let class = told.find_map(|one| match one {
        ControlMessageOwned::Ipv4Tos(class) => Some(class),
        _ => None,
    });
    class.expect("the class is told")
}
