//! One port: its two halves and what lies on them. The engine ties ports together.

use crate::attention::Attention;
use crate::ear::{Ear, FRAME_MS, FRAME_SAMPLES_MAX};
use crate::engine::ONE_WAY_AFTER;
use crate::event::{Decoding, Event, EventQueue, Quality, Way};
use crate::incoming::{Heard, Incoming, PAYLOAD_MAX};
use crate::key_tone::{KeyListener, KeyTone};
use crate::keypad::Keypad;
use crate::line::Line;
use crate::listening::Detectors;
use crate::mix::Mixing;
use crate::mouth::Mouth;
use crate::outgoing::{Outgoing, RelayKey};
use crate::player::Player;
use crate::recording::Tap;
use crate::report::{REPORT_BYTES_MAX, Reports};
use crate::seals::Seals;
use crate::{Codec, ConferenceKey, Format, Keys, Law, Outbox, PortId};
use base::{Duration, IdSource, Instant, Now};
use codec::SampleRate;
use rtp::mos::Coding;
use rtp::packet::HEADER_BYTES;
use rtp::telephone_event::EVENT_BYTES;
use rtp::{Header, Packet, RtpTime, SeqNumber, Ssrc, TelephoneEvent};
use std::net::SocketAddr;
use std::sync::Arc;

/// The most samples in a packet of ours: 60 ms.
pub(crate) const PACKET_SAMPLES_MAX: usize = 480;

/// What a port hears when nothing is played to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Nothing.
    Open,
    /// The port at this place.
    Bridge(usize),
    /// Itself.
    Echo,
    /// The others in this conference.
    Conference(ConferenceKey),
}

/// How recently the other one in a bridge must have been heard to count as talking.
const OTHER_TALKS: Duration = Duration::from_secs(1);

/// How long a key is believed to be down after one of its packets has come.
const KEY_GOES_ON: Duration = Duration::from_millis(60);

/// What a key of ours did in a packet's time.
enum Pressed {
    /// There was none.
    Nothing,
    /// It went out as an event, or there was nowhere to send it.
    Sent,
    /// It sounds.
    Sounds,
}

/// A key on its way from one port to another whose streams differ.
#[derive(Clone, Copy, Debug)]
struct Passing {
    /// When it began, there and here.
    began: RtpTime,
    ours: RtpTime,
    until: Instant,
    /// Whether it went out in the relayed stream so far.
    is_relayed: bool,
}

pub(crate) struct Port {
    pub(crate) id: PortId,
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    pub(crate) seals: Seals,
    pub(crate) format: Format,
    pub(crate) keys: Option<Keys>,
    pub(crate) send: bool,
    pub(crate) wire: Wire,
    pub(crate) player: Option<Player>,
    pub(crate) keypad: Keypad,
    /// The key that sounds, if no telephone-events were agreed.
    key_tone: Option<KeyTone>,
    /// Hears keys in the sound, if no telephone-events were agreed.
    pub(crate) key_listener: Option<Box<KeyListener>>,
    pub(crate) detectors: Option<Box<Detectors>>,
    /// How closely the far end is listened to, where its packets are.
    pub(crate) attention: Attention,
    /// When the last key went down that was meant for us and not for whoever the port is bridged with.
    pub(crate) spent_key: Option<RtpTime>,
    /// Who is heard beside the wire, and who hears this port so, by their places.
    pub(crate) beside: Vec<usize>,
    pub(crate) overheard: Vec<usize>,
    /// Whether what is heard is mixed.
    pub(crate) mixing: Mixing,
    /// Whether an ear or a mouth may have become needless with a packet.
    pub(crate) is_stale: bool,
    /// Decodes what comes, where somebody needs it decoded.
    pub(crate) ear: Option<Box<Ear>>,
    /// Encodes what goes out, where it is not copied or relayed.
    pub(crate) mouth: Option<Box<Mouth>>,
    /// What a port has that a program is at the far end of, instead of a network.
    pub(crate) line: Option<Box<Line>>,
    /// The key that another port passes on to this one.
    passing: Option<Passing>,
    /// Packets made of sound in another codec.
    pub(crate) transcoded: u64,
    decoded_before: Decoding,
    /// Frames heard by the ear so far: the timestamps of what the recorder gets of it.
    pub(crate) heard_frames: u32,
    /// Packets that told of the one before as well.
    redundant: u32,
    pub(crate) taps: Vec<Tap>,
    pub(crate) reports: Reports,
    /// Samples of time that have passed and are not yet in a packet.
    owed: usize,
    /// The phase in which the port has its turns, if it has something to send.
    pub(crate) phase: Option<usize>,
    /// From when on it takes its turns. One before that comes too early for a port that had its last one in another engine.
    pub(crate) turns_from: Instant,
    /// Since when something should have come.
    pub(crate) listening_since: Option<Instant>,
    pub(crate) no_media_told: bool,
    /// Since when the port is bridged with the one it is bridged with.
    pub(crate) bridged_since: Instant,
    /// Which ways have been told to carry nothing, in and out, and the last one of them.
    pub(crate) one_way_told: [bool; 2],
    pub(crate) one_way: Option<Way>,
    first_packet_told: bool,
}

