//! Recorder taps: silent copies of what comes from a port, laid on the clock of their recording.
//!
//! Both sides of a recording count samples since it began, so that the recorder can put left and right beside each
//! other. A side's first packet lies where it arrived; the next ones lie where their timestamps say, so that jitter on
//! the way does not tear the sound, as long as timestamps and arrival agree within [`AHEAD_MAX`] and [`BEHIND_MAX`].

use crate::clip::samples_of_duration;
use crate::{Frame, Law, Outbox, Recorded, RecordingKey, Side};
use base::Instant;
use rtp::RtpTime;

/// How many recordings one port can be in at once.
pub const TAPS_PER_PORT_MAX: usize = 4;

/// How far timestamps may run ahead of arrival before they are no longer believed: 200 ms.
pub const AHEAD_MAX: u64 = 1_600;

/// How far timestamps may stay behind arrival: two seconds, as much as a network may hold packets back.
pub const BEHIND_MAX: u64 = 16_000;

/// How long a side stays silent after it is let in again: 300 ms, so that what was said before and held back on the way or
/// in a jitter buffer ([`rtp::jitter_buffer::HELD_MAX`]) is not recorded after all.
pub const MASK_TAIL: u64 = 2_400;

/// One recording.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its name.
    pub key: RecordingKey,
    /// When its clock began.
    pub began: Instant,
    /// The place of the port on the left.
    pub left: Option<usize>,
    /// The place of the port on the right.
    pub right: Option<usize>,
    /// From where on the left and the right side are let in; beyond every position while a side is kept out.
    open_from: [u64; 2],
    /// Frames that the recorder took.
    pub frames: u64,
    /// Frames that found its ring full.
    pub dropped: u64,
}

impl Recording {
    /// A recording that begins now.
    pub fn new(key: RecordingKey, now: Instant) -> Self {
        Self { key, began: now, left: None, right: None, open_from: [0; 2], frames: 0, dropped: 0 }
    }

    /// Samples since it began.
    pub fn samples_at(&self, now: Instant) -> u64 {
        samples_of_duration(now.since(self.began))
    }

    /// Keeps sides out, or lets them in again.
    pub fn mask(&mut self, left: bool, right: bool, now: Instant) {
        let again = self.samples_at(now) + MASK_TAIL;
        for (open_from, masked) in self.open_from.iter_mut().zip([left, right]) {
            *open_from = match (masked, *open_from == u64::MAX) {
                (true, _) => u64::MAX,
                (false, true) => again,
                (false, false) => *open_from,
            };
        }
    }

    /// Hands a packet's sound to the recorder.
    pub fn take(&mut self, tap: &mut Tap, sound: &Sound<'_>, now: Instant, out: &mut impl Outbox) {
        let arrived = self.samples_at(now);
        let mut at = tap.timeline.place(sound, arrived);
        // A stream may lie ahead of its arrival: what was said while the side was kept out counts by the earlier of both.
        if at.min(arrived) < self.open_from[tap.side as usize] {
            return;
        }
        for piece in sound.payload.chunks(crate::outbox::FRAME_SAMPLES_MAX) {
            let frame = Frame::new(self.key, tap.side, sound.law, at, piece);
            if out.record(&Recorded::Sound(frame)) {
                self.frames += 1;
            } else {
                self.dropped += 1;
            }
            at += piece.len() as u64;
        }
    }
}

/// The sound of one packet, one byte a sample.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// The packet's timestamp.
    pub timestamp: RtpTime,
    /// The generation of the stream it belongs to.
    pub generation: u32,
    /// How it is encoded.
    pub law: Law,
    /// The bytes.
    pub payload: &'a [u8],
}

/// Where the sound of an ear lies: it has no timestamps of its own, its frames follow each other.
pub const HEARD_EVERY: u32 = 160;

