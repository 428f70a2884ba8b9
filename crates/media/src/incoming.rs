//! What comes to a port: one stream, told from others by address ([`crate::gate`]) and by SSRC, its numbers followed,
//! its keys counted.
//!
//! A port listens to one SSRC. Another one takes its place only when the first has been quiet for [`QUIET`] and two
//! packets in a row of the new one have come: a flood of random SSRCs, even from the right address, never gets there.
//! Whatever is refused is counted and changes nothing else; nothing here ends a call.

use crate::event::Dropped;
use crate::gate::{Gate, Verdict};
use crate::{Codec, Digit, Format, Keys};
use base::{Duration, Instant};
use rtp::{Arrival, EventDetector, Packet, Reception, SeqNumber, Ssrc, TelephoneEvent};
use std::net::SocketAddr;

/// The most payload a packet of speech has: one frame of Opus (RFC 6716 §3.2.1), more than 120 ms of G.711.
pub const PAYLOAD_MAX: usize = 1_275;

/// The payload type of comfort noise (RFC 3389): a far end that keeps quiet says so with it now and then.
const COMFORT_NOISE: u8 = 13;

/// How long the stream a port listens to must be quiet before another may take its place.
pub const QUIET: Duration = Duration::from_millis(60);

/// How many keys a second a far end can press; nobody types faster, and machines should not.
pub const KEYS_PER_SECOND_MAX: u64 = 20;

/// What a packet turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Sound.
    Sound {
        /// The packet.
        packet: Packet,
        /// How it is encoded.
        codec: Codec,
    },
    /// A telephone-event, with the key if it is the one time to count it.
    Event {
        /// The packet.
        packet: Packet,
        /// The event.
        event: TelephoneEvent,
        /// The clock its duration counts on, in Hz.
        clock_rate: u32,
        /// The key that went down.
        pressed: Option<Digit>,
    },
    /// The far end keeps quiet, and says what its background sounds like (RFC 3389).
    Quiet {
        /// The packet.
        packet: Packet,
    },
}

/// The receiving half of a port.
#[derive(Clone, Debug)]
pub struct Incoming {
    gate: Option<Gate>,
    format: Format,
    keys: Option<Keys>,
    receive: bool,
    ssrc: Option<Ssrc>,
    candidate: Option<(Ssrc, SeqNumber)>,
    /// One more each time another stream, or the same one anew, is listened to.
    generation: u32,
    reception: Reception,
    detector: EventDetector,
    allowance: KeyAllowance,
    last_heard: Option<Instant>,
    /// Whether the last that came said that the far end keeps quiet.
    is_quiet: bool,
    dropped: Dropped,
}

impl Incoming {
    /// The receiving half of a port that is not yet configured.
    pub fn new() -> Self {
        Self {
            gate: None,
            format: Format::of(Codec::Pcmu),
            keys: None,
            receive: false,
            ssrc: None,
            candidate: None,
            generation: 0,
            reception: Reception::new(Codec::Pcmu.clock_rate()),
            detector: EventDetector::new(Codec::Pcmu.clock_rate()),
            allowance: KeyAllowance::default(),
            last_heard: None,
            is_quiet: false,
            dropped: Dropped::default(),
        }
    }

    /// Takes what SDP agreed. An address that stays the same keeps what was learned of it.
    pub fn configure(&mut self, remote: SocketAddr, format: Format, keys: Option<Keys>, receive: bool) {
        if self.gate.as_ref().is_none_or(|gate| gate.signalled() != remote) {
            self.gate = Some(Gate::new(remote));
            self.ssrc = None;
            self.candidate = None;
        }
        if self.format.codec.clock_rate() != format.codec.clock_rate() {
            self.reception.change_clock(format.codec.clock_rate());
        }
        if !self.format.codec.is_kin(format.codec) {
            // What was listened to so far is another sound from now on, whatever it is numbered by.
            self.generation = self.generation.wrapping_add(1);
        }
        if self.keys.map(|keys| keys.clock_rate) != keys.map(|keys| keys.clock_rate) {
            self.detector = detector(keys);
        }
        self.format = format;
        self.keys = keys;
        self.receive = receive;
    }

