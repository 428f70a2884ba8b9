//! Calls of ours: to every phone of a user at once. Numbers outside are `hunting`'s.

use crate::Telephony;
use crate::account::Account;
use crate::browsers::is_websocket;
use crate::hunting::Outward;
use crate::leg::{Leg, Purpose, State};
use crate::machine::Timer;
use crate::redirecting::Errand;
use base::{Duration, Now};
use model::{EndCause, LegEvent, LegId, Party, SipUser, Target};
use sip::{Destination, Device, Invite, SessionId, Transport};
use sip_message::{Host, NameAddr, StatusCode, Uri};

/// How many phones of one user ring at once.
const FORKS_MAX: usize = 8;

/// Where one phone of a dialled party is.
pub(crate) struct Way {
    pub(crate) target: Uri,
    /// Proxies to go through (RFC 3327).
    pub(crate) routes: Vec<NameAddr>,
    pub(crate) destination: Destination,
    /// Our account at the carrier, if it wants one.
    pub(crate) account: Option<Account>,
    /// The page that it is, which may come back by another network.
    pub(crate) page: Option<Device>,
}

impl Telephony {
    /// The port is open: the phones are called.
    pub(crate) fn dial(&mut self, id: LegId, purpose: Purpose, now: Now) {
        let Purpose::Dial { target, caller, beside, ring, charged, follows } = purpose else { return };
        if let Target::Number(number) = &target
            && let Err(cause) = self.may_call_outside(id, number, charged.as_ref(), now)
        {
            return self.close(id, cause, now);
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = State::Dialing { forks: Vec::new(), rings: false, refused: None };
        }
        self.deadlines.set(Timer::Ring(id), now.mono + ring.min(Self::RING_MAX));
        let (number, is_emergency) = match target {
            Target::User(user) => return self.dial_phones(id, &user, caller, beside, follows, now),
            Target::Number(number) => (number, false),
            Target::Emergency(number) => (number, true),
        };
        self.hunt(id, Outward { number, caller, beside, is_emergency, diverted: None }, now);
    }

