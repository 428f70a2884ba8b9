//! Our provisional responses that want to be acknowledged: RFC 3262 §3.
//!
//! ```text
//!  Quiet ──1xx──────────────────────▶ Ringing ────PRACK, 2xx─▶ Quiet
//!        ──1xx with a description───▶ Describing ──PRACK─────▶ Quiet
//!                                          └──2xx──▶ Holding ──PRACK: 2xx──▶ Quiet
//! ```
//!
//! One is on its way at a time; what the owner says meanwhile waits in order. A 2xx may overtake a response that only
//! rings, but not one with a description: the peer would not know what was agreed.

use super::opening::{self, Opening};
use super::{Event, Hands, Session, Wait, With, offer, sdp_of, table};
use crate::facts;
use crate::token::ServerTransactionId;
use bytes::Bytes;
use sip_message::{HeaderName, Request, ResponseBuilder, StatusCode};
use std::collections::VecDeque;

/// How many provisional responses wait for the PRACK of the one before. A further one takes the place of the last.
const KEPT_MAX: usize = 8;

/// Where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// None is on its way.
    Quiet,
    /// One without a description is on its way.
    Ringing,
    /// One with a description is on its way.
    Describing,
    /// The same, and the owner's 2xx waits for its PRACK.
    Holding,
}

/// What can happen to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner says something without a description.
    Ring,
    /// The owner says something with a description.
    Describe,
    /// The PRACK of the one on its way.
    Prack,
    /// The owner answers the call.
    Answer,
    /// 64·T1 have passed without the PRACK.
    Overdue,
    /// The call is refused, or over.
    End,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Send it and repeat it until its PRACK comes.
    Send,
    /// Keep it until the PRACK of the one before comes.
    Keep,
    /// Stop repeating.
    Stop,
    /// Send what waits.
    SendNext,
    /// Send the 2xx.
    SendAnswer,
    /// Keep the 2xx until the PRACK comes.
    KeepAnswer,
    /// Give the call up.
    GiveUp,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{Answer, Describe, End, Overdue, Prack, Ring};
    use State::{Describing, Holding, Quiet, Ringing};

    match (state, input) {
        (Quiet, Ring) => (Ringing, &[Send]),
        (Quiet, Describe) => (Describing, &[Send]),
        (Ringing | Describing, Ring | Describe) => (state, &[Keep]),
        (Ringing | Describing, Prack) => (Quiet, &[Stop, SendNext]),

        (Quiet, Answer) => (Quiet, &[SendAnswer]),
        (Ringing, Answer) => (Quiet, &[Stop, SendAnswer]),
        (Describing, Answer) => (Holding, &[KeepAnswer]),
        (Holding, Prack) => (Quiet, &[Stop, SendAnswer]),

        (Ringing | Describing | Holding, Overdue) => (Quiet, &[Stop, GiveUp]),
        (Quiet | Ringing | Describing | Holding, End) => (Quiet, &[Stop]),

        // The 2xx says it all.
        (Holding, Ring | Describe | Answer) => (Holding, &[]),
        // A copy, or a timer stopped in the same instant.
        (Quiet, Prack | Overdue) => (Quiet, &[]),
    }
}

/// What waits to be sent.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    pub(super) status: StatusCode,
    pub(super) sdp: Option<Bytes>,
    pub(super) headers: Vec<(String, String)>,
}

/// The reliable provisional responses of one call.
#[derive(Debug)]
pub(super) struct Provisionals {
    state: State,
    /// The number of the last one.
    rseq: Option<u32>,
    copies: u8,
    kept: VecDeque<Progress>,
    answer: Option<Progress>,
}

impl Provisionals {
    pub(super) fn new() -> Self {
        Self { state: State::Quiet, rseq: None, copies: 0, kept: VecDeque::new(), answer: None }
    }
}

/// When provisional responses are sent reliably, if the caller can acknowledge them. One that insists is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reliable {
    /// Only if the caller insists.
    IfRequired,
    /// Those with a description, so that early media is agreed.
    #[default]
    WithMedia,
    /// All but 100.
    Always,
}

