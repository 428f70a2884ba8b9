//! Looking after carriers: where they are (RFC 3263), and whether they are there (OPTIONS), without any call waiting for it.

use crate::health::{CHANCE_AFTER, PROBE_PATIENCE, is_preferred, next_probe, says_failed};
use crate::machine::Timer;
use crate::trunk::Trunk;
use crate::{CarrierAddress, Output, Telephony};
use base::{Duration, Now};
use model::TrunkId;
use sip::{ClientTransactionId, Destination};
use sip_message::{CSeq, HeaderName, Host, Method, NameAddr, Request, StatusCode, Uri};
use std::collections::BTreeSet;

impl Telephony {
    /// The trunks are these from now on: their places are looked for, what is gone is forgotten.
    pub(crate) fn follow_trunks(&mut self, before: &[Trunk], now: Now) {
        self.carriers.configure(before, &self.settings.trunks, now);
        let wanted: BTreeSet<CarrierAddress> =
            self.settings.trunks.iter().filter_map(|trunk| trunk.send_to.clone()).collect();
        let old: BTreeSet<_> = before.iter().filter_map(|trunk| trunk.send_to.clone()).collect();
        for address in old.difference(&wanted) {
            self.resolved.remove(address);
            self.stale.remove(address);
            self.deadlines.stop(&Timer::Resolve(address.clone()));
        }
        // What was waited for at a carrier that is gone, has moved or is asked otherwise is waited for no more.
        let is_same = |old: &&Trunk| {
            let stays = |trunk: &Trunk| {
                (&trunk.id, &trunk.send_to, trunk.probe) == (&old.id, &old.send_to, old.probe)
            };
            self.settings.trunks.iter().any(stays)
        };
        for trunk in before.iter().filter(|old| !is_same(old)) {
            self.carriers.set_probe(&trunk.id, None);
            self.deadlines.stop(&Timer::Probe(trunk.id.clone()));
            self.deadlines.stop(&Timer::ProbeOverdue(trunk.id.clone()));
        }
        for address in wanted {
            match self.resolved.get(&address).cloned() {
                Some(places) => self.places_of(&address, &places, now),
                None => self.outputs.push_back(Output::Resolve { address }),
            }
        }
        self.keep_accounts(now);
    }

    /// The name service has spoken.
    pub(crate) fn resolved(
        &mut self,
        address: &CarrierAddress,
        found: Result<Vec<Destination>, String>,
        good_for: Duration,
        now: Now,
    ) {
        if !self.settings.trunks.iter().any(|trunk| trunk.send_to.as_ref() == Some(address)) {
            return;
        }
        self.deadlines.set(Timer::Resolve(address.clone()), now.mono + good_for);
        match found {
            Ok(places) => {
                self.stale.remove(address);
                if self.resolved.get(address) != Some(&places) {
                    let before = self.resolved.insert(address.clone(), places.clone());
                    if before.is_some_and(|before| before.is_empty()) {
                        // It was nowhere, and that was the name service's fault.
                        for trunk in self.trunks_at(address) {
                            self.carriers.forgive(&trunk, now);
                        }
                    }
                    self.guard_again();
                    self.places_of(address, &places, now);
                    self.keep_accounts(now);
                }
            }
            // What was known before is still the best there is.
            Err(why) if self.resolved.get(address).is_some_and(|places| !places.is_empty()) => {
                if self.stale.insert(address.clone()) {
                    self.alarm(format!("{address}: {why}; its last known places are used"));
                }
            }
            Err(why) => {
                if self.resolved.insert(address.clone(), Vec::new()).is_none() {
                    self.alarm(format!("{address}: {why}; no call can go there"));
                }
                self.places_of(address, &[], now);
                let trunks = self.trunks_at(address);
                for trunk in trunks {
                    self.carriers.failed(&trunk, None, &why, now);
                }
            }
        }
    }

    fn trunks_at(&self, address: &CarrierAddress) -> Vec<TrunkId> {
        let there = |trunk: &&Trunk| trunk.send_to.as_ref() == Some(address);
        self.settings.trunks.iter().filter(there).map(|trunk| trunk.id.clone()).collect()
    }

    fn places_of(&mut self, address: &CarrierAddress, places: &[Destination], now: Now) {
        for trunk in self.trunks_at(address) {
            self.carriers.found(&trunk, places.to_vec());
            // Asked at once, so that the first call knows.
            let asks = self.settings.trunks.iter().any(|one| one.id == trunk && one.probe.is_some());
            if asks && !places.is_empty() && self.deadlines.due(&Timer::Probe(trunk.clone())).is_none() {
                self.deadlines.set(Timer::Probe(trunk), now.mono);
            }
        }
    }

