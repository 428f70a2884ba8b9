//! The sockets as the control thread sees them: what came, and the ways out.

use super::admission::Admission;
use super::connection::{self, Way};
use super::datagrams::Datagrams;
use super::house::{House, News, is_opened_by_us};
use super::limits::{ARRIVALS_WAITING_MAX, DATAGRAMS_PER_WAKE, Patience, WRITES_WAITING_MAX};
use super::line::LineDoor;
use super::listening::{BindError, Bound, Listening, OwnAddress, reachable};
use super::resolver::{NameServers, Resolver, ResolverError, Speaks};
use super::stun;
use super::trust::Trust;
use base::IdSource;
use bytes::Bytes;
use sip::{ConnectionId, Source, Transmit, Transport};
use sip_message::{Datagram, ParseError, classify};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// Something came.
#[derive(Debug)]
pub enum Arrived {
    /// A message, whole and unparsed.
    Message {
        /// Its bytes.
        bytes: Bytes,
        /// Where it came from.
        source: Source,
        /// When it came to this machine.
        came_at: Instant,
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

/// SIP's sockets. See the module's page.
pub struct SipSockets {
    datagrams: Vec<Datagrams>,
    /// The UDP socket that is looked at first, so that a busy one does not silence the others.
    turn: usize,
    own: Vec<OwnAddress>,
    connections: BTreeMap<ConnectionId, Connection>,
    by_remote: BTreeMap<(Transport, SocketAddr), ConnectionId>,
    names: BTreeMap<SocketAddr, ServerName<'static>>,
    news: mpsc::Receiver<News>,
    house: Arc<House>,
    buffer: Box<[u8]>,
    failed: Vec<Arrived>,
    /// Serves the connections; `None` only while this is dropped.
    thread: Option<Runtime>,
}

struct Connection {
    transport: Transport,
    remote: SocketAddr,
    writes: mpsc::Sender<Bytes>,
}

impl SipSockets {
    /// Listens. Must be called within a tokio runtime, which receives the datagrams; connections have a thread of
    /// their own, so that no handshake and no slow peer holds up the control thread.
    pub fn bind(listening: &Listening, trust: Trust, patience: Patience) -> Result<Self, BindError> {
        let bound = Bound::new(listening)?;
        let thread = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sip-streams")
            .enable_all()
            .build()
            .map_err(BindError::Threads)?;
        let (sender, news) = mpsc::channel(ARRIVALS_WAITING_MAX);
        let house = Arc::new(House {
            admission: Admission::default(),
            news: sender,
            patience,
            trust,
            thread: thread.handle().clone(),
            advertise: listening.advertise.clone(),
            dscp: listening.dscp,
            numbers: AtomicU64::new(1),
        });
        let mut sockets = Self {
            datagrams: Vec::new(),
            turn: 0,
            own: Vec::new(),
            connections: BTreeMap::new(),
            by_remote: BTreeMap::new(),
            names: BTreeMap::new(),
            news,
            house,
            buffer: vec![0; 65_536].into_boxed_slice(),
            failed: Vec::new(),
            thread: Some(thread),
        };
        sockets.serve(bound, listening)?;
        Ok(sockets)
    }

    fn serve(&mut self, bound: Bound, listening: &Listening) -> Result<(), BindError> {
        for socket in bound.datagrams {
            let address = socket.local_addr();
            if let Ok(address) = address {
                listening.dscp.mark(&socket, address);
            }
            let datagrams = Datagrams::new(socket, &listening.advertise).map_err(|source| {
                let address = address.unwrap_or(SocketAddr::new(listening.addresses[0], listening.port));
                BindError::Refused { transport: "UDP", address, source }
            })?;
            self.own.push(datagrams.own());
            self.datagrams.push(datagrams);
        }
        let _inside = self.house.thread.enter();
        for (transport, listener) in bound.streams {
            let begun =
                listener.local_addr().and_then(|address| Ok((address, TcpListener::from_std(listener)?)));
            let (address, listener) = begun.map_err(|source| BindError::Refused {
                transport: transport.via_name(),
                address: SocketAddr::new(listening.addresses[0], listening.port),
                source,
            })?;
            // What is accepted has the mark of whoever accepts.
            listening.dscp.mark(&listener, address);
            let told = Listening::told(
                &listening.advertise,
                SocketAddr::new(reachable(address.ip()), address.port()),
            );
            self.own.push(OwnAddress { transport, bound: address, told });
            let tls = listening.tls.as_ref().filter(|_| transport == Transport::Tls);
            let tls = tls.map(|tls| Arc::clone(&tls.config));
            tokio::spawn(accept(listener, tls, Arc::clone(&self.house)));
        }
        Ok(())
    }

    /// Every address listened on, in the order given, UDP first.
    pub fn own(&self) -> &[OwnAddress] {
        &self.own
    }

    /// Our address for a message by `transport` to `remote`: what our Via and Contact must say. `None` if that
    /// transport and family is not spoken here.
    pub fn towards(&self, transport: Transport, remote: IpAddr) -> Option<SocketAddr> {
        let remote = remote.to_canonical();
        let own = self
            .own
            .iter()
            .find(|own| own.transport == transport && own.bound.is_ipv4() == remote.is_ipv4())?;
        let datagrams = self.datagrams.iter().find(|one| one.own().bound.ip() == own.bound.ip());
        let host = datagrams.map_or(own.told.ip(), |datagrams| datagrams.towards(remote).ip());
        Some(SocketAddr::new(host, own.told.port()))
    }

    /// Finds servers that these sockets can reach, on the connections' thread: the control thread never waits for a name
    /// service, nor reads what it says.
    pub fn resolver(&self, servers: &NameServers, ids: IdSource) -> Result<Resolver, ResolverError> {
        let listens = |transport| self.own.iter().any(|own| own.transport == transport);
        // What nobody can read is liked best.
        let transports =
            [Transport::Tls, Transport::Udp, Transport::Tcp].into_iter().filter(|one| listens(*one));
        let speaks = Speaks {
            transports: transports.collect(),
            ipv4: self.own.iter().any(|own| own.bound.is_ipv4()),
            ipv6: self.own.iter().any(|own| own.bound.is_ipv6()),
        };
        Resolver::start(&self.house.thread, servers, speaks, ids)
    }

    /// Where WebSockets are brought in.
    pub fn line_door(&self) -> LineDoor {
        LineDoor(Arc::clone(&self.house))
    }

    /// Says who has to be at `remote` when a TLS connection is opened to it. Without a name it has to be that address.
    /// What is no name is an address.
    pub fn expect(&mut self, remote: SocketAddr, name: &str) {
        if let Ok(name) = ServerName::try_from(name.to_owned()) {
            self.names.insert(remote, name);
        }
    }

    /// How many messages of connections wait to be received.
    pub fn waiting(&self) -> usize {
        self.news.len()
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
            place = readable(&self.datagrams, self.turn) => {
                self.turn = place + 1;
                self.receive_datagrams(place, into);
            }
            Some(news) = self.news.recv() => {
                self.take_news(news, into);
                while into.len() < DATAGRAMS_PER_WAKE
                    && let Ok(news) = self.news.try_recv()
                {
                    self.take_news(news, into);
                }
            }
        }
    }

    fn receive_datagrams(&mut self, place: usize, into: &mut Vec<Arrived>) {
        let Some(socket) = self.datagrams.get_mut(place) else { return };
        for _ in 0..DATAGRAMS_PER_WAKE {
            match socket.receive(&mut self.buffer) {
                Ok(came) => {
                    let datagram = &self.buffer[..came.length];
                    match classify(datagram) {
                        Datagram::Message => into.push(Arrived::Message {
                            bytes: Bytes::copy_from_slice(datagram),
                            source: Source {
                                transport: Transport::Udp,
                                local: came.local,
                                remote: came.remote,
                                connection: None,
                            },
                            came_at: Instant::now().checked_sub(came.waited).unwrap_or_else(Instant::now),
                        }),
                        Datagram::Stun => {
                            if let Some(answer) = stun::answer(datagram, came.remote) {
                                // Lost like any datagram; the phone asks again.
                                let _ = socket.send(&answer, came.local, came.remote);
                            }
                        }
                        Datagram::KeepAlive => {}
                    }
                }
                // Nothing more; or the echo of a datagram of ours that nobody wanted, which says nothing here.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => {}
            }
        }
    }

    fn take_news(&mut self, news: News, into: &mut Vec<Arrived>) {
        match news {
            News::Accepted { source, connection, writes } => {
                let Source { transport, remote, .. } = source;
                self.connections.insert(connection, Connection { transport, remote, writes });
                // Who came in over TLS has not shown who it is; a message to somebody of that address needs a
                // connection where this was shown.
                if transport != Transport::Tls {
                    self.by_remote.insert((transport, remote), connection);
                }
            }
            News::Arrived(arrived) => {
                if let Arrived::Closed { connection, .. } = &arrived {
                    self.forget(*connection);
                }
                into.push(arrived);
            }
        }
    }

    fn forget(&mut self, connection: ConnectionId) {
        let Some(Connection { transport, remote, .. }) = self.connections.remove(&connection) else { return };
        if self.by_remote.get(&(transport, remote)) == Some(&connection) {
            self.by_remote.remove(&(transport, remote));
        }
    }

    /// Sends without waiting. A datagram that the machine does not take, a connection that is gone, does not open or
    /// is not read are reported by the next [`receive`](Self::receive). Returns the connection used, if it went on one.
    pub fn send(&mut self, transmit: &Transmit) -> Option<ConnectionId> {
        match transmit.transport {
            Transport::Udp => {
                self.send_datagram(transmit);
                None
            }
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.send_on_connection(transmit)
            }
        }
    }