impl Port {
    pub(crate) fn new(id: PortId, now: Instant, ids: &mut IdSource, cname: Arc<str>) -> Self {
        let ssrc = Ssrc(ids.next_u32());
        let outgoing = Outgoing::new(
            ssrc,
            // Half of the circle is left before the first wrap, as old receivers like it (RFC 3711 §3.3.1).
            SeqNumber((ids.next_u32() & 0x7fff) as u16),
            RtpTime(ids.next_u32()),
        );
        Self {
            id,
            incoming: Incoming::new(),
            outgoing,
            seals: Seals::default(),
            format: Format::of(Codec::Pcmu),
            keys: None,
            send: false,
            wire: Wire::Open,
            player: None,
            keypad: Keypad::new(),
            key_tone: None,
            key_listener: None,
            detectors: None,
            attention: Attention::default(),
            spent_key: None,
            beside: Vec::new(),
            overheard: Vec::new(),
            mixing: Mixing::No,
            is_stale: false,
            ear: None,
            mouth: None,
            line: None,
            passing: None,
            transcoded: 0,
            decoded_before: Decoding::default(),
            heard_frames: 0,
            redundant: 0,
            taps: Vec::new(),
            reports: Reports::new(now, ssrc, cname),
            owed: 0,
            phase: None,
            turns_from: Instant::START,
            listening_since: None,
            no_media_told: false,
            bridged_since: now,
            one_way_told: [false; 2],
            one_way: None,
            first_packet_told: false,
        }
    }

    /// Puts a program at the far end.
    pub(crate) fn become_line(&mut self, rate: SampleRate) {
        self.line = Some(Box::new(Line::new(rate)));
        self.send = true;
    }

    /// Whether anything may come from the far end.
    pub(crate) fn speaks(&self) -> bool {
        self.line.is_some() || self.incoming.receives()
    }

    /// What is played to the far end. A play of nothing but silence, there to keep a stream going, gives way to whoever is
    /// to be heard in a mix, which does so as well.
    pub(crate) fn plays(&self) -> Option<&Player> {
        let is_spoken_to = !self.beside.is_empty() || matches!(self.wire, Wire::Conference(_));
        self.player.as_ref().filter(|player| !(is_spoken_to && player.is_silence()))
    }

    /// Notes that a packet passed the rules.
    pub(crate) fn heard(&mut self, heard: &Heard, events: &mut EventQueue) {
        self.no_media_told = false;
        if !self.first_packet_told {
            self.first_packet_told = true;
            events.push(Event::FirstPacket { port: self.id });
        }
        if let Heard::Event { pressed: Some(digit), .. } = heard {
            events.push(Event::Digit { port: self.id, digit: *digit });
        }
    }

