//! What legs hear and what is recorded of them; what the sound graph tells.

use crate::leg::{Leg, Purpose, State};
use crate::machine::Timer;
use crate::refusing::{Asker, Spoken};
use crate::sealing::keying_of;
use crate::{Output, PortFailure, Telephony};
use base::Now;
use browser_peer::Door;
use media::voice_activity::Activity;
use media::{Event, Finding, PortId, RecordingKey};
use model::{CallLimit, EndCause, LegEvent, LegId, LimitKind, Prompt, Quality, RecordingId, SoundWay};
use sip_message::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;

/// The number of a play of silence; those of the center count from 1.
const SILENT_PLAY: u64 = u64::MAX;

impl Telephony {
    pub(crate) fn port_opened(&mut self, port: PortId, address: SocketAddr, door: Option<Door>, now: Now) {
        let Some(id) = self.by_port.get(&port).copied() else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.address = Some(address);
        leg.browser.door = door;
        if leg.is_closing() {
            self.sound(media::Command::Close { port });
            return;
        }
        if !matches!(leg.state, State::Opening(_)) {
            return;
        }
        // Nobody rings yet: that is true of a leg that dials, and of one that arrived in the next line.
        let nobody = State::Dialing { forks: Vec::new(), rings: false, refused: None };
        let State::Opening(purpose) = std::mem::replace(&mut leg.state, nobody) else { return };
        match *purpose {
            Purpose::Arrive { session, offer, from, to, origin } => {
                leg.state = State::Arrived { session, offer: offer.map(Box::new) };
                self.tell(LegEvent::Arrived { leg: id, from, to, origin });
            }
            dial @ Purpose::Dial { .. } => self.dial(id, dial, now),
        }
    }

    pub(crate) fn port_failed(&mut self, port: PortId, why: PortFailure, now: Now) {
        let Some(id) = self.by_port.get(&port).copied() else { return };
        match why {
            PortFailure::NoneFree => self.no_port_free(id, now),
            PortFailure::Broken => self.no_port_works(id, now),
        }
    }

    /// Nobody is at fault but us, and no limit either.
    fn no_port_works(&mut self, id: LegId, now: Now) {
        let Some(leg) = self.legs.get(&id) else { return };
        if let State::Opening(purpose) = &leg.state
            && let Purpose::Arrive { session, .. } = &**purpose
        {
            // The center never heard of it.
            let session = *session;
            self.ua.reject(session, StatusCode::SERVER_INTERNAL_ERROR, "No Media Port", now);
            self.unbind(session, now);
            self.forget_leg(id);
        } else {
            self.gone_with(id, EndCause::Released, None, now);
        }
    }

    fn no_port_free(&mut self, id: LegId, now: Now) {
        let limit = CallLimit { kind: LimitKind::MediaPorts, of: String::new(), max: 0 };
        self.limit_reached(limit.clone(), now);
        let Some(leg) = self.legs.get(&id) else { return };
        if let State::Opening(purpose) = &leg.state
            && let Purpose::Arrive { session, origin, .. } = &**purpose
        {
            // The center never heard of it.
            let session = *session;
            let refusal = Spoken::of_limit(&limit, Asker::of(origin));
            self.ua.reject_with(session, refusal.status, refusal.reason, &refusal.headers(), now);
            self.unbind(session, now);
            self.forget_leg(id);
        } else {
            self.gone_with(id, EndCause::Limit(Box::new(limit)), None, now);
        }
    }

