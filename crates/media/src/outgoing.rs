//! What leaves a port: one stream for the whole life of the port, whatever it is made of.
//!
//! The SSRC stays, sequence numbers go on by one, and timestamps go on with time, when a bridge gives way to music and
//! music to a bridge. Each change sets the marker bit, so that the far end may adapt its playout (RFC 3551 §4.1). A relayed
//! stream keeps its own gaps and its own order: both numbers are shifted by what separated the streams when the relay
//! began, so loss before us stays visible behind us.

use crate::PortId;
use base::Instant;
use rtp::{Header, RtpTime, SeqNumber, Ssrc};

/// What a relayed stream is known by: the port it comes from and that port's generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayKey {
    /// The port, by its id: its place is another one in every engine that it moves to.
    pub port: PortId,
    /// [`crate::incoming::Incoming::generation`].
    pub generation: u32,
}

/// Where packets come from just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    /// Nothing is sent; the next packet begins anew.
    Nothing,
    /// Packets of another port, shifted by these.
    Relay {
        key: RelayKey,
        sequence_shift: i16,
        time_shift: i32,
        /// The number the relay began with, as long as it is near: what is older belongs to before.
        begun_at: Option<SeqNumber>,
    },
    /// Packets made here, the next one at this time.
    Own { next: RtpTime },
}

/// How many packets after its beginning a relay still guards against older ones.
const BEGINNING: i16 = 1_000;

/// The sending half of a port.
#[derive(Clone, Debug)]
pub struct Outgoing {
    ssrc: Ssrc,
    /// Units of time in a millisecond.
    units_in_ms: u32,
    /// One after the highest number sent.
    next_sequence: SeqNumber,
    /// Timestamp, length and moment of the last packet: from these time goes on.
    last_time: RtpTime,
    last_units: i32,
    last_sent: Option<Instant>,
    feed: Feed,
    packets: u64,
    octets: u64,
}

impl Outgoing {
    /// A stream with random beginnings (RFC 3550 §5.1).
    pub fn new(ssrc: Ssrc, first_sequence: SeqNumber, first_time: RtpTime) -> Self {
        Self {
            ssrc,
            units_in_ms: 8,
            next_sequence: first_sequence,
            last_time: first_time,
            last_units: 0,
            last_sent: None,
            feed: Feed::Nothing,
            packets: 0,
            octets: 0,
        }
    }

    /// The name of the stream.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Units of its clock in a millisecond.
    pub fn units_in_ms(&self) -> u32 {
        self.units_in_ms
    }

    /// Packets sent.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// Bytes of payload sent.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Counts time on another clock from now on: the far end asked for another codec.
    pub fn change_clock(&mut self, clock_rate: u32, now: Instant) {
        if self.units_in_ms != clock_rate / 1_000 {
            self.last_time = self.begin(now);
            self.last_units = 0;
            self.last_sent = self.last_sent.map(|_| now);
            self.units_in_ms = clock_rate / 1_000;
            self.interrupt();
        }
    }

    /// The timestamp that belongs to `now`.
    pub fn time_at(&self, now: Instant) -> RtpTime {
        let micros = self.last_sent.map_or(0, |last| now.since(last).as_micros());
        let passed = micros * u128::from(self.units_in_ms) / 1_000;
        // Only the remainder matters on a circle of 32 bits.
        self.last_time.plus(passed as u32 as i32)
    }

    /// Makes the next packet begin anew, with a marker: the source has changed.
    pub fn interrupt(&mut self) {
        self.feed = Feed::Nothing;
    }

    /// The header of a relayed packet of sound that lasts `units` of the clock. `None` for a packet from before the relay
    /// began.
    pub fn relay(
        &mut self,
        key: RelayKey,
        incoming: &Header,
        payload_type: u8,
        units: u32,
        octets: usize,
        now: Instant,
    ) -> Option<Header> {
        let header = self.shift(key, incoming, payload_type, now)?;
        if self.last_sent.is_none() || header.timestamp.distance_from(self.last_time) >= 0 {
            self.last_time = header.timestamp;
            self.last_units = units as i32;
            self.last_sent = Some(now);
        }
        self.count(octets);
        Some(header)
    }