    /// Takes sound of the far end at 8 kHz, to hear what is in it.
    pub(crate) fn heard_sound(&mut self, sound: &[i16], now: Instant, events: &mut EventQueue) {
        if let Some(listener) = &mut self.key_listener {
            let incoming = &mut self.incoming;
            listener.push(sound, |digit| {
                if incoming.may_tell_key(now) {
                    events.push(Event::Digit { port: self.id, digit });
                }
            });
        }
        if let Some(detectors) = &mut self.detectors {
            detectors.push(sound, |finding| events.push(Event::Found { port: self.id, finding }));
        }
    }

    /// Counts packets that make good the loss of the one before.
    pub(crate) fn note_redundancy(&mut self, codec: Codec, payload: &[u8]) {
        if codec == Codec::Opus && codec::opus::is_redundant(payload) {
            self.redundant = self.redundant.saturating_add(1);
        }
    }

    /// How the far end encodes, for an estimate of how it is heard.
    fn coding(&self) -> Coding {
        match self.format.codec {
            Codec::Pcmu | Codec::Pcma => Coding::G711,
            Codec::G722 => Coding::G722,
            Codec::Opus => {
                // Only speech is told twice, and nobody speaks for more than half of a conversation.
                let received = self.incoming.reception().received().max(1) as f64;
                Coding::Opus { redundant: 2.0 * f64::from(self.redundant) / received }
            }
        }
    }

    /// Whether somebody wants the sound of the far end for what is in it.
    pub(crate) fn is_listened_to(&self) -> bool {
        self.key_listener.is_some() || self.detectors.is_some()
    }

    /// Sends a packet that came to another port (or to this one, for an echo), rewritten in the datagram it came in.
    pub(crate) fn relay(
        &mut self,
        key: RelayKey,
        packet: &Packet,
        codec: Codec,
        datagram: &mut [u8],
        now: Instant,
        out: &mut impl Outbox,
    ) {
        let Some(destination) = self.destination_of_others() else { return };
        let payload = &mut datagram[packet.payload.clone()];
        let Some(units) = codec.units(payload) else { return };
        if let (Some(from), Some(to)) = (codec.law(), self.format.codec.law()) {
            from.convert_in_place(to, payload);
        }
        let octets = payload.len();
        let payload_type = self.format.payload_type;
        if let Some(header) = self.outgoing.relay(key, &packet.header, payload_type, units, octets, now) {
            self.seals.send(self.id, destination, packet.rewrite(datagram, &header), out);
        }
    }

    /// Sends a telephone-event that came to another port, in the stream that is relayed, where it lies.
    pub(crate) fn relay_event(
        &mut self,
        key: RelayKey,
        packet: &Packet,
        datagram: &mut [u8],
        now: Instant,
        out: &mut impl Outbox,
    ) {
        // A far end that does not know telephone-events gets none; the key has been told as an event.
        let (Some(destination), Some(keys)) = (self.destination_of_others(), self.keys) else { return };
        let octets = packet.payload.len();
        let began = packet.header.timestamp;
        if let Some(header) = self.outgoing.relay_event(key, &packet.header, keys.send, octets, now) {
            // Should a mix take the relay's place while the key is down, it is the same key there.
            let ours = header.timestamp;
            self.passing = Some(Passing { began, ours, until: now + KEY_GOES_ON, is_relayed: true });
            self.seals.send(self.id, destination, packet.rewrite(datagram, &header), out);
        }
    }

    /// Sends a telephone-event that came to another port into a stream of our own, on this port's clock. As long as the
    /// key is down it takes the place of sound.
    pub(crate) fn pass_event(
        &mut self,
        began: RtpTime,
        event: TelephoneEvent,
        clock_rate: u32,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        let (Some(destination), Some(keys)) = (self.destination_of_others(), self.keys) else { return };
        let ours = self.passing.filter(|passing| passing.began == began).map(|passing| passing.ours);
        let duration = u64::from(event.duration) * u64::from(keys.clock_rate) / u64::from(clock_rate.max(1));
        let event = TelephoneEvent { duration: u16::try_from(duration).unwrap_or(u16::MAX), ..event };
        let payload = event.to_bytes();
        let header = self.outgoing.own_event(keys.send, ours, payload.len(), now);
        let until = if event.end { now } else { now + KEY_GOES_ON };
        self.passing = Some(Passing { began, ours: header.timestamp, until, is_relayed: false });
        if let Some(mouth) = &mut self.mouth {
            mouth.fall_silent();
        }
        self.send_event(&header, payload, destination, out);
    }