    pub(crate) fn media_event(&mut self, event: Event, now: Now) {
        match event {
            Event::Digit { port, digit } => {
                if let Some(leg) = self.leg_of(port) {
                    self.tell(LegEvent::Digit { leg, digit: digit.as_char() });
                }
            }
            Event::Played { port, play } => {
                if let Some(leg) = self.leg_of(port) {
                    // Who is in a conference hears it again after a tone; and what was played instead meanwhile, a bridge, or
                    // music below an announcement goes on.
                    let ended = |leg: &Leg| leg.room.is_none() && leg.playing == Some(play);
                    if self.legs.get(&leg).is_some_and(ended) {
                        self.play_silence(port);
                    }
                    self.tell(LegEvent::Played { leg, play: u32::try_from(play).unwrap_or(u32::MAX) });
                }
            }
            Event::Closed { port, quality } => {
                if let Some(leg) = self.by_port.get(&port).copied() {
                    let keying = self.legs.get(&leg).map(keying_of).unwrap_or_default();
                    self.gone(leg, Some(Quality { keying, ..kept(&quality) }), now);
                }
            }
            Event::OpenFailed { port } => self.port_failed(port, PortFailure::Broken, now),
            Event::Unsealable { port } => self.cannot_be_sealed(port, now),
            Event::ConsentLapsed { port } => self.browser_is_silent(port, now),
            Event::ConsentRenewed { port } => self.browser_is_back(port),
            Event::RecordingStopped { recording, dropped, .. } if dropped > 0 => {
                let recording = RecordingId::from_u64(recording.as_u64());
                let what = format!("{recording}: the disk was too slow, packets missing: {dropped}");
                self.outputs.push_back(Output::Trouble(what));
            }
            Event::OneWay { port, way } => {
                if let Some(leg) = self.leg_of(port) {
                    self.tell(LegEvent::OneWay { leg, way: way_of(way) });
                }
            }
            Event::WayRestored { port, way } => {
                if let Some(leg) = self.leg_of(port) {
                    self.tell(LegEvent::WayRestored { leg, way: way_of(way) });
                }
            }
            Event::Measured { port, quality } => {
                if let Some(leg) = self.by_port.get(&port).and_then(|leg| self.legs.get_mut(leg)) {
                    leg.quality = Some(kept(&quality));
                }
            }
            Event::JoinRefused { port, conference } => {
                self.outputs
                    .push_back(Output::Alarm(format!("{conference} has no place: {port} was left outside")));
                if let Some(leg) = self.leg_of(port) {
                    self.tell(LegEvent::ConferRefused { leg });
                }
            }
            Event::BridgeRefused { a, b } => {
                // Better gone than in silence with each other.
                self.alarm(format!("{a} and {b} cannot be connected: their media threads take no orders"));
                for port in [a, b] {
                    if let Some(leg) = self.leg_of(port) {
                        self.hang_up(leg, EndCause::Lost, now);
                    }
                }
            }
            Event::HearRefused { listener, speaker } => {
                if let (Some(listener), Some(speaker)) = (self.leg_of(listener), self.leg_of(speaker)) {
                    self.tell(LegEvent::HearRefused { listener, speaker });
                }
            }
            Event::Found { port, finding: Finding::Speech(activity) } => {
                if let Some(leg) = self.leg_of(port) {
                    self.tell(LegEvent::Speaks { leg, on: matches!(activity, Activity::Began { .. }) });
                }
            }
            Event::FirstPacket { .. }
            | Event::Found { .. }
            | Event::Sealed { .. }
            | Event::NoMedia { .. }
            | Event::RecordingStopped { .. } => {}
        }
    }

    /// How the sound of a live leg was when it was last measured, seconds ago at most.
    pub fn quality(&self, leg: LegId) -> Option<&Quality> {
        self.legs.get(&leg).filter(|leg| !leg.is_closing()).and_then(|leg| leg.quality.as_ref())
    }

    /// Sends silence until something else is to be heard. A bridge, an echo or a conference ends it.
    pub(crate) fn play_silence(&mut self, port: PortId) {
        let clips = vec![Arc::clone(self.prompts.silence())];
        self.sound(media::Command::Play { port, play: SILENT_PLAY, clips, repeat: true });
    }

    fn leg_of(&self, port: PortId) -> Option<LegId> {
        let leg = self.legs.get(self.by_port.get(&port)?)?;
        (!leg.is_closing()).then_some(leg.id)
    }

