//! Office phone to office phone, with the sound going straight from one to the other (RFC 3261 §16).
//!
//! The center knows nothing of it: a leg came, another one is dialled, it rings, is answered and ends. But when both phones
//! may speak directly and the caller was not answered yet, the INVITE itself is forwarded instead of a second one made.
//! Neither leg has a port then, and nothing can be played to them, recorded or held by us.
//!
//! ```text
//!  caller's leg:  Arrived ──dial──▶ Proxied ──answered: told when the center answers it──▶ gone
//!  dialled leg:              └───▶ Proxied ──rings, answered: told at once──────────────▶ gone
//! ```

use crate::Telephony;
use crate::browsers::is_websocket;
use crate::dialing::cause_of;
use crate::leg::{Leg, State};
use base::{Duration, Now};
use media::PortId;
use model::{EndCause, LegEvent, LegId, SipUser, Target};
use sip::{NotProxied, ProxyEnd, ProxyEvent, ProxyOptions, ProxySide, ProxyTarget, SessionId};

impl Telephony {
    /// Forwards the call of `beside` to the phones of the target, if both may speak directly. Returns whether it is
    /// dealt with.
    pub(crate) fn forward(
        &mut self,
        id: LegId,
        target: &Target,
        beside: Option<LegId>,
        ring: Duration,
        now: Now,
    ) -> bool {
        let (Target::User(callee), Some(caller)) = (target, beside) else { return false };
        let Some(Leg { state: State::Arrived { session, .. }, user: Some(user), port, group, .. }) =
            self.legs.get(&caller)
        else {
            return false;
        };
        let direct = |user: &SipUser| self.settings.direct_media.contains(user);
        if !direct(user) || !direct(callee) {
            return false;
        }
        let (session, port, group, user) = (*session, *port, *group, user.clone());
        let bindings = self.registrar.locations().bindings(&self.address_of(callee));
        // A browser and a desk phone cannot hear each other without us.
        let is_browser = self.offers_as_browser(caller);
        let bindings: Vec<_> = bindings.collect();
        if bindings.iter().any(|binding| is_websocket(binding.destination().transport) != is_browser) {
            return false;
        }
        let targets: Vec<ProxyTarget> = bindings.into_iter().map(ProxyTarget::from).collect();
        let asserted = format!("<sip:{user}@{}>", self.settings.domain);
        let options = ProxyOptions {
            ring: ring.min(Self::RING_MAX),
            headers: vec![("P-Asserted-Identity".to_owned(), asserted)],
            ..ProxyOptions::default()
        };
        match self.ua.proxy(session, targets, options, now) {
            Ok(()) => {}
            // Nobody is registered: the dialled leg says so in the usual way.
            Err(NotProxied::NoTargets) => return false,
            // Those that we bridge take other room.
            Err(NotProxied::Full(_)) => return false,
            // The caller gave up at this moment, which is told by itself.
            Err(NotProxied::Gone) => return false,
        }
        self.by_port.remove(&port);
        self.sound(media::Command::Close { port });
        if let Some(leg) = self.legs.get_mut(&caller) {
            leg.state = State::Proxied { session: Some(session), other: id, answered: false };
        }
        let leg = Leg {
            state: State::Proxied { session: None, other: caller, answered: false },
            user: Some(callee.clone()),
            ..Leg::opening(id, PortId::generate(&mut self.ids), group)
        };
        self.legs.insert(id, leg);
        self.lamp(id);
        self.lamp(caller);
        true
    }

    pub(crate) fn proxied(&mut self, session: SessionId, event: &ProxyEvent, now: Now) {
        let Some(caller) = self.by_session.get(&session).copied() else { return };
        let Some(Leg { state: State::Proxied { other: callee, .. }, .. }) = self.legs.get(&caller) else {
            return;
        };
        let callee = *callee;
        match event {
            ProxyEvent::Ringing { .. } => self.tell(LegEvent::Ringing { leg: callee, sounds: false }),
            ProxyEvent::Answered { .. } => {
                for id in [caller, callee] {
                    if let Some(Leg { state: State::Proxied { answered, .. }, .. }) = self.legs.get_mut(&id) {
                        *answered = true;
                    }
                    self.lamp(id);
                }
                self.tell(LegEvent::Answered { leg: callee });
            }
            ProxyEvent::Ended(end) => {
                self.unbind(session, now);
                if let Some(Leg { state: State::Proxied { session, .. }, .. }) = self.legs.get_mut(&caller) {
                    *session = None;
                }
                let (who, cause) = match end {
                    ProxyEnd::Canceled | ProxyEnd::HungUp { by: ProxySide::Caller } => {
                        (caller, EndCause::HungUp)
                    }
                    ProxyEnd::HungUp { by: ProxySide::Callee } => (callee, EndCause::HungUp),
                    ProxyEnd::Refused { status, .. } => (callee, cause_of(*status)),
                    ProxyEnd::Lost | ProxyEnd::Expired => (caller, EndCause::Lost),
                    // It goes on without us, or was no call at all.
                    ProxyEnd::Released | ProxyEnd::Completed { .. } => (caller, EndCause::Released),
                };
                // The other one goes when the center lets it go.
                self.gone_with(who, cause, None, now);
            }
        }
    }

    /// The center answers the caller: the phone that answered has done so already.
    pub(crate) fn confirm_proxied(&mut self, id: LegId) {
        if let Some(Leg { state: State::Proxied { .. }, .. }) = self.legs.get(&id) {
            self.tell(LegEvent::Answered { leg: id });
        }
    }

    /// Whether this leg is one of a forwarded call: it has no port, and is gone as soon as it is let go.
    pub(crate) fn is_proxied(&self, id: LegId) -> bool {
        matches!(self.legs.get(&id), Some(Leg { state: State::Proxied { .. }, .. }))
    }
}