    /// Asks a carrier whether it is there.
    pub(crate) fn probe(&mut self, id: &TrunkId, now: Now) {
        let Some(trunk) = self.settings.trunks.iter().find(|trunk| trunk.id == *id) else { return };
        let Some(usual) = trunk.probe else {
            // Nobody asks this one; it is given another chance.
            return self.carriers.forgive(id, now);
        };
        let Some(carrier) = self.carriers.get(id) else { return };
        let next = next_probe(carrier.state, usual);
        self.deadlines.set(Timer::Probe(id.clone()), now.mono + next);
        if carrier.probe.is_some() {
            return;
        }
        let Some(place) = carrier.places.first().copied() else { return };
        let Some(request) = self.options(&place) else { return };
        let tx = self.ua.request(request, place, now);
        self.carriers.set_probe(id, Some((tx, now.mono)));
        self.deadlines.set(Timer::ProbeOverdue(id.clone()), now.mono + PROBE_PATIENCE);
    }

    fn options(&mut self, place: &Destination) -> Option<Request> {
        let target = Uri::sip(None, Host::from(place.remote.ip()), Some(place.remote.port())).ok()?;
        let domain = Host::parse(self.settings.domain.as_bytes()).ok()?;
        let from = NameAddr::new(Uri::sip(None, domain, None).ok()?).with_tag(&self.ids.token(13)).ok()?;
        let contact = self.contact(place);
        Request::builder(Method::Options, target.clone())
            .header(HeaderName::MaxForwards, 70)
            .header(HeaderName::From, &from)
            .header(HeaderName::To, NameAddr::new(target))
            .header(HeaderName::CallId, &*self.ids.token(26))
            .header(HeaderName::CSeq, CSeq { number: 1, method: Method::Options })
            .header(HeaderName::Contact, &contact)
            .header(HeaderName::Accept, "application/sdp")
            .header(HeaderName::UserAgent, &*self.ua.config().name)
            .build()
            .ok()
    }

    /// Whatever a carrier answers shows that it is there, except that it says it does not work.
    pub(crate) fn probe_answered(&mut self, tx: ClientTransactionId, status: StatusCode, now: Now) {
        let Some((id, since)) = self.carriers.probed_by(tx) else { return };
        if status.is_provisional() {
            return;
        }
        if says_failed(status) {
            self.probe_failed(&id, &format!("it answers {status} to OPTIONS"), now);
        } else {
            self.probe_over(&id);
            self.shows_life(&id, Some(now.mono.since(since)), now);
        }
    }

    pub(crate) fn probe_unanswered(&mut self, tx: ClientTransactionId, now: Now) {
        if let Some((id, _)) = self.carriers.probed_by(tx) {
            self.probe_failed(&id, "it cannot be reached", now);
        }
    }

    pub(crate) fn probe_failed(&mut self, id: &TrunkId, why: &str, now: Now) {
        let place = self.carriers.get(id).and_then(|carrier| carrier.places.first().copied());
        self.probe_over(id);
        let is_down = self.carriers.failed(id, place, why, now);
        self.look_after(id, is_down, now);
    }

    fn probe_over(&mut self, id: &TrunkId) {
        self.carriers.set_probe(id, None);
        self.deadlines.stop(&Timer::ProbeOverdue(id.clone()));
    }

    /// A carrier showed that it is there.
    pub(crate) fn shows_life(&mut self, id: &TrunkId, within: Option<Duration>, now: Now) {
        if self.carriers.answered(id, within, now) {
            self.news(format!("trunk {id} answers again"));
            self.ask_again(id, now);
        }
    }

    /// A carrier failed; `is_down` if it was the last straw.
    pub(crate) fn look_after(&mut self, id: &TrunkId, is_down: bool, now: Now) {
        if is_down {
            let why = self.carriers.get(id).and_then(|carrier| carrier.why().map(str::to_owned));
            self.alarm(format!("trunk {id} is down: {}", why.unwrap_or_default()));
        }
        self.ask_again(id, now);
    }

    /// Asks the carrier when its state wants it, unless that comes sooner anyway.
    fn ask_again(&mut self, id: &TrunkId, now: Now) {
        let Some(trunk) = self.settings.trunks.iter().find(|trunk| trunk.id == *id) else { return };
        let Some(state) = self.carriers.get(id).map(|carrier| carrier.state) else { return };
        let timer = Timer::Probe(id.clone());
        let after = match trunk.probe {
            Some(usual) => next_probe(state, usual),
            None if is_preferred(state) => {
                self.deadlines.stop(&timer);
                return;
            }
            None => CHANCE_AFTER,
        };
        let at = now.mono + after;
        if self.deadlines.due(&timer).is_none_or(|due| due > at) {
            self.deadlines.set(timer, at);
        }
    }

    /// Shows what changed.
    pub(crate) fn show_trunks(&mut self) {
        let (views, gone) = self.carriers.news(&self.settings.trunks);
        self.outputs.extend(views.into_iter().map(|view| Output::Trunk(Box::new(view))));
        self.outputs.extend(gone.into_iter().map(Output::TrunkGone));
    }
}
