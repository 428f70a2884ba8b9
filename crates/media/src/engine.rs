//! The engine: owns the ports of one media thread and ties them together.
//!
//! Feed it [`Engine::handle_command`], [`Engine::handle_packet`], [`Engine::handle_rtcp`], and
//! [`Engine::handle_timeout`] whenever [`Engine::poll_timeout`] has come; then drain [`Engine::poll_event`]. Nothing it is
//! fed can make it fail; a relayed packet costs no allocation, no lock and no wait.
//!
//! [`Engine::silent`] makes one without packets, for drivers that simulate calls by the hundred thousand: it keeps the
//! same picture of who hears whom and tells the same events, plays end when their time is over, and nothing is sent.

mod fitting;
mod mixing;
mod moving;
mod tapping;

use crate::conference::{Conference, Member};
use crate::event::EventQueue;
use crate::incoming::Heard;
use crate::listening::Detectors;
use crate::metronome::{MIXERS, Metronome};
use crate::outgoing::RelayKey;
use crate::player::Player;
use crate::port::{Port, Wire};
use crate::recording::{Recording, Sound};
use crate::{
    Command, ConferenceKey, Digit, Event, Format, Hears, Keys, Listening, Outbox, PortId, Quality,
    RecordingKey, Route, Side,
};
use base::{Deadlines, Duration, IdSource, Instant, Now};
use slab::Slab;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// How many ports one engine has at most; a further one is refused with `OpenFailed`.
pub const PORTS_MAX: usize = 65_536;

/// How long nothing may come before `NoMedia` is told: longer than any phone's silence suppression keeps quiet.
pub const NO_MEDIA_AFTER: Duration = Duration::from_secs(20);

/// How long nothing may come from one end of a bridge while the other end is heard, before `OneWay` is told.
pub const ONE_WAY_AFTER: Duration = Duration::from_secs(5);

/// How many ticks are made up for when the driver is late; beyond that time has been lost.
const TICKS_LATE_MAX: u32 = 5;

/// How long a key sounds that comes as an event from one far end and goes to another as a tone.
const PASSED_KEY_MS: u16 = 100;

/// The samples of G.711 that are decoded at once to be listened to.
const PIECE: usize = 160;

/// How often ports are looked at for reports and for silence.
const SWEEP: Duration = Duration::from_secs(1);

/// How many sweeps there are between two measurements of a port; the ports take turns.
const SWEEPS_PER_MEASUREMENT: usize = 3;

/// How often each port is measured.
pub const MEASURED_EVERY: Duration = Duration::from_secs(3);

/// The sound graph of one thread.
pub struct Engine {
    ports: Slab<Port>,
    places: BTreeMap<PortId, usize>,
    recordings: Slab<Recording>,
    recording_places: BTreeMap<RecordingKey, usize>,
    conferences: BTreeMap<ConferenceKey, Conference>,
    /// The turns of ports with something to send.
    metronome: Metronome,
    next_sweep: Option<Instant>,
    sweeps: usize,
    /// Ports that have left the picture and whose good-bye is to be sent.
    closing: Vec<Port>,
    /// Recordings that have ended and whose end the recorder has not been told.
    ending: Vec<(Recording, Instant)>,
    /// When to tell it; later than at once if its ring was full.
    ending_due: Instant,
    events: EventQueue,
    ids: IdSource,
    /// Under which the streams of ports that are opened here report, wherever they go.
    cname: Arc<str>,
    /// The ends of plays, in an engine without packets.
    silent: Option<Deadlines<PortId>>,
}

impl Engine {
    /// An engine without ports. `ids` gives the SSRCs and beginnings of its streams.
    pub fn new(mut ids: IdSource) -> Self {
        // A short random name, the same for all streams of the engine, that says nothing about the host (RFC 7022).
        let cname = ids.token(16).into();
        Self {
            ports: Slab::new(),
            places: BTreeMap::new(),
            recordings: Slab::new(),
            recording_places: BTreeMap::new(),
            conferences: BTreeMap::new(),
            metronome: Metronome::new(),
            next_sweep: None,
            sweeps: 0,
            closing: Vec::new(),
            ending: Vec::new(),
            ending_due: Instant::START,
            events: EventQueue::default(),
            ids,
            cname,
            silent: None,
        }
    }

    /// An engine that hears and sends nothing, and otherwise behaves the same.
    pub fn silent(ids: IdSource) -> Self {
        Self { silent: Some(Deadlines::new()), ..Self::new(ids) }
    }

