//! The branches of a forked call before one of them answers: an early dialog for each, and what it has said. RFC 3261
//! §12.1.2, §13.2.2.4; RFC 3262 §4.
//!
//! Each branch numbers its reliable provisional responses by itself, and each may have agreed on another description.
//! When one answers, its dialog becomes the session's and the others are forgotten; a 2xx of theirs that comes
//! afterwards is acknowledged and hung up.

use super::opening::{self, Opening};
use super::outgoing::{Draft, Purpose};
use super::{Event, Hands, Session, Wait, With, offer, sdp_of, table};
use crate::dialog::Dialog;
use crate::facts;
use bytes::Bytes;
use sip_message::{CSeq, HeaderName, Method, Response, StatusCode, header::RAck};

/// How many branches of a forked call are told apart. What answers beyond them is left to its own timers.
pub(super) const FORKS_MAX: usize = 8;

/// One branch.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    pub(super) opening: Opening,
    /// Its place in the order of appearance.
    number: u8,
    /// Its last reliable provisional response.
    heard: Option<u32>,
    /// Its early answer.
    pub(super) answer: Option<Bytes>,
}

/// Where our answer to the offer we asked for goes.
#[derive(Clone, Debug)]
pub(super) enum Counter {
    /// Into the ACK of the 2xx with this number.
    Ack(u32),
    /// Into the PRACK of this branch.
    Prack(Box<str>, RAck),
}

/// How long the owner may take to answer an offer that it asked for: a quarter of the peer's patience, 8 s.
pub(super) fn counter_patience(patience: base::Duration) -> base::Duration {
    patience / 4
}

