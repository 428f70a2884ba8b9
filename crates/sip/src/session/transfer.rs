//! A transfer that we ask the peer for: our REFER, and its NOTIFYs that tell how it goes. RFC 3515, RFC 4488.
//!
//! ```text
//!  REFER ─▶ Sent ──2xx──▶ Waiting ──NOTIFY with the final status, or the last one, 300 s──▶ Over
//!             │ refused, no answer, 2xx without news
//!             └────────────────────────────────────────────────────────────────────────▶ Over
//! ```
//!
//! A NOTIFY may overtake the 2xx of its REFER, so it counts from Sent on.

use super::outgoing::{Draft, Purpose};
use super::referral::{NEWS_PATIENCE, ReferId, refer_event};
use super::{Event, Hands, Session, Wait, table};
use crate::token::ServerTransactionId;
use sip_message::header::Replaces;
use sip_message::{HeaderName, NameAddr, Request, Response, StatusCode};

/// How many transfers of one call we follow. A further one is refused at once.
const TRANSFERS_MAX: usize = 4;

/// A transfer to be asked for.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Whom the peer should call.
    pub target: NameAddr,
    /// The dialog that its call should take the place of; see [`crate::UserAgent::replaces`].
    pub replaces: Option<Replaces>,
    /// Who wants it (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// Whether we want to hear how it goes.
    pub wants_news: bool,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

/// How a transfer of ours goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The peer tries; more will be told.
    Accepted,
    /// The peer tries, and will not tell how it goes. Nothing follows.
    AcceptedSilently,
    /// The peer does not. Nothing follows.
    Refused(StatusCode),
    /// Its call gets on.
    Progress(StatusCode),
    /// Its call is answered, or came to nothing. Nothing follows.
    Done(StatusCode),
    /// It does not tell any more. Nothing follows.
    Lost,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Our REFER is out.
    Sent,
    /// The peer is at it.
    Waiting,
    /// Nothing more will be told.
    Over,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 2xx to our REFER.
    Accepted,
    /// A 2xx that promises no news.
    AcceptedSilently,
    /// A refusal, or silence.
    Refused,
    /// A NOTIFY with a provisional status.
    Progress,
    /// A NOTIFY with a final status.
    Final,
    /// The last NOTIFY, without a final status.
    Terminated,
    /// Nothing was told for too long.
    Overdue,
    /// The call ends.
    End,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Tell the owner that the peer tries.
    TellAccepted,
    /// Tell the owner that the peer tries and that this is all.
    TellAcceptedSilently,
    /// Tell the owner that the peer does not.
    TellRefused,
    /// Tell the owner the status.
    TellProgress,
    /// Tell the owner the last status.
    TellDone,
    /// Tell the owner that nothing more will be heard.
    TellLost,
    /// Wait for news.
    Wait,
    /// Stop waiting.
    StopWaiting,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::{Accepted, AcceptedSilently, End, Final, Overdue, Progress, Refused, Terminated};
    use State::{Over, Sent, Waiting};

    match (state, input) {
        (Sent, Accepted) => (Waiting, &[Wait, TellAccepted]),
        (Sent, AcceptedSilently) => (Over, &[TellAcceptedSilently]),
        (Sent, Refused) => (Over, &[TellRefused]),
        // The NOTIFY overtook the 2xx.
        (Sent, Progress) => (Waiting, &[Wait, TellAccepted, TellProgress]),
        (Waiting, Progress) => (Waiting, &[Wait, TellProgress]),
        (Sent | Waiting, Final) => (Over, &[StopWaiting, TellDone]),
        (Sent | Waiting, Terminated) => (Over, &[StopWaiting, TellLost]),
        (Waiting, Overdue) => (Over, &[TellLost]),
        // The owner has been told that the call ends.
        (Sent | Waiting, End) => (Over, &[StopWaiting]),

        // The 2xx of a REFER that has been told of already; a refusal after news is a contradiction, and news count.
        (Waiting, Accepted | AcceptedSilently | Refused) => (Waiting, &[]),
        // A timer stopped in the same instant.
        (Sent, Overdue) => (Sent, &[]),
        (Over, _) => (Over, &[]),
    }
}

/// A transfer with what it carries.
#[derive(Debug)]
pub(super) struct Referring {
    id: ReferId,
    state: State,
    /// The number of its REFER, as the NOTIFYs name it.
    cseq: u32,
}

