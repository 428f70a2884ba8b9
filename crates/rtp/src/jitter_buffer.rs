//! An adaptive jitter buffer: packets in as they come, out in their order and in their time.
//!
//! ```text
//!  push(packet, now)   kept, or refused as late, doubled, or too much
//!  pull(at)            what is to be heard from `at` on:
//!                        Packet   play it
//!                        Lost     conceal so much; the packet behind it is here already
//!                        Nothing  nothing is here: conceal, or keep quiet, and ask again
//! ```
//!
//! Whoever plays asks for the sound of a moment, and gets a whole packet; what is left of it is heard before the next
//! question. Packets are held for as long as [`Lateness`] advises. When nothing is here in time, the play waits, and by
//! waiting the hold grows; when the hold is longer than advised, [`Pull::Packet`] says by how much, so that the player can
//! take out what nobody misses, and pauses of the far end are cut a little shorter.
//!
//! Sequence numbers tell a lost packet from a far end that keeps quiet: only the former leaves a gap in them. There is no
//! sound here and no clock; the memory is taken once, [`SLOTS_MAX`] packets and [`BYTES_MAX`] bytes of payload.

use crate::lateness::Lateness;
use crate::{Header, RtpTime, SeqNumber};
use base::{Duration, Instant};

/// How many packets are held; a further one is refused. Three hundred milliseconds of the shortest packets.
pub const SLOTS_MAX: usize = 32;

/// How many bytes of payload are held; the packets that a new one has to make room for are forgotten, oldest first.
pub const BYTES_MAX: usize = 6_144;

/// The longest that sound is held. What is older is skipped when there is something behind it.
pub const HELD_MAX: Duration = Duration::from_millis(300);

/// How far the hold may be above what is advised before anything is done about it.
pub const SLACK: Duration = Duration::from_millis(20);

/// How much is concealed at once, so that a latecomer still finds its place behind it.
const STEP: Duration = Duration::from_millis(20);

/// A gap shorter than this is rounding, not loss.
const ROUNDING: Duration = Duration::from_millis(2);

/// A timestamp further away than this belongs to another timeline.
const JUMP: Duration = Duration::from_secs(5);

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for its turn.
    Kept,
    /// Its time is over.
    Late,
    /// It is here already.
    Duplicate,
    /// There is no room.
    Full,
}

/// What is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull<'a> {
    /// A packet.
    Packet {
        /// How it is encoded.
        payload_type: u8,
        /// Its sound.
        payload: &'a [u8],
        /// How much longer it was held than is advised; zero within [`SLACK`].
        excess: Duration,
    },
    /// What was to be heard has not come, but something behind it has.
    Lost {
        /// How long it is, at most 20 ms.
        length: Duration,
        /// How the packet behind it is encoded, and its sound, if it follows at once: it may tell of the lost one.
        after: Option<(u8, &'a [u8])>,
    },
    /// Nothing is here that could be heard now.
    Nothing,
}

/// What happened in a buffer so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets played.
    pub played: u64,
    /// Packets that came after their time.
    pub late: u64,
    /// Packets refused or skipped because too many were here.
    pub overflowed: u64,
    /// Gaps concealed, of 20 ms or less each.
    pub concealed: u64,
}

/// A packet that waits.
#[derive(Clone, Copy, Debug)]
struct Slot {
    sequence: SeqNumber,
    timestamp: RtpTime,
    units: u16,
    payload_type: u8,
    /// Where its payload lies.
    at: u16,
    length: u16,
}

impl Slot {
    fn bytes(&self) -> core::ops::Range<usize> {
        usize::from(self.at)..usize::from(self.at) + usize::from(self.length)
    }
}

/// Where the play is.
#[derive(Clone, Copy, Debug)]
struct Timeline {
    /// The number played last.
    last: SeqNumber,
    /// The timestamp to be heard next, and when.
    next: RtpTime,
    due: Instant,
}

