//! Mixes of an engine: conferences, and who is heard beside the bridge.

use super::Engine;
use crate::conference::{CONFERENCE_PORTS_MAX, CONFERENCES_MAX, Member};
use crate::ear::{FRAME_SAMPLES_MAX, SILENT_AFTER};
use crate::event::EventQueue;
use crate::incoming::PAYLOAD_MAX;
use crate::metronome::MIXERS;
use crate::mix::{LISTENERS_BESIDE_MAX, Mixing, SPEAKERS_BESIDE_MAX, Step, Sum};
use crate::outgoing::RelayKey;
use crate::port::{Port, Wire};
use crate::recording::{HEARD_EVERY, Recording, Sound};
use crate::{ConferenceKey, Event, Law, Outbox, PortId};
use base::Instant;
use codec::SampleRate;
use rtp::packet::HEADER_BYTES;
use rtp::{Packet, RtpTime};
use slab::Slab;

/// The rates at which there are mixes.
const RATES: [SampleRate; 2] = [SampleRate::Narrow, SampleRate::Wide];

impl Engine {
    pub(super) fn join(&mut self, member: Member, key: ConferenceKey, now: Instant) {
        let place = member.place;
        if self.ports[place].wire == Wire::Conference(key) {
            let known = self.conferences.get_mut(&key).and_then(|conference| conference.member_mut(place));
            if let Some(known) = known {
                *known = member;
            }
            return;
        }
        let is_full = match self.conferences.get(&key) {
            Some(conference) => conference.members.len() >= CONFERENCE_PORTS_MAX,
            None => self.conferences.len() >= CONFERENCES_MAX,
        };
        if is_full {
            self.events.push(Event::JoinRefused { port: self.ports[place].id, conference: key });
            return;
        }
        self.unwire(place, now);
        self.conferences.entry(key).or_default().members.push(member);
        self.ports[place].wire = Wire::Conference(key);
        self.arrange(place, now);
    }

    /// Takes a port out of a conference's list.
    pub(super) fn leave_conference(&mut self, place: usize, key: ConferenceKey) {
        let Some(conference) = self.conferences.get_mut(&key) else { return };
        conference.members.retain(|member| member.place != place);
        if conference.members.is_empty() {
            self.conferences.remove(&key);
        }
    }

    /// Lets one port hear another beside whatever else it hears, or no longer.
    pub(super) fn hear_beside(&mut self, listener: PortId, speaker: PortId, on: bool, now: Instant) {
        let (Some(&to), Some(&from)) = (self.places.get(&listener), self.places.get(&speaker)) else {
            return;
        };
        let hears = self.ports[to].beside.contains(&from);
        if hears == on || to == from {
            return;
        }
        if on {
            if self.ports[to].beside.len() >= SPEAKERS_BESIDE_MAX
                || self.ports[from].overheard.len() >= LISTENERS_BESIDE_MAX
            {
                self.events.push(Event::HearRefused { listener, speaker });
                return;
            }
            self.ports[to].beside.push(from);
            self.ports[from].overheard.push(to);
        } else {
            self.ports[to].beside.retain(|place| *place != from);
            self.ports[from].overheard.retain(|place| *place != to);
        }
        self.arrange(from, now);
        self.arrange(to, now);
    }

    /// A port that ends hears nobody beside, and nobody hears it.
    pub(super) fn forget_ears(&mut self, place: usize, now: Instant) {
        for speaker in core::mem::take(&mut self.ports[place].beside) {
            self.ports[speaker].overheard.retain(|listener| *listener != place);
            self.arrange(speaker, now);
        }
        for listener in core::mem::take(&mut self.ports[place].overheard) {
            self.ports[listener].beside.retain(|speaker| *speaker != place);
            self.arrange(listener, now);
        }
        self.arrange(place, now);
    }