    /// The header of a relayed telephone-event, whose timestamp is its beginning's and does not move time on.
    pub fn relay_event(
        &mut self,
        key: RelayKey,
        incoming: &Header,
        payload_type: u8,
        bytes: usize,
        now: Instant,
    ) -> Option<Header> {
        let header = self.shift(key, incoming, payload_type, now)?;
        if self.last_sent.is_none() {
            self.last_time = header.timestamp;
            self.last_sent = Some(now);
        }
        self.count(bytes);
        Some(header)
    }

    fn shift(&mut self, key: RelayKey, incoming: &Header, payload_type: u8, now: Instant) -> Option<Header> {
        let mut marker = incoming.marker;
        let (sequence_shift, time_shift) = match &mut self.feed {
            Feed::Relay { key: current, sequence_shift, time_shift, begun_at } if *current == key => {
                if let Some(begun) = *begun_at {
                    match incoming.sequence.distance_from(begun) {
                        ..0 => return None,
                        BEGINNING.. => *begun_at = None,
                        _ => {}
                    }
                }
                (*sequence_shift, *time_shift)
            }
            _ => {
                let sequence_shift = self.next_sequence.distance_from(incoming.sequence);
                let time_shift = self.begin(now).distance_from(incoming.timestamp);
                let begun_at = Some(incoming.sequence);
                self.feed = Feed::Relay { key, sequence_shift, time_shift, begun_at };
                marker = true;
                (sequence_shift, time_shift)
            }
        };
        let sequence = incoming.sequence.plus(sequence_shift);
        if sequence.distance_from(self.next_sequence) >= 0 {
            self.next_sequence = sequence.next();
        }
        let timestamp = incoming.timestamp.plus(time_shift);
        Some(Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc })
    }

    /// The header of a packet made here that lasts `units` of the clock.
    pub fn own(&mut self, payload_type: u8, units: u32, octets: usize, now: Instant) -> Header {
        let (marker, timestamp) = match self.feed {
            Feed::Own { next } => (false, next),
            Feed::Nothing | Feed::Relay { .. } => (true, self.begin(now)),
        };
        self.feed = Feed::Own { next: timestamp.plus(units as i32) };
        self.last_time = timestamp;
        self.last_units = units as i32;
        self.last_sent = Some(now);
        self.count(octets);
        self.number(marker, payload_type, timestamp)
    }

    /// The header of a packet of a telephone-event made here. The first one fixes the time, which the others repeat.
    pub fn own_event(
        &mut self,
        payload_type: u8,
        began: Option<RtpTime>,
        bytes: usize,
        now: Instant,
    ) -> Header {
        let timestamp = began.unwrap_or_else(|| {
            let time = self.begin(now);
            self.last_time = time;
            self.last_units = 0;
            self.last_sent = Some(now);
            time
        });
        self.feed = Feed::Nothing;
        self.count(bytes);
        self.number(began.is_none(), payload_type, timestamp)
    }

    /// The time at which a new source begins: now, but not inside the packet sent last.
    fn begin(&self, now: Instant) -> RtpTime {
        let now = self.time_at(now);
        if now.distance_from(self.last_time) < self.last_units {
            self.last_time.plus(self.last_units)
        } else {
            now
        }
    }

    fn number(&mut self, marker: bool, payload_type: u8, timestamp: RtpTime) -> Header {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.next();
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    fn count(&mut self, octets: usize) {
        self.packets += 1;
        self.octets += octets as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRIDGE: RelayKey = RelayKey { port: PortId::from_u64(1), generation: 1 };

    #[test]
    fn from_bridge_to_music_to_bridge_the_stream_goes_on() {
        let mut outgoing = stream();
        let mut sent = vec![];
        for number in 0..5u16 {
            sent.extend(relay(&mut outgoing, BRIDGE, 60_000 + number, 7_000_000, number * 20));
        }
        for number in 0..5u16 {
            sent.push(outgoing.own(0, 160, 160, ms(200 + number * 20)));
        }
        for number in 0..5u16 {
            sent.extend(relay(&mut outgoing, BRIDGE, 60_020 + number, 7_000_000, 400 + number * 20));
        }
        for (at, header) in sent.iter().enumerate() {
            assert_eq!(header.sequence, SeqNumber(65_530).plus(at as i16));
            assert_eq!(header.marker, at % 5 == 0, "the marker stands where the source changes");
            assert_eq!(header.ssrc, Ssrc(9));
        }
        let times: Vec<_> = sent.iter().map(|header| header.timestamp.distance_from(RtpTime(100))).collect();
        assert_eq!(times[..5], [0, 160, 320, 480, 640]);
        assert_eq!(
            times[5..10],
            [1_600, 1_760, 1_920, 2_080, 2_240],
            "120 ms of pause are in the timestamps"
        );
        assert_eq!(times[10..], [3_200, 3_360, 3_520, 3_680, 3_840]);
    }

    #[test]
    fn a_relay_keeps_gaps_and_order() {
        let mut outgoing = stream();
        let numbers: Vec<_> = [10, 11, 13, 12, 15]
            .iter()
            .filter_map(|number| relay(&mut outgoing, BRIDGE, *number, 0, *number * 20))
            .map(|header| header.sequence.distance_from(SeqNumber(65_530)))
            .collect();
        assert_eq!(numbers, [0, 1, 3, 2, 5]);
        assert_eq!(outgoing.own(0, 160, 160, ms(400)).sequence, SeqNumber(65_530).plus(6));
    }

    #[test]
    fn packets_from_before_the_relay_would_repeat_numbers_and_are_left_out() {
        let mut outgoing = stream();
        outgoing.own(0, 160, 160, ms(0));
        assert!(relay(&mut outgoing, BRIDGE, 10, 0, 20).is_some());
        assert_eq!(relay(&mut outgoing, BRIDGE, 9, 0, 21), None);
        for number in 11..40_000u16 {
            assert!(
                relay(&mut outgoing, BRIDGE, number, 0, 0).is_some(),
                "{number}: a long relay forgets where it began"
            );
        }
    }

    #[test]
    fn a_source_that_begins_early_does_not_overlap_the_last_packet() {
        let mut outgoing = stream();
        let last = relay(&mut outgoing, BRIDGE, 10, 0, 0).unwrap();
        let first = outgoing.own(0, 160, 160, ms(7));
        assert_eq!(first.timestamp.distance_from(last.timestamp), 160);
    }

    #[test]
    fn another_generation_of_the_same_port_begins_anew() {
        let mut outgoing = stream();
        relay(&mut outgoing, BRIDGE, 10, 0, 0);
        let header = relay(&mut outgoing, RelayKey { generation: 2, ..BRIDGE }, 40_000, 123_456, 40).unwrap();
        assert_eq!(
            (header.sequence, header.timestamp, header.marker),
            (SeqNumber(65_531), RtpTime(420), true)
        );
    }

    #[test]
    fn an_event_repeats_its_beginning_and_time_goes_on_behind_it() {
        let mut outgoing = stream();
        outgoing.own(0, 160, 160, ms(0));
        let first = outgoing.own_event(101, None, 4, ms(20));
        let second = outgoing.own_event(101, Some(first.timestamp), 4, ms(40));
        assert_eq!((first.timestamp, second.timestamp), (RtpTime(260), RtpTime(260)));
        assert_eq!((first.marker, second.marker), (true, false));
        assert_eq!(second.sequence, first.sequence.next());
        let after = outgoing.own(0, 160, 160, ms(60));
        assert_eq!((after.timestamp, after.marker), (RtpTime(580), true));
    }

    #[test]
    fn time_goes_on_when_its_clock_changes() {
        let mut outgoing = stream();
        let before = outgoing.own(0, 160, 160, ms(0));
        outgoing.change_clock(48_000, ms(100));
        let after = outgoing.own(96, 960, 60, ms(120));
        // A hundred milliseconds on the old clock, twenty on the new one.
        assert_eq!(after.timestamp.distance_from(before.timestamp), 800 + 960);
        assert!(after.marker);
        assert_eq!(outgoing.own(96, 960, 60, ms(140)).timestamp.distance_from(after.timestamp), 960);
    }

    fn stream() -> Outgoing {
        Outgoing::new(Ssrc(9), SeqNumber(65_530), RtpTime(100))
    }

    fn ms(millis: u16) -> Instant {
        Instant::from_micros(u64::from(millis) * 1_000)
    }

    fn relay(outgoing: &mut Outgoing, key: RelayKey, number: u16, time: u32, millis: u16) -> Option<Header> {
        let timestamp = RtpTime(time.wrapping_add(u32::from(number) * 160));
        let header = Header { sequence: SeqNumber(number), timestamp, ..Header::default() };
        outgoing.relay(key, &header, 0, 160, 160, ms(millis))
    }
}
