//! Many seeds of a wild crowd on the demo center: loss one by one or in bursts, duplicates, reordering, callers who hang up at any moment,
//! agents who never answer. Every invariant is looked at after every step; what breaks is named with its seed, which
//! repeats it: `hotline simulate --wild --seed SEED --calls 8`.
//!
//! `HOTLINE_SEEDS` says how many, 1 000 if it does not; `HOTLINE_FIRST_SEED` where to begin.

#![allow(
    clippy::disallowed_methods,
    reason = "the number of seeds comes from the environment, the work is spread"
)]

use sim::crowd::{self, Crowd};
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn no_seed_breaks_an_invariant() {
    let seeds = number("HOTLINE_SEEDS").unwrap_or(1_000);
    let first = number("HOTLINE_FIRST_SEED").unwrap_or(1);
    let setup = hotline::simulate::demo_setup().expect("the demo center is right");
    let next = AtomicU64::new(first);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let broken: Vec<_> = std::thread::scope(|scope| {
        let work = || {
            let mut broken = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + seeds {
                    return broken;
                }
                let crowd = Crowd { calls: 8, ..Crowd::wild(seed) };
                broken.extend(crowd::run(setup.clone(), crowd, seed).err().map(|error| error.to_string()));
            }
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a worker that tells")).collect()
    });
    assert!(broken.is_empty(), "{} of {seeds} seeds broke:\n{}", broken.len(), broken.join("\n"));
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number of seeds"))
}
