//! One TCP or TLS connection: read, cut into messages, written to; closed when it is silent, slow or broken.
//!
//! Every wait has an end. The clock of a message runs from its first byte, so that one byte now and then keeps nothing
//! open; the clock of a new connection runs until its first whole message, whatever line ends come before.

use super::admission::Place;
use super::house::{House, News};
use super::limits::{Patience, WRITES_WAITING_MAX};
use super::sockets::Arrived;
use crate::Dscp;
use bytes::Bytes;
use sip::{ConnectionId, Source, Transport};
use sip_message::{Frame, FrameError, StreamFramer};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// How long the answer to something that is no SIP has to get out before the connection is closed.
const LAST_WORD: Duration = Duration::from_millis(200);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection to be opened.
pub(super) struct Way {
    /// Goes out from here, if it matters.
    pub(super) from: Option<IpAddr>,
    pub(super) source: Source,
    pub(super) connection: ConnectionId,
    /// Who has to be there, on TLS.
    pub(super) name: ServerName<'static>,
    pub(super) writes: mpsc::Receiver<Bytes>,
}

/// Opens a connection and serves it to its end.
pub(super) async fn open(way: Way, house: Arc<House>, place: Place) {
    let Way { from, source, connection, name, writes } = way;
    let connecting = async {
        let stream = connect(from, source.remote, house.dscp).await?;
        match source.transport {
            Transport::Tls => {
                let connector = TlsConnector::from(house.trust.config());
                Ok(Stream::Encrypted(Box::new(connector.connect(name, stream).await?.into())))
            }
            _ => Ok(Stream::Plain(stream)),
        }
    };
    let opened = timeout(house.patience.connect, connecting).await;
    let serving = Serving { source, began: true, writes, house: &house };
    match opened.map_err(io::Error::from).flatten() {
        Ok(Stream::Plain(stream)) => serving.run(stream).await,
        Ok(Stream::Encrypted(stream)) => serving.run(stream).await,
        Err(error) => tracing::warn!(
            remote = %source.remote, transport = source.transport.via_name(), %error,
            "no connection could be opened"
        ),
    }
    house.tell(Arrived::Closed { connection, remote: source.remote }).await;
    drop(place);
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<tokio_rustls::TlsStream<TcpStream>>),
}

async fn connect(from: Option<IpAddr>, remote: SocketAddr, dscp: Dscp) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    dscp.mark(&socket, remote);
    if let Some(from) = from.filter(|from| from.is_ipv4() == remote.is_ipv4()) {
        socket.bind(SocketAddr::new(from, 0))?;
    }
    let stream = socket.connect(remote).await?;
    tune(&stream)?;
    Ok(stream)
}

/// Serves a connection that somebody else opened to its end.
pub(super) async fn serve(
    stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    house: Arc<House>,
    place: Place,
) {
    if let Err(error) = tune(&stream) {
        return tracing::debug!(%remote, %error, "a connection was gone before it was served");
    }
    match tls {
        None => welcome(stream, Transport::Tcp, local, remote, &house).await,
        Some(config) => {
            let handshake = TlsAcceptor::from(config).accept(stream);
            match timeout(house.patience.handshake, handshake).await {
                Ok(Ok(stream)) => welcome(stream, Transport::Tls, local, remote, &house).await,
                Ok(Err(error)) => tracing::debug!(%remote, %error, "no TLS handshake"),
                Err(_) => tracing::debug!(%remote, "the TLS handshake took too long"),
            }
        }
    }
    drop(place);
}

async fn welcome(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
    house: &House,
) {
    let (source, connection) = house.source(transport, local, remote);
    let (sender, writes) = mpsc::channel(WRITES_WAITING_MAX);
    if house.news.send(News::Accepted { source, connection, writes: sender }).await.is_err() {
        return;
    }
    Serving { source, began: false, writes, house }.run(stream).await;
    house.tell(Arrived::Closed { connection, remote: source.remote }).await;
}

