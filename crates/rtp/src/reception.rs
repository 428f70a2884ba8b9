//! What arrived of one stream, and how well: RFC 3550 appendices A.1 (sequence numbers), A.3 (loss), A.8 (jitter).
//!
//! Two things differ from the appendix. A stream counts from its first packet: the probation of A.1 would swallow the
//! first words of a caller, and who may send at all is decided by the source rules of `media`. And a window of 64
//! packets tells duplicates from latecomers, so that loss is what never came, not what came twice less what is missing.

use crate::{RtpTime, SeqNumber};
use base::Instant;

/// How far a stream may jump ahead before it counts as begun anew, in packets: a minute at 20 ms.
const DROPOUT_MAX: i16 = 3_000;

/// How many packets back a duplicate can still be told from a latecomer.
const WINDOW: i16 = 64;

/// How far back a packet counts as late; from further back it hints at a stream that began anew.
const MISORDER_MAX: i16 = 100;

/// How many numbers there are before they begin again.
const CYCLE: u64 = 1 << 16;

/// What a packet is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next packet, or one after a gap.
    Fresh,
    /// Out of order, but not seen before.
    Late,
    /// Seen before.
    Duplicate,
    /// Far from where the stream was. A second one in a row of it begins the stream anew.
    Stray,
    /// The stream jumped: its numbers begin anew with this packet.
    Restarted,
}

/// The counters of one incoming stream.
#[derive(Clone, Debug)]
pub struct Reception {
    clock_rate: u32,
    /// The earliest and the highest number, counted on without wraps; both begin one cycle up, so that latecomers from
    /// before the first packet have room below.
    first: u64,
    highest: u64,
    /// Bit n is set when the packet n before the highest has come.
    seen: u64,
    /// Where the next packet would be if the stream really jumped.
    after_stray: Option<SeqNumber>,
    begun: bool,
    received: u64,
    duplicates: u64,
    /// Packets expected of the stretches before the last restart.
    expected_before: u64,
    transit: Option<i64>,
    /// Sixteen times the jitter, in units of the clock, as A.8 keeps it.
    jitter: u64,
    /// The largest jitter so far, in the same units.
    jitter_max: u64,
    expected_prior: u64,
    received_prior: u64,
}