impl Session {
    /// The owner asks the peer to call somebody else. `None` if it cannot be asked just now.
    pub(crate) fn refer(&mut self, transfer: Transfer, hands: &mut Hands<'_>) -> Option<ReferId> {
        self.referring.retain(|one| one.state != State::Over);
        if self.state != table::State::Established || self.referring.len() >= TRANSFERS_MAX {
            return None;
        }
        let Transfer { target, replaces, referred_by, wants_news, mut headers } = transfer;
        let target = match replaces {
            Some(replaces) => {
                NameAddr::new(target.uri().with_header("Replaces", &replaces.to_string()).ok()?)
            }
            None => NameAddr::new(target.uri().clone()),
        };
        let written = |address: &NameAddr| {
            let mut text = Vec::new();
            address.write(&mut text);
            String::from_utf8(text).ok()
        };
        headers.push(("Refer-To".to_owned(), written(&target)?));
        if let Some(referred_by) = referred_by {
            headers.push(("Referred-By".to_owned(), written(&referred_by)?));
        }
        if !wants_news {
            headers.push(("Refer-Sub".to_owned(), "false".to_owned()));
        }
        self.transfers += 1;
        let id = ReferId(self.transfers);
        self.referring.push(Referring { id, state: State::Sent, cseq: 0 });
        self.send(Draft { headers, ..Draft::new(Purpose::Refer(id)) }, hands);
        Some(id)
    }

    /// Our REFER went out under this number.
    pub(super) fn number_refer(&mut self, id: ReferId, cseq: u32) {
        if let Some(one) = self.referring.iter_mut().find(|one| one.id == id) {
            one.cseq = cseq;
        }
    }

    /// Our REFER was answered, or will not be (`None`).
    pub(super) fn handle_referred(
        &mut self,
        id: ReferId,
        response: Option<&Response>,
        hands: &mut Hands<'_>,
    ) {
        let status = response.map_or(StatusCode::REQUEST_TIMEOUT, Response::status);
        let is_silent = response.is_some_and(|response| {
            let value = response.headers().get(HeaderName::ReferSub);
            status == StatusCode::NO_NOTIFICATION
                || value.is_some_and(|value| value.text().eq_ignore_ascii_case("false"))
        });
        let input = match (status.is_success(), is_silent) {
            (true, false) => Input::Accepted,
            (true, true) => Input::AcceptedSilently,
            (false, _) => Input::Refused,
        };
        self.run_transfer(id, input, status, hands);
    }

    /// Their NOTIFY of a transfer of ours. Answered here. Returns whether there is such a transfer.
    pub(crate) fn handle_refer_notify(
        &mut self,
        tx: ServerTransactionId,
        request: &Request,
        hands: &mut Hands<'_>,
    ) -> bool {
        let headers = request.headers();
        let Some(number) = refer_event(headers) else { return false };
        // Whoever leaves the number out has one only.
        let mut live = self.referring.iter().filter(|one| one.state != State::Over);
        let one = live.find(|one| number.is_none_or(|number| number == one.cseq));
        let Some(id) = one.map(|one| one.id) else { return false };
        hands.endpoint.answer(tx, request, request.answer(StatusCode::OK), hands.now.mono);
        let is_last = headers.subscription_state().ok().flatten().is_some_and(|state| state.is_terminated());
        let status = StatusCode::of_status_line(request.body()).ok();
        let input = match status {
            Some(status) if status.is_final() => Input::Final,
            _ if is_last => Input::Terminated,
            _ => Input::Progress,
        };
        self.run_transfer(id, input, status.unwrap_or(StatusCode::TRYING), hands);
        true
    }

    /// Nothing was told for too long.
    pub(super) fn transfer_overdue(&mut self, id: ReferId, hands: &mut Hands<'_>) {
        self.run_transfer(id, Input::Overdue, StatusCode::REQUEST_TIMEOUT, hands);
    }

    /// The call ends.
    pub(super) fn end_transfers(&mut self, hands: &mut Hands<'_>) {
        for id in self.referring.iter().map(|one| one.id).collect::<Vec<_>>() {
            self.run_transfer(id, Input::End, StatusCode::OK, hands);
        }
        self.referring.clear();
    }

    fn run_transfer(&mut self, id: ReferId, input: Input, status: StatusCode, hands: &mut Hands<'_>) {
        let Some(one) = self.referring.iter_mut().find(|one| one.id == id) else { return };
        let (next, does) = step(one.state, input);
        one.state = next;
        for one in does {
            let news = match one {
                Do::TellAccepted => News::Accepted,
                Do::TellAcceptedSilently => News::AcceptedSilently,
                Do::TellRefused => News::Refused(status),
                Do::TellProgress => News::Progress(status),
                Do::TellDone => News::Done(status),
                Do::TellLost => News::Lost,
                Do::Wait => {
                    hands.wake(self.id, Wait::TransferOverdue(id.0), NEWS_PATIENCE);
                    continue;
                }
                Do::StopWaiting => {
                    hands.sleep(self.id, Wait::TransferOverdue(id.0));
                    continue;
                }
            };
            self.tell_live(Event::Transfer { id, news }, hands);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let inputs = [Accepted, AcceptedSilently, Refused, Progress, Final, Terminated, Overdue, End];
        let mut table = String::new();
        for state in [State::Sent, State::Waiting, State::Over] {
            for input in inputs {
                let (next, does) = step(state, input);
                let does = match does {
                    [] if next == state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
                writeln!(table, "{}", format!("{state:<8}{input:<17}-> {next:<8}{does}").trim_end()).unwrap();
            }
        }
        insta::assert_snapshot!(table);
    }
}
