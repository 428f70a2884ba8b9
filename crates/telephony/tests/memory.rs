//! What a call costs in memory: counted by the allocator itself, from the dialogs to the ports.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

mod house;

use base::{Duration, IdSource};
use house::{CARRIER, House, answer, fresh, request};
use media::{Command, Engine};
use model::{LegCommand, LegId, Party, Target};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use telephony::{Input, Protection};

struct Counting;

thread_local! {
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.set(LIVE.get() + layout.size() as i64);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get() - layout.size() as i64);
        // SAFETY: the pointer came from the system's allocator, by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a call of two legs may hold while it is talked, dialogs and ports and all. The goal for the whole server is 50 kB,
/// of which this is what grows with each call.
const CALL_BYTES_MAX: i64 = 12 * 1024;

/// What the same may hold in its first half minute, while SIP still waits for messages that come again.
const YOUNG_CALL_BYTES_MAX: i64 = 16 * 1024;

const SOUND: &str = "v=0\r\no=- 1 1 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n\
                     m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

#[test]
fn a_call_holds_no_more_than_it_needs() {
    // Lists that double have as much room to spare at the second as at the first.
    let (first, second) = (64, 128);
    let mut calls = Calls::new();
    calls.begin(first);
    let before = calls.live();
    calls.begin(second);
    let young = (calls.live() - before) / i64::from(second - first);
    assert!(young <= YOUNG_CALL_BYTES_MAX, "{young} bytes for each young call");

    // Both lots have grown old in the same way.
    let mut calls = Calls::new();
    calls.begin(first);
    calls.house.passes(Duration::from_secs(60));
    let before = calls.live();
    calls.begin(second);
    calls.house.passes(Duration::from_secs(60));
    let old = (calls.live() - before) / i64::from(second - first);
    assert!(old <= CALL_BYTES_MAX, "{old} bytes for each call");
    assert!(old > 2 * size_of::<usize>() as i64 && young > old, "the counter counts: {young} and {old}");
}

/// Telephony and a sound graph with calls through them.
struct Calls {
    house: House,
    engine: Engine,
    begun: u32,
}

impl Calls {
    fn new() -> Self {
        Self { house: House::new(Protection::default()), engine: Engine::new(IdSource::new(3)), begun: 0 }
    }

    /// What lives, without what the test keeps of it.
    fn live(&mut self) -> i64 {
        let house = &mut self.house;
        (house.sent, house.sent_to, house.ladder) = (Vec::new(), Vec::new(), Vec::new());
        (house.told, house.sound, house.log) = (Vec::new(), Vec::new(), Vec::new());
        LIVE.get()
    }

    /// Goes on until so many calls have begun.
    fn begin(&mut self, until: u32) {
        for number in self.begun..until {
            let a = self.arrives(number);
            let b = self.dials(a);
            self.house.feed(Input::Command(LegCommand::Answer { leg: a }));
            let answered = self.house.sent.last().expect("an answer").clone();
            self.acknowledges(number, &answered);
            self.house.feed(Input::Command(LegCommand::Bridge { a, b }));
            self.sounds();
            self.house.passes(Duration::from_millis(10));
        }
        self.begun = until;
    }

    fn arrives(&mut self, number: u32) -> LegId {
        let more = format!(
            "Contact: <sip:{CARRIER}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n",
            SOUND.len()
        );
        let head = request("INVITE", "sip:4000@hotline.test", "5550100", "4000", &more);
        let head = head.replace("Content-Length: 0\r\n", "");
        self.house.hears(CARRIER, &(fresh(&head, number) + SOUND));
        self.sounds();
        self.house.arrived.take().expect("the call arrives")
    }

    fn acknowledges(&mut self, number: u32, answered: &str) {
        let to = answered.lines().find(|line| line.starts_with("To: ")).expect("a To");
        let ack = request("ACK", "sip:192.0.2.1:5060", "5550100", "4000", "");
        let lines: Vec<_> =
            ack.lines().map(|line| if line.starts_with("To: ") { to } else { line }).collect();
        // The ACK of a 2xx is a transaction of its own (RFC 3261 §13.2.2.4).
        let text = lines.join("\r\n") + "\r\n\r\n";
        let text = fresh(&text, number).replace("z9hG4bK", "z9hG4bKack");
        self.house.hears(CARRIER, &text);
    }

    fn dials(&mut self, beside: LegId) -> LegId {
        let leg = LegId::generate(&mut self.house.ids);
        let sent = self.house.sent.len();
        self.house.feed(Input::Command(LegCommand::Dial {
            leg,
            target: Target::Number("9123".to_owned()),
            caller: Party::number("5550100"),
            beside: Some(beside),
            ring: Duration::from_secs(30),
            charged: None,
            follows: false,
        }));
        let invite = self.house.sent[sent].clone();
        for status in [180, 200] {
            let answer = answer(&invite, status, if status == 200 { SOUND } else { "" });
            self.house.hears(CARRIER, &answer);
        }
        self.sounds();
        leg
    }

    /// What the sound graph was told, it does.
    fn sounds(&mut self) {
        for command in std::mem::take(&mut self.house.sound) {
            if let Command::Configure { port, .. } = &command
                && self.engine.quality(*port).is_none()
            {
                self.engine.handle_command(Command::Open { port: *port }, self.house.now);
            }
            self.engine.handle_command(command, self.house.now);
            while self.engine.poll_event().is_some() {}
        }
    }
}