fn tune(stream: &TcpStream) -> io::Result<()> {
    // Small messages, answered at once: Nagle's algorithm only adds delay.
    stream.set_nodelay(true)?;
    // A peer that vanished without a word is noticed after two minutes, not when somebody wants to call it.
    let signs_of_life = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15))
        .with_retries(4);
    SockRef::from(stream).set_tcp_keepalive(&signs_of_life)
}

/// A connection being served.
struct Serving<'a> {
    source: Source,
    /// Whether the peer has proven itself already, because it was us who opened the connection.
    began: bool,
    writes: mpsc::Receiver<Bytes>,
    house: &'a House,
}

impl Serving<'_> {
    async fn run(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Self { source, began, mut writes, house } = self;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (pongs, mut pongs_waiting) = mpsc::channel(1);
        let ended = tokio::select! {
            ended = read(&mut reader, source, began, house, pongs) => ended,
            ended = write(&mut writer, &mut writes, &mut pongs_waiting, house.patience.write) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(remote = %source.remote, %error, "connection closed");
        }
        // Says goodbye to who still listens; who does not is not waited for.
        let _ = timeout(GOODBYE, writer.shutdown()).await;
    }
}

/// When a connection has been silent for too long.
struct Clock {
    patience: Patience,
    /// Whether a whole message has come.
    proven: bool,
    /// When the last thing happened that counts: the connection began, a message ended, the next one began.
    since: Instant,
    /// Whether a message has begun and not ended.
    midway: bool,
}

impl Clock {
    fn new(patience: Patience, proven: bool) -> Self {
        Self { patience, proven, since: Instant::now(), midway: false }
    }

    fn limit(&self) -> Instant {
        self.since
            + match (self.midway, self.proven) {
                (true, true) => self.patience.message,
                (_, false) => self.patience.first_message,
                (false, true) => self.patience.idle,
            }
    }

    /// Something was read: `messages` ended in it, and `pending` bytes of the next are there.
    fn tick(&mut self, messages: bool, pending: bool) {
        let begins = pending && !self.midway;
        if messages || (begins && self.proven) || (self.proven && !pending) {
            self.since = Instant::now();
        }
        self.proven |= messages;
        self.midway = pending;
    }
}

async fn read(
    reader: &mut (impl AsyncRead + Unpin),
    source: Source,
    began: bool,
    house: &House,
    pongs: mpsc::Sender<()>,
) -> io::Result<()> {
    let mut framer = StreamFramer::new();
    let mut clock = Clock::new(house.patience, began);
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let length = timeout_at(clock.limit(), reader.read(&mut chunk)).await??;
        if length == 0 {
            return Ok(());
        }
        framer.push(&chunk[..length]);
        let mut messages = false;
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(bytes))) => {
                    messages = true;
                    if !house.tell_message(bytes, source).await {
                        return Ok(());
                    }
                }
                // A pong that already waits answers this ping too.
                Ok(Some(Frame::Ping)) => drop(pongs.try_send(())),
                Ok(Some(Frame::Pong)) => {}
                Ok(None) => break,
                Err(FrameError::Message(error)) => {
                    // What can be answered is, before the connection is closed; the pause lets the answer out.
                    house.tell(Arrived::Broken { error: Box::new(error), source }).await;
                    tokio::time::sleep(LAST_WORD).await;
                    return Err(io::Error::other("what came is not SIP"));
                }
                Err(error @ FrameError::HeadTooLarge) => return Err(io::Error::other(error)),
            }
        }
        clock.tick(messages, framer.pending() > 0);
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    writes: &mut mpsc::Receiver<Bytes>,
    pongs: &mut mpsc::Receiver<()>,
    patience: Duration,
) -> io::Result<()> {
    loop {
        let bytes = tokio::select! {
            bytes = writes.recv() => match bytes {
                Some(bytes) => bytes,
                None => return Ok(()),
            },
            Some(()) = pongs.recv() => Bytes::from_static(StreamFramer::PONG),
        };
        if writes.is_closed() {
            // It was let go because it reads too slowly: what waits would only keep it open.
            return Err(io::Error::other("the peer does not read"));
        }
        let writing = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        timeout(patience, writing).await??;
    }
}
