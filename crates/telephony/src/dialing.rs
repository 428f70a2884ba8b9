//! Calls of ours: to every phone of a user, or to a number by a trunk.

use crate::account::Account;
use crate::leg::{Leg, Purpose, State};
use crate::machine::Timer;
use crate::{Output, Telephony};
use base::{Duration, Now};
use model::{EndCause, LegEvent, LegId, Party, Target};
use sip::{Destination, Invite, SessionId, Transport};
use sip_message::{Host, NameAddr, StatusCode, Uri};

/// How many phones of one user ring at once.
const FORKS_MAX: usize = 8;

/// Where one phone of a dialled party is.
struct Way {
    target: Uri,
    /// Proxies to go through (RFC 3327).
    routes: Vec<NameAddr>,
    destination: Destination,
    /// Our account at the carrier, if it wants one.
    account: Option<Account>,
}

impl Telephony {
    /// The port is open: the phones are called.
    pub(crate) fn dial(&mut self, id: LegId, purpose: Purpose, now: Now) {
        let Purpose::Dial { target, caller, beside, ring } = purpose else { return };
        let ways = match &target {
            Target::User(user) => self.ways_to_user(user),
            Target::Number(number) => self.way_to_number(number).into_iter().collect(),
        };
        if ways.is_empty() {
            self.close(id, EndCause::Unreachable, now);
            return;
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.told = ways.first().map(|way| way.destination.local.ip());
        }
        let Some(offer) = self.offer_for(id, beside) else { return };
        let body = bytes::Bytes::from(offer.to_string());
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.offered = Some(offer);
            leg.state = State::Dialing { forks: Vec::new(), rings: false, refused: None };
        }
        self.deadlines.set(Timer::Ring(id), now.mono + ring.min(Self::RING_MAX));
        for way in ways {
            let invite = Invite {
                from: self.from(&caller, way.account.as_ref()),
                to: NameAddr::new(way.target.clone()),
                contact: self.contact(&way.destination),
                target: way.target,
                destination: way.destination,
                routes: way.routes,
                headers: self.shown_caller(&caller, way.account.as_ref()),
                offer: Some(body.clone()),
                credentials: way.account.as_ref().map(Account::credentials),
            };
            match self.ua.invite(invite, now) {
                Ok(session) => {
                    self.bind(session, id);
                    if let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get_mut(&id) {
                        forks.push(session);
                    }
                }
                Err(error) => {
                    self.outputs
                        .push_back(Output::Trouble(format!("{id}: an INVITE could not be made: {error}")));
                }
            }
        }
        if let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get(&id)
            && forks.is_empty()
        {
            self.close(id, EndCause::Unreachable, now);
        }
    }

    fn ways_to_user(&self, user: &model::SipUser) -> Vec<Way> {
        let bindings = self.registrar.locations().bindings(&self.address_of(user));
        bindings
            .take(FORKS_MAX)
            .map(|binding| Way {
                target: binding.contact().clone(),
                routes: binding.routes().to_vec(),
                destination: binding.destination(),
                account: None,
            })
            .collect()
    }

    fn way_to_number(&self, number: &str) -> Option<Way> {
        let trunk =
            self.settings.trunks.iter().find(|trunk| trunk.send_to.is_some() && trunk.carries(number))?;
        let remote = trunk.send_to?;
        let target = address(number, Host::from(remote.ip()), Some(remote.port()))?;
        let local = self.settings.address;
        Some(Way {
            target,
            routes: Vec::new(),
            destination: Destination { transport: Transport::Udp, local, remote, connection: None },
            account: trunk.account.clone(),
        })
    }

    /// A carrier where we have an account knows us by it; who calls is told beside it (RFC 3325 §9.2).
    fn shown_caller(&self, caller: &Party, account: Option<&Account>) -> Vec<(String, String)> {
        if account.is_none() || caller.number.is_empty() {
            return Vec::new();
        }
        vec![("P-Preferred-Identity".to_owned(), self.from(caller, None).to_string())]
    }

    fn from(&self, caller: &Party, account: Option<&Account>) -> NameAddr {
        if let Some(address) = account.and_then(Account::address) {
            return address;
        }
        let number = if caller.number.is_empty() { "anonymous" } else { caller.number.as_str() };
        let domain = Host::parse(self.settings.domain.as_bytes()).ok();
        let uri = domain.and_then(|domain| address(number, domain, None)).unwrap_or_else(|| self.own_uri());
        let name = NameAddr::new(uri);
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
    fn contact(&self, way: &Destination) -> Uri {
        let text = match way.transport {
            Transport::Udp => format!("sip:{}", way.local),
            other => format!("sip:{};transport={}", way.local, other.uri_name()),
        };
        Uri::parse(text.as_bytes()).unwrap_or_else(|_| self.own_uri())
    }

    pub(crate) fn phone_rings(&mut self, id: LegId) {
        if let Some(Leg { state: State::Dialing { rings, .. }, .. }) = self.legs.get_mut(&id)
            && !std::mem::replace(rings, true)
        {
            self.tell(LegEvent::Ringing { leg: id });
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
        let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get_mut(&id) else {
            self.unbind(session, now);
            self.ua.hang_up(session, now);
            return;
        };
        let others: Vec<_> = forks.drain(..).filter(|fork| *fork != session).collect();
        for fork in others {
            self.unbind(fork, now);
            self.ua.hang_up(fork, now);
        }
        self.deadlines.stop(&Timer::Ring(id));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = State::Up { session };
        }
        if self.take_answer(id, answer) {
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

/// `sip:user@host:port`, with what may not stand in a user escaped.
fn address(user: &str, host: Host<'_>, port: Option<u16>) -> Option<Uri> {
    Uri::sip(Some(user), host, port).ok()
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
