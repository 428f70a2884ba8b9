//! A router between somebody and a server, as networks have them: what goes out comes from an address of its own, and the test
//! can let that become another one in the middle of a call.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long it waits on one side before it looks at the other.
const LOOK: Duration = Duration::from_millis(1);

/// Passes datagrams on until it is dropped.
#[derive(Debug)]
pub struct Router {
    inside: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    /// The side that the server sees.
    outside: Mutex<UdpSocket>,
    /// The last number of its address: all of 127.0.0.0/8 is this machine.
    last: AtomicU8,
    /// How many datagrams of the server's came in by the address it has now.
    back: AtomicUsize,
    over: AtomicBool,
}

impl Router {
    /// A router before this server.
    pub fn before(server: SocketAddr) -> Router {
        let inside = socket(1);
        let address = inside.local_addr().expect("its address");
        let (last, back, over) = (AtomicU8::new(2), AtomicUsize::new(0), AtomicBool::new(false));
        let shared = Arc::new(Shared { server, outside: Mutex::new(socket(2)), last, back, over });
        let told = Arc::clone(&shared);
        let thread = thread::spawn(move || pass_on(&inside, &told));
        Router { inside: address, shared, thread: Some(thread) }
    }

    /// Where those behind it reach the server.
    pub fn inside(&self) -> SocketAddr {
        self.inside
    }

    /// What goes out comes from another address from now on, and what is sent to the old one is lost.
    pub fn moves(&self) {
        let last = self.shared.last.fetch_add(1, Ordering::SeqCst) + 1;
        *self.shared.outside.lock().expect("no test panics while it holds this") = socket(last);
        self.shared.back.store(0, Ordering::SeqCst);
    }

    /// How many datagrams the server has sent to the address that it has now.
    pub fn came_back(&self) -> usize {
        self.shared.back.load(Ordering::SeqCst)
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn pass_on(inside: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 2_048];
    let mut client = None;
    while !shared.over.load(Ordering::SeqCst) {
        while let Some((length, from)) = next(inside, &mut buffer) {
            client = Some(from);
            let outside = shared.outside.lock().expect("no test panics while it holds this");
            let _ = outside.send_to(&buffer[..length], shared.server);
        }
        loop {
            let outside = shared.outside.lock().expect("no test panics while it holds this");
            let Some((length, from)) = next(&outside, &mut buffer) else { break };
            drop(outside);
            if let (Some(client), true) = (client, from == shared.server) {
                shared.back.fetch_add(1, Ordering::SeqCst);
                let _ = inside.send_to(&buffer[..length], client);
            }
        }
    }
}

fn next(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    match socket.recv_from(buffer) {
        Ok(found) => Some(found),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        // What an ICMP message said of an earlier datagram.
        Err(_) => None,
    }
}

fn socket(last: u8) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).expect("a socket");
    socket.set_read_timeout(Some(LOOK)).expect("a socket waits as long as it is told");
    socket
}