    /// Whether the key that began then goes out in a stream of our own already, and has to end there.
    pub(crate) fn passes(&self, began: RtpTime) -> bool {
        self.passing.is_some_and(|passing| passing.began == began && !passing.is_relayed)
    }

    /// Where what others say goes, unless something else is to be heard.
    fn destination_of_others(&self) -> Option<SocketAddr> {
        if !self.send || self.plays().is_some() || self.keypad.is_pressing() {
            return None;
        }
        self.incoming.destination()
    }

    /// Says 20 ms of what others said, in this one's codec; `None` when there is nothing to hear. Returns how many packets
    /// that made.
    pub(crate) fn say(
        &mut self,
        frame: Option<&[i16]>,
        rate: SampleRate,
        now: Instant,
        out: &mut impl Outbox,
    ) -> u64 {
        if self.line.is_some() {
            if let Some(frame) = frame {
                out.give_to_line(self.id, frame);
            }
            return 0;
        }
        if self.plays().is_some() || self.keypad.is_pressing() {
            // The stream is theirs.
            if let Some(mouth) = &mut self.mouth {
                mouth.fall_silent();
            }
            return 0;
        }
        let passing = self.passing.is_some_and(|passing| now < passing.until);
        let destination = self.destination_of_others().filter(|_| !passing);
        let (Some(frame), Some(_)) = (frame, destination) else {
            if let Some(mouth) = &mut self.mouth {
                mouth.fall_silent();
            }
            if !passing {
                self.outgoing.interrupt();
            }
            return 0;
        };
        self.speak(frame, rate, now, out)
    }

    /// Sends 20 ms of sound by the mouth; returns how many packets that made.
    fn speak(&mut self, frame: &[i16], rate: SampleRate, now: Instant, out: &mut impl Outbox) -> u64 {
        let destination = self.incoming.destination().filter(|_| self.send);
        let (Some(mouth), Some(destination)) = (&mut self.mouth, destination) else { return 0 };
        let (id, payload_type) = (self.id, self.format.payload_type);
        let (outgoing, seals) = (&mut self.outgoing, &mut self.seals);
        let mut packets = 0;
        mouth.speak(frame, rate, |payload, units| {
            let header = outgoing.own(payload_type, units, payload.len(), now);
            let mut datagram = [0; HEADER_BYTES + PAYLOAD_MAX];
            if let Some(fixed) = datagram.first_chunk_mut() {
                header.write(fixed);
            }
            datagram[HEADER_BYTES..HEADER_BYTES + payload.len()].copy_from_slice(payload);
            seals.send(id, destination, &datagram[..HEADER_BYTES + payload.len()], out);
            packets += 1;
        });
        packets
    }

    /// Whether there is something to do for this port every 20 ms.
    pub(crate) fn wants_turns(&self) -> bool {
        self.player.is_some()
            || !self.keypad.is_idle()
            || self.ear.is_some()
            || self.line.is_some()
            || self.mixing != Mixing::No
    }

    /// The place of the one whose packets are relayed to this port, which is at `place`.
    pub(crate) fn partner(&self, place: usize) -> Option<usize> {
        match self.wire {
            Wire::Bridge(other) => Some(other),
            Wire::Echo => Some(place),
            Wire::Open | Wire::Conference(_) => None,
        }
    }

    /// The rate at which this port would hear a mix.
    pub(crate) fn mix_rate(&self) -> SampleRate {
        if let Some(line) = &self.line {
            return line.rate();
        }
        self.mouth.as_ref().map_or(self.format.codec.sample_rate(), |mouth| mouth.rate())
    }

