//! Offers after the call is up: who has asked to change the session, and who is to answer. RFC 3261 §14, RFC 3311,
//! RFC 6337.
//!
//! ```text
//!  Idle ──ours──▶ Sent ──2xx──▶ Idle
//!                  └──491──▶ Glare ──a random while──▶ Sent
//!  Idle ──theirs──▶ Received ──we answer──▶ Accepted ──ACK──▶ Idle     (re-INVITE)
//!                                        ─────────────────▶ Idle     (UPDATE)
//! ```
//!
//! There is one at a time, in whichever direction. The first offer, in the INVITE itself, is not counted here.

/// Where the exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is asked.
    Idle,
    /// Our re-INVITE is out.
    Sent,
    /// Our re-INVITE met one of theirs and will be tried again.
    Glare,
    /// Their re-INVITE waits for the owner's answer.
    Received,
    /// Their UPDATE waits for the owner's answer.
    Updating,
    /// Our 2xx to their re-INVITE is out, the ACK is still to come.
    Accepted,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The owner makes an offer.
    Offer,
    /// The owner answers theirs.
    Answer,
    /// The owner refuses theirs.
    Refuse,
    /// A 2xx to our re-INVITE.
    Success,
    /// A 491 to our re-INVITE.
    Pending,
    /// Any other refusal of our re-INVITE, or silence.
    Failure,
    /// The while after a 491 is over.
    Retry,
    /// Their re-INVITE.
    Reinvite,
    /// Their UPDATE with an offer.
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
    /// Send our re-INVITE.
    SendOffer,
    /// Acknowledge the 2xx and tell the owner the answer.
    TakeAnswer,
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
    use State::{Accepted, Glare, Idle, Received, Sent, Updating};

    match (state, input) {
        (Idle, Offer) => (Sent, &[SendOffer]),
        (Sent, Success) => (Idle, &[TakeAnswer]),
        (Sent, Pending) => (Glare, &[BackOff]),
        (Sent, Failure) => (Idle, &[TellFailed]),
        (Glare, Retry) => (Sent, &[SendOffer]),
        (Sent | Glare | Received | Updating | Accepted, Offer) => (state, &[TellBusy]),

        (Idle, Reinvite) => (Received, &[TellOffer]),
        (Idle, Update) => (Updating, &[TellOffer]),
        // Theirs came through first. Whether ours is still wanted after it is the owner's to say.
        (Glare, Reinvite) => (Received, &[StopBackOff, TellFailed, TellOffer]),
        (Glare, Update) => (Updating, &[StopBackOff, TellFailed, TellOffer]),
        (Sent | Accepted, Reinvite | Update) => (state, &[SendPending]),
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    #[test]
    fn the_whole_table() {
        use Input::*;
        let states =
            [State::Idle, State::Sent, State::Glare, State::Received, State::Updating, State::Accepted];
        let inputs =
            [Offer, Answer, Refuse, Success, Pending, Failure, Retry, Reinvite, Update, Cancel, Ack, End];
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
