//! The listening sockets, and the table of connections.

use super::connection::{self, Ends};
use super::limits::{
    ARRIVALS_WAITING_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX, DATAGRAMS_PER_WAKE,
    WRITES_WAITING_MAX,
};
use bytes::Bytes;
use sip::{ConnectionId, Source, Transmit, Transport};
use sip_message::{Datagram, ParseError, classify};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;

/// Something came.
#[derive(Debug)]
pub enum Arrived {
    /// A message, whole and unparsed.
    Message {
        /// Its bytes.
        bytes: Bytes,
        /// Where it came from.
        source: Source,
    },
    /// What came on a connection cannot be cut into messages any more; the connection closes.
    Broken {
        /// What is wrong, and what may be answered.
        error: Box<ParseError>,
        /// Where it came from.
        source: Source,
    },
    /// A connection is gone, or could not be opened.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// Where it went.
        remote: SocketAddr,
    },
    /// A datagram could not be sent.
    Unsent {
        /// Where to.
        remote: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// Why SIP cannot be listened for.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else has the port.
    #[error("{transport} port {port} on {address} is taken by another program")]
    Taken {
        /// `UDP` or `TCP`.
        transport: &'static str,
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
    },
    /// The machine refuses for another reason.
    #[error("cannot listen for SIP over {transport} on {address}: {source}")]
    Refused {
        /// `UDP` or `TCP`.
        transport: &'static str,
        /// The address and port.
        address: SocketAddr,
        /// What it says.
        source: io::Error,
    },
}

/// SIP's sockets. See the module's page.
pub struct SipSockets {
    udp: UdpSocket,
    tcp: TcpListener,
    local: SocketAddr,
    connections: BTreeMap<ConnectionId, Connection>,
    by_remote: BTreeMap<SocketAddr, ConnectionId>,
    last_connection: u64,
    arrivals: mpsc::Receiver<Arrived>,
    arrivals_sender: mpsc::Sender<Arrived>,
    buffer: Box<[u8]>,
    failed: Vec<Arrived>,
}

struct Connection {
    remote: SocketAddr,
    writes: mpsc::Sender<Bytes>,
}