/// The buffer of one stream.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    clock_rate: u32,
    slots: [Option<Slot>; SLOTS_MAX],
    bytes: Box<[u8; BYTES_MAX]>,
    /// Where the next payload is laid down.
    write: usize,
    generation: u32,
    timeline: Option<Timeline>,
    /// When the first packet came, as long as nothing is played.
    first: Option<Instant>,
    lateness: Lateness,
    held: Duration,
    counts: Counts,
}

impl JitterBuffer {
    /// An empty buffer for a stream whose timestamps count `clock_rate` units a second. Allocates; nothing else here does.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            slots: [None; SLOTS_MAX],
            bytes: Box::new([0; BYTES_MAX]),
            write: 0,
            generation: 0,
            timeline: None,
            first: None,
            lateness: Lateness::new(clock_rate),
            held: Duration::ZERO,
            counts: Counts::default(),
        }
    }

    /// Takes a packet that lasts `units` of the clock; 0 for one that has no length, such as comfort noise. A change of
    /// `generation` says that another stream has begun.
    pub fn push(
        &mut self,
        header: &Header,
        units: u32,
        payload: &[u8],
        generation: u32,
        now: Instant,
    ) -> Pushed {
        let jumped = self.timeline.is_some_and(|timeline| {
            let distance = header.timestamp.distance_from(timeline.next).unsigned_abs();
            // A far end may have kept quiet for long; what jumps does not also fit the time that has passed.
            let passed = now.since(timeline.due);
            self.duration(distance) > JUMP + passed
        });
        if generation != self.generation || jumped {
            self.begin_anew(generation);
        }
        self.lateness.arrived(header.timestamp, now);
        let (Ok(units), Ok(length)) = (u16::try_from(units), u16::try_from(payload.len())) else {
            self.counts.overflowed += 1;
            return Pushed::Full;
        };
        if let Some(timeline) = &self.timeline {
            let over = header.timestamp.plus(i32::from(units)).distance_from(timeline.next) <= 0;
            if header.sequence.distance_from(timeline.last) <= 0 || (over && units > 0) {
                self.counts.late += 1;
                return Pushed::Late;
            }
        }
        if self.waiting().any(|slot| slot.sequence == header.sequence) {
            return Pushed::Duplicate;
        }
        let at = self.room_for(payload.len());
        let free = self.slots.iter().position(Option::is_none);
        let (Some(free), Some(at)) = (free, at) else {
            self.counts.overflowed += 1;
            return Pushed::Full;
        };
        self.bytes[usize::from(at)..usize::from(at) + payload.len()].copy_from_slice(payload);
        self.write = usize::from(at) + payload.len();
        self.slots[free] = Some(Slot {
            sequence: header.sequence,
            timestamp: header.timestamp,
            units,
            payload_type: header.payload_type,
            at,
            length,
        });
        if self.timeline.is_none() {
            self.first.get_or_insert(now);
        }
        Pushed::Kept
    }

    /// What is to be heard from `at` on, the end of what was given before. Costs some tens of nanoseconds.
    pub fn pull(&mut self, at: Instant) -> Pull<'_> {
        loop {
            let Some((place, slot)) = self.earliest() else { return Pull::Nothing };
            let Some(timeline) = self.timeline else {
                if self.first.is_some_and(|first| at < first + self.lateness.target()) {
                    return Pull::Nothing;
                }
                return self.play(place, slot, at);
            };
            self.held = self.lateness.held(timeline.next, at);
            let target = self.lateness.target();
            let ahead = slot.timestamp.distance_from(timeline.next).max(0);
            let ahead = self.duration(ahead.unsigned_abs());
            // While nothing was heard, time went on.
            let waited = at.since(timeline.due);
            let ahead = ahead.saturating_sub(waited);
            let follows = slot.sequence == timeline.last.next();
            if ahead <= ROUNDING {
                let held = self.lateness.held(slot.timestamp, at);
                if held > HELD_MAX && self.waiting().count() > 1 {
                    self.slots[place] = None;
                    self.counts.overflowed += 1;
                    let next = slot.timestamp.plus(i32::from(slot.units));
                    self.timeline = Some(Timeline { last: slot.sequence, next, due: at });
                    continue;
                }
                return self.play(place, slot, at);
            }
            if follows {
                // The far end keeps quiet. The pause may end a little early, to catch up.
                let early = self.held.saturating_sub(target + SLACK);
                if ahead <= early {
                    return self.play(place, slot, at);
                }
                return Pull::Nothing;
            }
            if self.held + ROUNDING < target {
                // It may still come: held for longer, it would have been in time.
                return Pull::Nothing;
            }
            let length = ahead.min(STEP);
            let units = self.units(waited + length);
            self.timeline = Some(Timeline { next: timeline.next.plus(units), due: at + length, ..timeline });
            self.counts.concealed += 1;
            let adjacent = ahead == length && slot.sequence.distance_from(timeline.last) > 1;
            let after = adjacent.then_some((slot.payload_type, &self.bytes[slot.bytes()]));
            return Pull::Lost { length, after };
        }
    }

    /// The packets that wait, in their order: number and time, how they are encoded, and their sound. They go on waiting.
    pub fn packets(&self) -> impl Iterator<Item = (SeqNumber, RtpTime, u8, &[u8])> + '_ {
        let mut last: Option<SeqNumber> = None;
        core::iter::from_fn(move || {
            let behind = |slot: &&Slot| last.is_none_or(|last| slot.sequence.distance_from(last) > 0);
            let next = self
                .waiting()
                .filter(behind)
                .min_by(|one, other| one.sequence.distance_from(other.sequence).cmp(&0))?;
            last = Some(next.sequence);
            Some((next.sequence, next.timestamp, next.payload_type, &self.bytes[next.bytes()]))
        })
    }

    /// How long sound is held just now, counted from when the fastest packet would have come.
    pub fn held(&self) -> Duration {
        self.held
    }

    /// How long it should be held.
    pub fn target(&self) -> Duration {
        self.lateness.target()
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes note that whoever plays had nothing and concealed it.
    pub fn concealed(&mut self) {
        self.counts.concealed += 1;
    }

    fn play(&mut self, place: usize, slot: Slot, at: Instant) -> Pull<'_> {
        self.slots[place] = None;
        self.held = self.lateness.held(slot.timestamp, at);
        let excess = self.held.saturating_sub(self.lateness.target());
        let next = slot.timestamp.plus(i32::from(slot.units));
        let due = at + self.duration(u32::from(slot.units));
        self.timeline = Some(Timeline { last: slot.sequence, next, due });
        self.first = None;
        self.counts.played += 1;
        Pull::Packet {
            payload_type: slot.payload_type,
            payload: &self.bytes[slot.bytes()],
            excess: if excess > SLACK { excess } else { Duration::ZERO },
        }
    }

    fn begin_anew(&mut self, generation: u32) {
        self.slots = [None; SLOTS_MAX];
        self.write = 0;
        self.generation = generation;
        self.timeline = None;
        self.first = None;
        self.lateness = Lateness::new(self.clock_rate);
        self.held = Duration::ZERO;
    }

    fn waiting(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().flatten()
    }

    /// The packet whose turn is next, by its number.
    fn earliest(&self) -> Option<(usize, Slot)> {
        let mut earliest: Option<(usize, Slot)> = None;
        for (place, slot) in self.slots.iter().enumerate() {
            let Some(slot) = slot else { continue };
            if earliest.is_none_or(|(_, other)| slot.sequence.distance_from(other.sequence) < 0) {
                earliest = Some((place, *slot));
            }
        }
        earliest
    }

    /// Where so many bytes can be laid down, in a ring; whatever still waits there is the oldest, and forgotten.
    fn room_for(&mut self, length: usize) -> Option<u16> {
        if length > BYTES_MAX {
            return None;
        }
        let at = if self.write + length > BYTES_MAX { 0 } else { self.write };
        for slot in &mut self.slots {
            if slot.is_some_and(|slot| slot.bytes().start < at + length && at < slot.bytes().end) {
                *slot = None;
                self.counts.overflowed += 1;
            }
        }
        u16::try_from(at).ok()
    }

    fn duration(&self, units: u32) -> Duration {
        Duration::from_micros(u64::from(units) * 1_000_000 / u64::from(self.clock_rate))
    }

    fn units(&self, duration: Duration) -> i32 {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(0);
        i32::try_from(micros * u64::from(self.clock_rate) / 1_000_000).unwrap_or(i32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ssrc;
    use proptest::prelude::*;

    #[test]
    fn packets_out_of_order_are_played_in_order() {
        let order = |number: u32| if number % 5 == 3 { 25 } else { 0 };
        let heard = run(20, 300, 20, |number| Some(order(number)));
        assert_eq!(heard.numbers, (0..300).collect::<Vec<_>>());
        assert!(heard.concealed_ms <= 40, "{} ms until the hold is long enough", heard.concealed_ms);
    }

    #[test]
    fn doubled_packets_are_played_once() {
        let mut buffer = JitterBuffer::new(8_000);
        assert_eq!(push(&mut buffer, 1, 0), Pushed::Kept);
        assert_eq!(push(&mut buffer, 1, 1), Pushed::Duplicate);
        assert!(matches!(buffer.pull(ms(20)), Pull::Packet { .. }));
        assert_eq!(push(&mut buffer, 1, 21), Pushed::Late);
    }

    #[test]
    fn a_lost_packet_is_a_gap_of_its_length_and_the_one_behind_it_is_shown() {
        let mut buffer = JitterBuffer::new(8_000);
        for number in [1, 2, 4] {
            push(&mut buffer, number, 0);
        }
        assert_eq!(heard(&mut buffer, 20), "1");
        assert_eq!(heard(&mut buffer, 40), "2");
        match buffer.pull(ms(60)) {
            Pull::Lost { length, after: Some((0, payload)) } => {
                assert_eq!((length, payload[0]), (Duration::from_millis(20), 4));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(push(&mut buffer, 3, 61), Pushed::Late, "it has been concealed");
        assert_eq!(heard(&mut buffer, 80), "4");
        assert_eq!(heard(&mut buffer, 100), "nothing");
        assert_eq!(buffer.counts(), Counts { played: 3, late: 1, overflowed: 0, concealed: 1 });
    }

    #[test]
    fn loss_in_rows_costs_as_much_time_as_was_lost() {
        for lost in [1, 2, 3, 7] {
            let kept = |number: u32| (number % 20 >= lost || number < 20).then_some(0);
            let heard = run(20, 400, 20, kept);
            assert_eq!(heard.numbers.len() as u32, 400 - 19 * lost);
            assert!(heard.held_ms < 60, "{lost} in a row do not make the hold longer: {} ms", heard.held_ms);
        }
    }

    #[test]
    fn the_hold_grows_with_jitter_and_shrinks_when_it_is_over() {
        let calm = run(20, 500, 20, |_| Some(0));
        assert!(calm.held_ms <= 30 && calm.concealed_ms == 0, "{calm:?}");
        let jittery = |number: u32| Some(if number < 250 { number * 7 % 60 } else { 0 });
        let during = run(20, 250, 20, jittery);
        assert!((50..=100).contains(&during.held_ms), "{during:?}");
        assert!(during.concealed_ms < 200, "{during:?}");
        let after = run(20, 1_500, 20, jittery);
        assert!(after.held_ms <= 40, "{after:?}");
    }

    #[test]
    fn packets_of_every_length_are_played() {
        for packet_ms in [10, 20, 30, 40, 50, 60] {
            let heard = run(packet_ms, 200, 20, |number| Some(number % 3 * 4));
            assert_eq!(heard.numbers, (0..200).collect::<Vec<_>>(), "{packet_ms} ms");
            assert!(heard.held_ms <= 60, "{packet_ms} ms: {heard:?}");
        }
    }

    #[test]
    fn a_far_end_that_keeps_quiet_has_lost_nothing() {
        let mut buffer = JitterBuffer::new(8_000);
        push(&mut buffer, 1, 0);
        assert_eq!(heard(&mut buffer, 20), "1");
        // Two seconds later: the next number, a hundred frames on in time.
        for at in 2..101 {
            assert_eq!(heard(&mut buffer, at * 20), "nothing");
        }
        let header = Header { sequence: SeqNumber(2), timestamp: RtpTime(101 * 160), ..header(2) };
        assert_eq!(buffer.push(&header, 160, &[2; 160], 0, ms(2_005)), Pushed::Kept);
        assert_eq!(heard(&mut buffer, 2_020), "2");
        assert_eq!(buffer.counts().concealed, 0);
    }

    #[test]
    fn a_burst_after_a_pause_of_the_network_is_played_and_caught_up_with() {
        // For 160 ms nothing comes, then all of it at once.
        let burst = |number: u32| Some(if (200..208).contains(&number) { (208 - number) * 20 } else { 0 });
        let heard = run(20, 600, 20, burst);
        assert_eq!(heard.numbers, (0..600).collect::<Vec<_>>(), "not a word is missing");
        assert!(heard.held_ms <= 50, "{heard:?}");
    }

    #[test]
    fn what_is_too_much_is_refused_and_counted() {
        let mut buffer = JitterBuffer::new(8_000);
        for number in 0..SLOTS_MAX as u16 {
            assert_eq!(push(&mut buffer, number, 0), Pushed::Kept);
        }
        assert_eq!(push(&mut buffer, SLOTS_MAX as u16, 0), Pushed::Full);
        let mut buffer = JitterBuffer::new(8_000);
        for number in 0..10 {
            assert_eq!(buffer.push(&header(number), 160, &[1; 1_000], 0, ms(0)), Pushed::Kept);
        }
        assert_eq!(buffer.counts().overflowed, 4, "six of a thousand bytes have room");
        assert_eq!(buffer.push(&header(20), 160, &[1; BYTES_MAX + 1], 0, ms(0)), Pushed::Full);
    }

    #[test]
    fn another_stream_begins_anew() {
        let mut buffer = JitterBuffer::new(8_000);
        push(&mut buffer, 1, 0);
        assert_eq!(heard(&mut buffer, 20), "1");
        let stranger = Header { sequence: SeqNumber(40_000), timestamp: RtpTime(3), ..header(9) };
        assert_eq!(buffer.push(&stranger, 160, &[9; 160], 1, ms(30)), Pushed::Kept);
        assert_eq!(heard(&mut buffer, 40), "9");
    }

    proptest! {
        #[test]
        fn each_packet_is_played_once_at_most_and_in_order(
            packets in prop::collection::vec((0u32..200, prop::bool::weighted(0.9)), 1..300),
            packet_ms in prop::sample::select(vec![10u32, 20, 30, 60]),
        ) {
            let count = packets.len() as u32;
            let heard = run(packet_ms, count, 20, |number| {
                let (late, comes) = packets[number as usize];
                comes.then_some(late)
            });
            prop_assert!(heard.numbers.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn no_packet_makes_it_panic(
            packets in prop::collection::vec(any::<(u16, u32, u32, u16, u8, u32)>(), 0..200),
        ) {
            let mut buffer = JitterBuffer::new(48_000);
            let mut at = 0;
            for (sequence, time, units, length, generation, later) in packets {
                let header = Header { sequence: SeqNumber(sequence), timestamp: RtpTime(time), ..Header::default() };
                at += u64::from(later);
                let now = Instant::from_micros(at);
                buffer.push(&header, units, &vec![0; usize::from(length)], u32::from(generation % 2), now);
                for _ in 0..3 {
                    let _ = buffer.pull(now);
                }
            }
        }
    }

    /// What came out of a run.
    #[derive(Debug)]
    struct Heard {
        numbers: Vec<u32>,
        concealed_ms: u64,
        held_ms: u128,
    }

    /// Sends packets that are late by so many milliseconds, or lost, and plays frames of `frame_ms`; whoever plays takes
    /// out a tenth while the buffer says that it holds too much.
    fn run(packet_ms: u32, packets: u32, frame_ms: u64, late_ms: impl Fn(u32) -> Option<u32>) -> Heard {
        let mut arrivals: Vec<(u64, u32)> = (0..packets)
            .filter_map(|number| late_ms(number).map(|late| (u64::from(number * packet_ms + late), number)))
            .collect();
        arrivals.sort();
        let mut buffer = JitterBuffer::new(8_000);
        let mut heard = Heard { numbers: vec![], concealed_ms: 0, held_ms: 0 };
        let mut arrivals = arrivals.into_iter().peekable();
        // Frames are played five milliseconds after packets come.
        let mut left_us = 0u64;
        for frame in 0..u64::from(packets * packet_ms) / frame_ms + 30 {
            let tick = frame * frame_ms + 5;
            while let Some((at, number)) = arrivals.next_if(|(at, _)| *at <= tick) {
                let header = Header {
                    sequence: SeqNumber(65_000).plus(number as i16),
                    timestamp: RtpTime((u32::MAX - 5_000).wrapping_add(number * packet_ms * 8)),
                    ..Header::default()
                };
                let mut payload = vec![0; packet_ms as usize * 8];
                payload[..4].copy_from_slice(&number.to_be_bytes());
                buffer.push(&header, packet_ms * 8, &payload, 0, ms(at));
            }
            while left_us < frame_ms * 1_000 {
                let at = Instant::from_micros(tick * 1_000 + left_us);
                match buffer.pull(at) {
                    Pull::Packet { payload, excess, .. } => {
                        heard
                            .numbers
                            .push(u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]]));
                        let length = u64::from(packet_ms) * 1_000;
                        left_us += if excess.is_zero() { length } else { length * 9 / 10 };
                    }
                    Pull::Lost { length, .. } => {
                        left_us += length.as_micros() as u64;
                        heard.concealed_ms += length.as_millis() as u64;
                    }
                    Pull::Nothing => {
                        if arrivals.peek().is_some() && !heard.numbers.is_empty() {
                            heard.concealed_ms += frame_ms - left_us / 1_000;
                        }
                        left_us = frame_ms * 1_000;
                    }
                }
            }
            left_us -= frame_ms * 1_000;
            if arrivals.peek().is_some() {
                heard.held_ms = buffer.held().as_millis();
            }
        }
        heard
    }

    fn heard(buffer: &mut JitterBuffer, at: u64) -> String {
        match buffer.pull(ms(at)) {
            Pull::Packet { payload, .. } => payload[0].to_string(),
            Pull::Lost { .. } => "lost".into(),
            Pull::Nothing => "nothing".into(),
        }
    }

    fn push(buffer: &mut JitterBuffer, number: u16, at: u64) -> Pushed {
        buffer.push(&header(number), 160, &[number as u8; 160], 0, ms(at))
    }

    fn header(number: u16) -> Header {
        Header {
            marker: false,
            payload_type: 0,
            sequence: SeqNumber(number),
            timestamp: RtpTime(u32::from(number) * 160),
            ssrc: Ssrc(1),
        }
    }

    fn ms(ms: u64) -> Instant {
        Instant::from_micros(ms * 1_000)
    }
}