    fn send_datagram(&mut self, transmit: &Transmit) {
        let Transmit { local, remote, .. } = *transmit;
        let same_family = |one: &&Datagrams| one.own().bound.is_ipv4() == remote.is_ipv4();
        let exact = |one: &&Datagrams| [one.own().bound, one.own().told].contains(&local);
        let mut fitting = self.datagrams.iter().filter(same_family);
        let socket = fitting.clone().find(exact).or_else(|| fitting.next());
        let sent = match socket {
            Some(socket) => socket.send(&transmit.bytes, local, remote),
            None => Err(io::Error::new(
                io::ErrorKind::AddrNotAvailable,
                "SIP does not listen on an address of that family",
            )),
        };
        match sent {
            Ok(()) => {}
            // The socket's buffer is full. SIP repeats over UDP, so this is one more lost datagram.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.failed.push(Arrived::Unsent { remote, error }),
        }
    }

    fn send_on_connection(&mut self, transmit: &Transmit) -> Option<ConnectionId> {
        let Transmit { transport, remote, connection, .. } = *transmit;
        let open = connection
            .filter(|id| self.connections.contains_key(id))
            .or_else(|| self.by_remote.get(&(transport, remote)).copied());
        let Some(id) = open.or_else(|| self.open(transmit)) else {
            let connection = connection.unwrap_or_else(|| self.house.number_opened());
            self.failed.push(Arrived::Closed { connection, remote });
            return None;
        };
        if let Some(connection) = self.connections.get(&id)
            && connection.writes.try_send(transmit.bytes.clone()).is_err()
        {
            // Dropping the sender ends the task, which reports the end.
            tracing::warn!(%remote, "a connection is not read by its peer, closed");
            self.forget(id);
        }
        Some(id)
    }

