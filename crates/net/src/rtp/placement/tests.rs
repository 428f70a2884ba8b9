//! Several engines, brought together by the placement, behave as one engine that has all ports.

use super::*;
use base::{IdSource, Now};
use media::{Engine, Event, Outbox, Recorded};
use proptest::prelude::*;

/// How many ports, threads, groups, recordings and conferences there are.
const PORTS: u64 = 9;
const THREADS: usize = 3;
const GROUPS: u64 = 5;
const RECORDINGS: u64 = 6;
const CONFERENCES: u64 = 3;

#[test]
fn calls_go_to_the_first_thread_that_has_room_and_time() {
    let idle = [Some(0); 3];
    for (ports, busy, goes_to) in [
        ([0, 0, 0], idle, 0),
        ([9, 0, 0], [Some(499), Some(0), Some(0)], 0),
        ([10, 0, 0], [Some(100), Some(0), Some(0)], 1),
        // A few calls in Opus keep a thread as busy as many in G.711.
        ([4, 2, 0], [Some(900), Some(950), Some(0)], 2),
        // What is left of the last second of a thread that has no ports any more does not count.
        ([4, 0, 3], [Some(920), Some(990), Some(100)], 1),
        // All are full: the one with the most time takes it, and of two like it the emptier one.
        ([10, 12, 11], [Some(800), Some(300), Some(400)], 1),
        ([13, 12, 14], [Some(900), Some(900), Some(900)], 1),
        // Nothing goes to one that has ended.
        ([0, 0, 0], [None, Some(0), Some(0)], 1),
        ([10, 10, 10], [None, Some(900), Some(800)], 2),
    ] {
        let mut placement = Placement::new(3, 10);
        placement.ports_by_thread = ports.to_vec();
        assert_eq!(placement.thread_for(7, &|thread| busy[thread]), goes_to, "{ports:?} {busy:?}");
    }
    let mut placement = Placement::new(3, 10);
    placement.open(port(1), 7, 2, None);
    assert_eq!(placement.thread_for(7, &|_| Some(1_000)), 2, "a call stays together, whatever it costs");
}

#[test]
fn the_smaller_set_moves_and_takes_along_whatever_is_tied_to_it() {
    let mut world = World::new();
    for (number, group, thread) in [(1, 1, 0), (2, 1, 0), (3, 2, 0), (4, 3, 1), (5, 4, 1), (6, 5, 1)] {
        world.open_at(port(number), group, thread);
    }
    world.obey(&Command::Hear { listener: port(3), speaker: port(2), on: true });
    world.obey(&Command::Record { recording: recording(1), left: port(4), right: Some(port(5)) });
    let meeting = Command::Bridge { a: port(1), b: port(5) };
    let plan = world.placement.plan(&meeting, &idle);
    let moves = vec![Move { from: 1, to: 0, ports: vec![port(4), port(5)] }];
    assert_eq!(plan, Ok(Plan { moves, thread: Some(0) }));
    world.obey(&meeting);
    assert_eq!(world.placement.ports_by_thread, [5, 1, 0]);
    // The recording has moved with its ports, and the one thread that has it ends it.
    let stop = Command::StopRecord { recording: recording(1) };
    assert_eq!(world.placement.plan(&stop, &idle).map(|plan| plan.thread), Ok(Some(0)));
    world.obey(&stop);
    assert_eq!(world.placement.plan(&stop, &idle).map(|plan| plan.thread), Ok(None));
    world.check();
}

#[test]
fn a_port_that_a_full_conference_refuses_keeps_its_partner_when_it_moves() {
    let mut world = World::new();
    let members = CONFERENCE_PORTS_MAX as u64;
    let join =
        |number| Command::Join { port: port(number), conference: conference(1), speaks: true, listens: true };
    for number in 0..members {
        world.open_at(port(number), number, 0);
        world.obey(&join(number));
    }
    let [caller, agent, other] = [members, members + 1, members + 2];
    for (number, thread) in [(caller, 1), (agent, 2), (other, 1)] {
        world.open_at(port(number), number, thread);
    }
    world.obey(&Command::Bridge { a: port(caller), b: port(agent) });
    world.obey(&join(caller));
    let refused = Event::JoinRefused { port: port(caller), conference: conference(1) };
    assert!(world.events.contains(&refused));
    assert_eq!(world.placement.thread_of(port(agent)), Some(0), "its partner went along");
    assert!(world.placement.closed_set(port(agent)).contains(&port(caller)), "and stays tied to it");
    world.obey(&Command::Hear { listener: port(other), speaker: port(agent), on: true });
    world.check();
}

