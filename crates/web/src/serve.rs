//! Serving: connections are counted, limited in number and in patience, encrypted if the listener says so, and ended
//! in good order.

use crate::patience::Patient;
use crate::peer::Peer;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use base::Duration;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt;

/// What a connection may cost.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// Connections at once; one more is closed as it comes.
    pub connections_max: usize,
    /// Connections at once from one address.
    pub address_connections_max: usize,
    /// How long the head of a request may take, from the end of the one before; also how long an idle connection stays.
    pub head_time_max: Duration,
    /// How long the handshake of an encrypted connection may take.
    pub handshake_time_max: Duration,
    /// How long the other end may take nothing of an answer.
    pub stuck_time_max: Duration,
    /// Bytes of a request's head.
    pub head_bytes_max: usize,
    /// Header fields of a request.
    pub headers_max: usize,
    /// How long live requests are waited for at the end.
    pub drain_time_max: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            address_connections_max: 512,
            head_time_max: Duration::from_secs(10),
            handshake_time_max: Duration::from_secs(10),
            stuck_time_max: Duration::from_secs(30),
            head_bytes_max: 64 * 1024,
            headers_max: 100,
            drain_time_max: Duration::from_secs(5),
        }
    }
}

/// A socket that connections come to.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// How connections are encrypted; `None` for not at all.
    pub tls: Option<Arc<ServerConfig>>,
}

/// Serves `router` on every listener until `shutdown` says so, then waits for what is being answered.
///
/// The live connections end with [`Web::close`](crate::Web::close), which is to be called when `shutdown` is.
pub async fn serve(
    listeners: Vec<Listener>,
    router: Router,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) {
    let (ending, ended) = watch::channel(false);
    let house = Arc::new(House { limits, guests: Mutex::default(), router });
    let mut doors = JoinSet::new();
    for listener in listeners {
        doors.spawn(keep_door(listener, Arc::clone(&house), ended.clone()));
    }
    shutdown.await;
    ending.send_replace(true);
    while doors.join_next().await.is_some() {}
}

/// What all listeners share.
#[derive(Debug)]
struct House {
    limits: ServeLimits,
    guests: Mutex<Guests>,
    router: Router,
}

#[derive(Debug, Default)]
struct Guests {
    total: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// A connection's place; given back when it is dropped.
pub(crate) struct Place {
    house: Arc<House>,
    address: IpAddr,
}

impl House {
    fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let from_there = guests.by_address.get(&address).copied().unwrap_or(0);
        if guests.total >= self.limits.connections_max || from_there >= self.limits.address_connections_max {
            return None;
        }
        guests.total += 1;
        guests.by_address.insert(address, from_there + 1);
        Some(Place { house: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut guests = self.house.guests.lock().unwrap_or_else(PoisonError::into_inner);
        guests.total -= 1;
        let left = guests.by_address.get(&self.address).map_or(0, |count| count - 1);
        if left == 0 {
            guests.by_address.remove(&self.address);
        } else {
            guests.by_address.insert(self.address, left);
        }
    }
}

async fn keep_door(listener: Listener, house: Arc<House>, mut ended: watch::Receiver<bool>) {
    let acceptor = listener.tls.map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = said(&mut ended) => break,
        };
        match accepted {
            Ok((stream, remote)) => {
                let Some(place) = house.admit(remote.ip()) else {
                    tracing::debug!(%remote, "a connection too many");
                    continue;
                };
                connections.spawn(greet(stream, remote, acceptor.clone(), place, ended.clone()));
            }
            Err(error) => {
                // Most often there are no file descriptors left; trying at once would only burn the processor.
                if !is_about_one_connection(&error) {
                    tracing::error!(%error, "connections cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
    drop(listener.socket);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(house.limits.drain_time_max, drained).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

async fn greet(
    stream: TcpStream,
    remote: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    place: Place,
    ended: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else { return };
    let peer = Peer {
        address: remote.ip().to_canonical(),
        port: remote.port(),
        local: SocketAddr::new(local.ip().to_canonical(), local.port()),
        encrypted: acceptor.is_some(),
    };
    match acceptor {
        None => attend(stream, peer, place, ended).await,
        Some(acceptor) => {
            let limit = place.house.limits.handshake_time_max;
            match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => attend(stream, peer, place, ended).await,
                Ok(Err(error)) => tracing::debug!(%remote, %error, "no handshake"),
                Err(_) => tracing::debug!(%remote, "the handshake took too long"),
            }
        }
    }
}

async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    place: Place,
    mut ended: watch::Receiver<bool>,
) {
    let limits = place.house.limits;
    let router = place.house.router.clone();
    let place = Arc::new(place);
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let router = router.clone();
        let place = Arc::clone(&place);
        async move {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(Held(place));
            router.oneshot(request).await
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time_max)
        .max_buf_size(limits.head_bytes_max)
        .max_headers(limits.headers_max);
    let connection = http
        .serve_connection(TokioIo::new(Patient::new(stream, limits.stuck_time_max)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let done = tokio::select! {
        done = &mut connection => done,
        () = said(&mut ended) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::trace!(%error, peer = %peer.address, "a connection ended early");
    }
}

/// Waits until `true` was said.
pub(crate) async fn said(word: &mut watch::Receiver<bool>) {
    // Who would say it is gone: then it is over as well. What is borrowed from the channel must not be kept.
    let _ = word.wait_for(|said| *said).await.map(drop);
}

/// Keeps a connection's place for as long as it is held. A request that becomes a WebSocket takes it along, because
/// its connection is then over as far as HTTP goes.
#[derive(Clone)]
#[expect(dead_code, reason = "it is there to be dropped")]
pub(crate) struct Held(Arc<Place>);
