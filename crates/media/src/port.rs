//! One port: its two halves and what lies on them. The engine ties ports together.

use crate::conference::Lane;
use crate::event::{Event, EventQueue, Quality};
use crate::incoming::{Heard, Incoming};
use crate::keypad::Keypad;
use crate::outgoing::{Outgoing, RelayKey};
use crate::player::Player;
use crate::recording::Tap;
use crate::report::Reports;
use crate::{Channel, Codec, ConferenceKey, Format, Outbox, PortId};
use base::{IdSource, Instant};
use rtp::packet::HEADER_BYTES;
use rtp::{RtpTime, SeqNumber, Ssrc, TelephoneEvent};

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

pub(crate) struct Port {
    pub(crate) id: PortId,
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    pub(crate) format: Format,
    pub(crate) telephone_event: Option<u8>,
    pub(crate) send: bool,
    pub(crate) wire: Wire,
    pub(crate) player: Option<Player>,
    pub(crate) keypad: Keypad,
    /// When the last key went down that was meant for us and not for whoever the port is bridged with.
    pub(crate) spent_key: Option<RtpTime>,
    pub(crate) lane: Option<Lane>,
    pub(crate) taps: Vec<Tap>,
    pub(crate) reports: Reports,
    /// Samples of time that have passed and are not yet in a packet.
    owed: usize,
    /// The phase in which the port has its turns, if it has something to send.
    pub(crate) phase: Option<usize>,
    /// Since when something should have come.
    pub(crate) listening_since: Option<Instant>,
    pub(crate) no_media_told: bool,
    first_packet_told: bool,
}

impl Port {
    pub(crate) fn new(id: PortId, now: Instant, ids: &mut IdSource) -> Self {
        let outgoing = Outgoing::new(
            Ssrc(ids.next_u32()),
            // Half of the circle is left before the first wrap, as old receivers like it (RFC 3711 §3.3.1).
            SeqNumber((ids.next_u32() & 0x7fff) as u16),
            RtpTime(ids.next_u32()),
        );
        Self {
            id,
            incoming: Incoming::new(),
            outgoing,
            format: Format::of(Codec::Pcmu),
            telephone_event: None,
            send: false,
            wire: Wire::Open,
            player: None,
            keypad: Keypad::new(),
            spent_key: None,
            lane: None,
            taps: Vec::new(),
            reports: Reports::new(now, ids),
            owed: 0,
            phase: None,
            listening_since: None,
            no_media_told: false,
            first_packet_told: false,
        }
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

    /// Sends a packet that came to another port (or to this one, for an echo), rewritten in the datagram it came in.
    pub(crate) fn relay(
        &mut self,
        key: RelayKey,
        heard: &Heard,
        datagram: &mut [u8],
        now: Instant,
        out: &mut impl Outbox,
    ) {
        if !self.send || self.player.is_some() || self.keypad.is_pressing() {
            return;
        }
        let Some(destination) = self.incoming.destination() else { return };
        let (packet, header) = match heard {
            Heard::Sound { packet, codec } => {
                let payload = &mut datagram[packet.payload.clone()];
                codec.law().convert_in_place(self.format.codec.law(), payload);
                let samples = payload.len();
                (packet, self.outgoing.relay(key, &packet.header, self.format.payload_type, samples, now))
            }
            Heard::Event { packet, .. } => {
                // A far end that does not know telephone-events gets none; the key has been told as an event.
                let Some(payload_type) = self.telephone_event else { return };
                (
                    packet,
                    self.outgoing.relay_event(key, &packet.header, payload_type, packet.payload.len(), now),
                )
            }
        };
        if let Some(header) = header {
            out.send(self.id, Channel::Rtp, destination, packet.rewrite(datagram, &header));
        }
    }

    /// Whether there is something to do for this port every 20 ms.
    pub(crate) fn wants_turns(&self) -> bool {
        self.player.is_some() || !self.keypad.is_idle() || self.lane.is_some()
    }

    /// Lets 20 ms pass: sends what the port hears from its player, keypad or conference. `sum` is the conference's.
    pub(crate) fn tick(
        &mut self,
        sum: Option<&[i32; 160]>,
        now: Instant,
        events: &mut EventQueue,
        out: &mut impl Outbox,
    ) {
        // A conference mixes frames of 20 ms, whatever the far end would like.
        let ptime_ms = if self.lane.is_some() { 20 } else { self.format.ptime_ms.clamp(10, 60) };
        let samples = usize::from(ptime_ms) * 8;
        self.owed = (self.owed + 160).min(PACKET_SAMPLES_MAX + 160);
        while self.owed >= samples {
            self.owed -= samples;
            self.send_one(samples, sum, now, events, out);
        }
    }

    fn send_one(
        &mut self,
        samples: usize,
        sum: Option<&[i32; 160]>,
        now: Instant,
        events: &mut EventQueue,
        out: &mut impl Outbox,
    ) {
        let mut datagram = [0; HEADER_BYTES + PACKET_SAMPLES_MAX];
        let payload = &mut datagram[HEADER_BYTES..HEADER_BYTES + samples];
        let mut has_sound = false;
        if let Some(player) = self.player.take_if(|player| player.is_over()) {
            events.push(Event::Played { port: self.id, play: player.play() });
            self.outgoing.interrupt();
        }
        if let Some(player) = &mut self.player {
            // A player goes on while a key is pressed: its time is the caller's.
            player.fill(self.format.codec, payload);
            has_sound = true;
        } else if let (Some(lane), Some(sum)) = (&self.lane, sum) {
            lane.hear(sum, self.format.codec, payload);
            has_sound = true;
        }
        let destination = self.incoming.destination().filter(|_| self.send);
        if let Some((event, began)) = self.keypad.step(samples as u16) {
            if let (Some(destination), Some(payload_type)) = (destination, self.telephone_event) {
                self.send_event(event, began, payload_type, destination, now, out);
            }
            return;
        }
        if let Some(destination) = destination.filter(|_| has_sound) {
            let header = self.outgoing.own(self.format.payload_type, samples, now);
            if let Some(fixed) = datagram.first_chunk_mut() {
                header.write(fixed);
            }
            out.send(self.id, Channel::Rtp, destination, &datagram[..HEADER_BYTES + samples]);
        }
    }

    fn send_event(
        &mut self,
        event: TelephoneEvent,
        began: Option<RtpTime>,
        payload_type: u8,
        destination: std::net::SocketAddr,
        now: Instant,
        out: &mut impl Outbox,
    ) {
        let payload = event.to_bytes();
        let header = self.outgoing.own_event(payload_type, began, payload.len(), now);
        self.keypad.began(header.timestamp);
        let mut datagram = [0; HEADER_BYTES + rtp::telephone_event::EVENT_BYTES];
        if let Some(fixed) = datagram.first_chunk_mut() {
            header.write(fixed);
        }
        datagram[HEADER_BYTES..].copy_from_slice(&payload);
        out.send(self.id, Channel::Rtp, destination, &datagram);
    }

    pub(crate) fn quality(&self) -> Quality {
        let reception = self.incoming.reception();
        let conditions = rtp::mos::Conditions {
            expected: reception.expected(),
            lost: reception.lost(),
            jitter_us: reception.jitter_us(),
            round_trip_us: self.reports.round_trip_us(),
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
            mos_x100: rtp::mos::estimate_x100(conditions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_costs_about_a_kilobyte() {
        // Two ports a call, of the 50 kB that a call may take.
        assert!(size_of::<Port>() < 1_280, "{} bytes", size_of::<Port>());
    }
}
