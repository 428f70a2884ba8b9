//! What happens to dialogs, and the last moments of a leg.

use crate::Telephony;
use crate::admission::user_of;
use crate::dialing::cause_of;
use crate::leg::{Leg, State};
use crate::machine::Timer;
use base::{Duration, Now};
use model::{EndCause, LegEvent, LegId, Quality};
use sip::{EndedBy, Referral, SessionEvent, SessionId};
use sip_message::StatusCode;

/// How long the sound graph may take to close a port before the leg is over without its figures.
pub(crate) const PORT_PATIENCE: Duration = Duration::from_secs(2);

impl Telephony {
    pub(crate) fn session_event(&mut self, session: SessionId, event: SessionEvent, now: Now) {
        if let SessionEvent::Incoming(arrival) = &event {
            self.incoming(session, arrival, now);
            return;
        }
        let Some(id) = self.by_session.get(&session).copied() else { return };
        match event {
            SessionEvent::Ringing { sdp, .. } => self.phone_rings(id, sdp, now),
            SessionEvent::Answered { sdp, .. } => self.phone_answered(id, session, sdp, now),
            SessionEvent::Acked { sdp } => self.acked(id, session, sdp, now),
            SessionEvent::Offer { sdp } => self.offered_anew(id, session, sdp, now),
            SessionEvent::OfferAnswered { sdp } => {
                // What cannot be agreed on anew leaves no sound to go on with: it was our offer, so we hang up.
                if !self.take_answer(id, session, sdp) {
                    self.hang_up(id, EndCause::Refused(488), now);
                }
            }
            SessionEvent::Key(press) => self.tell(LegEvent::Digit { leg: id, digit: press.digit }),
            SessionEvent::Refer(referral) => self.referred(id, session, &referral, now),
            SessionEvent::Redirected { contacts, .. } => self.redirected(id, session, contacts),
            SessionEvent::Ended(by) => self.session_ended(id, session, by, now),
            // A request inside the call that this program does not serve yet.
            SessionEvent::Request { tx, request } => {
                self.ua.respond_status(tx, &request, StatusCode::NOT_IMPLEMENTED, now);
            }
            SessionEvent::Incoming(_)
            | SessionEvent::OfferWithdrawn
            | SessionEvent::Settled
            | SessionEvent::Info { .. }
            | SessionEvent::Farewell { .. }
            | SessionEvent::Transfer { .. }
            | SessionEvent::Refreshed { .. }
            | SessionEvent::OfferFailed { .. }
            | SessionEvent::Response { .. } => {}
        }
    }

    /// The party asks us to connect whoever it talks with. Only within our domain: nobody is sent to foreign servers.
    fn referred(&mut self, id: LegId, session: SessionId, referral: &Referral, now: Now) {
        let told = self.legs.get(&id).and_then(|leg| leg.told).unwrap_or(self.settings.address.ip());
        let replaces = referral.replaced.and_then(|other| self.by_session.get(&other).copied());
        let declined = if referral.replaces.is_some() && replaces.is_none() {
            Some((StatusCode::CALL_DOES_NOT_EXIST, "the call that Replaces names is not here"))
        } else if !self.is_ours(&referral.target, told) {
            Some((StatusCode::FORBIDDEN, "Refer-To leads to another domain"))
        } else {
            None
        };
        if let Some((status, why)) = declined {
            self.news(format!("{id}: a transfer was declined: {why}"));
            let warning = format!("399 hotline \"{why}\"");
            return self.ua.decline_refer(session, referral.id, status, &[("Warning", warning)], now);
        }
        let to = user_of(&referral.target);
        self.tell(LegEvent::Refer { leg: id, refer: referral.id.0, to, replaces });
    }

    fn acked(&mut self, id: LegId, session: SessionId, answer: Option<bytes::Bytes>, now: Now) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.state, State::Answered { .. }) {
            return;
        }
        leg.state = State::Up { session };
        if self.take_answer(id, session, answer) {
            self.tell(LegEvent::Answered { leg: id });
        } else {
            self.hang_up(id, EndCause::Refused(488), now);
        }
    }

    fn session_ended(&mut self, id: LegId, session: SessionId, by: EndedBy, now: Now) {
        if self.hunts_on(id, session, &by, now) || self.follows(id, session, &by, now) {
            return;
        }
        let cause = match by {
            EndedBy::PeerBye | EndedBy::PeerCancel => EndCause::HungUp,
            EndedBy::LocalHangUp | EndedBy::Challenged => EndCause::Released,
            EndedBy::Rejected { status, .. } => cause_of(status),
            EndedBy::Timeout | EndedBy::Transport => EndCause::Unreachable,
            EndedBy::NoAck | EndedBy::NoPrack | EndedBy::Expired => EndCause::Lost,
        };
        match self.legs.get(&id).map(|leg| &leg.state) {
            Some(State::Dialing { .. }) => self.phone_refused(id, session, cause, now),
            Some(State::Closing { .. }) | None => {
                self.unbind(session, now);
            }
            Some(_) => {
                self.unbind(session, now);
                let cause = if cause == EndCause::Unreachable { EndCause::Lost } else { cause };
                self.leave_unheard(id, cause, now);
            }
        }
    }

    /// A leg whose party is gone. One that the center never heard of goes without a word.
    fn leave_unheard(&mut self, id: LegId, cause: EndCause, now: Now) {
        let unheard = self.legs.get(&id).is_some_and(|leg| matches!(leg.state, State::Opening(_)));
        self.close(id, cause, now);
        if unheard {
            self.forget_leg(id);
        }
    }

    /// Takes a leg off the books.
    pub(crate) fn forget_leg(&mut self, id: LegId) -> Option<Leg> {
        self.lamp(id);
        self.give_seat_back(id);
        self.costs_no_more(id);
        for timer in [Timer::Ring(id), Timer::Word(id), Timer::Silent(id), Timer::PortClosing(id)] {
            self.deadlines.stop(&timer);
        }
        let leg = self.legs.remove(&id)?;
        self.by_port.remove(&leg.port);
        Some(leg)
    }

    /// The port is closed: the leg holds nothing any more.
    pub(crate) fn gone(&mut self, id: LegId, quality: Option<Quality>, now: Now) {
        let Some(leg) = self.legs.get(&id) else { return };
        let cause = match &leg.state {
            State::Closing { cause, .. } => cause.clone(),
            _ => EndCause::Lost,
        };
        self.gone_with(id, cause, quality, now);
    }

    pub(crate) fn gone_with(&mut self, id: LegId, cause: EndCause, quality: Option<Quality>, now: Now) {
        let Some(leg) = self.forget_leg(id) else { return };
        for session in leg.sessions() {
            self.unbind(session, now);
        }
        let quality = quality.filter(|quality| quality.received + quality.sent > 0);
        self.tell(LegEvent::Ended { leg: id, cause, quality });
    }
}
