//! A call to a number: one trunk after the other until one takes it.
//!
//! ```text
//!  tries ──first──▶ INVITE ──rings, answered, busy, no such number──▶ that is the outcome
//!    ▲                 │
//!    └──the next one───┴── no word within 5 s · cannot be reached · 408, 500, 502, 503, 504 before it rang
//! ```
//!
//! A trunk that was left without a word is canceled as soon as it says something; an answer that comes too late is
//! acknowledged and hung up by the user agent, so nobody talks to nobody.

use crate::Telephony;
use crate::account::Account;
use crate::carriers::{Miss, Try};
use crate::dialing::{Way, cause_of};
use crate::health::says_failed;
use crate::leg::{Leg, State};
use crate::machine::Timer;
use crate::trunk::Trunk;
use base::{Duration, Now};
use model::{EndCause, LegId, Party, TrunkId};
use sip::{EndedBy, SessionId};
use sip_message::{Host, NameAddr, Uri};
use std::collections::VecDeque;

/// How long a carrier may say nothing at all to a call, not even 100. Long enough for four copies of the INVITE.
pub(crate) const WORD_PATIENCE: Duration = Duration::from_secs(5);

/// A call to a number outside.
#[derive(Clone, Debug)]
pub(crate) struct Outward {
    /// The number, as it was dialled.
    pub(crate) number: String,
    /// Who is shown as the caller.
    pub(crate) caller: Party,
    /// The leg it will be bridged with.
    pub(crate) beside: Option<LegId>,
    /// Whether it is a call for help.
    pub(crate) is_emergency: bool,
    /// Who sends the call there, if it was meant for somebody else.
    pub(crate) diverted: Option<String>,
}

/// A call that looks for a trunk.
#[derive(Debug)]
pub(crate) struct Hunt {
    call: Outward,
    /// The one that is tried.
    current: Option<Try>,
    /// What is left.
    rest: VecDeque<Try>,
}

impl Telephony {
    /// Begins to call a number. Whether anything comes of it is seen at the leg.
    pub(crate) fn hunt(&mut self, id: LegId, mut call: Outward, now: Now) {
        if call.diverted.is_none() {
            // Somebody called us from outside, and is passed on to the outside.
            let other = call.beside.and_then(|leg| self.legs.get(&leg));
            let other = other.filter(|leg| leg.came && leg.seat.is_some());
            call.diverted = other.map(|leg| leg.dialed.clone());
        }
        let by_rule = &self.settings.emergency_trunks;
        let wanted = |trunk: &Trunk| match call.is_emergency {
            true => trunk.send_to.is_some() && (by_rule.is_empty() || by_rule.contains(&trunk.id)),
            false => trunk.carries(&call.number),
        };
        let trunks = &self.settings.trunks;
        let mut rest = self.carriers.tries(trunks, call.is_emergency, wanted, &mut self.ids, now.mono);
        if rest.is_empty()
            && !call.is_emergency
            && let Some(limit) = self.carriers.limit_out(trunks, wanted, now.mono)
        {
            self.limit_reached(limit.clone(), now);
            return self.close(id, EndCause::Limit(Box::new(limit)), now);
        }
        if call.is_emergency {
            // The operator's order weighs more than ours.
            let place = |one: &Try| by_rule.iter().position(|id| *id == one.trunk);
            rest.make_contiguous().sort_by_key(place);
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.hunt = Some(Box::new(Hunt { call, current: None, rest }));
        }
        self.try_next(id, now);
    }

