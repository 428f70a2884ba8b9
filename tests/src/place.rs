//! Where a test puts its files, and which ports are its own.
//!
//! Files stay after the test, under `target/interop/<test>`, so that a failure can be looked at; they are removed when
//! the test starts again.

use std::fs;
use std::net::{IpAddr, Ipv6Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ports below the kernel's own range for outgoing sockets, so that nobody gets one of ours by chance.
const PORTS: RangeInclusive<u16> = 20_000..=31_999;

/// Ports for phones and load generators: where they listen and are controlled.
const PROGRAM_PORTS: RangeInclusive<u16> = 15_000..=17_999;

/// Ports for the sound of load generators, between those and the servers'.
const LOAD_PORTS: RangeInclusive<u16> = 18_000..=19_999;

/// How many of them one load generator may use.
const PORTS_PER_LOAD: u16 = 50;

/// How many ports one test gets: one for every leg of every call it makes, and RTCP.
const PORTS_PER_TEST: u16 = 200;

/// The folder cargo builds into, found from the running test.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/<profile>/deps/<test>
    test.ancestors().nth(3).expect("a test lies in the target folder").to_path_buf()
}

/// A program cargo built next to the running test.
pub fn built(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    test.ancestors().nth(2).expect("a test lies in the target folder").join(program)
}

/// An empty folder for a test.
pub fn folder(test: &str) -> PathBuf {
    let folder = target().join("interop").join(test);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    }
    fs::create_dir_all(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    folder
}

/// A range of RTP ports for a test. Each process starts its search elsewhere, so two that run at once do not meet.
pub fn rtp_ports() -> RangeInclusive<u16> {
    let slots = (PORTS.end() - PORTS.start()) / PORTS_PER_TEST;
    let first = (std::process::id() % u32::from(slots)) as u16;
    for turn in 0..slots {
        let low = PORTS.start() + (first + turn) % slots * PORTS_PER_TEST;
        let range = low..=low + PORTS_PER_TEST - 1;
        if range.clone().step_by(10).all(|port| UdpSocket::bind(("127.0.0.1", port)).is_ok()) {
            return range;
        }
    }
    panic!("no free range of {PORTS_PER_TEST} UDP ports between {} and {}", PORTS.start(), PORTS.end());
}

/// A port that was free a moment ago, over UDP and TCP, for programs that cannot be told "any".
///
/// It lies below the kernel's own range: a connection that somebody opens in the meantime cannot take it.
pub fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let count = PROGRAM_PORTS.end() - PROGRAM_PORTS.start();
    for _ in 0..count {
        let turn = std::process::id().wrapping_mul(37).wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
        let port = PROGRAM_PORTS.start() + (turn % u32::from(count)) as u16;
        if !has_connections(port)
            && UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
        {
            return port;
        }
    }
    panic!("no free port between {} and {}", PROGRAM_PORTS.start(), PROGRAM_PORTS.end());
}

/// The first of some ports for a load generator's sound, free a moment ago.
pub fn load_port(here: IpAddr) -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let slots = (LOAD_PORTS.end() - LOAD_PORTS.start() + 1) / PORTS_PER_LOAD;
    let turn = std::process::id().wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
    let first = (turn % u32::from(slots)) as u16;
    (0..slots)
        .map(|turn| LOAD_PORTS.start() + (first + turn) % slots * PORTS_PER_LOAD)
        .find(|low| (0..8).all(|more| UdpSocket::bind((here, low + more)).is_ok()))
        .unwrap_or_else(|| {
            panic!("no free UDP ports between {} and {}", LOAD_PORTS.start(), LOAD_PORTS.end())
        })
}

/// Whether a connection of an earlier program lingers on this port. Rust may listen there all the same; programs that do
/// not say that they do not mind may not.
fn has_connections(port: u16) -> bool {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    table.contains(&format!(":{port:04X} "))
}

/// Whether this machine speaks IPv6 with itself. Where it does not, that must have been said (docs/testing.md), or nobody
/// would know that nothing of it is tested.
pub fn has_ipv6() -> bool {
    let has = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let without = std::env::var("HOTLINE_TESTS_WITHOUT").unwrap_or_default();
    assert!(
        has || without.split(',').any(|name| name == "ipv6"),
        "this machine has no IPv6: give it the address ::1, or leave this out with HOTLINE_TESTS_WITHOUT=ipv6"
    );
    has
}

/// The path of a program, or a failure that says how to get it.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()).unwrap_or_else(|| {
        panic!("the program {name} is missing (Debian package {package}): `make test` installs what the tests need")
    })
}

/// The last lines of a text file, for a failure's message.
pub fn tail(path: &Path, lines: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
