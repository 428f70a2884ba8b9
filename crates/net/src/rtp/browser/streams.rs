//! Browsers whose network lets no UDP out: they open a connection to us (RFC 6544, the passive side), and each packet stands
//! behind its length there (RFC 4571 §2).
//!
//! ```text
//!  accepted ──a check was passed──▶ proven ──the far end closes, a frame too long, its call is over──▶ gone
//!     └──10 s, or too many strangers─────────────────────────────────────────────────────────────────────▲
//! ```
//!
//! What packets mean is known to [`super`] alone. A connection is not waited for: what it does not take at once is kept up to
//! [`QUEUE_BYTES_MAX`] and sent with the next packet, and beyond that packets are lost, as on a network that is too narrow:
//! sound that comes late is worth nothing.

use base::Duration;
use browser_peer::frames::{FRAME_BYTES_MAX, FrameTooLong, Frames, HEAD_BYTES, write_frame};
use slab::Slab;
use socket2::{SockRef, TcpKeepalive};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

/// How many connections there are. When one more comes, the stranger that has been here longest goes; if there
/// is none, the new one is closed.
pub(super) const CONNECTIONS_MAX: usize = 4_096;

/// How many of them may be strangers, who have passed no check yet. The one that has been here longest goes.
pub(super) const STRANGERS_MAX: usize = 128;

/// How long a connection may be a stranger's.
pub(super) const STRANGER_PATIENCE: Duration = Duration::from_secs(10);

/// How much is kept of what a connection does not take: half a second of sound and more than a flight of a handshake.
pub(super) const QUEUE_BYTES_MAX: usize = 8_192;

/// How many connections are accepted in one turn.
const ACCEPTED_AT_ONCE: usize = 16;

/// How often it is said that connections were turned away: a stranger who makes them by the thousand writes no log.
const SAY_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How much is read in one turn.
const READ_BYTES: usize = 4_096;

/// A connection of a browser, or of somebody who says nothing of the kind.
struct Stream {
    socket: TcpStream,
    remote: SocketAddr,
    /// The order in which strangers came; `None` once a check was passed.
    stranger: Option<u64>,
    /// What has come and is not a whole frame yet.
    came: Frames,
    /// What has not been taken yet.
    queue: Vec<u8>,
}

/// All of them.
pub(super) struct Streams {
    listener: TcpListener,
    streams: Slab<Stream>,
    by_remote: BTreeMap<SocketAddr, usize>,
    /// Those that have passed no check, the oldest first.
    strangers: BTreeMap<u64, usize>,
    arrivals: u64,
    /// A file kept for the moment when there is none left.
    spare: Option<File>,
    turned_away: TurnedAway,
}

/// Connections turned away of which nobody was told yet.
#[derive(Debug, Default)]
struct TurnedAway {
    said_at: Option<Instant>,
    unsaid: u64,
}

impl TurnedAway {
    /// One more. Returns how many are to be told of, if it is time to.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said_at.is_some_and(|at| now.saturating_duration_since(at) < SAY_EVERY) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

impl Streams {
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (by_remote, strangers) = (BTreeMap::new(), BTreeMap::new());
        let spare = File::open("/dev/null").ok();
        Ok(Self {
            listener,
            streams: Slab::new(),
            by_remote,
            strangers,
            arrivals: 0,
            spare,
            turned_away: TurnedAway::default(),
        })
    }