    /// What this port says in these 20 ms, at `rate`, once it was provided.
    pub(crate) fn voice(&self, rate: SampleRate) -> Option<&[i16]> {
        match &self.line {
            Some(line) => line.frame(rate),
            None => self.ear.as_ref().and_then(|ear| ear.frame(rate)),
        }
    }

    /// Makes ready what this port says at `rate`.
    pub(crate) fn provide(&mut self, rate: SampleRate) {
        if let Some(line) = &mut self.line {
            line.provide(rate);
        }
        if let Some(ear) = &mut self.ear {
            ear.provide(rate);
        }
    }

    /// Lets 20 ms pass: sends what the port hears from its player or keypad.
    pub(crate) fn tick(&mut self, now: Instant, events: &mut EventQueue, out: &mut impl Outbox) {
        if self.plays().is_none() && self.keypad.is_idle() {
            // It has its turn for the sake of its ear, or of a mix.
            return;
        }
        let Some(law) = self.format.codec.law() else {
            return self.speak_one(now, events, out);
        };
        let ptime_ms = self.format.packet_ms();
        let samples = usize::from(ptime_ms) * 8;
        self.owed = (self.owed + 160).min(PACKET_SAMPLES_MAX + 160);
        while self.owed >= samples {
            self.owed -= samples;
            self.send_one(law, ptime_ms, now, events, out);
        }
    }

    /// A packet of G.711: what is played is copied.
    fn send_one(
        &mut self,
        law: Law,
        ptime_ms: u16,
        now: Instant,
        events: &mut EventQueue,
        out: &mut impl Outbox,
    ) {
        let samples = usize::from(ptime_ms) * 8;
        let mut datagram = [0; HEADER_BYTES + PACKET_SAMPLES_MAX];
        let payload = &mut datagram[HEADER_BYTES..HEADER_BYTES + samples];
        let mut has_sound = false;
        self.end_play(events);
        let is_heard = self.plays().is_some();
        if let Some(player) = self.player.as_mut().filter(|_| is_heard) {
            // A player goes on while a key is pressed: its time is the caller's.
            player.fill(law, payload);
            has_sound = true;
        }
        let mut tone = [0; PACKET_SAMPLES_MAX];
        match self.press(ptime_ms, &mut tone[..samples], now, out) {
            Pressed::Nothing => {}
            Pressed::Sent => return,
            Pressed::Sounds => {
                law.encode_slice(&tone[..samples], payload);
                has_sound = true;
            }
        }
        let destination = self.incoming.destination().filter(|_| self.send);
        if let Some(destination) = destination.filter(|_| has_sound) {
            let header = self.outgoing.own(self.format.payload_type, samples as u32, samples, now);
            if let Some(fixed) = datagram.first_chunk_mut() {
                header.write(fixed);
            }
            self.seals.send(self.id, destination, &datagram[..HEADER_BYTES + samples], out);
        }
    }

    /// Twenty milliseconds of any other codec.
    fn speak_one(&mut self, now: Instant, events: &mut EventQueue, out: &mut impl Outbox) {
        let mut frame = [0; FRAME_SAMPLES_MAX];
        let mut rate = None;
        self.end_play(events);
        let is_heard = self.plays().is_some();
        match self.player.as_mut().filter(|_| is_heard) {
            Some(player) if player.is_wide() => {
                player.fill_wide(&mut frame);
                rate = Some(SampleRate::Wide);
            }
            Some(player) => {
                let mut bytes = [0; 160];
                player.fill(Law::Mu, &mut bytes);
                Law::Mu.decode_slice(&bytes, &mut frame[..160]);
                rate = Some(SampleRate::Narrow);
            }
            None => {}
        }
        let mut tone = [0; 160];
        match self.press(20, &mut tone, now, out) {
            Pressed::Nothing => {
                if let Some(rate) = rate {
                    self.speak(&frame[..rate.samples_in(FRAME_MS)], rate, now, out);
                }
            }
            Pressed::Sent => {
                if let Some(mouth) = &mut self.mouth {
                    mouth.fall_silent();
                }
            }
            Pressed::Sounds => {
                self.speak(&tone, SampleRate::Narrow, now, out);
            }
        }
    }

