//! Telephone-events: pressed keys as RTP payload (RFC 4733 §2).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! |     event     |E|R| volume    |          duration             |
//! ```
//!
//! A key is sent as a row of packets that all carry the timestamp of its beginning and a growing duration; the last one
//! has E set and is sent three times. Keys held for more than 65 535 units go on in a further segment, whose timestamp
//! is the end of the one before (§2.5.1.3). [`EventDetector`] makes one [`Detected::Pressed`] of each row, whichever of
//! its packets were lost. Tones inside the sound are not heard here; `media::tone` hears them.

use crate::RtpTime;
use core::fmt;

/// The bytes of a telephone-event payload.
pub const EVENT_BYTES: usize = 4;

/// A key of a telephone: 0 to 9, `*`, `#`, A to D.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

/// The keys in the order of their event codes (RFC 4733 §3.2).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

impl Digit {
    /// The key with this letter; lower case a to d are as good.
    pub fn from_char(letter: char) -> Option<Self> {
        let letter = u8::try_from(letter).ok()?.to_ascii_uppercase();
        KEYS.iter().position(|key| *key == letter).and_then(|code| Self::from_code(u8::try_from(code).ok()?))
    }

    /// The key with this event code.
    pub const fn from_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// The event code, 0 to 15.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The letter on the key.
    pub const fn as_char(self) -> char {
        KEYS[(self.0 & 15) as usize] as char
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_char())
    }
}

/// One telephone-event payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The event code; below 16 it is a key.
    pub code: u8,
    /// Whether the event has ended.
    pub end: bool,
    /// The power level in −dBm0, 0 to 63.
    pub volume: u8,
    /// How long it has lasted so far, in timestamp units.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads a payload. `None` if it is shorter than an event; what follows the first event is left alone, as RFC 4733
    /// §2.3 leaves no way to tell it from padding.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let [code, flags, high, low] = *payload.first_chunk::<EVENT_BYTES>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The payload of this event.
    pub fn to_bytes(self) -> [u8; EVENT_BYTES] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3f), high, low]
    }

    /// The key, if the event is one.
    pub fn digit(self) -> Option<Digit> {
        Digit::from_code(self.code)
    }
}

/// What an event packet told that was not known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detected {
    /// A key went down, or its beginning was lost and a later packet tells of it.
    Pressed(Digit),
    /// The key went up after so many timestamp units.
    Released(Digit, u32),
    /// A key went down and up, and only the end has come: so many units long.
    Tapped(Digit, u32),
}

impl Detected {
    /// The key, when this is the one time that it is to be counted.
    pub fn counted(self) -> Option<Digit> {
        match self {
            Self::Pressed(digit) | Self::Tapped(digit, _) => Some(digit),
            Self::Released(..) => None,
        }
    }
}

/// Makes keys of telephone-event packets: each key once, whatever was lost, repeated or late.
///
/// Feed it every telephone-event packet of one stream in the order of arrival; [`EventDetector::new`] begins anew
/// when another stream takes over.
#[derive(Clone, Debug)]
pub struct EventDetector {
    /// Units of the clock in a millisecond.
    units_in_ms: i32,
    last: Option<Row>,
}

/// A row of packets that make one event.
#[derive(Clone, Copy, Debug)]
struct Row {
    code: u8,
    /// The timestamp of the running segment.
    segment: RtpTime,
    /// Units in the segments before.
    before: u32,
    /// The longest duration seen in the running segment.
    duration: u16,
    ended: bool,
}

impl EventDetector {
    /// A detector for a stream whose timestamps count `clock_rate` units a second: that of the sound beside the keys.
    pub const fn new(clock_rate: u32) -> Self {
        Self { units_in_ms: (clock_rate / 1_000) as i32, last: None }
    }