impl SipSockets {
    /// Listens for UDP and TCP on one port. Port 0 is any that is free for both.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let (udp, tcp) = Self::bind_both(address).await?;
        let refused = |transport, source| BindError::Refused { transport, address, source };
        let local = udp.local_addr().map_err(|error| refused("UDP", error))?;
        let (arrivals_sender, arrivals) = mpsc::channel(ARRIVALS_WAITING_MAX);
        Ok(Self {
            udp,
            tcp,
            local,
            connections: BTreeMap::new(),
            by_remote: BTreeMap::new(),
            last_connection: 0,
            arrivals,
            arrivals_sender,
            buffer: vec![0; 65_536].into_boxed_slice(),
            failed: Vec::new(),
        })
    }

    async fn bind_both(address: SocketAddr) -> Result<(UdpSocket, TcpListener), BindError> {
        // A free UDP port may be taken for TCP; with port 0 there are others.
        let attempts = if address.port() == 0 { 16 } else { 1 };
        let mut last = None;
        for _ in 0..attempts {
            let udp = UdpSocket::bind(address).await.map_err(|error| bind_error("UDP", address, error))?;
            let same = udp.local_addr().map_err(|error| bind_error("UDP", address, error))?;
            match TcpListener::bind(same).await {
                Ok(tcp) => return Ok((udp, tcp)),
                Err(error) => last = Some(bind_error("TCP", same, error)),
            }
        }
        Err(last.unwrap_or(BindError::Taken {
            transport: "TCP",
            address: address.ip(),
            port: address.port(),
        }))
    }

    /// The address and port listened on.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Waits until something has come, and appends all that is there to `into`, up to a limit that leaves other work
    /// its turn. May be dropped at any await without losing anything.
    pub async fn receive(&mut self, into: &mut Vec<Arrived>) {
        if !self.failed.is_empty() {
            into.append(&mut self.failed);
            return;
        }
        tokio::select! {
            ready = self.udp.readable() => {
                if ready.is_ok() {
                    self.receive_datagrams(into);
                }
            }
            Some(arrived) = self.arrivals.recv() => {
                self.receive_from_connection(arrived, into);
                while into.len() < DATAGRAMS_PER_WAKE
                    && let Ok(arrived) = self.arrivals.try_recv()
                {
                    self.receive_from_connection(arrived, into);
                }
            }
            Ok((stream, remote)) = self.tcp.accept() => self.accept(stream, remote),
        }
    }

    fn receive_datagrams(&mut self, into: &mut Vec<Arrived>) {
        for _ in 0..DATAGRAMS_PER_WAKE {
            match self.udp.try_recv_from(&mut self.buffer) {
                Ok((length, remote)) => {
                    let datagram = &self.buffer[..length];
                    if classify(datagram) == Datagram::Message {
                        let source =
                            Source { transport: Transport::Udp, local: self.local, remote, connection: None };
                        into.push(Arrived::Message { bytes: Bytes::copy_from_slice(datagram), source });
                    }
                }
                // Nothing more; or the echo of a datagram of ours that nobody wanted, which says nothing here.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {}
            }
        }
    }

    fn receive_from_connection(&mut self, arrived: Arrived, into: &mut Vec<Arrived>) {
        if let Arrived::Closed { connection, remote } = &arrived {
            self.connections.remove(connection);
            if self.by_remote.get(remote) == Some(connection) {
                self.by_remote.remove(remote);
            }
        }
        into.push(arrived);
    }

    fn accept(&mut self, stream: tokio::net::TcpStream, remote: SocketAddr) {
        let from_there = self.connections.values().filter(|one| one.remote.ip() == remote.ip()).count();
        if self.connections.len() >= CONNECTIONS_MAX || from_there >= CONNECTIONS_PER_ADDRESS_MAX {
            tracing::warn!(%remote, open = self.connections.len(), from_there, "too many connections, one more refused");
            return;
        }
        let ends = self.enter(remote);
        tokio::spawn(connection::serve(stream, ends));
    }

    fn enter(&mut self, remote: SocketAddr) -> Ends {
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        let (writes, waiting) = mpsc::channel(WRITES_WAITING_MAX);
        self.connections.insert(id, Connection { remote, writes });
        self.by_remote.insert(remote, id);
        Ends { id, remote, writes: waiting, arrivals: self.arrivals_sender.clone() }
    }

    /// Sends without waiting. A datagram that the machine does not take, and a connection that does not read, are
    /// reported by the next [`receive`](Self::receive). Returns the connection used, if it went on one.
    pub fn send(&mut self, transmit: &Transmit) -> Option<ConnectionId> {
        match transmit.transport {
            Transport::Udp => {
                self.send_datagram(transmit);
                None
            }
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                Some(self.send_on_connection(transmit))
            }
        }
    }

    fn send_datagram(&mut self, transmit: &Transmit) {
        match self.udp.try_send_to(&transmit.bytes, transmit.remote) {
            Ok(_) => {}
            // The socket's buffer is full. SIP repeats over UDP, so this is one more lost datagram.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.failed.push(Arrived::Unsent { remote: transmit.remote, error }),
        }
    }

    fn send_on_connection(&mut self, transmit: &Transmit) -> ConnectionId {
        let open = transmit
            .connection
            .filter(|id| self.connections.contains_key(id))
            .or_else(|| self.by_remote.get(&transmit.remote).copied());
        let id = open.unwrap_or_else(|| {
            let ends = self.enter(transmit.remote);
            let id = ends.id;
            tokio::spawn(connection::open(ends));
            id
        });
        if let Some(connection) = self.connections.get(&id)
            && connection.writes.try_send(transmit.bytes.clone()).is_err()
        {
            // The peer does not read. Dropping the sender ends the task, which reports the end.
            tracing::warn!(remote = %transmit.remote, "a connection is not read by its peer, closed");
            self.connections.remove(&id);
        }
        id
    }
}

fn bind_error(transport: &'static str, address: SocketAddr, source: io::Error) -> BindError {
    if source.kind() == io::ErrorKind::AddrInUse {
        BindError::Taken { transport, address: address.ip(), port: address.port() }
    } else {
        BindError::Refused { transport, address, source }
    }
}