impl Session {
    /// The owner says that it works on the call: any 1xx, with early media if there is a description.
    pub(crate) fn progress(
        &mut self,
        status: StatusCode,
        sdp: Option<Bytes>,
        headers: &[(String, String)],
        hands: &mut Hands<'_>,
    ) {
        if self.state != table::State::Arrived || !status.is_provisional() {
            return;
        }
        let Some((_, request)) = &self.invited else { return };
        let sdp = sdp.filter(|sdp| !sdp.is_empty());
        if status == StatusCode::TRYING {
            // What has been said already says more.
            if self.provisionals.rseq.is_none() {
                self.send_progress(&Progress { status, sdp: None, headers: headers.to_vec() }, hands);
            }
            return;
        }
        let is_reliable = wants_reliable(request, sdp.is_some(), hands.config.reliable);
        // An answer that has been given stands; only an UPDATE changes it.
        let sdp = sdp.filter(|_| matches!(self.opening, Opening::Offered | Opening::Wanted));
        let mut progress = Progress { status, sdp, headers: headers.to_vec() };
        if is_reliable || self.provisionals.state != State::Quiet {
            let input = if progress.sdp.is_some() { Input::Describe } else { Input::Ring };
            return self.run_provisionals(input, Some(progress), hands);
        }
        if self.opening == Opening::Wanted {
            // An offer cannot travel in a response that nobody acknowledges.
            progress.sdp = None;
        }
        self.send_progress(&progress, hands);
    }

    /// The owner answers: at once, or after the PRACK that is still to come.
    pub(crate) fn answer(&mut self, sdp: Bytes, headers: &[(String, String)], hands: &mut Hands<'_>) {
        if self.state == table::State::Arrived {
            let answer = Progress { status: StatusCode::OK, sdp: Some(sdp), headers: headers.to_vec() };
            self.run_provisionals(Input::Answer, Some(answer), hands);
        }
    }

    /// Their PRACK, its order checked.
    pub(crate) fn handle_prack(
        &mut self,
        tx: ServerTransactionId,
        request: Box<Request>,
        hands: &mut Hands<'_>,
    ) {
        let headers = request.headers();
        let rack = headers.rack().ok().flatten();
        let fits = rack.is_some_and(|rack| {
            Some(rack.rseq) == self.provisionals.rseq
                && Some(rack.cseq.number) == self.invite_number
                && rack.cseq.method == sip_message::Method::Invite
        });
        if !fits {
            let refusal = request.answer(StatusCode::CALL_DOES_NOT_EXIST);
            return hands.endpoint.answer(tx, &request, refusal, hands.now.mono);
        }
        let sdp = sdp_of(headers, request.body());
        let was = self.opening;
        let is_awaited = self.provisionals.state != State::Quiet;
        if is_awaited {
            let input = match sdp {
                Some(_) => opening::Input::PrackWithDescription,
                None => opening::Input::Prack,
            };
            self.opening = opening::step(was, input);
        }
        match sdp {
            Some(sdp) if is_awaited && was == Opening::Countered => {
                let response = self.success(&request, None, hands);
                hands.endpoint.answer(tx, &request, response, hands.now.mono);
                self.tell_live(Event::OfferAnswered { sdp: Some(sdp) }, hands);
            }
            Some(_) if is_awaited => self.handle_offer(offer::Input::Update, tx, request, hands),
            _ => {
                let response = self.success(&request, None, hands);
                hands.endpoint.answer(tx, &request, response, hands.now.mono);
            }
        }
        self.run_provisionals(Input::Prack, None, hands);
    }

    pub(super) fn end_provisionals(&mut self, hands: &mut Hands<'_>) {
        self.run_provisionals(Input::End, None, hands);
    }

    pub(super) fn prack_overdue(&mut self, hands: &mut Hands<'_>) {
        self.run_provisionals(Input::Overdue, None, hands);
    }

    pub(super) fn repeat_provisional(&mut self, hands: &mut Hands<'_>) {
        let Some((tx, _)) = &self.invited else { return };
        hands.endpoint.repeat(*tx, hands.now.mono);
        self.provisionals.copies = self.provisionals.copies.saturating_add(1);
        let timing = hands.config.endpoint.timing;
        // Unlike a final response it doubles without a bound (§3).
        let pause = timing.backoff(self.provisionals.copies, timing.patience());
        hands.wake(self.id, Wait::RepeatProvisional, pause);
    }