    fn end_play(&mut self, events: &mut EventQueue) {
        if let Some(player) = self.player.take_if(|player| player.is_over()) {
            events.push(Event::Played { port: self.id, play: player.play() });
            self.player = player.beneath().0;
            if self.player.is_some() {
                // What waited beneath has gone on already, in the packet in which this one ended.
                return;
            }
            self.outgoing.interrupt();
            if let Some(mouth) = &mut self.mouth {
                mouth.fall_silent();
            }
        }
    }

    /// Lets the keypad go on for `ms`; a key that sounds does so in `tone`.
    fn press(&mut self, ms: u16, tone: &mut [i16], now: Instant, out: &mut impl Outbox) -> Pressed {
        let units_in_ms = self.keys.map_or(8, |keys| keys.clock_rate / 1_000) as u16;
        let Some((event, began)) = self.keypad.step(ms, units_in_ms) else { return Pressed::Nothing };
        let Some(keys) = self.keys else {
            if began.is_none() {
                self.key_tone = event.digit().and_then(KeyTone::new);
                self.keypad.began(RtpTime(0));
            }
            // A key ends three times as an event, and once as a tone; then it is quiet for as long.
            if let Some(key) = &mut self.key_tone {
                key.fill(tone);
            }
            if event.end {
                self.key_tone = None;
            }
            return Pressed::Sounds;
        };
        let destination = self.incoming.destination().filter(|_| self.send);
        if let Some(destination) = destination {
            let payload = event.to_bytes();
            let header = self.outgoing.own_event(keys.send, began, payload.len(), now);
            self.keypad.began(header.timestamp);
            self.send_event(&header, payload, destination, out);
        }
        Pressed::Sent
    }

    fn send_event(
        &mut self,
        header: &Header,
        payload: [u8; EVENT_BYTES],
        destination: SocketAddr,
        out: &mut impl Outbox,
    ) {
        let mut datagram = [0; HEADER_BYTES + EVENT_BYTES];
        if let Some(fixed) = datagram.first_chunk_mut() {
            header.write(fixed);
        }
        datagram[HEADER_BYTES..].copy_from_slice(&payload);
        self.seals.send(self.id, destination, &datagram, out);
    }

    /// Sends what the port reports, if there is anything to report and somewhere to send it.
    pub(crate) fn report(&mut self, goodbye: bool, now: Now, out: &mut impl Outbox) {
        let Some(gate) = self.incoming.gate() else { return };
        let destination =
            if self.seals.rtcp_mux() { Some(gate.destination()) } else { gate.report_destination() };
        // A far end that we may send nothing to, and from which nothing came, is owed no report.
        let owed = self.outgoing.packets() > 0 || self.incoming.ssrc().is_some();
        if let Some(destination) = destination.filter(|_| owed) {
            let mut buffer = [0; REPORT_BYTES_MAX];
            let report = self.reports.write(&mut self.incoming, &self.outgoing, goodbye, now, &mut buffer);
            self.seals.send_report(self.id, destination, report, out);
        }
    }

