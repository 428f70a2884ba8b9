//! Where streams stand: the whole number of a packet from the half that it carries, and whether it came before
//! (RFC 3711 §3.3.1, §3.3.2).
//!
//! A packet carries 16 bits of its number; how often they have come round, the rollover counter, both sides count for
//! themselves. Asking changes nothing: [`Streams::take`] is called when a packet has proved authentic.

use crate::STREAMS_MAX;

/// How far behind the highest number a packet may come.
pub(crate) const WINDOW: u64 = 64;

/// The highest number of a media packet: 48 bits.
const INDEX_MAX: u64 = (1 << 48) - 1;

/// One stream.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    ssrc: u32,
    /// The highest number so far.
    highest: u64,
    /// Which of the numbers up to the highest have come; the lowest bit is the highest number itself.
    seen: u64,
    /// When it was used last, counted in packets.
    used: u64,
}

/// The streams of one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    streams: [Stream; STREAMS_MAX],
    count: usize,
    clock: u64,
}

/// Whether a number may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is new.
    Fresh,
    /// It was there already.
    Repeated,
    /// It is too far behind to tell.
    Old,
}

impl Streams {
    /// The whole number of a packet; `None` if it would lie before the first or behind the last of all. A stream that
    /// is not known begins in the round `first_round`.
    pub(crate) fn index(&self, ssrc: u32, sequence: u16, first_round: u32) -> Option<u64> {
        let Some(stream) = self.find(ssrc) else {
            return Some(u64::from(first_round) << 16 | u64::from(sequence));
        };
        // The nearest number that ends so.
        let distance = sequence.wrapping_sub(stream.highest as u16) as i16;
        stream.highest.checked_add_signed(i64::from(distance)).filter(|index| *index <= INDEX_MAX)
    }

    /// Whether a number may be used.
    pub(crate) fn place(&self, ssrc: u32, index: u64) -> Place {
        let Some(stream) = self.find(ssrc) else { return Place::Fresh };
        match stream.highest.checked_sub(index) {
            None => Place::Fresh,
            Some(behind) if behind >= WINDOW => Place::Old,
            Some(behind) if stream.seen >> behind & 1 == 1 => Place::Repeated,
            Some(_) => Place::Fresh,
        }
    }

    /// In which round a stream is.
    pub(crate) fn round(&self, ssrc: u32) -> Option<u32> {
        self.find(ssrc).map(|stream| (stream.highest >> 16) as u32)
    }

    /// Whether a packet of this stream could be taken without another one giving way.
    pub(crate) fn has_room(&self, ssrc: u32) -> bool {
        self.count < STREAMS_MAX || self.find(ssrc).is_some()
    }

    /// Notes that a number has been used. When all places are taken, the stream used longest ago gives way.
    pub(crate) fn take(&mut self, ssrc: u32, index: u64) {
        self.clock += 1;
        let known = self.streams[..self.count].iter().position(|stream| stream.ssrc == ssrc);
        let Some(known) = known else {
            let place = if self.count < STREAMS_MAX {
                self.count += 1;
                self.count - 1
            } else {
                let oldest = self.streams.iter().enumerate().min_by_key(|(_, stream)| stream.used);
                oldest.map_or(0, |(place, _)| place)
            };
            self.streams[place] = Stream { ssrc, highest: index, seen: 1, used: self.clock };
            return;
        };
        let stream = &mut self.streams[known];
        stream.used = self.clock;
        match index.checked_sub(stream.highest) {
            None => {
                let behind = stream.highest - index;
                if behind < WINDOW {
                    stream.seen |= 1 << behind;
                }
            }
            Some(ahead) => {
                let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
                stream.seen = stream.seen.checked_shl(shift).unwrap_or(0) | 1;
                stream.highest = index;
            }
        }
    }

    fn find(&self, ssrc: u32) -> Option<&Stream> {
        self.streams[..self.count].iter().find(|stream| stream.ssrc == ssrc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_round_is_the_nearest_one() {
        let mut streams = Streams::default();
        assert_eq!(streams.index(1, 65_535, 0), Some(65_535));
        streams.take(1, 65_535);
        assert_eq!(streams.index(1, 0, 0), Some(65_536));
        streams.take(1, 65_536);
        assert_eq!(streams.index(1, 65_534, 0), Some(65_534), "late, from before the wrap");
        assert_eq!(streams.index(1, 32_767, 0), Some(65_536 + 32_767));
        assert_eq!(streams.round(1), Some(1));
    }

    #[test]
    fn there_is_nothing_before_the_first_round_and_behind_the_last() {
        let mut streams = Streams::default();
        streams.take(1, 3);
        assert_eq!(streams.index(1, 65_535, 0), None);
        streams.take(2, INDEX_MAX);
        assert_eq!(streams.index(2, 0, 0), None);
        assert_eq!(streams.index(2, 65_530, 0), Some(INDEX_MAX - 5));
    }

    #[test]
    fn the_stream_used_longest_ago_gives_way() {
        let mut streams = Streams::default();
        for ssrc in 0..STREAMS_MAX as u32 {
            streams.take(ssrc, 5);
        }
        streams.take(0, 6);
        assert!(!streams.has_room(100) && streams.has_room(1));
        streams.take(100, 5);
        assert_eq!((streams.round(0), streams.round(1), streams.round(100)), (Some(0), None, Some(0)));
    }

    proptest! {
        /// Against a set that remembers everything.
        #[test]
        fn no_number_is_fresh_twice(steps in proptest::collection::vec(-90i64..90, 1..200), begin in 0u64..200_000) {
            let mut streams = Streams::default();
            let mut taken = BTreeSet::new();
            let mut at = begin;
            for step in steps {
                at = at.saturating_add_signed(step);
                let highest = taken.last().copied();
                let place = streams.place(7, at);
                let wanted = match highest {
                    Some(highest) if highest >= at + WINDOW => Place::Old,
                    _ if taken.contains(&at) => Place::Repeated,
                    _ => Place::Fresh,
                };
                prop_assert_eq!(place, wanted);
                let first_round = (at >> 16) as u32;
                prop_assert_eq!(streams.index(7, at as u16, first_round), Some(at));
                if place == Place::Fresh {
                    streams.take(7, at);
                    taken.insert(at);
                }
            }
        }
    }
}