    /// Obeys one command.
    pub fn handle_command(&mut self, command: Command, now: Now) {
        match command {
            Command::Open { port } => {
                self.open(port, now);
            }
            Command::OpenLine { port, rate } => {
                if let Some(place) = self.open(port, now) {
                    self.ports[place].become_line(rate);
                    self.arrange(place, now.mono);
                }
            }
            Command::Configure {
                port,
                remote,
                format,
                telephone_event,
                send,
                receive,
                sealing,
                rtcp_mux,
            } => {
                self.on(port, |engine, place| engine.ports[place].seals.configure(sealing, rtcp_mux));
                self.configure(port, remote, format, telephone_event, send, receive, now);
            }
            Command::Bridge { a, b } => self.bridge(a, b, now.mono),
            Command::Unbridge { port } => self.on(port, |engine, place| {
                if matches!(engine.ports[place].wire, Wire::Bridge(_)) {
                    engine.unwire(place, now.mono);
                }
            }),
            Command::Play { port, play, clips, repeat } => {
                let player = Player::new(play, clips, repeat);
                self.on(port, |engine, place| engine.play(place, player, now));
            }
            Command::Announce { port, play, clips } => {
                let player = Player::new(play, clips, false);
                self.on(port, |engine, place| engine.announce(place, player, now));
            }
            Command::StopPlay { port } => self.on(port, |engine, place| engine.stop_play(place, now.mono)),
            Command::SendDigit { port, digit, duration_ms } => {
                self.on(port, |engine, place| engine.send_digit(place, digit, duration_ms, now));
            }
            Command::Echo { port, on } => self.on(port, |engine, place| {
                let echoes = engine.ports[place].wire == Wire::Echo;
                if echoes != on {
                    engine.unwire(place, now.mono);
                    engine.ports[place].wire = if on { Wire::Echo } else { Wire::Open };
                }
            }),
            Command::Record { recording, left, right } => self.record(recording, left, right, now),
            Command::MaskRecord { recording, left, right } => {
                self.mask_recording(recording, left, right, now.mono)
            }
            Command::StopRecord { recording } => {
                if let Some(place) = self.recording_places.get(&recording).copied() {
                    self.stop_recording(place, now.mono);
                }
            }
            Command::Join { port, conference, speaks, listens } => {
                self.on(port, |engine, place| {
                    engine.join(Member { place, speaks, listens }, conference, now.mono);
                });
            }
            Command::Leave { port } => self.on(port, |engine, place| {
                if matches!(engine.ports[place].wire, Wire::Conference(_)) {
                    engine.unwire(place, now.mono);
                }
            }),
            Command::Hear { listener, speaker, on } => self.hear_beside(listener, speaker, on, now.mono),
            Command::Listen { port, wanted } => self.on(port, |engine, place| {
                let before = engine.ports[place].detectors.take().map(|detectors| *detectors);
                let wants = wanted != Listening::NOTHING && engine.silent.is_none();
                engine.ports[place].detectors = wants.then(|| Box::new(Detectors::listening(before, wanted)));
                engine.arrange(place, now.mono);
            }),
            Command::Close { port } => self.on(port, |engine, place| engine.close(place, now)),
        }
    }