#[test]
fn a_recording_that_found_no_place_at_a_port_stays_where_it_was_begun() {
    let mut world = World::new();
    world.open_at(port(1), 1, 0);
    world.open_at(port(2), 2, 1);
    let full = TAPS_PER_PORT_MAX as u64;
    for key in 0..=full {
        world.obey(&Command::Record { recording: recording(key), left: port(1), right: None });
    }
    // The last one has no side, and whoever is to be recorded comes to it.
    let record = Command::Record { recording: recording(full), left: port(2), right: None };
    assert_eq!(world.placement.plan(&record, &idle).map(|plan| plan.thread), Ok(Some(0)));
    world.obey(&record);
    assert_eq!(world.placement.thread_of(port(2)), Some(0));
    world.check();
}

#[test]
fn a_browser_comes_to_the_door_once_and_with_whoever_is_tied_to_it_or_not_at_all() {
    let mut placement = placed(4, &[(1, 1, 0), (2, 1, 0), (3, 2, 1), (4, 2, 1), (5, 3, 2)]);
    let stays = Ok(Plan { moves: vec![], thread: Some(1) });
    let comes = Move { from: 1, to: 0, ports: vec![port(3), port(4)] };
    let comes = Ok(Plan { moves: vec![comes], thread: Some(0) });
    assert_eq!(placement.plan_browser(port(3), &idle), comes);
    for busy in [None, Some(500)] {
        assert_eq!(placement.plan_browser(port(3), &|_| busy), stays, "the door has no time");
    }
    placement.open(port(6), 1, 0, None);
    assert_eq!(placement.plan_browser(port(3), &idle), stays, "there is room for one and not for two");
    placement.close(port(6));
    // What is agreed with it anew says again that it is a browser's.
    placement.set_browser(port(3), true);
    assert_eq!(placement.plan_browser(port(3), &idle), stays);
    assert_eq!(placement.plan_browser(port(9), &idle), Err(port(9)));
}

#[test]
fn half_of_the_door_is_kept_for_browsers_while_there_are_any() {
    let goes_to = |ports: [usize; 3], browsers: usize| {
        let mut placement = Placement::new(3, 10);
        (placement.ports_by_thread, placement.browsers) = (ports.to_vec(), browsers);
        placement.thread_for(7, &idle)
    };
    assert_eq!(goes_to([9, 0, 0], 0), 0, "nobody else needs it");
    assert_eq!(goes_to([4, 0, 0], 1), 0, "one thread is enough for all");
    assert_eq!(goes_to([5, 0, 0], 1), 1);
    assert_eq!(goes_to([5, 10, 0], 1), 2);
    assert_eq!(goes_to([5, 10, 10], 1), 0, "but not while the others are full");
    let mut placement = placed(10, &[(1, 1, 0), (2, 2, 0)]);
    for (number, is_browser, browsers) in [(1, true, 1), (1, true, 1), (2, true, 2), (2, false, 1)] {
        placement.set_browser(port(number), is_browser);
        assert_eq!(placement.browsers, browsers);
    }
    placement.close(port(1));
    assert_eq!(placement.browsers, 0);
}

#[test]
fn browsers_keep_to_the_door_if_they_are_there_and_it_has_room() {
    // So many who talk on another thread, all by browsers, and a browser at the door that is to hear them.
    for (talk, room, busy, goes_to) in [
        (8, 100, 0, DOOR),
        // Those who talk have their packets cross already, so it is one browser that counts, and not ten.
        (10, 100, 0, 1),
        // The door has no room for them, or no time.
        (3, 4, 0, DOOR),
        (3, 3, 0, 1),
        (3, 100, 500, 1),
    ] {
        let ports: Vec<_> = (1..=talk).map(|number| (number, 1, 1)).chain([(20, 2, DOOR)]).collect();
        let mut placement = placed(room, &ports);
        for (number, ..) in ports {
            placement.set_browser(port(number), true);
        }
        let listens = Command::Hear { listener: port(20), speaker: port(1), on: true };
        let plan = placement.plan(&listens, &|thread| Some(if thread == DOOR { busy } else { 0 }));
        assert_eq!(plan.map(|plan| plan.thread), Ok(Some(goes_to)), "{talk} {room} {busy}");
    }
}

