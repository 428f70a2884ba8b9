//! What stands between somebody's connections and a server, as networks do: they come to the server from an address of its own,
//! and the test can let the network become another one, which breaks every connection there is.
//!
//! [`crate::router`] is the same for datagrams.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use socket2::{Domain, Socket, Type};

/// Passes connections on until it is dropped.
#[derive(Debug)]
pub struct Gate {
    shared: Arc<Shared>,
    inside: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    /// The last number of the address that the server sees: all of 127.0.0.0/8 is this machine.
    outside: AtomicU8,
    /// Both ends of all that goes through.
    open: Mutex<Vec<TcpStream>>,
    over: AtomicBool,
}

impl Gate {
    /// A gate before this server.
    pub fn before(server: SocketAddr) -> Gate {
        Gate::at(0, server)
    }

    /// The same, reached at this port. To a browser it is another place than the server: pages of one are strangers to the other.
    pub fn at(port: u16, server: SocketAddr) -> Gate {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
        let inside = listener.local_addr().expect("its address");
        let (outside, open, over) = (AtomicU8::new(2), Mutex::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { server, outside, open, over });
        let told = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &told));
        Gate { shared, inside }
    }

    /// Where those behind it reach the server.
    pub fn inside(&self) -> SocketAddr {
        self.inside
    }

    /// Every connection breaks, and new ones come from another address.
    pub fn moves(&self) {
        self.shared.outside.fetch_add(1, Ordering::SeqCst);
        self.shared.breaks();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.breaks();
        // Somebody who comes lets it look whether it is over.
        let _ = TcpStream::connect(self.inside);
    }
}

impl Shared {
    fn breaks(&self) {
        for stream in self.open.lock().expect("no test panics while it holds this").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// A connection to the server, from the address of now.
    fn connect(&self) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let outside = Ipv4Addr::new(127, 0, 0, self.outside.load(Ordering::SeqCst));
        socket.bind(&SocketAddr::from((outside, 0)).into())?;
        socket.connect(&self.server.into())?;
        Ok(socket.into())
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        // Whoever is not let through is closed, and may try again.
        if let Ok(stream) = stream {
            let _ = pass_on(stream, shared);
        }
    }
}

/// Lets a connection through, both ways.
fn pass_on(near: TcpStream, shared: &Shared) -> io::Result<()> {
    let far = shared.connect()?;
    for (mut from, mut to) in [(near.try_clone()?, far.try_clone()?), (far.try_clone()?, near.try_clone()?)] {
        thread::spawn(move || {
            // What is said is passed on to the end, and so is the end.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    shared.open.lock().expect("no test panics while it holds this").extend([near, far]);
    Ok(())
}