    /// Calls by the next trunk; if there is none, the leg is over.
    fn try_next(&mut self, id: LegId, now: Now) {
        self.give_seat_back(id);
        self.deadlines.stop(&Timer::Word(id));
        loop {
            let Some(Leg { hunt: Some(hunt), state: State::Dialing { refused, .. }, .. }) =
                self.legs.get_mut(&id)
            else {
                return;
            };
            let Some(next) = hunt.rest.pop_front() else {
                let cause = refused.clone().unwrap_or(EndCause::Unreachable);
                return self.close(id, cause, now);
            };
            hunt.current = Some(next.clone());
            let Outward { number, caller, beside, is_emergency, diverted } = hunt.call.clone();
            let Some(trunk) = self.settings.trunks.iter().find(|trunk| trunk.id == next.trunk).cloned()
            else {
                continue;
            };
            let Some(way) = way_by(&trunk, &next, &number, is_emergency) else {
                self.trouble(format!("{id}: {number:?} makes no SIP address"));
                continue;
            };
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.told = Some(next.destination.local.ip());
                leg.seat = Some(self.carriers.sit(&trunk, true, now.mono));
            }
            let shown = shown(&trunk, &caller, is_emergency);
            let mut headers = headers(&trunk, is_emergency);
            headers.extend(self.handed_over(beside));
            if let Some(diverted) = diverted {
                headers.extend(self.diversion(&diverted, &trunk.numbering.dialed_out.apply(&number)));
            }
            let Some(offer) = self.offer_for(id, beside) else { return };
            if self.invite(id, way, &shown, headers, &offer, now).is_some() {
                self.deadlines.set(Timer::Word(id), now.mono + WORD_PATIENCE);
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.offered = Some(Box::new(offer));
                }
                return;
            }
            self.give_seat_back(id);
        }
    }

    /// The trunk that is tried was given enough time to say something.
    pub(crate) fn no_word(&mut self, id: LegId, now: Now) {
        let Some(Leg { state: State::Dialing { forks, .. }, hunt: Some(_), .. }) = self.legs.get(&id) else {
            return;
        };
        let Some(session) = forks.first().copied().filter(|session| !self.ua.has_word(*session)) else {
            return;
        };
        self.forget_fork(id, session, now);
        self.ua.hang_up(session, now);
        self.missed(id, Miss::Silent, now);
        self.try_next(id, now);
    }

    /// The trunk that is tried did not take the call. Returns whether that was dealt with: another one is tried, or
    /// there is no other.
    pub(crate) fn hunts_on(&mut self, id: LegId, session: SessionId, by: &EndedBy, now: Now) -> bool {
        let Some(Leg { state: State::Dialing { rings, .. }, hunt: Some(hunt), .. }) = self.legs.get(&id)
        else {
            return false;
        };
        let (rings, tried) = (*rings, hunt.current.clone());
        let miss = match by {
            EndedBy::Timeout => Miss::Silent,
            EndedBy::Transport => Miss::Unreachable,
            EndedBy::Rejected { status, .. } if says_failed(*status) => Miss::Refused(*status),
            EndedBy::Rejected { .. } => {
                // A carrier that says no says that it is there.
                if let Some(tried) = tried {
                    self.shows_life(&tried.trunk, None, now);
                }
                return false;
            }
            _ => return false,
        };
        self.missed(id, miss, now);
        if rings {
            return false;
        }
        self.forget_fork(id, session, now);
        if let Miss::Refused(status) = miss
            && let Some(Leg { state: State::Dialing { refused, .. }, .. }) = self.legs.get_mut(&id)
        {
            // A refusal says more than silence, should it come to nothing.
            *refused = Some(cause_of(status));
        }
        self.try_next(id, now);
        true
    }

    /// The trunk that is tried works on the call.
    pub(crate) fn found_trunk(&mut self, id: LegId, now: Now) {
        self.deadlines.stop(&Timer::Word(id));
        let current = self.legs.get(&id).and_then(|leg| leg.hunt.as_ref()?.current.clone());
        if let Some(current) = current {
            self.shows_life(&current.trunk, None, now);
        }
    }

    fn missed(&mut self, id: LegId, miss: Miss, now: Now) {
        let Some(tried) = self.legs.get(&id).and_then(|leg| leg.hunt.as_ref()?.current.clone()) else {
            return;
        };
        let is_down = self.carriers.missed(&tried, miss, now);
        self.look_after(&tried.trunk, is_down, now);
    }

    pub(crate) fn forget_fork(&mut self, id: LegId, session: SessionId, now: Now) {
        self.unbind(session, now);
        if let Some(Leg { state: State::Dialing { forks, .. }, .. }) = self.legs.get_mut(&id) {
            forks.retain(|fork| *fork != session);
        }
    }

    /// A call is over, or goes on elsewhere: its trunk carries one less.
    pub(crate) fn give_seat_back(&mut self, id: LegId) {
        if let Some(seat) = self.legs.get_mut(&id).and_then(|leg| leg.seat.take()) {
            self.carriers.leave(&seat);
        }
    }

    /// The trunk a call from this address came by, when it was for `to`. Two accounts at one carrier are told apart by
    /// the user that was called.
    pub(crate) fn trunk_of(&self, address: std::net::IpAddr, to: &str) -> Option<&Trunk> {
        let is_there = |id: &TrunkId| {
            let places = self.carriers.get(id).map(|carrier| carrier.places.as_slice()).unwrap_or_default();
            places.iter().any(|place| place.remote.ip().to_canonical() == address.to_canonical())
        };
        let fits =
            |trunk: &&Trunk| trunk.accepts(address) || (trunk.account.is_some() && is_there(&trunk.id));
        let all = || self.settings.trunks.iter().filter(fits);
        all()
            .find(|trunk| trunk.account.as_ref().is_some_and(|account| account.user == to))
            .or_else(|| all().next())
    }
}

fn way_by(trunk: &Trunk, chosen: &Try, number: &str, is_emergency: bool) -> Option<Way> {
    // An emergency number is the same everywhere; rules for others could spoil it.
    let number = if is_emergency { number.to_owned() } else { trunk.numbering.dialed_out.apply(number) };
    let remote = chosen.destination.remote;
    let domain = trunk.account.as_ref().map(|account| account.domain.as_str());
    let host = match domain.and_then(|domain| Host::parse(domain.as_bytes()).ok()) {
        Some(domain) => Uri::sip(Some(&number), domain, None),
        None => Uri::sip(Some(&number), Host::from(remote.ip()), Some(remote.port())),
    };
    Some(Way {
        target: host.ok()?,
        routes: Vec::new(),
        destination: chosen.destination,
        account: trunk.account.clone(),
        page: None,
    })
}

/// Who is shown as the caller. Those who help must be able to call back.
fn shown(trunk: &Trunk, caller: &Party, is_emergency: bool) -> Party {
    let written = |number: &str| trunk.numbering.caller_out.apply(number);
    let number = match &trunk.show {
        Some(show) if !caller.number.is_empty() || is_emergency => show.clone(),
        _ if caller.number.is_empty() => String::new(),
        _ => written(&caller.number),
    };
    Party { number, ..caller.clone() }
}

fn headers(trunk: &Trunk, is_emergency: bool) -> Vec<(String, String)> {
    let urgent = is_emergency.then(|| ("Priority".to_owned(), "emergency".to_owned()));
    trunk.headers.iter().cloned().chain(urgent).collect()
}

impl Account {
    /// Who calls, to a carrier that knows us by our account (RFC 3325 §9.2).
    pub(crate) fn preferred(caller: &NameAddr) -> (String, String) {
        ("P-Preferred-Identity".to_owned(), caller.to_string())
    }
}