    /// Opens a connection, if there can be one: nobody listens for us in a browser, nor on the port that a phone's
    /// lost connection came from.
    fn open(&mut self, transmit: &Transmit) -> Option<ConnectionId> {
        let Transmit { transport, remote, local, .. } = *transmit;
        let is_ours_to_open = matches!(transport, Transport::Tcp | Transport::Tls)
            && transmit.connection.is_none_or(is_opened_by_us);
        let place = is_ours_to_open.then(|| self.house.admission.admit(remote.ip())).flatten()?;
        let connection = self.house.number_opened();
        let source = Source { transport, local, remote, connection: Some(connection) };
        let listener = self.own.iter().find(|own| own.transport == transport && own.told == local);
        let from = listener.map(|own| own.bound.ip()).filter(|address| !address.is_unspecified());
        let name = self.names.get(&remote).cloned();
        let name = name.unwrap_or_else(|| ServerName::IpAddress(remote.ip().to_canonical().into()));
        let (writes, waiting) = mpsc::channel(WRITES_WAITING_MAX);
        self.connections.insert(connection, Connection { transport, remote, writes });
        self.by_remote.insert((transport, remote), connection);
        let way = Way { from, source, connection, name, writes: waiting };
        self.house.thread.spawn(connection::open(way, Arc::clone(&self.house), place));
        Some(connection)
    }
}

impl Drop for SipSockets {
    fn drop(&mut self) {
        // Waiting for connections to end is not for this thread.
        if let Some(thread) = self.thread.take() {
            thread.shutdown_background();
        }
    }
}

/// Waits until one of the sockets can be read; looks at `first` first.
async fn readable(sockets: &[Datagrams], first: usize) -> usize {
    std::future::poll_fn(|context| {
        for step in 0..sockets.len() {
            let place = (first + step) % sockets.len();
            if sockets[place].poll_ready(context).is_ready() {
                return Poll::Ready(place);
            }
        }
        Poll::Pending
    })
    .await
}

async fn accept(listener: TcpListener, tls: Option<Arc<ServerConfig>>, house: Arc<House>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                let Some(place) = house.admission.admit(remote.ip().to_canonical()) else { continue };
                let Ok(local) = stream.local_addr() else { continue };
                let serving =
                    connection::serve(stream, local, remote, tls.clone(), Arc::clone(&house), place);
                tokio::spawn(serving);
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                // Most often there are no file descriptors left; trying at once would only burn the processor.
                tracing::error!(%error, "SIP connections cannot be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