    /// Every phone of a user at once.
    fn dial_phones(
        &mut self,
        id: LegId,
        user: &SipUser,
        caller: Party,
        beside: Option<LegId>,
        follows: bool,
        now: Now,
    ) {
        let ways = self.ways_to_user(user);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.user = Some(user.clone());
            leg.told = ways.first().map(|way| way.destination.local.ip());
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.errand = Some(Box::new(Errand::new(caller, beside, follows)));
        }
        if !self.ring_phones(id, user, ways, now) {
            return self.close(id, EndCause::Unreachable, now);
        }
        self.lamp(id);
    }

    /// Rings these phones of a user for a leg, beside those that ring for it already. Returns whether any does.
    pub(crate) fn ring_phones(&mut self, id: LegId, user: &SipUser, ways: Vec<Way>, now: Now) -> bool {
        let errand = self.legs.get(&id).and_then(|leg| leg.errand.as_ref());
        let Some((caller, beside)) = errand.map(|errand| (errand.caller.clone(), errand.beside)) else {
            return false;
        };
        let Some(offer) = self.offer_for(id, beside) else { return false };
        let mut rings = false;
        for way in ways {
            let is_browser = is_websocket(way.destination.transport);
            let fork = is_browser.then(|| self.ring_browser(id, beside)).flatten();
            let offer = fork.as_ref().map_or(&offer, |fork| &fork.offered);
            let Some(session) = self.invite(id, way, &caller, self.handed_over(beside), offer, now) else {
                continue;
            };
            if let Some(fork) = fork {
                self.browser_rings(id, session, fork);
            }
            rings = true;
            if let Some(errand) = self.legs.get_mut(&id).and_then(|leg| leg.errand.as_mut()) {
                errand.asks(user, session);
            }
        }
        if rings && let Some(leg) = self.legs.get_mut(&id) {
            leg.offered = Some(Box::new(offer));
        }
        rings
    }

    /// One INVITE of a leg. Returns its dialog, if it is on its way.
    pub(crate) fn invite(
        &mut self,
        id: LegId,
        way: Way,
        caller: &Party,
        mut headers: Vec<(String, String)>,
        offer: &sdp::Session,
        now: Now,
    ) -> Option<SessionId> {
        let shown = self.from(caller);
        let known_as = way.account.as_ref().and_then(Account::address);
        if caller.number.is_empty() {
            // Who does not want to be known is not told to whoever is called (RFC 3323 §4.1.1.3, RFC 3325 §9.3).
            headers.push(("Privacy".to_owned(), "id".to_owned()));
        } else if known_as.is_some() {
            headers.push(Account::preferred(&shown));
        }
        let invite = Invite {
            from: known_as.unwrap_or(shown),
            to: NameAddr::new(way.target.clone()),
            contact: self.contact(&way.destination),
            target: way.target,
            destination: way.destination,
            routes: way.routes,
            headers,
            offer: Some(bytes::Bytes::from(offer.to_string())),
            credentials: way.account.as_ref().map(Account::credentials),
        };
        match self.ua.invite(invite, now) {
            Ok(session) => {
                self.bind(session, id);
                if let Some(page) = way.page {
                    self.ua.belongs_to(session, page);
                }
                if let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get_mut(&id) {
                    forks.push(session);
                }
                Some(session)
            }
            Err(error) => {
                self.trouble(format!("{id}: an INVITE could not be made: {error}"));
                None
            }
        }
    }

    pub(crate) fn ways_to_user(&self, user: &SipUser) -> Vec<Way> {
        let bindings = self.registrar.locations().bindings(&self.address_of(user));
        bindings
            .take(FORKS_MAX)
            .map(|binding| Way {
                target: binding.contact().clone(),
                routes: binding.routes().to_vec(),
                destination: binding.destination(),
                account: None,
                page: is_websocket(binding.source.transport).then(|| binding.device()),
            })
            .collect()
    }

    /// Who is shown as the caller.
    fn from(&self, caller: &Party) -> NameAddr {
        if caller.number.is_empty() {
            let anonymous = Uri::parse(b"sip:anonymous@anonymous.invalid");
            return NameAddr::new(anonymous.unwrap_or_else(|_| self.own_uri()));
        }
        let domain = Host::parse(self.settings.domain.as_bytes()).ok();
        let uri = domain.and_then(|domain| Uri::sip(Some(&caller.number), domain, None).ok());
        let name = NameAddr::new(uri.unwrap_or_else(|| self.own_uri()));
        match &caller.display {
            Some(display) => name.clone().with_display(display).unwrap_or(name),
            None => name,
        }
    }

    fn own_uri(&self) -> Uri {
        let text = format!("sip:{}", self.settings.address);
        Uri::parse(text.as_bytes()).unwrap_or_else(|error| unreachable!("an address makes a URI: {error}"))
    }

    /// Where the party reaches us for this dialog: where our messages to it come from.
    pub(crate) fn contact(&self, way: &Destination) -> Uri {
        let text = match way.transport {
            Transport::Udp => format!("sip:{}", way.local),
            other => format!("sip:{};transport={}", way.local, other.uri_name()),
        };
        Uri::parse(text.as_bytes()).unwrap_or_else(|_| self.own_uri())
    }

    /// A phone rings, or its network has something to say before it is answered.
    pub(crate) fn phone_rings(&mut self, id: LegId, early: Option<bytes::Bytes>, now: Now) {
        self.found_trunk(id, now);
        let Some(Leg { state: State::Dialing { rings, forks, .. }, agreed, .. }) = self.legs.get_mut(&id)
        else {
            return;
        };
        let is_news = !std::mem::replace(rings, true);
        // Of several phones that ring at once nobody can say which one is to be heard.
        let alone = forks.first().copied().filter(|_| forks.len() == 1 && agreed.is_none());
        let sounds =
            alone.zip(early).is_some_and(|(session, early)| self.take_early_answer(id, session, &early));
        if is_news {
            self.lamp(id);
        }
        if is_news || sounds {
            self.tell(LegEvent::Ringing { leg: id, sounds });
        }
    }

    /// One phone answered: the others stop ringing.
    pub(crate) fn phone_answered(
        &mut self,
        id: LegId,
        session: SessionId,
        answer: Option<bytes::Bytes>,
        now: Now,
    ) {
        if !matches!(self.legs.get(&id), Some(Leg { state: State::Dialing { .. }, .. })) {
            self.unbind(session, now);
            self.ua.hang_up(session, now);
            return;
        }
        self.found_trunk(id, now);
        let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get_mut(&id) else { return };
        let others: Vec<_> = forks.drain(..).filter(|fork| *fork != session).collect();
        for fork in others {
            self.unbind(fork, now);
            self.ua.hang_up(fork, now);
        }
        self.deadlines.stop(&Timer::Ring(id));
        // The lamp that was lit goes out if it was somebody else who answered.
        self.lamp(id);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = State::Up { session };
            if let Some(user) = leg.errand.take().and_then(|errand| errand.asked_in(session)) {
                leg.user = Some(user);
            }
        }
        self.lamp(id);
        if self.take_answer(id, session, answer) {
            self.tell(LegEvent::Answered { leg: id });
        } else {
            self.hang_up(id, EndCause::Refused(488), now);
        }
    }

    /// One phone will not answer. When it was the last one, the leg is over.
    pub(crate) fn phone_refused(&mut self, id: LegId, session: SessionId, cause: EndCause, now: Now) {
        self.unbind(session, now);
        let Some(Leg { state: State::Dialing { forks, refused, .. }, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        forks.retain(|fork| *fork != session);
        // What a person said weighs more than what a network said.
        let said = |cause: &EndCause| match cause {
            EndCause::Declined => 3,
            EndCause::Busy => 2,
            EndCause::NoAnswer => 1,
            _ => 0,
        };
        if refused.as_ref().is_none_or(|best| said(&cause) > said(best)) {
            *refused = Some(cause.clone());
        }
        if forks.is_empty() {
            let cause = refused.clone().unwrap_or(cause);
            self.close(id, cause, now);
        }
    }

    pub(crate) fn rang_long_enough(&mut self, id: LegId, now: Now) {
        self.hang_up(id, EndCause::NoAnswer, now);
    }

    /// How long a call may ring at the most, whatever was asked for: RFC 3261's timer C.
    pub const RING_MAX: Duration = Duration::from_secs(180);
}

/// What a final refusal means.
pub(crate) fn cause_of(status: StatusCode) -> EndCause {
    match status.code() {
        486 | 600 => EndCause::Busy,
        603 | 607 => EndCause::Declined,
        408 | 480 | 487 => EndCause::NoAnswer,
        404 | 410 | 484 | 485 | 502 | 503 | 504 | 604 => EndCause::Unreachable,
        other => EndCause::Refused(other),
    }
}