    /// Before a packet of `place` is relayed to one that heard it in a mix until now: relays what is held of it. The ear
    /// keeps it, for whoever else hears it there.
    pub(super) fn hand_over(&mut self, place: usize, now: Instant, out: &mut impl Outbox) {
        let Some(listener) = self.ports[place].partner(place) else { return };
        if self.ports[listener].mixing != Mixing::Ends {
            return;
        }
        let port = &mut self.ports[place];
        let key = RelayKey { port: port.id, generation: port.incoming.generation() };
        // The listener may be the port itself.
        let ear = port.ear.take();
        let to = &mut self.ports[listener];
        // From here on nothing is mixed for it, and what is relayed may go.
        to.mixing = to.mixing.step(Step::Relayed);
        to.is_stale = true;
        for (header, codec, payload) in ear.iter().flat_map(|ear| ear.held()) {
            let mut datagram = [0; HEADER_BYTES + PAYLOAD_MAX];
            let (head, room) = datagram.split_at_mut(HEADER_BYTES);
            let (Some(head), Some(room)) = (head.first_chunk_mut(), room.get_mut(..payload.len())) else {
                continue;
            };
            header.write(head);
            room.copy_from_slice(payload);
            let datagram = &mut datagram[..HEADER_BYTES + payload.len()];
            if let Ok(packet) = Packet::parse(datagram) {
                to.relay(key, &packet, codec, datagram, now, out);
            }
        }
        self.ports[place].ear = ear;
    }

    /// Lets everybody in a mix hear and be heard for 20 ms.
    pub(super) fn mix(&mut self, at: Instant, out: &mut impl Outbox) {
        for turn in 0..self.metronome.ports(MIXERS).len() {
            let place = self.metronome.ports(MIXERS)[turn];
            self.hear(place, at, out);
        }
        for conference in self.conferences.values() {
            let sums = RATES.map(|rate| sum(&mut self.ports, &conference.members, rate));
            for member in &conference.members {
                if self.ports[member.place].turns_from > at {
                    continue;
                }
                let mut sound =
                    sums[usize::from(self.ports[member.place].mix_rate() == SampleRate::Wide)].clone();
                match (&mut sound, member.listens) {
                    (Some(sound), true) if member.speaks => {
                        let port = &self.ports[member.place];
                        sound.take(port.voice(port.mix_rate()));
                    }
                    (_, true) => {}
                    (sound, false) => *sound = None,
                }
                let hears = |place: usize| {
                    let speaks = |other: &Member| other.place == place && other.speaks;
                    member.listens && conference.members.iter().any(speaks)
                };
                let sound = add_beside(&mut self.ports, member.place, sound, hears);
                let port = &mut self.ports[member.place];
                port.tick(at, &mut self.events, out);
                let mut frame = [0; FRAME_SAMPLES_MAX];
                port.say(Some(sound.sound(&mut frame)), port.mix_rate(), at, out);
            }
        }
        for turn in 0..self.metronome.ports(MIXERS).len() {
            let place = self.metronome.ports(MIXERS)[turn];
            let port = &mut self.ports[place];
            if port.mixing == Mixing::No || matches!(port.wire, Wire::Conference(_)) || port.turns_from > at {
                continue;
            }
            let rate = port.mix_rate();
            let partner = port.partner(place);
            let mut sound = None;
            if let Some(partner) = partner {
                self.ports[partner].provide(rate);
                let voice = self.ports[partner].voice(rate);
                let last_heard = self.ports[partner].incoming.last_heard();
                let is_silent = last_heard.is_none_or(|last| at.since(last) >= SILENT_AFTER);
                let mut voices = Sum::new(rate);
                voices.add(voice);
                sound = Some(voices);
                if voice.is_some() || is_silent {
                    self.ports[place].mixing = self.ports[place].mixing.step(Step::Ready);
                }
            }
            if !self.ports[place].mixing.is_heard() {
                continue;
            }
            let sound = add_beside(&mut self.ports, place, sound, |speaker| Some(speaker) == partner);
            let port = &mut self.ports[place];
            port.tick(at, &mut self.events, out);
            let mut frame = [0; FRAME_SAMPLES_MAX];
            port.say(Some(sound.sound(&mut frame)), rate, at, out);
        }
    }