impl Session {
    pub(super) fn fork(&mut self, tag: &str) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|fork| is_tag(&fork.dialog, tag))
    }

    /// The early dialogs that have agreed on a description, and whose peers take an UPDATE.
    pub(super) fn changeable_fork(&self) -> Option<Box<str>> {
        let mut agreed = self.forks.iter().filter(|fork| fork.opening == Opening::Agreed);
        let one = agreed.next()?;
        // With two of them it would be open who is meant.
        if agreed.next().is_some() { None } else { one.dialog.remote_tag().map(Into::into) }
    }

    /// A 1xx to our INVITE.
    pub(super) fn handle_provisional(&mut self, cseq: u32, response: &Response, hands: &mut Hands<'_>) {
        let with = With { response: Some(response), ..With::default() };
        let headers = response.headers();
        if !self.state.is_calling() || response.status() == StatusCode::TRYING {
            return self.apply(table::Input::Provisional, with, hands);
        }
        self.notice_abilities(headers);
        let sdp = sdp_of(headers, response.body());
        let tag = headers.to_tag().map(Box::<str>::from);
        let Some(place) = tag.as_deref().and_then(|tag| self.fork_of(tag, response)) else {
            return self.apply(table::Input::Provisional, With { fork: u8::MAX, ..with }, hands);
        };
        let fork = &mut self.forks[place];
        let with = With { fork: fork.number, ..with };
        let Some(rseq) = reliable_number(response) else {
            if sdp.is_some() && fork.opening == Opening::Offered {
                fork.answer = sdp;
            }
            return self.apply(table::Input::Provisional, with, hands);
        };
        // A copy was heard before, and one out of order waits for those before it to come again (§4).
        if fork.heard.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return self.apply(table::Input::Provisional, With { is_copy: true, ..with }, hands);
        }
        fork.heard = Some(rseq);
        let was = fork.opening;
        if let Some(sdp) = &sdp {
            fork.opening = opening::step(was, opening::Input::Description);
            if was == Opening::Offered {
                fork.answer = Some(sdp.clone());
                fork.opening = opening::step(fork.opening, opening::Input::Prack);
            }
        }
        let counters = fork.opening == Opening::Countered && was == Opening::Wanted;
        let rack = RAck { rseq, cseq: CSeq { number: cseq, method: Method::Invite } };
        let tag = tag.unwrap_or_default();
        self.apply(table::Input::Provisional, with, hands);
        if counters {
            self.counter = Some(Counter::Prack(tag, rack));
            self.exchange(offer::Input::Counter, With { sdp, ..With::default() }, hands);
        } else {
            self.send_prack(tag, &rack, None, hands);
        }
    }

    /// The place of this branch, a new one if there is room.
    fn fork_of(&mut self, tag: &str, response: &Response) -> Option<usize> {
        if let Some(place) = self.forks.iter().position(|fork| is_tag(&fork.dialog, tag)) {
            let headers = response.headers();
            if headers.contains(HeaderName::Contact) {
                self.forks[place].dialog.refresh_target(headers);
            }
            return Some(place);
        }
        if self.forks.len() >= FORKS_MAX {
            return None;
        }
        let mut dialog = self.dialog.clone();
        dialog.answered(response);
        let number = self.forks.len() as u8;
        // Most calls ring one phone, and a list of one that grows by itself has room for four.
        self.forks.reserve_exact(1);
        self.forks.push(Fork { dialog, opening: self.opening, number, heard: None, answer: None });
        Some(self.forks.len() - 1)
    }

    /// One branch has answered: its dialog is the session's.
    pub(super) fn choose_fork(&mut self, response: &Response) {
        let tag = response.headers().to_tag().map(str::to_owned);
        let place = tag.and_then(|tag| self.forks.iter().position(|fork| is_tag(&fork.dialog, &tag)));
        if let Some(place) = place {
            let fork = self.forks.swap_remove(place);
            self.dialog = fork.dialog;
            self.opening = fork.opening;
            self.early_answer = fork.answer;
        }
        // The memory as well: the session lives as long as the call.
        self.forks = Vec::new();
        self.dialog.answered(response);
    }

    pub(super) fn send_prack(
        &mut self,
        tag: Box<str>,
        rack: &RAck,
        sdp: Option<Bytes>,
        hands: &mut Hands<'_>,
    ) {
        if let Some(sdp) = &sdp {
            self.ours = sdp.clone();
            if let Some(fork) = self.fork(&tag) {
                fork.opening = opening::step(fork.opening, opening::Input::PrackWithDescription);
            }
        }
        let draft = Draft {
            headers: vec![("RAck".to_owned(), rack.to_string())],
            content: sdp.map(|sdp| ("application/sdp".to_owned(), sdp)),
            fork: Some(tag),
            ..Draft::new(Purpose::Prack)
        };
        self.send(draft, hands);
    }

    /// The peer answered our request for an offer with this one.
    pub(super) fn tell_counter(&mut self, sdp: Option<Bytes>, hands: &mut Hands<'_>) {
        let patience = counter_patience(hands.config.endpoint.timing.patience());
        hands.wake(self.id, Wait::CounterOverdue, patience);
        self.tell_live(Event::Offer { sdp }, hands);
    }

    /// Sends the ACK or PRACK that the peer's offer waits for.
    pub(super) fn send_counter_answer(&mut self, sdp: Option<Bytes>, hands: &mut Hands<'_>) {
        hands.sleep(self.id, Wait::CounterOverdue);
        match self.counter.take() {
            Some(Counter::Ack(cseq)) => self.acknowledge(&With { cseq, sdp, ..With::default() }, hands),
            Some(Counter::Prack(tag, rack)) => self.send_prack(tag, &rack, sdp, hands),
            None => {}
        }
    }

    /// The owner has taken too long to answer the offer that it asked for.
    pub(super) fn counter_overdue(&mut self, hands: &mut Hands<'_>) {
        if self.state == table::State::Asked {
            self.apply(table::Input::AgreeOverdue, With::default(), hands);
        } else {
            self.exchange(offer::Input::Refuse, With::default(), hands);
        }
    }
}

fn is_tag(dialog: &Dialog, tag: &str) -> bool {
    dialog.remote_tag().is_some_and(|own| own.eq_ignore_ascii_case(tag))
}

/// The number of a provisional response that wants a PRACK.
fn reliable_number(response: &Response) -> Option<u32> {
    let headers = response.headers();
    headers.has_token(HeaderName::Require, facts::RELIABLE).then(|| headers.rseq().ok().flatten())?
}