    /// Whether it is worth opening a sealed packet from there; counted if not.
    pub fn may_come_from(&mut self, source: SocketAddr) -> bool {
        let may = self.gate.as_ref().is_some_and(|gate| gate.may_admit(source));
        if !may {
            self.dropped.foreign_source += 1;
        }
        may
    }

    /// The counts of what is refused before it can be judged.
    pub fn dropped_mut(&mut self) -> &mut Dropped {
        &mut self.dropped
    }

    /// Judges a datagram. `None` means that it was dropped and counted.
    pub fn hear(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) -> Option<Heard> {
        let Ok(packet) = Packet::parse(datagram) else {
            self.dropped.malformed += 1;
            return None;
        };
        if packet.payload.len() > PAYLOAD_MAX {
            self.dropped.oversized += 1;
            return None;
        }
        let admitted =
            self.gate.as_mut().is_some_and(|gate| gate.judge(source, packet.header.ssrc) == Verdict::Admit);
        if !admitted {
            self.dropped.foreign_source += 1;
            return None;
        }
        let payload_type = packet.header.payload_type;
        let event_clock = self.keys.filter(|keys| keys.receive == payload_type).map(|keys| keys.clock_rate);
        let is_event = event_clock.is_some();
        let codec = self.codec_of(payload_type);
        let is_quiet = payload_type == COMFORT_NOISE;
        if !is_event && codec.is_none() && !is_quiet {
            self.dropped.foreign_format += 1;
            return None;
        }
        if !self.follow(&packet, now) {
            self.dropped.foreign_stream += 1;
            return None;
        }
        // All packets of an event carry the time of its beginning, which says nothing about jitter.
        let timestamp = (!is_event).then_some(packet.header.timestamp);
        match self.reception.arrived(packet.header.sequence, timestamp, now) {
            // What was overtaken, and a key, say nothing about whether the far end keeps quiet.
            Arrival::Fresh if !is_event => self.is_quiet = is_quiet && codec.is_none(),
            Arrival::Fresh | Arrival::Late => {}
            Arrival::Restarted => {
                self.begin_anew();
                self.is_quiet = is_quiet && codec.is_none();
            }
            Arrival::Duplicate => return None,
            Arrival::Stray => {
                self.dropped.stray += 1;
                return None;
            }
        }
        self.last_heard = Some(now);
        if !self.receive {
            self.dropped.unwanted += 1;
            return None;
        }
        match (codec, event_clock) {
            (Some(codec), None) => Some(Heard::Sound { packet, codec }),
            (None, None) => Some(Heard::Quiet { packet }),
            (_, Some(clock_rate)) => {
                let event = TelephoneEvent::parse(datagram.get(packet.payload.clone())?);
                let Some(event) = event else {
                    self.dropped.malformed += 1;
                    return None;
                };
                let pressed =
                    self.detector.handle(packet.header.timestamp, event).and_then(|told| told.counted());
                let pressed = pressed.filter(|_| self.allowance.take(now, &mut self.dropped));
                Some(Heard::Event { packet, event, clock_rate, pressed })
            }
        }
    }