    pub(crate) fn play(&mut self, leg: LegId, play: u32, prompts: &[Prompt], repeat: bool) {
        let mut clips = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            match self.prompts.find(prompt) {
                Some(clip) => clips.push(Arc::clone(clip)),
                None => {
                    let what =
                        format!("there is no sound {} in language {:?}", prompt.prompt, prompt.language);
                    self.outputs.push_back(Output::Trouble(what));
                }
            }
        }
        let Some(Leg { id, port, .. }) = self.live(leg) else { return };
        let (leg, port) = (*id, *port);
        if clips.is_empty() {
            // Nothing to hear is over at once, so that nobody waits for its end.
            self.play_silence(port);
            if !repeat {
                self.tell(LegEvent::Played { leg, play });
            }
            return;
        }
        self.sound(media::Command::Play { port, play: u64::from(play), clips, repeat });
    }

    pub(crate) fn record(&mut self, recording: RecordingId, left: LegId, right: Option<LegId>) {
        let Some(left) = self.live(left).map(|leg| leg.port) else {
            // Whoever waits for the end of the recording shall have it.
            let why = "whoever was to be recorded had just hung up".to_owned();
            return self.tell(LegEvent::RecordingFailed { recording, why });
        };
        let right = right.and_then(|leg| self.live(leg)).map(|leg| leg.port);
        self.outputs.push_back(Output::RecordingBegins { recording, stereo: right.is_some() });
        let recording = RecordingKey::from_u64(recording.as_u64());
        self.sound(media::Command::Record { recording, left, right });
    }

    /// A running recording goes on with other legs. The file and the clock stay.
    pub(crate) fn record_from(&mut self, recording: RecordingId, left: LegId, right: Option<LegId>) {
        let Some(left) = self.live(left).map(|leg| leg.port) else { return };
        let right = right.and_then(|leg| self.live(leg)).map(|leg| leg.port);
        let recording = RecordingKey::from_u64(recording.as_u64());
        self.sound(media::Command::Record { recording, left, right });
    }

    /// Ends the signalling and closes the port of a leg, whatever state it is in.
    pub(crate) fn hang_up(&mut self, id: LegId, cause: EndCause, now: Now) {
        let is_proxied = self.is_proxied(id);
        let Some(leg) = self.live(id) else { return };
        for session in leg.sessions() {
            self.unbind(session, now);
            if is_proxied {
                self.ua.withdraw(session, now);
            } else {
                self.ua.hang_up(session, now);
            }
        }
        self.close(id, cause, now);
    }

    /// Closes the port of a leg whose signalling is over. The center is told when the port is closed.
    pub(crate) fn close(&mut self, id: LegId, cause: EndCause, now: Now) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.is_closing() {
            return;
        }
        if let State::Proxied { .. } = leg.state {
            return self.gone_with(id, cause, None, now);
        }
        let (sessions, port, is_open, room) =
            (leg.sessions(), leg.port, leg.address.is_some(), leg.room.take());
        leg.state = State::Closing { cause, since: now.mono };
        self.lamp(id);
        for session in sessions {
            self.unbind(session, now);
        }
        if let Some(room) = room {
            self.forget_room_if_empty(&room);
        }
        self.deadlines.stop(&Timer::Ring(id));
        self.deadlines.stop(&Timer::Silent(id));
        self.deadlines.set(Timer::PortClosing(id), now.mono + crate::ending::PORT_PATIENCE);
        if is_open {
            self.sound(media::Command::Close { port });
        }
    }
}

fn way_of(way: media::Way) -> SoundWay {
    match way {
        media::Way::In => SoundWay::In,
        media::Way::Out => SoundWay::Out,
    }
}

fn kept(quality: &media::Quality) -> Quality {
    Quality {
        received: quality.received,
        lost: quality.lost,
        sent: quality.sent,
        jitter_us: u32::try_from(quality.jitter_us).unwrap_or(u32::MAX),
        mos_x100: quality.mos_x100.unwrap_or(0),
        codec: quality.codec.map(|codec| match codec {
            media::Codec::Pcmu => model::leg::Codec::Pcmu,
            media::Codec::Pcma => model::leg::Codec::Pcma,
            media::Codec::G722 => model::leg::Codec::G722,
            media::Codec::Opus => model::leg::Codec::Opus,
        }),
        transcoded: quality.transcoded,
        keying: model::leg::Keying::None,
        round_trip_us: quality.round_trip_us.map(|time| u32::try_from(time).unwrap_or(u32::MAX)),
    }
}
