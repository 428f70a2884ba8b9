//! Offers beside the first one: who has asked to change the session, and who is to answer. RFC 3261 §14, RFC 3262 §5,
//! RFC 3311, RFC 6337.
//!
//! ```text
//!  Idle ──ours──▶ Sent ──2xx──▶ Idle
//!                  ├──491──▶ Glare ──a random while──▶ Sent
//!                  └──2xx with the offer we asked for──▶ Countered ──we answer: ACK──▶ Idle
//!  Idle ──1xx with the offer we asked for──▶ Countered ──we answer: PRACK──▶ Idle
//!  Idle ──theirs──▶ Received ──we answer──▶ Accepted ──ACK──▶ Idle     (re-INVITE)
//!                   Updating ──we answer────────────────────▶ Idle     (UPDATE, PRACK)
//! ```
//!
//! There is one at a time, in whichever direction. The first offer is not counted here: where that stands is
//! [`super::opening`]'s.

/// Where the exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is asked.
    Idle,
    /// Our re-INVITE or UPDATE is out.
    Sent,
    /// It met one of theirs and will be tried again.
    Glare,
    /// Their re-INVITE waits for the owner's answer.
    Received,
    /// Their UPDATE or PRACK waits for the owner's answer.
    Updating,
    /// Our 2xx to their re-INVITE is out, the ACK is still to come.
    Accepted,
    /// They answered our request for an offer with one, which waits for the owner's answer.
    Countered,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner makes an offer, or asks for one.
    Offer,
    /// The owner answers theirs.
    Answer,
    /// The owner refuses theirs.
    Refuse,
    /// A 2xx to our re-INVITE or UPDATE.
    Success,
    /// A 2xx or a reliable 1xx with the offer we asked for.
    Counter,
    /// A 491 to our re-INVITE or UPDATE, or a 500 that says when to come again.
    Pending,
    /// Any other refusal, or silence.
    Failure,
    /// The while after a 491 is over.
    Retry,
    /// Their re-INVITE.
    Reinvite,
    /// Their UPDATE or PRACK with an offer.
    Update,
    /// Their CANCEL of their re-INVITE.
    Cancel,
    /// Their ACK.
    Ack,
    /// The call ends.
    End,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Send our re-INVITE, or an UPDATE as long as the call is not answered.
    SendOffer,
    /// Tell the owner the answer.
    TakeAnswer,
    /// Tell the owner the offer it asked for.
    TellCounter,
    /// Send the owner's answer to it in the ACK or PRACK.
    SendCounterAnswer,
    /// Send the ACK or PRACK without an answer.
    SendCounterless,
    /// End the call: there is no way to refuse such an offer (RFC 3261 §14.1).
    HangUp,
    /// Tell the owner that the offer was refused.
    TellFailed,
    /// Tell the owner that it has to wait: another offer is on its way.
    TellBusy,
    /// Wait a random while before the next attempt.
    BackOff,
    /// Stop waiting for the next attempt.
    StopBackOff,
    /// Tell the owner of their offer.
    TellOffer,
    /// Tell the owner that they have taken it back.
    TellWithdrawn,
    /// Send the owner's answer in a 2xx and repeat it until the ACK comes.
    SendAnswer,
    /// Send the owner's answer in a 2xx that needs no ACK.
    SendUpdateAnswer,
    /// Stop repeating the 2xx, and tell the owner what the ACK held.
    TakeAck,
    /// Stop repeating the 2xx.
    StopAnswer,
    /// Refuse theirs with the owner's status.
    SendRefusal,
    /// Answer 491: ours is on its way.
    SendPending,
    /// Answer 500 with Retry-After: the one before is not answered yet (§14.2).
    SendTooSoon,
    /// Answer 487 to theirs.
    SendTerminated,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::*;
    use State::{Accepted, Countered, Glare, Idle, Received, Sent, Updating};

    match (state, input) {
        (Idle, Offer) => (Sent, &[SendOffer]),
        (Sent, Success) => (Idle, &[TakeAnswer]),
        (Sent, Pending) => (Glare, &[BackOff]),
        (Sent, Failure) => (Idle, &[TellFailed]),
        (Glare, Retry) => (Sent, &[SendOffer]),
        (Sent | Glare | Received | Updating | Accepted | Countered, Offer) => (state, &[TellBusy]),

        (Idle | Sent, Counter) => (Countered, &[TellCounter]),
        (Countered, Answer) => (Idle, &[SendCounterAnswer]),
        (Countered, Refuse) => (Idle, &[SendCounterless, HangUp]),
        (Countered, End) => (Idle, &[SendCounterless]),

        (Idle, Reinvite) => (Received, &[TellOffer]),
        (Idle, Update) => (Updating, &[TellOffer]),
        // Theirs came through first. Whether ours is still wanted after it is the owner's to say.
        (Glare, Reinvite) => (Received, &[StopBackOff, TellFailed, TellOffer]),
        (Glare, Update) => (Updating, &[StopBackOff, TellFailed, TellOffer]),
        (Sent | Accepted | Countered, Reinvite | Update) => (state, &[SendPending]),
        (Received | Updating, Reinvite | Update) => (state, &[SendTooSoon]),

        (Received, Answer) => (Accepted, &[SendAnswer]),
        (Updating, Answer) => (Idle, &[SendUpdateAnswer]),
        (Received | Updating, Refuse) => (Idle, &[SendRefusal]),
        (Received, Cancel) => (Idle, &[SendTerminated, TellWithdrawn]),
        (Accepted, Ack) => (Idle, &[TakeAck]),

        (Received | Updating, End) => (Idle, &[SendTerminated]),
        (Accepted, End) => (Idle, &[StopAnswer]),
        (Glare, End) => (Idle, &[StopBackOff]),
        (Idle | Sent, End) => (Idle, &[]),

        // Late, or about an offer that is no longer there.
        (Idle, Answer | Refuse | Success | Pending | Failure | Retry | Cancel | Ack) => (Idle, &[]),
        (Sent | Glare, Answer | Refuse | Cancel | Ack) => (state, &[]),
        (Sent, Retry) => (Sent, &[]),
        (Glare, Success | Pending | Failure) => (Glare, &[]),
        (Received, Success | Pending | Failure | Retry | Ack) => (state, &[]),
        (Updating, Success | Pending | Failure | Retry | Ack | Cancel) => (state, &[]),
        (Accepted, Answer | Refuse | Success | Pending | Failure | Retry | Cancel) => (state, &[]),
        (Countered, Success | Counter | Pending | Failure | Retry | Cancel | Ack) => (state, &[]),
        // Another branch of a fork counters while something else is asked: it has to wait.
        (Glare | Received | Updating | Accepted, Counter) => (state, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states = [
            State::Idle,
            State::Sent,
            State::Glare,
            State::Received,
            State::Updating,
            State::Accepted,
            State::Countered,
        ];
        let inputs = [
            Offer, Answer, Refuse, Success, Counter, Pending, Failure, Retry, Reinvite, Update, Cancel, Ack,
            End,
        ];
        let mut table = String::new();
        for (state, input) in states.iter().flat_map(|state| inputs.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            let does = match does {
                [] if next == state => "-".to_owned(),
                does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
            };
            let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
            writeln!(table, "{}", format!("{state:<10}{input:<10}-> {next:<10}{does}").trim_end()).unwrap();
        }
        insta::assert_snapshot!(table);
    }
}