    /// Handles one event packet with its RTP timestamp.
    pub fn handle(&mut self, timestamp: RtpTime, event: TelephoneEvent) -> Option<Detected> {
        if let Some(row) = &mut self.last {
            let later = timestamp.distance_from(row.segment);
            if (-STRAGGLER_MS * self.units_in_ms..0).contains(&later) {
                // A straggler of an event that is over.
                return None;
            }
            let known = later == 0 && event.code == row.code;
            let goes_on = !row.ended
                && event.code == row.code
                && later > 0
                && i64::from(later).abs_diff(i64::from(row.duration))
                    <= SEGMENT_SLACK_MS * self.units_in_ms.unsigned_abs() as u64
                && row.duration >= LONG_SEGMENT;
            if goes_on {
                row.before = row.before.saturating_add(u32::from(row.duration));
                row.segment = timestamp;
                row.duration = 0;
            }
            if known || goes_on {
                row.duration = row.duration.max(event.duration);
                if row.ended || !event.end {
                    return None;
                }
                row.ended = true;
                let lasted = row.before.saturating_add(u32::from(row.duration));
                return event.digit().map(|digit| Detected::Released(digit, lasted));
            }
            if later == 0 {
                // Another code under the same timestamp: a peer that contradicts itself is believed the first time.
                return None;
            }
        }
        self.last = Some(Row {
            code: event.code,
            segment: timestamp,
            before: 0,
            duration: event.duration,
            ended: event.end,
        });
        let digit = event.digit()?;
        Some(if event.end {
            Detected::Tapped(digit, u32::from(event.duration))
        } else {
            Detected::Pressed(digit)
        })
    }
}

/// A segment shorter than this is not followed by another one: RFC 4733 §2.5.1.3 cuts only when the field is full, and
/// half of it allows for senders that cut early and for lost packets.
const LONG_SEGMENT: u16 = 0x8000;

/// How far the beginning of a segment may lie from the last duration seen: lost updates, half a second of them.
const SEGMENT_SLACK_MS: u64 = 500;