impl Reception {
    /// Counters for a stream whose timestamps count `clock_rate` units a second.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate,
            first: 0,
            highest: 0,
            seen: 0,
            after_stray: None,
            begun: false,
            received: 0,
            duplicates: 0,
            expected_before: 0,
            transit: None,
            jitter: 0,
            jitter_max: 0,
            expected_prior: 0,
            received_prior: 0,
        }
    }

    /// Counts a packet. `timestamp` is `None` for packets that say nothing about jitter, such as the repeats of a
    /// telephone-event, which all carry the time of its beginning.
    pub fn arrived(&mut self, sequence: SeqNumber, timestamp: Option<RtpTime>, now: Instant) -> Arrival {
        let arrival = self.place(sequence);
        match arrival {
            Arrival::Fresh | Arrival::Late | Arrival::Restarted => {
                self.received += 1;
                if let Some(timestamp) = timestamp {
                    self.measure_jitter(timestamp, now);
                }
            }
            Arrival::Duplicate => self.duplicates += 1,
            Arrival::Stray => {}
        }
        arrival
    }

    /// Begins anew without forgetting the counts: another stream has taken the place of this one.
    pub fn restart(&mut self) {
        self.expected_before = self.expected();
        self.begun = false;
        self.after_stray = None;
        self.transit = None;
    }

    /// Goes on with another clock: the far end speaks another codec from now on.
    pub fn change_clock(&mut self, clock_rate: u32) {
        let (before, after) = (u64::from(self.clock_rate.max(1)), u64::from(clock_rate));
        for units in [&mut self.jitter, &mut self.jitter_max] {
            *units = units.saturating_mul(after) / before;
        }
        self.clock_rate = clock_rate;
        self.transit = None;
    }

    fn place(&mut self, sequence: SeqNumber) -> Arrival {
        if !self.begun {
            self.begin(sequence);
            return Arrival::Fresh;
        }
        let ahead = sequence.distance_from(SeqNumber(self.highest as u16));
        if 0 < ahead && ahead < DROPOUT_MAX {
            self.seen = if ahead < WINDOW { (self.seen << ahead) | 1 } else { 1 };
            self.highest += u64::from(ahead.unsigned_abs());
            self.after_stray = None;
            return Arrival::Fresh;
        }
        if -WINDOW < ahead && ahead <= 0 {
            let bit = 1u64 << ahead.unsigned_abs();
            if self.seen & bit != 0 {
                return Arrival::Duplicate;
            }
            self.seen |= bit;
            // A packet from before the first one widens the stretch, or more would come than were expected.
            self.first = self.first.min(self.highest.saturating_sub(u64::from(ahead.unsigned_abs())));
            return Arrival::Late;
        }
        if -MISORDER_MAX < ahead && ahead <= 0 {
            return Arrival::Duplicate;
        }
        // RFC 3550 A.1: two packets in a row from far away mean that the other side began anew.
        if self.after_stray == Some(sequence) {
            self.expected_before = self.expected();
            self.begin(sequence);
            self.transit = None;
            return Arrival::Restarted;
        }
        self.after_stray = Some(sequence.next());
        Arrival::Stray
    }

    fn begin(&mut self, sequence: SeqNumber) {
        self.highest = CYCLE + u64::from(sequence.0);
        self.first = self.highest;
        self.seen = 1;
        self.after_stray = None;
        self.begun = true;
    }

    /// RFC 3550 A.8: the mean deviation of the spacing, smoothed over sixteen packets.
    fn measure_jitter(&mut self, timestamp: RtpTime, now: Instant) {
        let arrival = now.as_micros().wrapping_mul(u64::from(self.clock_rate)) / 1_000_000;
        let transit = i64::from((arrival as u32).wrapping_sub(timestamp.0) as i32);
        if let Some(before) = self.transit {
            // The difference is taken on the 32-bit circle, or a wrap of the timestamp would look like a day of jitter.
            let difference = u64::from(((transit - before) as i32).unsigned_abs());
            // A jump of more than a second is a new timeline or a gap in time, not jitter.
            if difference < u64::from(self.clock_rate) {
                self.jitter = self.jitter + difference - ((self.jitter + 8) >> 4);
                self.jitter_max = self.jitter_max.max(self.jitter);
            }
        }
        self.transit = Some(transit);
    }

    /// Packets that came, without duplicates.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Packets that came again.
    pub fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Packets that should have come by the numbers of those that did.
    pub fn expected(&self) -> u64 {
        if !self.begun {
            return self.expected_before;
        }
        self.expected_before + self.highest - self.first + 1
    }

    /// Packets that never came. Never negative.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// The highest sequence number with the count of its wraps in the upper half (RFC 3550 §6.4.1).
    pub fn extended_highest(&self) -> u32 {
        self.highest.saturating_sub(CYCLE) as u32
    }

    /// The jitter of now, in units of the clock, as a report block carries it.
    pub fn jitter(&self) -> u32 {
        u32::try_from(self.jitter >> 4).unwrap_or(u32::MAX)
    }

    /// The jitter of now, in microseconds.
    pub fn jitter_us(&self) -> u64 {
        (self.jitter >> 4) * 1_000_000 / u64::from(self.clock_rate.max(1))
    }

    /// The largest jitter so far, in microseconds.
    pub fn jitter_us_max(&self) -> u64 {
        (self.jitter_max >> 4) * 1_000_000 / u64::from(self.clock_rate.max(1))
    }

    /// The share of packets lost since this was last asked, in 256ths (RFC 3550 A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let expected = self.expected() - self.expected_prior;
        let received = self.received - self.received_prior;
        self.expected_prior = self.expected();
        self.received_prior = self.received;
        let lost = expected.saturating_sub(received);
        (lost * 256).checked_div(expected).map_or(0, |share| u8::try_from(share).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn jitter_stays_what_it_is_when_the_clock_changes() {
        let mut reception = Reception::new(8_000);
        for packet in 0..100u16 {
            send(&mut reception, packet, u64::from(packet % 2) * 10_000);
        }
        let before = (reception.jitter_us(), reception.jitter_us_max());
        assert!(before.0 > 5_000);
        reception.change_clock(48_000);
        let after = (reception.jitter_us(), reception.jitter_us_max());
        assert!(before.0.abs_diff(after.0) < 150 && before.1.abs_diff(after.1) < 150, "{before:?} {after:?}");
    }

    #[test]
    fn a_stream_without_fault_has_neither_loss_nor_jitter() {
        let mut reception = Reception::new(8_000);
        for packet in 0..200u16 {
            assert_eq!(send(&mut reception, 65_500u16.wrapping_add(packet), 0), Arrival::Fresh);
        }
        assert_eq!((reception.received(), reception.lost(), reception.duplicates()), (200, 0, 0));
        assert_eq!(reception.jitter_us(), 0);
        assert_eq!(reception.extended_highest(), 65_500 + 199);
    }

    #[test]
    fn loss_is_what_never_came() {
        let mut reception = Reception::new(8_000);
        for packet in (0..100u16).filter(|packet| packet % 10 != 3) {
            send(&mut reception, packet, 0);
        }
        assert_eq!((reception.received(), reception.expected(), reception.lost()), (90, 100, 10));
        assert_eq!(reception.fraction_lost(), 25);
        assert_eq!(reception.fraction_lost(), 0, "nothing has happened since");
    }

    #[test]
    fn duplicates_and_latecomers_are_told_apart() {
        let mut reception = Reception::new(8_000);
        let arrivals = [0, 1, 3, 3, 2, 2, 4, 0].map(|packet| send(&mut reception, packet, 0));
        use Arrival::{Duplicate, Fresh, Late};
        assert_eq!(arrivals, [Fresh, Fresh, Fresh, Duplicate, Late, Duplicate, Fresh, Duplicate]);
        assert_eq!((reception.received(), reception.lost(), reception.duplicates()), (5, 0, 3));
    }

    #[test]
    fn packets_from_before_the_first_one_are_no_negative_loss() {
        let mut reception = Reception::new(8_000);
        for packet in [1, 0, 65_535, 2] {
            send(&mut reception, packet, 0);
        }
        assert_eq!((reception.received(), reception.expected(), reception.lost()), (4, 4, 0));
    }

    #[test]
    fn a_stream_that_jumps_is_believed_the_second_time() {
        let mut reception = Reception::new(8_000);
        for packet in 0..10 {
            send(&mut reception, packet, 0);
        }
        assert_eq!(send(&mut reception, 30_000, 0), Arrival::Stray);
        assert_eq!(send(&mut reception, 10, 0), Arrival::Fresh, "one stray packet changes nothing");
        assert_eq!(send(&mut reception, 30_000, 0), Arrival::Stray);
        assert_eq!(send(&mut reception, 30_001, 0), Arrival::Restarted);
        assert_eq!(send(&mut reception, 30_002, 0), Arrival::Fresh);
        assert_eq!((reception.received(), reception.lost()), (13, 0));
    }

    #[test]
    fn jitter_grows_towards_the_deviation_of_the_spacing() {
        let mut reception = Reception::new(8_000);
        for packet in 0..500u16 {
            // Every second packet comes 5 ms late: the spacing deviates by 5 ms each time.
            send(&mut reception, packet, u64::from(packet % 2) * 5_000);
        }
        assert!((4_000..=5_100).contains(&reception.jitter_us()), "{}", reception.jitter_us());
        assert!(reception.jitter_us_max() >= reception.jitter_us());
    }

    #[test]
    fn a_wrap_of_the_timestamp_is_no_jitter() {
        let mut reception = Reception::new(8_000);
        for packet in 0..50u16 {
            let time = RtpTime((u32::MAX - 1_000).wrapping_add(u32::from(packet) * 160));
            reception.arrived(
                SeqNumber(packet),
                Some(time),
                Instant::from_micros(u64::from(packet) * 20_000),
            );
        }
        assert_eq!(reception.jitter_us_max(), 0);
    }

    proptest! {
        #[test]
        fn any_numbers_are_counted_without_contradiction(packets in prop::collection::vec(any::<(u16, u32, u32)>(), 0..300)) {
            let mut reception = Reception::new(8_000);
            let mut now = 0;
            for (sequence, time, later) in packets {
                now += u64::from(later);
                reception.arrived(SeqNumber(sequence), Some(RtpTime(time)), Instant::from_micros(now));
                reception.fraction_lost();
                prop_assert_eq!(reception.lost(), reception.expected().saturating_sub(reception.received()));
            }
        }

        #[test]
        fn shuffled_and_doubled_packets_lose_nothing(first: u16, order in Just((0..60u16).collect::<Vec<_>>()).prop_shuffle()) {
            let mut reception = Reception::new(8_000);
            for packet in order.iter().chain(&order) {
                send(&mut reception, first.wrapping_add(*packet), 0);
            }
            prop_assert_eq!((reception.received(), reception.duplicates(), reception.lost()), (60, 60, 0));
        }
    }

    /// Sends packet `number` at the right time plus `late_us`.
    fn send(reception: &mut Reception, number: u16, late_us: u64) -> Arrival {
        let time = RtpTime(u32::from(number) * 160);
        let now = Instant::from_micros(10_000_000 + u64::from(number) * 20_000 + late_us);
        reception.arrived(SeqNumber(number), Some(time), now)
    }
}