    /// Takes a datagram that came to the media socket of `port`. It may be rewritten and sent on from where it lies.
    pub fn handle_packet(
        &mut self,
        port: PortId,
        source: SocketAddr,
        datagram: &mut [u8],
        now: Now,
        out: &mut impl Outbox,
    ) {
        if rtp::packet::is_rtcp(datagram) {
            return self.handle_rtcp(port, source, datagram, now);
        }
        let Some(&place) = self.places.get(&port) else { return };
        let from = &mut self.ports[place];
        let Some(datagram) = from.open(source, datagram) else { return };
        let Some(heard) = from.incoming.hear(source, datagram, now.mono) else { return };
        from.heard(&heard, &mut self.events);
        if matches!(heard, Heard::Sound { .. }) {
            self.hand_over(place, now.mono, out);
        }
        let from = &mut self.ports[place];
        let generation = from.incoming.generation();
        let wire = from.wire;
        match &heard {
            Heard::Sound { packet, codec } => {
                let payload = &datagram[packet.payload.clone()];
                from.note_redundancy(*codec, payload);
                if let Some(ear) = &mut from.ear {
                    ear.push(&packet.header, *codec, payload, generation, now.mono);
                }
                if let Some(law) = codec.law() {
                    let samples = payload.len() as u32;
                    let is_listened_to = from.is_listened_to();
                    let pause = match is_listened_to {
                        true => from.attention.pause_before(&packet.header, samples, generation),
                        false => 0,
                    };
                    if is_listened_to && from.attention.takes(samples, pause, now.mono) {
                        let mut pause = pause as usize;
                        while pause > 0 {
                            let piece = pause.min(PIECE);
                            from.heard_sound(&[0; PIECE][..piece], now.mono, &mut self.events);
                            pause -= piece;
                        }
                        for piece in payload.chunks(PIECE) {
                            let mut sound = [0; PIECE];
                            law.decode_slice(piece, &mut sound);
                            from.heard_sound(&sound[..piece.len()], now.mono, &mut self.events);
                        }
                    }
                    let timestamp = packet.header.timestamp;
                    let sound = Sound { timestamp, generation, law, payload };
                    for tap in &mut from.taps {
                        if let Some(recording) = self.recordings.get_mut(tap.recording) {
                            recording.take(tap, &sound, now.mono, out);
                        }
                    }
                }
            }
            Heard::Quiet { packet } => {
                from.attention.pause_before(&packet.header, 0, generation);
                if let Some(ear) = &mut from.ear {
                    let payload = &datagram[packet.payload.clone()];
                    ear.push_noise(&packet.header, payload, generation, now.mono);
                }
                return;
            }
            Heard::Event { packet, .. } => {
                // A key that went down for a menu, or for the end of an echo, is nobody else's: its last packets may come
                // when two are connected already.
                let began = packet.header.timestamp;
                if !matches!(wire, Wire::Bridge(_)) {
                    from.spent_key = Some(began);
                }
                if from.spent_key == Some(began) {
                    return;
                }
            }
        }
        let spoken = from.format.codec;
        let clock_rate = from.incoming.keys_clock_rate();
        let other = match wire {
            Wire::Bridge(other) => other,
            Wire::Echo => place,
            Wire::Open | Wire::Conference(_) => return,
        };
        let Some(listener) = self.ports.get_mut(other) else { return };
        let key = RelayKey { port, generation };
        // Who hears a mix hears it there.
        let is_relayed = spoken.is_kin(listener.format.codec) && !listener.mixing.is_heard();
        match &heard {
            // What is not relayed waits in the ear for its turn.
            Heard::Sound { packet, codec } if is_relayed => {
                listener.relay(key, packet, *codec, datagram, now.mono, out);
            }
            Heard::Event { packet, .. }
                if is_relayed
                    && listener.incoming.keys_clock_rate() == clock_rate
                    && !listener.passes(packet.header.timestamp) =>
            {
                listener.relay_event(key, packet, datagram, now.mono, out);
            }
            Heard::Event { pressed, .. } if listener.keys.is_none() => {
                // Who knows no telephone-events hears the key.
                if let Some(digit) = pressed.filter(|_| listener.send && listener.player.is_none()) {
                    self.send_digit(other, digit, PASSED_KEY_MS, now);
                }
            }
            Heard::Event { packet, event, clock_rate, .. } => {
                listener.pass_event(packet.header.timestamp, *event, *clock_rate, now.mono, out);
            }
            Heard::Sound { .. } | Heard::Quiet { .. } => {}
        }
    }

    /// Takes a datagram that came to the report socket of `port`. It may be opened where it lies.
    pub fn handle_rtcp(&mut self, port: PortId, source: SocketAddr, datagram: &mut [u8], now: Now) {
        let Some(&place) = self.places.get(&port) else { return };
        let port = &mut self.ports[place];
        if port.incoming.gate().is_some_and(|gate| gate.admits_report(source)) {
            let dropped = port.incoming.dropped_mut();
            let Some(datagram) = port.seals.open_rtcp(datagram, dropped) else { return };
            port.reports.hear(datagram, &port.outgoing, now);
            if let Some(mouth) = &mut port.mouth {
                mouth.expect_loss(port.reports.far_loss_percent());
            }
        }
    }