    /// The codec of a payload type: the one agreed, or the other law, since a far end that was offered both may change
    /// between them.
    fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        let agreed = self.format.codec;
        match payload_type {
            number if number == self.format.receive_type => Some(agreed),
            // Some send what they asked for, whatever was offered to them.
            number if number == self.format.payload_type => Some(agreed),
            0 => Some(Codec::Pcmu).filter(|codec| agreed.is_kin(*codec)),
            8 => Some(Codec::Pcma).filter(|codec| agreed.is_kin(*codec)),
            _ => None,
        }
    }

    /// Whether the packet is of the stream listened to, which it may be the one to change.
    fn follow(&mut self, packet: &Packet, now: Instant) -> bool {
        let ssrc = packet.header.ssrc;
        match self.ssrc {
            Some(current) if current == ssrc => true,
            None => {
                self.ssrc = Some(ssrc);
                self.reception.restart();
                self.begin_anew();
                true
            }
            Some(_) => {
                let second = self.candidate == Some((ssrc, packet.header.sequence));
                let quiet = self.last_heard.is_none_or(|last| now.since(last) >= QUIET);
                if second && quiet {
                    self.ssrc = Some(ssrc);
                    self.candidate = None;
                    self.reception.restart();
                    self.begin_anew();
                    return true;
                }
                self.candidate = Some((ssrc, packet.header.sequence.next()));
                false
            }
        }
    }

    fn begin_anew(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.detector = detector(self.keys);
    }

    /// One more each time another stream, or the same one anew, is listened to.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The clock that keys count on, in Hz, if there are any.
    pub fn keys_clock_rate(&self) -> Option<u32> {
        self.keys.map(|keys| keys.clock_rate)
    }

    /// Where media for the far end goes.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.gate.as_ref().map(Gate::destination)
    }

    /// The source rules, once configured.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// The stream listened to.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.ssrc
    }

    /// Whether the port is to receive.
    pub fn receives(&self) -> bool {
        self.receive && self.gate.is_some()
    }

    /// When the last packet came that passed the rules.
    pub fn last_heard(&self) -> Option<Instant> {
        self.last_heard
    }

    /// Whether a key that was found in the sound may be told: no more in a second than of the others.
    pub(crate) fn may_tell_key(&mut self, now: Instant) -> bool {
        self.allowance.take(now, &mut self.dropped)
    }

    /// Whether the far end has said that it keeps quiet, and nothing since.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// The counters of the stream.
    pub fn reception(&self) -> &Reception {
        &self.reception
    }

    /// The counters of the stream, to take the loss since the last report.
    pub fn reception_mut(&mut self) -> &mut Reception {
        &mut self.reception
    }

    /// What was refused.
    pub fn dropped(&self) -> Dropped {
        self.dropped
    }
}

fn detector(keys: Option<Keys>) -> EventDetector {
    EventDetector::new(keys.map_or(Codec::Pcmu.clock_rate(), |keys| keys.clock_rate))
}

impl Default for Incoming {
    fn default() -> Self {
        Self::new()
    }
}

/// A bucket of keys that fills up at [`KEYS_PER_SECOND_MAX`].
#[derive(Clone, Debug, Default)]
struct KeyAllowance {
    used: u64,
    since: Instant,
}