    pub(super) const fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// The connections that have come, their numbers to be watched; and those who had to go for them.
    pub(super) fn accept(&mut self) -> (Vec<usize>, Vec<SocketAddr>) {
        let (mut new, mut gone) = (Vec::new(), Vec::new());
        for _ in 0..ACCEPTED_AT_ONCE {
            let (socket, remote) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if is_out_of_files(&error) => {
                    self.turn_away();
                    break;
                }
                // There is none, or it has gone already.
                Err(_) => break,
            };
            if self.streams.len() >= CONNECTIONS_MAX || self.strangers.len() >= STRANGERS_MAX {
                let Some((_, oldest)) = self.strangers.first_key_value() else { continue };
                let oldest = *oldest;
                new.retain(|number| *number != oldest);
                gone.extend(self.close(oldest));
            }
            let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
            if tune(&socket).is_err() {
                continue;
            }
            // Who comes from the same address again has lost the connection before, and has not told us.
            if let Some(before) = self.by_remote.get(&remote).copied() {
                new.retain(|number| *number != before);
                gone.extend(self.close(before));
            }
            self.arrivals += 1;
            let stranger = Some(self.arrivals);
            let number = self.streams.insert(Stream {
                socket,
                remote,
                stranger,
                came: Frames::default(),
                queue: Vec::new(),
            });
            self.strangers.insert(self.arrivals, number);
            self.by_remote.insert(remote, number);
            new.push(number);
        }
        (new, gone)
    }

    /// Closes a connection that there is no file for. Left waiting, it would be told again and again, and the thread would do
    /// nothing else.
    fn turn_away(&mut self) {
        if let Some(connections) = self.turned_away.note(Instant::now()) {
            tracing::warn!(
                connections,
                "no file is free for connections at the browsers' port: they are closed"
            );
        }
        self.spare = None;
        drop(self.listener.accept());
        self.spare = File::open("/dev/null").ok();
    }

    pub(super) fn socket(&self, number: usize) -> Option<(&TcpStream, SocketAddr)> {
        self.streams.get(number).map(|stream| (&stream.socket, stream.remote))
    }

    /// Reads what has come, one turn of it. `false` if the connection is over once its frames are taken.
    pub(super) fn fill(&mut self, number: usize) -> bool {
        let Some(stream) = self.streams.get_mut(number) else { return true };
        let mut chunk = [0; READ_BYTES];
        match stream.socket.read(&mut chunk) {
            Ok(0) => false,
            Ok(length) => {
                stream.came.push(&chunk[..length]);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    /// The next whole frame: its length in the buffer. An error means that the connection has to be closed.
    pub(super) fn frame(
        &mut self,
        number: usize,
        buffer: &mut [u8; FRAME_BYTES_MAX],
    ) -> Result<Option<usize>, FrameTooLong> {
        let Some(stream) = self.streams.get_mut(number) else { return Ok(None) };
        stream.came.pop(buffer)
    }

    /// Whoever is there has passed a check.
    pub(super) fn prove(&mut self, number: usize) {
        let stranger = self.streams.get_mut(number).and_then(|stream| stream.stranger.take());
        if let Some(stranger) = stranger {
            self.strangers.remove(&stranger);
        }
    }

    /// Connections over which a check was passed: their numbers, and where they lead.
    pub(super) fn proven(&self) -> impl Iterator<Item = (usize, SocketAddr)> {
        let proven = self.streams.iter().filter(|(_, stream)| stream.stranger.is_none());
        proven.map(|(number, stream)| (number, stream.remote))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether nobody there has passed a check.
    pub(super) fn is_stranger(&self, remote: SocketAddr) -> Option<usize> {
        let number = *self.by_remote.get(&remote)?;
        self.streams.get(number)?.stranger.map(|_| number)
    }

    /// Sends a packet, or what is left of earlier ones and then this. `false` if it is lost.
    pub(super) fn send(&mut self, remote: SocketAddr, packet: &[u8]) -> bool {
        let stream = self.by_remote.get(&remote).and_then(|number| self.streams.get_mut(*number));
        let Some(stream) = stream else { return false };
        stream.flush();
        let is_room = stream.queue.len() + HEAD_BYTES + packet.len() <= QUEUE_BYTES_MAX;
        let is_queued = is_room && write_frame(packet, &mut stream.queue);
        stream.flush();
        is_queued
    }

    /// Closes a connection. Returns where it led.
    pub(super) fn close(&mut self, number: usize) -> Option<SocketAddr> {
        let Stream { remote, stranger, .. } = self.streams.try_remove(number)?;
        self.by_remote.remove(&remote);
        if let Some(stranger) = stranger {
            self.strangers.remove(&stranger);
        }
        Some(remote)
    }

    /// How many connections there are, and how many of them are strangers'.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.streams.len(), self.strangers.len())
    }
}

impl Stream {
    fn flush(&mut self) {
        while !self.queue.is_empty() {
            match self.socket.write(&self.queue) {
                Ok(0) => return,
                Ok(length) => {
                    self.queue.drain(..length);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It is full, or gone; the latter is told by reading.
                Err(_) => return,
            }
        }
    }
}

fn tune(socket: &TcpStream) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    // Over the one of two ways that is not in use nothing is sent: that nobody is there any more shows by this alone.
    let signs_of_life = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10))
        .with_retries(3);
    SockRef::from(socket).set_tcp_keepalive(&signs_of_life)
}

fn is_out_of_files(error: &io::Error) -> bool {
    use nix::errno::Errno;
    let number = error.raw_os_error();
    number == Some(Errno::EMFILE as i32) || number == Some(Errno::ENFILE as i32)
}

#[cfg(test)]
mod tests;