/// How far back a packet can belong to an event that is over, ten seconds; from further back the sender's time has
/// jumped, and its keys count.
const STRAGGLER_MS: i32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_with_its_three_end_packets_is_one_digit() {
        let told = detect(&[
            (0, '5', false, 160),
            (0, '5', false, 320),
            (0, '5', true, 800),
            (0, '5', true, 800),
            (0, '5', true, 800),
        ]);
        assert_eq!(told, [Detected::Pressed(digit('5')), Detected::Released(digit('5'), 800)]);
    }

    #[test]
    fn a_key_whose_beginning_was_lost_is_still_one_digit() {
        let told = detect(&[(0, '7', false, 480), (0, '7', true, 800), (0, '7', true, 800)]);
        assert_eq!(told, [Detected::Pressed(digit('7')), Detected::Released(digit('7'), 800)]);
        let told = detect(&[(0, '7', true, 800), (0, '7', true, 800)]);
        assert_eq!(told, [Detected::Tapped(digit('7'), 800)]);
    }

    #[test]
    fn a_key_whose_end_was_lost_is_ended_by_the_next_one() {
        let told = detect(&[(0, '1', false, 160), (4_000, '1', false, 160), (4_000, '1', true, 800)]);
        assert_eq!(
            told.iter().filter_map(|told| told.counted()).collect::<Vec<_>>(),
            [digit('1'), digit('1')]
        );
    }

    #[test]
    fn the_same_key_twice_is_two_digits() {
        let told = detect(&[(0, '4', true, 800), (0, '4', true, 800), (1_600, '4', true, 800)]);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn stragglers_of_an_earlier_key_are_not_counted() {
        let told = detect(&[
            (0, '1', false, 160),
            (1_600, '2', false, 160),
            (0, '1', true, 800),
            (1_600, '2', true, 800),
        ]);
        assert_eq!(
            told,
            [
                Detected::Pressed(digit('1')),
                Detected::Pressed(digit('2')),
                Detected::Released(digit('2'), 800)
            ]
        );
    }

    #[test]
    fn keys_count_after_the_senders_time_has_jumped_back() {
        let told = detect(&[(900_000, '1', true, 800), (1_600, '2', true, 800)]);
        assert_eq!(told.len(), 2);
    }

    #[test]
    fn a_key_held_for_ten_seconds_goes_on_in_a_second_segment() {
        let told = detect(&[
            (0, '9', false, 160),
            (0, '9', false, 65_535),
            (65_535, '9', false, 160),
            (65_535, '9', true, 14_465),
        ]);
        assert_eq!(told, [Detected::Pressed(digit('9')), Detected::Released(digit('9'), 80_000)]);
    }

    #[test]
    fn keys_beside_opus_count_on_its_clock() {
        let mut detector = EventDetector::new(48_000);
        let mut told = vec![];
        // Held for two seconds: the field is full after 1.36 s, and the key goes on in a second segment.
        for (time, key, end, duration) in [
            (0, '3', false, 960),
            (0, '3', false, 65_535),
            (65_535, '3', false, 960),
            (65_535, '3', true, 30_465),
            // Three seconds after its beginning, the next one; then a straggler of the first.
            (144_000, '4', false, 960),
            (65_535, '3', true, 30_465),
        ] {
            let event = TelephoneEvent { code: digit(key).code(), end, volume: 10, duration };
            told.extend(detector.handle(RtpTime(time), event));
        }
        let [three, four] = ['3', '4'].map(digit);
        assert_eq!(
            told,
            [Detected::Pressed(three), Detected::Released(three, 96_000), Detected::Pressed(four)]
        );
    }

    #[test]
    fn events_that_are_no_keys_are_no_digits() {
        let mut detector = EventDetector::new(8_000);
        let flash = TelephoneEvent { code: 16, end: false, volume: 10, duration: 160 };
        assert_eq!(detector.handle(RtpTime(0), flash), None);
        assert_eq!(detector.handle(RtpTime(0), TelephoneEvent { end: true, ..flash }), None);
    }

    #[test]
    fn keys_and_letters_are_one_to_one() {
        for code in 0..16 {
            let digit = Digit::from_code(code).unwrap();
            assert_eq!(Digit::from_char(digit.as_char()), Some(digit));
        }
        assert_eq!(Digit::from_char('d'), Digit::from_char('D'));
        for letter in ['E', ' ', 'é', '０'] {
            assert_eq!(Digit::from_char(letter), None);
        }
        assert_eq!(Digit::from_code(16), None);
    }

    proptest! {
        #[test]
        fn an_event_survives_its_bytes(code: u8, end: bool, volume in 0u8..64, duration: u16) {
            let event = TelephoneEvent { code, end, volume, duration };
            prop_assert_eq!(TelephoneEvent::parse(&event.to_bytes()), Some(event));
        }

        #[test]
        fn any_packets_are_digested(packets in prop::collection::vec(any::<(u32, Vec<u8>)>(), 0..100)) {
            let mut detector = EventDetector::new(8_000);
            for (time, payload) in packets {
                if let Some(event) = TelephoneEvent::parse(&payload) {
                    detector.handle(RtpTime(time), event);
                }
            }
        }

        #[test]
        fn every_key_is_counted_once_as_long_as_one_of_its_packets_comes(
            keys in prop::collection::vec(0u8..16, 1..20), kept in prop::collection::vec(1u8..=255, 20),
        ) {
            let mut detector = EventDetector::new(8_000);
            let mut counted = vec![];
            for (at, code) in keys.iter().enumerate() {
                // Eight packets: five updates, three ends. A bit says whether the packet comes.
                for packet in 0..8u16 {
                    let event = TelephoneEvent { code: *code, end: packet >= 5, volume: 10, duration: (packet.min(5) + 1) * 160 };
                    if kept[at] & (1 << packet) != 0 {
                        counted.extend(detector.handle(RtpTime(at as u32 * 1_600), event).and_then(Detected::counted));
                    }
                }
            }
            prop_assert_eq!(counted.iter().map(|digit| digit.code()).collect::<Vec<_>>(), keys);
        }
    }

    fn digit(letter: char) -> Digit {
        Digit::from_char(letter).unwrap()
    }

    /// Handles packets given as (timestamp, key, end, duration).
    fn detect(packets: &[(u32, char, bool, u16)]) -> Vec<Detected> {
        let mut detector = EventDetector::new(8_000);
        packets
            .iter()
            .filter_map(|(time, key, end, duration)| {
                let event =
                    TelephoneEvent { code: digit(*key).code(), end: *end, volume: 10, duration: *duration };
                detector.handle(RtpTime(*time), event)
            })
            .collect()
    }
}