/// What ties a port to a recording.
#[derive(Clone, Debug)]
pub struct Tap {
    /// The place of the recording in the engine.
    pub recording: usize,
    /// Which side the port is.
    pub side: Side,
    timeline: Timeline,
}

impl Tap {
    /// A tap that has not heard anything yet.
    pub fn new(recording: usize, side: Side) -> Self {
        Self { recording, side, timeline: Timeline::default() }
    }
}

/// From timestamps to samples since the beginning.
#[derive(Clone, Debug, Default)]
struct Timeline {
    /// A timestamp, where it lies, and the generation for which that holds.
    anchor: Option<(RtpTime, u64, u32)>,
    /// Where the sound laid down so far ends.
    end: u64,
}

impl Timeline {
    fn place(&mut self, sound: &Sound<'_>, arrived: u64) -> u64 {
        let by_timestamp = self
            .anchor
            .filter(|(.., generation)| *generation == sound.generation)
            .and_then(|(time, at, _)| at.checked_add_signed(i64::from(sound.timestamp.distance_from(time))));
        let believed = by_timestamp.filter(|at| *at <= arrived + AHEAD_MAX && at + BEHIND_MAX >= arrived);
        // A new beginning must not lie on what was there before.
        let at = believed.unwrap_or_else(|| arrived.max(self.end));
        let end = at + sound.payload.len() as u64;
        if end > self.end || believed.is_none() {
            // The anchor moves along, or a long call would leave the half circle in which timestamps compare.
            self.anchor = Some((sound.timestamp, at, sound.generation));
            self.end = end;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_does_not_move_the_sound() {
        let mut timeline = Timeline::default();
        for (number, late) in [0, 90, 0, 200, 30, 0].into_iter().enumerate() {
            let at = place(&mut timeline, 1, 5_000 + number as u32 * 160, 800 + number as u64 * 160 + late);
            assert_eq!(at, 800 + number as u64 * 160);
        }
    }

    #[test]
    fn a_gap_in_the_timestamps_is_a_gap_in_the_recording() {
        let mut timeline = Timeline::default();
        place(&mut timeline, 1, 0, 800);
        assert_eq!(place(&mut timeline, 1, 1_600, 2_410), 2_400);
        assert_eq!(place(&mut timeline, 1, 160, 2_420), 960, "a latecomer lies where it belongs");
    }

    #[test]
    fn another_stream_lies_where_it_arrives_but_not_on_the_one_before() {
        let mut timeline = Timeline::default();
        place(&mut timeline, 1, 0, 800);
        assert_eq!(place(&mut timeline, 2, 77_777, 820), 960);
        assert_eq!(place(&mut timeline, 2, 77_937, 985), 1_120);
        assert_eq!(place(&mut timeline, 3, 5, 9_000), 9_000);
    }

    #[test]
    fn timestamps_that_contradict_the_clock_are_not_believed() {
        let mut timeline = Timeline::default();
        place(&mut timeline, 1, 0, 800);
        assert_eq!(place(&mut timeline, 1, 1_000_000, 960), 960, "two minutes ahead");
        assert_eq!(place(&mut timeline, 1, 1_000_160, 1_120), 1_120, "and goes on from there");
        assert_eq!(place(&mut timeline, 1, 1_000_320, 100_000), 100_000, "held back for too long");
    }

    #[test]
    fn a_wrap_of_the_timestamp_goes_unnoticed() {
        let mut timeline = Timeline::default();
        for number in 0..10 {
            let time = (u32::MAX - 799).wrapping_add(number * 160);
            assert_eq!(place(&mut timeline, 1, time, u64::from(number) * 160), u64::from(number) * 160);
        }
    }

    fn place(timeline: &mut Timeline, generation: u32, timestamp: u32, arrived: u64) -> u64 {
        let timestamp = RtpTime(timestamp);
        timeline.place(&Sound { timestamp, generation, law: Law::Mu, payload: &[0; 160] }, arrived)
    }
}