#[test]
fn nobody_is_brought_to_a_thread_that_has_failed() {
    let placement = placed(10, &[(1, 1, 1), (2, 1, 1), (3, 2, 2)]);
    let bridge = Command::Bridge { a: port(3), b: port(1) };
    let to = |failed: &[usize]| {
        let busy = |thread: usize| (!failed.contains(&thread)).then_some(0);
        placement.plan(&bridge, &busy).map(|plan| plan.thread)
    };
    assert_eq!(to(&[]), Ok(Some(1)));
    assert_eq!(to(&[1]), Ok(Some(2)));
    assert_eq!(to(&[1, 2]), Err(port(3)), "both are about to end");
}

#[derive(Clone, Debug)]
enum Step {
    Open(u64, u64),
    Configure(u64),
    Bridge(u64, u64),
    Unbridge(u64),
    Echo(u64, bool),
    Record(u64, u64, Option<u64>),
    StopRecord(u64),
    Join(u64, u64, bool),
    Leave(u64),
    Hear(u64, u64, bool),
    Close(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let port = || 0..PORTS;
    prop_oneof![
        4 => (port(), 0..GROUPS).prop_map(|(port, group)| Step::Open(port, group)),
        3 => port().prop_map(Step::Configure),
        4 => (port(), port()).prop_map(|(a, b)| Step::Bridge(a, b)),
        1 => port().prop_map(Step::Unbridge),
        1 => (port(), any::<bool>()).prop_map(|(port, on)| Step::Echo(port, on)),
        3 => (0..RECORDINGS, port(), proptest::option::of(port())).prop_map(|(key, left, right)| Step::Record(key, left, right)),
        1 => (0..RECORDINGS).prop_map(Step::StopRecord),
        3 => (port(), 0..CONFERENCES, any::<bool>()).prop_map(|(port, key, speaks)| Step::Join(port, key, speaks)),
        1 => port().prop_map(Step::Leave),
        3 => (port(), port(), prop_oneof![3 => Just(true), 1 => Just(false)]).prop_map(|(listener, speaker, on)| Step::Hear(listener, speaker, on)),
        1 => port().prop_map(Step::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn several_engines_that_ports_move_between_draw_the_picture_of_one(steps in proptest::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check();
        }
        for number in 0..PORTS {
            world.take(&Step::Close(number));
        }
        for key in 0..RECORDINGS {
            world.take(&Step::StopRecord(key));
        }
        world.check();
        prop_assert!(world.threads.iter().all(Engine::is_empty));
        let placement = &world.placement;
        prop_assert_eq!(&placement.ports_by_thread, &[0; THREADS]);
        prop_assert!(placement.groups.is_empty() && placement.conferences.is_empty() && placement.recordings.is_empty());
        // Each port and each recording ends once, wherever it is.
        world.events.sort_by_key(|event| format!("{event:?}"));
        world.events_of_one.sort_by_key(|event| format!("{event:?}"));
        prop_assert_eq!(&world.events, &world.events_of_one);
    }
}

/// Engines of several threads, and one that gets the same commands and has everything.
struct World {
    placement: Placement,
    threads: Vec<Engine>,
    one: Engine,
    events: Vec<Event>,
    events_of_one: Vec<Event>,
}

impl World {
    fn new() -> Self {
        Self {
            placement: Placement::new(THREADS, 1),
            threads: (0..THREADS as u64).map(|seed| Engine::silent(IdSource::new(seed))).collect(),
            one: Engine::silent(IdSource::new(9)),
            events: vec![],
            events_of_one: vec![],
        }
    }

    fn take(&mut self, step: &Step) {
        let command = match *step {
            Step::Open(number, group) => {
                if !self.placement.has(port(number)) {
                    let thread = self.placement.thread_for(group, &idle);
                    self.open_at(port(number), group, thread);
                }
                return;
            }
            Step::Configure(number) => Command::Configure {
                port: port(number),
                remote: ([127, 0, 0, 1], 5_000).into(),
                format: media::Format::of(media::Codec::Pcmu),
                telephone_event: None,
                send: true,
                receive: true,
                sealing: None,
                rtcp_mux: false,
            },
            Step::Bridge(a, b) => Command::Bridge { a: port(a), b: port(b) },
            Step::Unbridge(number) => Command::Unbridge { port: port(number) },
            Step::Echo(number, on) => Command::Echo { port: port(number), on },
            Step::Record(key, left, right) => {
                Command::Record { recording: recording(key), left: port(left), right: right.map(port) }
            }
            Step::StopRecord(key) => Command::StopRecord { recording: recording(key) },
            Step::Join(number, key, speaks) => {
                Command::Join { port: port(number), conference: conference(key), speaks, listens: true }
            }
            Step::Leave(number) => Command::Leave { port: port(number) },
            Step::Hear(listener, speaker, on) => {
                Command::Hear { listener: port(listener), speaker: port(speaker), on }
            }
            Step::Close(number) => Command::Close { port: port(number) },
        };
        match self.placement.plan(&command, &idle) {
            // Nobody is told to obey it; the engine would shrug.
            Err(_) => {}
            Ok(_) => self.obey(&command),
        }
    }

    fn open_at(&mut self, port: PortId, group: u64, thread: usize) {
        self.placement.open(port, group, thread, None);
        for engine in [&mut self.threads[thread], &mut self.one] {
            engine.handle_command(Command::Open { port }, Now::default());
        }
    }

    fn obey(&mut self, command: &Command) {
        let now = Now::default();
        let plan = self.placement.plan(command, &idle).expect("it can be obeyed");
        for moved in &plan.moves {
            let parcel = self.threads[moved.from].release(&moved.ports, now);
            self.threads[moved.to].adopt(parcel, now);
            self.placement.moved(moved);
        }
        if let Some(thread) = plan.thread {
            self.threads[thread].handle_command(command.clone(), now);
        }
        self.one.handle_command(command.clone(), now);
        self.placement.follow(command);
        for engine in &mut self.threads {
            engine.handle_timeout(now, &mut Nowhere);
            self.events.extend(std::iter::from_fn(|| engine.poll_event()));
        }
        self.one.handle_timeout(now, &mut Nowhere);
        self.events_of_one.extend(std::iter::from_fn(|| self.one.poll_event()));
    }

    /// The picture is the same, and everybody is where the placement says.
    fn check(&self) {
        let mut routes: Vec<_> = self.threads.iter().flat_map(Engine::routes).collect();
        routes.sort_by_key(|route| route.listener);
        assert_eq!(routes, self.one.routes());
        let mut recordings: Vec<_> = self.threads.iter().flat_map(Engine::recordings).collect();
        recordings.sort_unstable();
        assert_eq!(recordings, self.one.recordings().collect::<Vec<_>>());
        let mut conferences: Vec<_> = self.threads.iter().flat_map(Engine::conferences).collect();
        conferences.sort_unstable();
        assert_eq!(conferences, self.one.conferences().collect::<Vec<_>>());
        for (thread, engine) in self.threads.iter().enumerate() {
            assert_eq!(engine.ports().len(), self.placement.ports_by_thread[thread]);
            for port in engine.ports() {
                assert_eq!(self.placement.thread_of(port), Some(thread));
            }
        }
    }
}

/// All threads are well and have time.
fn idle(_: usize) -> Option<u32> {
    Some(0)
}

/// Three threads with room for so many ports first, and ports by their numbers, groups and threads.
fn placed(room: usize, ports: &[(u64, u64, usize)]) -> Placement {
    let mut placement = Placement::new(THREADS, room);
    for (number, group, thread) in ports {
        placement.open(port(*number), *group, *thread, None);
    }
    placement
}

struct Nowhere;

impl Outbox for Nowhere {
    fn send(&mut self, _: PortId, _: media::Channel, _: std::net::SocketAddr, _: &[u8]) {}

    fn record(&mut self, _: &Recorded) -> bool {
        true
    }
}

fn port(number: u64) -> PortId {
    PortId::from_u64(number)
}

fn recording(number: u64) -> RecordingKey {
    RecordingKey::from_u64(number)
}

fn conference(number: u64) -> ConferenceKey {
    ConferenceKey::from_u64(number)
}