    /// When to call [`Engine::handle_timeout`]. May lie in the past, which means at once.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let closing = (!self.closing.is_empty()).then_some(Instant::START);
        let ending = (!self.ending.is_empty()).then_some(self.ending_due);
        let play_ends = self.silent.as_ref().and_then(Deadlines::next);
        [closing, ending, self.metronome.next(), self.next_sweep, play_ends].into_iter().flatten().min()
    }

    /// Does what time asks for: ticks of ports that have something to send, reports, ends of plays, good-byes.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Outbox) {
        self.say_goodbye(now, out);
        if self.ending_due <= now.mono {
            self.end_recordings(now.mono, out);
        }
        self.end_silent_plays(now.mono);
        for phase in 0..self.metronome.phases() {
            let mut turns = 0;
            while let Some(at) = self.metronome.take_turn(phase, now.mono) {
                turns += 1;
                if turns > TICKS_LATE_MAX {
                    // The driver slept. Who listens hears a gap; the timestamps will tell how long it was.
                    for place in self.metronome.ports(phase) {
                        self.ports[*place].outgoing.interrupt();
                        if let (Wire::Bridge(other), true) =
                            (self.ports[*place].wire, self.ports[*place].ear.is_some())
                        {
                            self.ports[other].outgoing.interrupt();
                        }
                    }
                    self.metronome.skip(phase, now.mono);
                    break;
                }
                self.tick(phase, at, out);
            }
        }
        if self.next_sweep.is_some_and(|at| at <= now.mono) {
            self.sweep(now, out);
        }
    }

    /// Takes the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// Who hears whom, in the order of the ports' ids.
    pub fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::with_capacity(self.places.len());
        for place in self.places.values() {
            self.draw(*place, &mut routes);
        }
        routes
    }

    /// The open ports, in order.
    pub fn ports(&self) -> impl ExactSizeIterator<Item = PortId> + '_ {
        self.places.keys().copied()
    }

    /// Whether a port is open.
    pub fn has(&self, port: PortId) -> bool {
        self.places.contains_key(&port)
    }

    /// Whether a recording runs.
    pub fn records(&self, recording: RecordingKey) -> bool {
        self.recording_places.contains_key(&recording)
    }

    /// The running recordings, in order, with their sides.
    pub fn recordings(&self) -> impl Iterator<Item = (RecordingKey, Option<PortId>, Option<PortId>)> + '_ {
        self.recording_places.values().map(|place| {
            let recording = &self.recordings[*place];
            let id = |port: Option<usize>| port.map(|place| self.ports[place].id);
            (recording.key, id(recording.left), id(recording.right))
        })
    }

    /// The conferences, in order, with the number of their ports.
    pub fn conferences(&self) -> impl Iterator<Item = (ConferenceKey, usize)> + '_ {
        self.conferences.iter().map(|(key, conference)| (*key, conference.members.len()))
    }

    /// How the media of a port is so far.
    pub fn quality(&self, port: PortId) -> Option<Quality> {
        self.places.get(&port).map(|place| self.ports[*place].quality())
    }

    /// Whether nothing is left: no port, recording, conference, play, tick or event.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
            && self.ports.is_empty()
            && self.recordings.is_empty()
            && self.conferences.is_empty()
            && self.metronome.is_empty()
            && self.closing.is_empty()
            && self.ending.is_empty()
            && self.silent.as_ref().is_none_or(Deadlines::is_empty)
    }

    /// Does something with a port; nothing if it is closed already, for orders cross with hang-ups.
    fn on(&mut self, port: PortId, act: impl FnOnce(&mut Self, usize)) {
        if let Some(place) = self.places.get(&port).copied() {
            act(self, place);
        }
    }

    fn open(&mut self, port: PortId, now: Now) -> Option<usize> {
        if self.places.contains_key(&port) || self.places.len() >= PORTS_MAX {
            self.events.push(Event::OpenFailed { port });
            return None;
        }
        let place = self.ports.insert(Port::new(port, now.mono, &mut self.ids, self.cname.clone()));
        self.places.insert(port, place);
        if self.silent.is_none() {
            self.next_sweep.get_or_insert(now.mono + SWEEP);
        }
        Some(place)
    }

    #[expect(clippy::too_many_arguments, reason = "these are the fields of one command")]
    fn configure(
        &mut self,
        port: PortId,
        remote: SocketAddr,
        format: Format,
        keys: Option<Keys>,
        send: bool,
        receive: bool,
        now: Now,
    ) {
        self.on(port, |engine, place| {
            let port = &mut engine.ports[place];
            port.incoming.configure(remote, format, keys, receive);
            port.outgoing.change_clock(format.codec.clock_rate(), now.mono);
            port.format = format;
            port.keys = keys;
            port.key_listener = match keys {
                None if receive => port.key_listener.take().or_else(|| Some(Box::default())),
                None | Some(_) => None,
            };
            if port.send != send {
                port.outgoing.interrupt();
            }
            port.send = send;
            port.listening_since = if receive { port.listening_since.or(Some(now.mono)) } else { None };
            engine.arrange(place, now.mono);
        });
    }

    fn bridge(&mut self, a: PortId, b: PortId, now: Instant) {
        let (Some(&place_a), Some(&place_b)) = (self.places.get(&a), self.places.get(&b)) else { return };
        if place_a == place_b || self.ports[place_a].wire == Wire::Bridge(place_b) {
            return;
        }
        self.unwire(place_a, now);
        self.unwire(place_b, now);
        self.ports[place_a].wire = Wire::Bridge(place_b);
        self.ports[place_b].wire = Wire::Bridge(place_a);
        for place in [place_a, place_b] {
            self.ports[place].bridged_since = now;
        }
        self.arrange(place_a, now);
    }

    /// Takes a port out of its bridge, echo or conference.
    fn unwire(&mut self, place: usize, now: Instant) {
        let port = &mut self.ports[place];
        let wire = core::mem::replace(&mut port.wire, Wire::Open);
        if port.player.is_none() {
            port.outgoing.interrupt();
        }
        match wire {
            Wire::Open | Wire::Echo => {}
            Wire::Bridge(other) => {
                let port = &mut self.ports[other];
                port.wire = Wire::Open;
                if port.player.is_none() {
                    port.outgoing.interrupt();
                }
                self.arrange(other, now);
            }
            Wire::Conference(key) => self.leave_conference(place, key),
        }
        self.arrange(place, now);
    }

    fn play(&mut self, place: usize, player: Player, now: Now) {
        let port = &mut self.ports[place];
        let duration = player.duration();
        port.player = Some(player);
        port.outgoing.interrupt();
        match &mut self.silent {
            None => self.arrange(place, now.mono),
            Some(ends) => match duration {
                Some(duration) => ends.set(port.id, now.mono + duration),
                None => {
                    ends.stop(&port.id);
                }
            },
        }
    }

    fn announce(&mut self, place: usize, player: Player, now: Now) {
        let port = &mut self.ports[place];
        let Some(beneath) = port.player.take() else { return self.play(place, player, now) };
        let ends = self.silent.as_ref().and_then(|ends| ends.due(&port.id));
        let left = ends.map(|at| at.since(now.mono));
        self.play(place, player.over(beneath, left), now);
    }

    fn stop_play(&mut self, place: usize, now: Instant) {
        let port = &mut self.ports[place];
        if port.player.take().is_some() {
            port.outgoing.interrupt();
            if let Some(ends) = &mut self.silent {
                ends.stop(&port.id);
            }
            self.rest(place);
            self.arrange(place, now);
        }
    }

    fn send_digit(&mut self, place: usize, digit: Digit, duration_ms: u16, now: Now) {
        if self.silent.is_none() && self.ports[place].keypad.press(digit, duration_ms) {
            self.arrange(place, now.mono);
        }
    }

    fn close(&mut self, place: usize, now: Now) {
        self.unwire(place, now.mono);
        self.forget_ears(place, now.mono);
        self.stop_play(place, now.mono);
        self.ports[place].keypad.clear();
        for tap in core::mem::take(&mut self.ports[place].taps) {
            let Some(recording) = self.recordings.get_mut(tap.recording) else { continue };
            match tap.side {
                Side::Left => recording.left = None,
                Side::Right => recording.right = None,
            }
            if recording.left.is_none() && recording.right.is_none() {
                self.stop_recording(tap.recording, now.mono);
            }
        }
        // Nobody hears it any more, and it hears nobody: its ear and mouth go with its turns.
        self.ports[place].put_ear(None);
        self.ports[place].line = None;
        self.rest(place);
        let port = self.ports.remove(place);
        self.places.remove(&port.id);
        if self.places.is_empty() {
            self.next_sweep = None;
        }
        match self.silent {
            None => self.closing.push(port),
            Some(_) => self.events.push(Event::Closed { port: port.id, quality: port.quality() }),
        }
    }

    /// Lets turns come to a port: with all others in mixes if it `mixes` or is mixed.
    fn sound(&mut self, place: usize, mixes: bool, now: Instant) {
        let port = &mut self.ports[place];
        match port.phase {
            Some(phase) if !mixes || phase == MIXERS => return,
            Some(phase) => self.metronome.remove(place, phase),
            None => {}
        }
        port.phase = Some(self.metronome.add(place, mixes, now));
    }

    /// Takes the turns of a port away if it has nothing to send any more.
    fn rest(&mut self, place: usize) {
        let port = &mut self.ports[place];
        if port.wants_turns() {
            return;
        }
        if let Some(phase) = port.phase.take() {
            self.metronome.remove(place, phase);
        }
    }

    fn tick(&mut self, phase: usize, at: Instant, out: &mut impl Outbox) {
        if phase == MIXERS {
            self.mix(at, out);
        }
        let mut someone_rests = false;
        // Everybody is heard before anybody has its turn, so that nothing depends on who came to the phase first.
        for turn in 0..self.metronome.ports(phase).len() {
            if phase != MIXERS {
                self.hear(self.metronome.ports(phase)[turn], at, out);
            }
        }
        for turn in 0..self.metronome.ports(phase).len() {
            let place = self.metronome.ports(phase)[turn];
            let port = &mut self.ports[place];
            if !port.mixing.is_heard() && port.turns_from <= at {
                port.tick(at, &mut self.events, out);
            }
            if !port.wants_turns() {
                port.phase = None;
                someone_rests = true;
            }
        }
        if someone_rests {
            let ports = &self.ports;
            self.metronome.keep(phase, |place| ports[place].phase.is_some());
        }
    }

    fn sweep(&mut self, now: Now, out: &mut impl Outbox) {
        self.next_sweep = Some(now.mono + SWEEP);
        self.sweeps = (self.sweeps + 1) % SWEEPS_PER_MEASUREMENT;
        for place in 0..self.ports.capacity() {
            if self.ports.get(place).is_some_and(|port| port.is_stale) {
                self.arrange(place, now.mono);
            }
            if let Some(Wire::Bridge(other)) = self.ports.get(place).map(|port| port.wire) {
                let other_heard = self.ports[other].incoming.last_heard();
                self.ports[place].watch_ways(other_heard, now.mono, &mut self.events);
            }
        }
        for (place, port) in &mut self.ports {
            if place % SWEEPS_PER_MEASUREMENT == self.sweeps && port.incoming.gate().is_some() {
                self.events.push(Event::Measured { port: port.id, quality: port.quality() });
            }
            if let (true, false, Some(listening)) =
                (port.incoming.receives(), port.no_media_told, port.listening_since)
            {
                let since = port.incoming.last_heard().map_or(listening, |last| last.max(listening));
                if now.mono.since(since) >= NO_MEDIA_AFTER {
                    port.no_media_told = true;
                    self.events.push(Event::NoMedia { port: port.id, since });
                }
            }
            if port.reports.is_due(now.mono, port.outgoing.ssrc()) {
                port.report(false, now, out);
            }
        }
    }

    fn say_goodbye(&mut self, now: Now, out: &mut impl Outbox) {
        for mut port in self.closing.drain(..) {
            port.report(true, now, out);
            self.events.push(Event::Closed { port: port.id, quality: port.quality() });
        }
    }

    fn end_silent_plays(&mut self, now: Instant) {
        while let Some(port) = self.silent.as_mut().and_then(|ends| ends.expire(now)) {
            self.on(port, |engine, place| {
                if let Some(player) = engine.ports[place].player.take() {
                    engine.events.push(Event::Played { port, play: player.play() });
                    let (beneath, left) = player.beneath();
                    engine.ports[place].player = beneath;
                    if let (Some(ends), Some(left)) = (&mut engine.silent, left) {
                        ends.set(port, now + left);
                    }
                }
            });
        }
    }

    /// Writes the lines of one listener.
    fn draw(&self, place: usize, routes: &mut Vec<Route>) {
        let port = &self.ports[place];
        let first = routes.len();
        let mut draw = |hears| routes.push(Route { listener: port.id, hears });
        match (port.send, port.plays()) {
            (false, _) => {}
            (true, Some(player)) => draw(Hears::Play(player.play())),
            (true, None) => {
                let receives = |place: usize| self.ports[place].speaks();
                match port.wire {
                    Wire::Bridge(other) if receives(other) => draw(Hears::Port(self.ports[other].id)),
                    Wire::Echo if port.incoming.receives() => draw(Hears::Itself),
                    Wire::Open | Wire::Bridge(_) | Wire::Echo => {}
                    Wire::Conference(conference) => draw(Hears::Conference(conference)),
                }
                for speaker in port.beside.iter().filter(|speaker| receives(**speaker)) {
                    // Who is heard already by the bridge is heard once.
                    if port.wire != Wire::Bridge(*speaker) {
                        draw(Hears::Port(self.ports[*speaker].id));
                    }
                }
            }
        }
        if routes.len() == first {
            routes.push(Route { listener: port.id, hears: Hears::Nothing });
        }
    }
}
