//! What the center wants of a leg.

use crate::leg::{Leg, Purpose, State};
use crate::refusing::Spoken;
use crate::{Output, Telephony};
use base::Now;
use media::{ConferenceKey, RecordingKey};
use model::leg::Rejection;
use model::{EndCause, LegCommand, LegEvent, LegId};
use sip::ReferId;
use sip_message::StatusCode;

impl Telephony {
    /// Carries a command out. Commands for legs that are gone or on their way out cross with their end and do nothing.
    pub(crate) fn command(&mut self, command: LegCommand, now: Now) {
        // There is no sound of ours in a call that was forwarded.
        if let LegCommand::Play { leg, .. }
        | LegCommand::Silence { leg }
        | LegCommand::Bridge { a: leg, .. }
        | LegCommand::Part { leg }
        | LegCommand::Echo { leg }
        | LegCommand::Confer { leg, .. }
        | LegCommand::Record { left: leg, .. }
        | LegCommand::RecordFrom { left: leg, .. } = &command
            && self.is_proxied(*leg)
        {
            return;
        }
        match command {
            LegCommand::Ring { leg, sounds } => self.ring(leg, sounds, now),
            LegCommand::Answer { leg } if self.is_proxied(leg) => self.confirm_proxied(leg),
            LegCommand::Answer { leg } => self.answer(leg, now),
            LegCommand::Reject { leg, why } => self.reject(leg, why, now),
            LegCommand::Dial { leg, target, caller, beside, ring, charged, follows } => {
                if !self.forward(leg, &target, beside, ring, now) {
                    self.open_leg(
                        leg,
                        Purpose::Dial { target, caller, beside, ring, charged, follows },
                        beside,
                    );
                }
            }
            LegCommand::TakeRefer { leg, refer } => {
                if let Some(Leg { state: State::Up { session }, .. }) = self.legs.get(&leg) {
                    let (session, refer) = (*session, ReferId(refer));
                    self.ua.accept_refer(session, refer, now);
                    self.ua.report_refer(session, refer, StatusCode::OK, now);
                }
            }
            LegCommand::DeclineRefer { leg, refer, why } => {
                if let Some(leg @ Leg { state: State::Up { session }, .. }) = self.legs.get(&leg) {
                    let refusal = Spoken::of(&why, leg.asker());
                    let headers = refusal.headers();
                    self.ua.decline_refer(*session, ReferId(refer), refusal.status, &headers, now);
                }
            }
            LegCommand::HangUp { leg } => self.hang_up(leg, EndCause::Released, now),
            LegCommand::Play { leg, play, prompts, repeat } => self.play(leg, play, &prompts, repeat),
            LegCommand::Silence { leg } => {
                if let Some(port) = self.live(leg).map(|leg| leg.port) {
                    self.play_silence(port);
                }
            }
            LegCommand::Bridge { a, b } => {
                if let (Some(a), Some(b)) =
                    (self.live(a).map(|leg| leg.port), self.live(b).map(|leg| leg.port))
                {
                    self.sound(media::Command::StopPlay { port: a });
                    self.sound(media::Command::StopPlay { port: b });
                    self.sound(media::Command::Bridge { a, b });
                }
            }
            LegCommand::Part { leg } => self.part(leg),
            LegCommand::Hear { listener, speaker, on } => self.hear(listener, speaker, on),
            LegCommand::Echo { leg } => {
                if let Some(port) = self.live(leg).map(|leg| leg.port) {
                    self.sound(media::Command::StopPlay { port });
                    self.sound(media::Command::Echo { port, on: true });
                }
            }
            LegCommand::Confer { leg, room, speaks } => self.confer(leg, room, speaks),
            LegCommand::Record { recording, left, right } => self.record(recording, left, right),
            LegCommand::RecordFrom { recording, left, right } => self.record_from(recording, left, right),
            LegCommand::KeepOfRecording { recording, state } => self.sound(media::Command::MaskRecord {
                recording: RecordingKey::from_u64(recording.as_u64()),
                left: state.masks_customer(),
                right: state.masks_agent(),
            }),
            LegCommand::MarkRecording { recording, mark } => {
                self.outputs.push_back(Output::RecordingMark { recording, mark });
            }
            LegCommand::LimitNoticed { limit } => self.limit_noticed(limit, now),
            LegCommand::StopRecording { recording } => {
                self.sound(media::Command::StopRecord {
                    recording: RecordingKey::from_u64(recording.as_u64()),
                });
            }
        }
    }

    /// A leg that is there and not on its way out.
    pub(crate) fn live(&mut self, leg: LegId) -> Option<&mut Leg> {
        self.legs.get_mut(&leg).filter(|leg| !leg.is_closing())
    }

    fn reject(&mut self, leg: LegId, why: Rejection, now: Now) {
        if self.is_proxied(leg) {
            // The phone that called has been told by the one that was called.
            return self.gone_with(leg, EndCause::Released, None, now);
        }
        let Some(there @ Leg { state: State::Arrived { session, .. }, .. }) = self.legs.get(&leg) else {
            return;
        };
        let refusal = Spoken::of(&why, there.asker());
        self.ua.reject_with(*session, refusal.status, refusal.reason, &refusal.headers(), now);
        self.close(leg, EndCause::Released, now);
    }

    /// Lets a leg hear another one beside its bridge. Who hears nobody, because the sound of one of the two does not come by
    /// us, is told so.
    fn hear(&mut self, listener: LegId, speaker: LegId, on: bool) {
        let is_heard = !self.is_proxied(listener) && !self.is_proxied(speaker);
        let ports = self.live(listener).map(|leg| leg.port).zip(self.live(speaker).map(|leg| leg.port));
        match ports.filter(|_| is_heard) {
            Some((listener, speaker)) => self.sound(media::Command::Hear { listener, speaker, on }),
            None if on => self.tell(LegEvent::HearRefused { listener, speaker }),
            None => {}
        }
    }

    pub(crate) fn part(&mut self, leg: LegId) {
        let Some(leg) = self.live(leg) else { return };
        let (port, room) = (leg.port, leg.room.take());
        match room {
            Some(room) => {
                self.sound(media::Command::Leave { port });
                self.sound(media::Command::Listen { port, wanted: media::Listening::NOTHING });
                self.forget_room_if_empty(&room);
            }
            None => self.sound(media::Command::Unbridge { port }),
        }
    }

    fn confer(&mut self, leg: LegId, room: String, speaks: bool) {
        let is_inside = self.live(leg).is_some_and(|leg| leg.room.as_ref() == Some(&room));
        if !is_inside {
            self.part(leg);
        }
        let key = match self.rooms.get(&room) {
            Some(key) => *key,
            None => {
                let key = ConferenceKey::generate(&mut self.ids);
                self.rooms.insert(room.clone(), key);
                key
            }
        };
        let Some(leg) = self.live(leg) else { return };
        leg.room = Some(room);
        let port = leg.port;
        if !is_inside {
            self.sound(media::Command::StopPlay { port });
            let wanted = media::Listening { speech: true, ..media::Listening::NOTHING };
            self.sound(media::Command::Listen { port, wanted });
        }
        self.sound(media::Command::Join { port, conference: key, speaks, listens: true });
    }

    pub(crate) fn forget_room_if_empty(&mut self, room: &str) {
        if !self.legs.values().any(|leg| leg.room.as_deref() == Some(room)) {
            self.rooms.remove(room);
        }
    }
}
