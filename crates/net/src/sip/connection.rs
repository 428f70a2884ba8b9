//! One TCP connection: read, cut into messages, written to; closed when it is silent, slow or broken.

use super::limits::{CONNECT_PATIENCE, IDLE_PATIENCE, MESSAGE_PATIENCE, WRITE_PATIENCE};
use super::sockets::Arrived;
use bytes::Bytes;
use sip::{ConnectionId, Source, Transport};
use sip_message::{Frame, FrameError, StreamFramer};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What a connection's task needs to know.
pub(super) struct Ends {
    pub(super) id: ConnectionId,
    pub(super) remote: SocketAddr,
    pub(super) writes: mpsc::Receiver<Bytes>,
    pub(super) arrivals: mpsc::Sender<Arrived>,
}

/// Opens a connection and serves it to its end.
pub(super) async fn open(ends: Ends) {
    match timeout(CONNECT_PATIENCE, TcpStream::connect(ends.remote)).await {
        Ok(Ok(stream)) => serve(stream, ends).await,
        Ok(Err(_)) | Err(_) => closed(&ends.arrivals, ends.id, ends.remote).await,
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(stream: TcpStream, ends: Ends) {
    let Ends { id, remote, writes, arrivals } = ends;
    // Small messages, answered at once: Nagle's algorithm only adds delay.
    let prepared = stream.set_nodelay(true).and_then(|()| stream.local_addr());
    if let Ok(local) = prepared {
        let source = Source { transport: Transport::Tcp, local, remote, connection: Some(id) };
        let (reader, writer) = stream.into_split();
        let (pongs, pongs_waiting) = mpsc::channel(1);
        tokio::select! {
            ended = read(reader, source, &arrivals, pongs) => log(remote, ended),
            ended = write(writer, writes, pongs_waiting) => log(remote, ended),
        }
    }
    closed(&arrivals, id, remote).await;
}

fn log(remote: SocketAddr, ended: io::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%remote, %error, "connection closed");
    }
}

async fn closed(arrivals: &mpsc::Sender<Arrived>, connection: ConnectionId, remote: SocketAddr) {
    // When nobody listens any more, the program is ending.
    let _ = arrivals.send(Arrived::Closed { connection, remote }).await;
}

async fn read(
    mut reader: OwnedReadHalf,
    source: Source,
    arrivals: &mpsc::Sender<Arrived>,
    pongs: mpsc::Sender<()>,
) -> io::Result<()> {
    let mut framer = StreamFramer::new();
    let mut proven = false;
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let patience = if proven && framer.pending() == 0 { IDLE_PATIENCE } else { MESSAGE_PATIENCE };
        let length = timeout(patience, reader.read(&mut chunk)).await??;
        if length == 0 {
            return Ok(());
        }
        framer.push(&chunk[..length]);
        loop {
            match framer.next_frame() {
                Ok(Some(Frame::Message(bytes))) => {
                    proven = true;
                    if arrivals.send(Arrived::Message { bytes, source }).await.is_err() {
                        return Ok(());
                    }
                }
                Ok(Some(Frame::Ping)) => {
                    proven = true;
                    // A pong that already waits answers this ping too.
                    let _ = pongs.try_send(());
                }
                Ok(Some(Frame::Pong)) => {}
                Ok(None) => break,
                Err(FrameError::Message(error)) => {
                    // What can be answered is, before the connection is closed; the pause lets the answer out.
                    let _ = arrivals.send(Arrived::Broken { error: Box::new(error), source }).await;
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    return Err(io::Error::other("what came is not SIP"));
                }
                Err(error @ FrameError::HeadTooLarge) => return Err(io::Error::other(error)),
            }
        }
    }
}

async fn write(
    mut writer: OwnedWriteHalf,
    mut writes: mpsc::Receiver<Bytes>,
    mut pongs: mpsc::Receiver<()>,
) -> io::Result<()> {
    loop {
        let bytes = tokio::select! {
            bytes = writes.recv() => match bytes {
                Some(bytes) => bytes,
                None => return Ok(()),
            },
            Some(()) = pongs.recv() => Bytes::from_static(StreamFramer::PONG),
        };
        timeout(WRITE_PATIENCE, writer.write_all(&bytes)).await??;
    }
}