    /// Lets the ear of a port hear 20 ms, if it has one, and whoever listens in another codec say them.
    pub(super) fn hear(&mut self, place: usize, at: Instant, out: &mut impl Outbox) {
        let port = &mut self.ports[place];
        if port.turns_from > at {
            return;
        }
        if let Some(line) = &mut port.line {
            line.listen(port.id, out);
        }
        if port.ear.is_none() {
            return;
        }
        listen(port, &mut self.recordings, &mut self.events, at, out);
        let spoken = port.format.codec;
        let Wire::Bridge(listener) = port.wire else { return };
        let Some((port, listener)) = self.ports.get2_mut(place, listener) else { return };
        if !spoken.is_kin(listener.format.codec) && !listener.mixing.is_heard() {
            let rate = port.ear.as_ref().map_or(SampleRate::Narrow, |ear| ear.rate());
            listener.transcoded += listener.say(port.voice(rate), rate, at, out);
        }
    }
}

/// The voices of all who speak in a conference, if anybody listens at `rate`.
fn sum(ports: &mut Slab<Port>, members: &[Member], rate: SampleRate) -> Option<Sum> {
    if !members.iter().any(|member| member.listens && ports[member.place].mix_rate() == rate) {
        return None;
    }
    let mut sum = Sum::new(rate);
    for member in members.iter().filter(|member| member.speaks) {
        ports[member.place].provide(rate);
        sum.add(ports[member.place].voice(rate));
    }
    Some(sum)
}

/// Adds those whom the port at `place` hears beside, but for those it `hears` already.
fn add_beside(ports: &mut Slab<Port>, place: usize, sum: Option<Sum>, hears: impl Fn(usize) -> bool) -> Sum {
    let rate = ports[place].mix_rate();
    let mut sum = sum.unwrap_or_else(|| Sum::new(rate));
    for beside in 0..ports[place].beside.len() {
        let speaker = ports[place].beside[beside];
        if !hears(speaker) {
            ports[speaker].provide(rate);
            sum.add(ports[speaker].voice(rate));
        }
    }
    sum
}

/// Lets the ear of a port hear 20 ms and hands them to the recorders and detectors that cannot take the packets as they
/// come.
fn listen(
    port: &mut Port,
    recordings: &mut Slab<Recording>,
    events: &mut EventQueue,
    at: Instant,
    out: &mut impl Outbox,
) {
    let is_listened_to = port.is_listened_to();
    let Some(ear) = &mut port.ear else { return };
    port.heard_frames = port.heard_frames.wrapping_add(1);
    let has_heard = ear.hear(at);
    if !has_heard || port.format.codec.law().is_some() || (port.taps.is_empty() && !is_listened_to) {
        return;
    }
    ear.provide(SampleRate::Narrow);
    let Some(frame) = ear.frame(SampleRate::Narrow) else { return };
    let mut narrow = [0; HEARD_EVERY as usize];
    narrow.copy_from_slice(&frame[..HEARD_EVERY as usize]);
    if !port.taps.is_empty() {
        let mut payload = [0; HEARD_EVERY as usize];
        Law::Mu.encode_slice(&narrow, &mut payload);
        let timestamp = RtpTime(port.heard_frames.wrapping_mul(HEARD_EVERY));
        let generation = port.incoming.generation();
        let sound = Sound { timestamp, generation, law: Law::Mu, payload: &payload };
        for tap in &mut port.taps {
            if let Some(recording) = recordings.get_mut(tap.recording) {
                recording.take(tap, &sound, at, out);
            }
        }
    }
    port.heard_sound(&narrow, at, events);
}
