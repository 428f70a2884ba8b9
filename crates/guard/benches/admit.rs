//! Nanoseconds for one decision about one message, with full tables.
//!
//! `cargo bench -p guard`. Each figure is the best of many short rounds, because other work on the machine only ever adds
//! to it; compare figures of one run only.

#![expect(clippy::print_stdout, reason = "printing the figures is what this program is for")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench looks at the clock; the crate does not"
)]

use base::{Duration, IdSource, Now};
use guard::{Asked, Guard, Kind, Settings, Standing, Way};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

fn main() {
    let mut guard =
        Guard::new(Settings { ban: Duration::from_secs(24 * 3600), ..Settings::default() }, IdSource::new(1));
    let now = Now::default().after(Duration::from_secs(1));
    for n in 0..100_000 {
        guard.acquaint(address(0x0a, n), now);
    }
    for n in 0..10_000 {
        ask(&mut guard, address(0x0b, n), "pplsip", now);
    }
    for n in 0..20_000 {
        ask(&mut guard, address(0x0c, n), "", now);
    }
    println!("{:?}", guard.snapshot());
    let mut n = 0;
    let mut next = |of: u32| {
        n = (n + 7919) % of;
        n
    };
    report("a banned place knocks", || guard.knock(address(0x0b, next(10_000)), Way::Datagram, 500, now));
    report("a phone's request", || ask(&mut guard, address(0x0a, next(100_000)), "Phone/1", now));
    report("a stranger's request", || ask(&mut guard, address(0x0c, next(20_000)), "Phone/1", now));
    report("a made-up address's request", || ask(&mut guard, address(0x0d, next(1 << 24)), "Phone/1", now));
}

fn ask(guard: &mut Guard, from: IpAddr, device: &str, now: Now) -> Option<guard::Verdict> {
    let standing = guard.knock(from, Way::Datagram, 500, now)?;
    let kind = if standing == Standing::Known { Kind::Registration } else { Kind::Call };
    let asked = Asked {
        standing,
        from,
        way: Way::Datagram,
        kind,
        belongs: false,
        identity: "1001",
        device,
        emergency: false,
    };
    Some(guard.admit(&asked, now))
}

fn address(net: u32, n: u32) -> IpAddr {
    IpAddr::from(Ipv4Addr::from_bits(net << 24 | n))
}

fn report<T>(what: &str, mut work: impl FnMut() -> T) {
    const ROUND: u32 = 2_000;
    let best = (0..200)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..ROUND {
                black_box(work());
            }
            begin.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!("{:6} ns  {what}", best.as_nanos() / u128::from(ROUND));
}