    /// Opens a media packet where it lies, if packets are sealed. `None` means that it was dropped and counted; nothing
    /// else has changed.
    pub(crate) fn open<'a>(&mut self, source: SocketAddr, datagram: &'a mut [u8]) -> Option<&'a mut [u8]> {
        // What cannot be admitted in any case is not worth the reckoning.
        if self.seals.are_there() && !self.incoming.may_come_from(source) {
            return None;
        }
        self.seals.open_rtp(datagram, self.incoming.dropped_mut())
    }

    pub(crate) fn quality(&self) -> Quality {
        let reception = self.incoming.reception();
        let conditions = rtp::mos::Conditions {
            expected: reception.expected(),
            // What came too late to be played was as good as lost.
            lost: reception.lost() + self.decoding().late,
            jitter_us: reception.jitter_us(),
            round_trip_us: self.reports.round_trip_us(),
            coding: self.coding(),
        };
        Quality {
            received: reception.received(),
            lost: reception.lost(),
            duplicates: reception.duplicates(),
            jitter_us: reception.jitter_us(),
            jitter_us_max: reception.jitter_us_max(),
            sent: self.outgoing.packets(),
            dropped: self.incoming.dropped(),
            round_trip_us: self.reports.round_trip_us(),
            far_lost: self.reports.far_lost(),
            far_jitter_us: self.reports.far_jitter_us(),
            codec: self.incoming.gate().map(|_| self.format.codec),
            transcoded: self.transcoded,
            one_way: self.one_way,
            decoding: self.decoding(),
            mos_x100: rtp::mos::estimate_x100(conditions),
        }
    }

    /// Tells the ways on which nothing arrives in a bridge with a port that was last heard at `other_heard`.
    pub(crate) fn watch_ways(&mut self, other_heard: Option<Instant>, now: Instant, events: &mut EventQueue) {
        let since =
            self.incoming.last_heard().map_or(self.bridged_since, |last| last.max(self.bridged_since));
        let other_talks = other_heard.is_some_and(|heard| now.since(heard) < OTHER_TALKS);
        let nothing_in = self.incoming.receives()
            && self.send
            && other_talks
            && !self.incoming.is_quiet()
            && now.since(since) >= ONE_WAY_AFTER;
        let nothing_out = self.send && other_talks && !self.reports.far_hears();
        let comes = self.incoming.last_heard().is_some_and(|heard| now.since(heard) < OTHER_TALKS);
        for (way, well, told) in [(Way::In, comes, 0), (Way::Out, self.reports.far_hears(), 1)] {
            if well && core::mem::replace(&mut self.one_way_told[told], false) {
                events.push(Event::WayRestored { port: self.id, way });
            }
        }
        for (way, silent, told) in [(Way::In, nothing_in, 0), (Way::Out, nothing_out, 1)] {
            if silent && !core::mem::replace(&mut self.one_way_told[told], true) {
                self.one_way = Some(way);
                events.push(Event::OneWay { port: self.id, way });
            }
        }
    }

    /// How it went with decoding: with the ears before, and the one of now.
    fn decoding(&self) -> Decoding {
        let mut decoding = self.decoded_before;
        if let Some(ear) = &self.ear {
            let counts = ear.buffer().counts();
            decoding.packets += counts.played;
            decoding.late += counts.late;
            decoding.overflowed += counts.overflowed;
            decoding.concealed += counts.concealed;
            decoding.held_ms = ear.buffer().held().as_millis().min(u128::from(u32::MAX)) as u32;
        }
        decoding
    }

    /// Puts another ear in place of the one there is, whose figures stay.
    pub(crate) fn put_ear(&mut self, ear: Option<Box<Ear>>) {
        self.decoded_before = self.decoding();
        self.ear = ear;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_port_grows_unseen() {
        // Two ports a call, of the 50 kB that a call may take. What is boxed is there only where it is needed: keys of SRTP
        // at a sealed port, an ear and a mouth where sound is decoded, a key listener where no telephone-events were agreed.
        let parts = [
            ("port", size_of::<Port>(), 1_104),
            ("  of it what comes in", size_of::<Incoming>(), 384),
            ("  of it what goes out", size_of::<Outgoing>(), 96),
            ("  of it reports", size_of::<Reports>(), 128),
            ("  of it the keypad", size_of::<Keypad>(), 64),
            ("  of it the player", size_of::<Option<Player>>(), 112),
            ("seals, boxed", crate::seals::SEALED_BYTES, 2_880),
            ("ear, boxed, without its buffers", size_of::<Ear>(), 2_688),
            ("mouth, boxed, without its buffers", size_of::<Mouth>(), 192),
            ("key listener, boxed", size_of::<KeyListener>(), 256),
        ];
        let table: String =
            parts.iter().map(|(part, bytes, most)| format!("{part}: {bytes} of {most}\n")).collect();
        assert!(parts.iter().all(|(_, bytes, most)| bytes <= most), "\n{table}");
    }
}
