//! How closely a far end is listened to: its pauses, which no packet tells of, and not more of it than anybody can say.
//!
//! Whoever sends nothing while nobody speaks leaves a gap in timestamps and none in numbers. To hear that a key ended and
//! another one began, the gap has to be heard as silence; a lost packet, which leaves a gap in both, must not be, or it
//! would make two keys of one. And listening costs far more than relaying: a far end that sends faster than sound passes is
//! listened to at the pace of sound.

use base::{Duration, Instant};
use rtp::{Header, RtpTime, SeqNumber};

/// The longest pause that is listened to, in samples: a second. What was to be heard of it has been by then.
pub(crate) const PAUSE_MAX: u32 = 8_000;

/// How many samples of a far end are listened to in a second: half as many again as sound has, for what was held back on
/// its way and comes at once.
pub const SAMPLES_PER_SECOND_MAX: u32 = 12_000;

/// How many samples of pauses are listened to in a second: one that began long before, and as much again.
const PAUSES_PER_SECOND_MAX: u32 = 2 * PAUSE_MAX;

/// What is known of the stream that is listened to, at 8 kHz.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attention {
    /// The number of the last packet, where its sound ends, and the generation of the stream.
    last: Option<(SeqNumber, RtpTime, u32)>,
    since: Instant,
    listened: u32,
    paused: u32,
}

impl Attention {
    /// Takes note of a packet of so many samples; 0 for one that has none, such as comfort noise. Returns how many samples
    /// the far end was quiet for before it.
    pub(crate) fn pause_before(&mut self, header: &Header, samples: u32, generation: u32) -> u32 {
        let end = header.timestamp.plus(i32::try_from(samples).unwrap_or(0));
        let Some((number, ended, known)) = self.last.filter(|(.., known)| *known == generation) else {
            self.last = Some((header.sequence, end, generation));
            return 0;
        };
        if header.sequence.distance_from(number) <= 0 {
            // A latecomer: what it belongs to has been heard.
            return 0;
        }
        let follows = header.sequence == number.next();
        let gap = u32::try_from(header.timestamp.distance_from(ended)).unwrap_or(0);
        // Comfort noise says when the pause began; where it ends says the packet behind it.
        let ended = if samples == 0 && follows { ended } else { end };
        self.last = Some((header.sequence, ended, known));
        if follows && samples > 0 { gap.min(PAUSE_MAX) } else { 0 }
    }

    /// Whether so many samples may be listened to: those of a packet, and those of the pause before it.
    pub(crate) fn takes(&mut self, samples: u32, pause: u32, now: Instant) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            (self.since, self.listened, self.paused) = (now, 0, 0);
        }
        let takes =
            self.listened + samples <= SAMPLES_PER_SECOND_MAX && self.paused + pause <= PAUSES_PER_SECOND_MAX;
        if takes {
            self.listened += samples;
            self.paused += pause;
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_a_gap_in_time_and_not_in_numbers() {
        let mut attention = Attention::default();
        let mut pause = |number: u16, time: u32, samples| {
            let header =
                Header { sequence: SeqNumber(number), timestamp: RtpTime(time), ..Header::default() };
            attention.pause_before(&header, samples, 1)
        };
        assert_eq!(pause(65_535, u32::MAX - 159, 160), 0);
        assert_eq!(pause(0, 0, 160), 0, "over the wrap of both");
        assert_eq!(pause(1, 1_000, 160), 840);
        assert_eq!(pause(3, 1_480, 160), 0, "one was lost");
        assert_eq!(pause(2, 1_160, 160), 0, "and comes late");
        assert_eq!(pause(4, 1_640, 0), 0, "comfort noise");
        assert_eq!(pause(5, 3_240, 160), 1_600, "counted from where sound ended");
        assert_eq!(pause(6, 900_000, 160), PAUSE_MAX);
    }

    #[test]
    fn another_stream_has_no_pause_before_it() {
        let mut attention = Attention::default();
        let header = |time| Header { timestamp: RtpTime(time), ..Header::default() };
        attention.pause_before(&header(0), 160, 1);
        assert_eq!(attention.pause_before(&header(50_000), 160, 2), 0);
    }

    #[test]
    fn who_sends_faster_than_sound_is_listened_to_at_its_pace() {
        let mut attention = Attention::default();
        let mut second = |second| {
            (0..500).filter(|_| attention.takes(160, 0, Instant::START + Duration::from_secs(second))).count()
        };
        assert_eq!((second(1), second(2)), (75, 75));
    }

    #[test]
    fn who_makes_more_pauses_than_time_has_is_not_listened_to() {
        let mut attention = Attention::default();
        let takes = (0..500).filter(|_| attention.takes(1, PAUSE_MAX, Instant::START)).count();
        assert_eq!(takes, 2);
    }
}