impl KeyAllowance {
    fn take(&mut self, now: Instant, dropped: &mut Dropped) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.used = 0;
        }
        if self.used >= KEYS_PER_SECOND_MAX {
            dropped.keys += 1;
            return false;
        }
        self.used += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtp::{Header, RtpTime};

    const PHONE: &str = "192.168.1.20:4000";

    #[test]
    fn what_is_not_rtp_or_too_long_is_counted_and_dropped() {
        let mut incoming = configured();
        let mut wrong_version = packet(1, 0, 0, 160);
        wrong_version[0] = 0x40;
        assert_eq!(hear(&mut incoming, &wrong_version, 0), None);
        assert_eq!(hear(&mut incoming, &[0x80, 0], 0), None);
        assert_eq!(hear(&mut incoming, &packet(1, 0, 0, PAYLOAD_MAX + 1), 0), None);
        assert_eq!((incoming.dropped().malformed, incoming.dropped().oversized), (2, 1));
        assert!(hear(&mut incoming, &packet(1, 0, 0, 160), 0).is_some());
    }

    #[test]
    fn a_format_that_was_not_agreed_is_dropped() {
        let mut incoming = configured();
        assert_eq!(hear(&mut incoming, &packet(1, 0, 96, 160), 0), None);
        assert_eq!(incoming.dropped().foreign_format, 1);
        assert_eq!(incoming.ssrc(), None, "and its stream is not listened to");
    }

    #[test]
    fn comfort_noise_is_no_sound_but_shows_that_somebody_is_there() {
        let mut incoming = configured();
        hear(&mut incoming, &packet(1, 0, 0, 160), 0);
        assert!(matches!(hear(&mut incoming, &packet(1, 1, 13, 1), 400_000), Some(Heard::Quiet { .. })));
        assert_eq!(incoming.last_heard(), Some(Instant::from_micros(400_000)));
        assert_eq!(incoming.dropped(), Dropped::default());
    }

    #[test]
    fn a_flood_of_streams_does_not_disturb_the_one_listened_to() {
        let mut incoming = configured();
        let mut heard = 0;
        for honest in 0..100u16 {
            let now = u64::from(honest) * 20_000;
            heard += usize::from(hear(&mut incoming, &packet(1, honest, 0, 160), now).is_some());
            for flood in 0..200u32 {
                let number = u32::from(honest) * 200 + flood;
                let intruder = packet(1_000 + number * 7_919, number as u16, 0, 160);
                assert_eq!(hear(&mut incoming, &intruder, now + u64::from(flood) * 100), None);
            }
        }
        assert_eq!(heard, 100);
        assert_eq!(incoming.dropped().foreign_stream, 20_000);
        assert_eq!(incoming.reception().lost(), 0);
    }

    #[test]
    fn another_stream_is_heard_when_the_first_has_gone_quiet() {
        let mut incoming = configured();
        hear(&mut incoming, &packet(1, 0, 0, 160), 0);
        let before = incoming.generation();
        assert_eq!(hear(&mut incoming, &packet(2, 70, 0, 160), 20_000), None);
        assert_eq!(hear(&mut incoming, &packet(2, 71, 0, 160), 40_000), None);
        assert_eq!(incoming.generation(), before);
        assert!(hear(&mut incoming, &packet(2, 72, 0, 160), 60_000).is_some());
        assert_eq!(incoming.ssrc(), Some(Ssrc(2)));
        assert_ne!(incoming.generation(), before);
        assert_eq!(incoming.reception().lost(), 0);
    }

    #[test]
    fn while_a_port_is_not_to_receive_nothing_is_heard_but_the_numbers_are_followed() {
        let mut incoming = configured();
        hear(&mut incoming, &packet(1, 0, 0, 160), 0);
        incoming.configure(PHONE.parse().unwrap(), Format::of(Codec::Pcmu), Some(Keys::of(101)), false);
        for number in 1..50 {
            assert_eq!(hear(&mut incoming, &packet(1, number, 0, 160), 0), None);
        }
        incoming.configure(PHONE.parse().unwrap(), Format::of(Codec::Pcmu), Some(Keys::of(101)), true);
        assert!(hear(&mut incoming, &packet(1, 50, 0, 160), 0).is_some());
        assert_eq!((incoming.dropped().unwanted, incoming.reception().lost()), (49, 0));
    }

    #[test]
    fn keys_are_counted_once_and_a_flood_of_them_is_not() {
        let mut incoming = configured();
        let mut pressed = 0;
        for number in 0..100u16 {
            for _ in 0..2 {
                let mut event = packet(1, number, 101, 4);
                event[4..8].copy_from_slice(&(u32::from(number) * 400).to_be_bytes());
                event[12..].copy_from_slice(&[5, 0x80, 1, 0x40]);
                if let Some(Heard::Event { pressed: Some(_), .. }) =
                    hear(&mut incoming, &event, u64::from(number))
                {
                    pressed += 1;
                }
            }
        }
        assert_eq!((pressed, incoming.dropped().keys), (20, 80));
    }

    fn configured() -> Incoming {
        let mut incoming = Incoming::new();
        incoming.configure(PHONE.parse().unwrap(), Format::of(Codec::Pcmu), Some(Keys::of(101)), true);
        incoming
    }

    fn hear(incoming: &mut Incoming, datagram: &[u8], micros: u64) -> Option<Heard> {
        incoming.hear(PHONE.parse().unwrap(), datagram, Instant::from_micros(micros))
    }

    fn packet(ssrc: u32, sequence: u16, payload_type: u8, payload: usize) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type,
            sequence: SeqNumber(sequence),
            timestamp: RtpTime(u32::from(sequence) * 160),
            ssrc: Ssrc(ssrc),
        };
        let mut bytes = [0; 12];
        header.write(&mut bytes);
        let mut datagram = bytes.to_vec();
        datagram.resize(12 + payload, 0xff);
        datagram
    }
}