    /// Moves along the table and does what it says.
    fn run_provisionals(&mut self, input: Input, mut with: Option<Progress>, hands: &mut Hands<'_>) {
        let (next, does) = step(self.provisionals.state, input);
        self.provisionals.state = next;
        for one in does {
            match one {
                Do::Send => {
                    let Some(progress) = with.take() else { continue };
                    let last = self.provisionals.rseq;
                    // §3: the first is chosen at random, from 1 to 2³¹ − 1.
                    let rseq =
                        last.map_or_else(|| 1 + hands.ids.below((1 << 31) - 1) as u32, |last| last + 1);
                    self.provisionals.rseq = Some(rseq);
                    self.provisionals.copies = 0;
                    if let Some(sdp) = &progress.sdp {
                        self.opening = opening::step(self.opening, opening::Input::Description);
                        self.ours = sdp.clone();
                    }
                    self.send_progress(&progress, hands);
                    let timing = hands.config.endpoint.timing;
                    hands.wake(self.id, Wait::RepeatProvisional, timing.t1);
                    hands.wake(self.id, Wait::PrackOverdue, timing.patience());
                }
                Do::Keep => {
                    let Some(progress) = with.take() else { continue };
                    if self.provisionals.kept.len() >= KEPT_MAX {
                        self.provisionals.kept.pop_back();
                    }
                    self.provisionals.kept.push_back(progress);
                }
                Do::Stop => {
                    hands.sleep(self.id, Wait::RepeatProvisional);
                    hands.sleep(self.id, Wait::PrackOverdue);
                }
                Do::SendNext => {
                    if let Some(mut progress) = self.provisionals.kept.pop_front() {
                        if !matches!(self.opening, Opening::Offered | Opening::Wanted) {
                            progress.sdp = None;
                        }
                        let input = if progress.sdp.is_some() { Input::Describe } else { Input::Ring };
                        self.run_provisionals(input, Some(progress), hands);
                    }
                }
                Do::KeepAnswer => self.provisionals.answer = with.take(),
                Do::SendAnswer => {
                    let answer = with.take().or_else(|| self.provisionals.answer.take());
                    self.provisionals.kept.clear();
                    let Some(Progress { sdp, headers, .. }) = answer else { continue };
                    self.apply(
                        table::Input::Answer,
                        With { sdp, headers: &headers, ..With::default() },
                        hands,
                    );
                }
                Do::GiveUp => self.apply(table::Input::PrackOverdue, With::default(), hands),
            }
        }
    }

    fn send_progress(&mut self, progress: &Progress, hands: &mut Hands<'_>) {
        let Some((tx, request)) = &self.invited else { return };
        let mut response = request.answer(progress.status);
        if progress.status != StatusCode::TRYING {
            response = response.to_tag(&self.id.to_string()).record_routes(request);
            response = response.header(HeaderName::Contact, &self.contact);
            response = response.header(HeaderName::Allow, &*hands.config.allow());
        }
        if let Some(rseq) = self.provisionals.rseq.filter(|_| self.provisionals.state != State::Quiet) {
            response = response.header(HeaderName::Require, "100rel").header(HeaderName::RSeq, rseq);
        }
        response = with_headers(response, &progress.headers);
        if let Some(sdp) = &progress.sdp {
            response = response.body("application/sdp", sdp.clone());
        }
        hands.endpoint.answer(*tx, request, response, hands.now.mono);
        hands.wake(self.id, Wait::RingAgain, super::called::RING_AGAIN);
    }
}

/// Adds the owner's headers.
pub(super) fn with_headers(mut response: ResponseBuilder, headers: &[(String, String)]) -> ResponseBuilder {
    for (name, value) in headers {
        response = response.header(name.as_str(), value.as_str());
    }
    response
}

fn wants_reliable(request: &Request, describes: bool, config: Reliable) -> bool {
    let headers = request.headers();
    let asks = match config {
        Reliable::IfRequired => false,
        Reliable::WithMedia => describes,
        Reliable::Always => true,
    };
    headers.has_token(HeaderName::Require, facts::RELIABLE)
        || (asks && headers.has_token(HeaderName::Supported, facts::RELIABLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let mut table = String::new();
        for state in [State::Quiet, State::Ringing, State::Describing, State::Holding] {
            for input in [Ring, Describe, Prack, Answer, Overdue, End] {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<12}{input:<10}-> {next:<12}{does}").trim_end())
                    .unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
