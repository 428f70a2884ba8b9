//! Ports that change threads leave no socket behind. Alone in its process, which therefore has no other descriptors.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "floor 4 touches the world: sockets, threads, files"
)]

use crossbeam_channel::unbounded;
use media::{Command, Event, PortId};
use net::rtp::{Config, MediaThreads};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// How long anything may take on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn ports_that_have_been_on_several_threads_leave_no_descriptor_behind() {
    let (tell, events) = unbounded();
    let mut config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), [1; 32]);
    (config.threads, config.ports_per_thread_first, config.ports) = (3, 1, 34_400..=34_499);
    let threads =
        MediaThreads::start(config, move |event| tell.send(event).unwrap_or_default(), |_| true).unwrap();
    let order = |command| threads.command(command).unwrap();
    let mut before = None;
    for round in 0..30u64 {
        let ports = [0, 1, 2, 3].map(|number| PortId::from_u64(4 * round + number));
        for port in ports {
            threads.open(port, port.as_u64()).unwrap();
        }
        let [a, b, c, d] = ports;
        order(Command::Bridge { a, b });
        order(Command::Bridge { a: c, b: d });
        order(Command::Hear { listener: d, speaker: a, on: true });
        if round % 2 == 0 {
            order(Command::Bridge { a: b, b: c });
        }
        for port in ports {
            order(Command::Close { port });
        }
        for _ in ports {
            let event = events.recv_timeout(PATIENCE).expect("all are told to be closed");
            assert!(matches!(event, Event::Closed { .. }), "{event:?}");
        }
        // Those that are bound ahead are there from the first release on.
        threads.release();
        let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
        assert_eq!(*before.get_or_insert(open), open, "after round {round}");
    }
    assert!(threads.counts().iter().map(|counts| counts.adopted).sum::<u64>() >= 60);
    threads.stop();
}
