//! The life of one call leg: INVITE, answer, ACK, BYE, CANCEL, and every way these can cross. RFC 3261 §9, §13, §15;
//! RFC 5057 for what else ends the INVITE usage of a dialog.
//!
//! ```text
//!  we call:    Calling ──1xx──▶ Ringing ──2xx: ACK──▶ Established
//!                 │ hang up        │ hang up
//!                 │                │ └──2xx with an offer──▶ Asked ──we answer: ACK──▶ Established
//!                 ▼                ▼
//!              Doomed ──1xx──▶ Canceling ──2xx: ACK, BYE──▶ Closing ─▶ Closed
//!                                   └──3xx–6xx, silence──────────────▶ Closed
//!
//!  they call:  Arrived ──answer──▶ Answered ──ACK──▶ Established
//!                 │ CANCEL, reject     │ hang up
//!                 ▼                    ▼
//!               Closed             Leaving ──ACK, no ACK: BYE──▶ Closing ─▶ Closed
//!
//!  both:       Established ──hang up: BYE──▶ Closing ──answered──▶ Closed
//!                          ──their BYE───────────────────────────▶ Closed
//! ```
//!
//! The owner is told that the call ended at the latest on entering Doomed, Canceling, Leaving, Closing or Closed, and
//! hears nothing after it. What these states still do is manners towards the peer.

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Our INVITE is out, nothing came back.
    Calling,
    /// The peer works on our INVITE.
    Ringing,
    /// Our INVITE is to be canceled as soon as a provisional response allows it (§9.1).
    Doomed,
    /// The CANCEL is out, the INVITE's final answer is still to come.
    Canceling,
    /// The peer's 2xx holds the offer that our INVITE asked for; the ACK waits for the owner's answer to it.
    Asked,
    /// The peer's INVITE came and waits for the owner's answer.
    Arrived,
    /// Our 2xx is out, its ACK is still to come.
    Answered,
    /// The owner hung up before the ACK came; the BYE has to wait for it (§15).
    Leaving,
    /// The call is up.
    Established,
    /// Our BYE is out.
    Closing,
    /// Over.
    Closed,
}

/// What can happen to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A 1xx to our INVITE.
    Provisional,
    /// A 2xx to our INVITE, the first of this dialog.
    Success,
    /// The same, with an offer in it that wants an answer.
    Counter,
    /// A 3xx–6xx to our INVITE.
    Failure,
    /// Our INVITE was never answered, or could not be delivered.
    NoAnswer,
    /// The peer's CANCEL.
    Cancel,
    /// The peer's ACK to our 2xx.
    Ack,
    /// The peer's BYE.
    Bye,
    /// Our BYE was answered, or never will be.
    ByeDone,
    /// Something else than BYE told us that the dialog is gone: 408 or 481 to a request in it (RFC 5057 §5.1), silence.
    DialogLost,
    /// The owner answers.
    Answer,
    /// The owner answers the offer in the peer's 2xx.
    Agree,
    /// The owner has not answered it before the peer loses patience with the missing ACK.
    AgreeOverdue,
    /// The owner refuses with a status of its choice.
    Reject,
    /// The owner ends the call.
    HangUp,
    /// 64·T1 have passed since our 2xx without an ACK.
    AckOverdue,
    /// 64·T1 have passed since our CANCEL without an answer to the INVITE.
    CancelOverdue,
    /// 64·T1 have passed since a reliable provisional response of ours without a PRACK (RFC 3262 §3).
    PrackOverdue,
    /// Nobody has refreshed the session in time (RFC 4028 §10).
    Expired,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Tell the owner that the peer rings or plays something.
    TellRinging,
    /// Tell the owner that the peer answered.
    TellAnswered,
    /// Tell the owner that the peer has our answer.
    TellAcked,
    /// Tell the owner that it is over, and why. It hears nothing after this.
    TellEnded(Why),
    /// Acknowledge the 2xx.
    SendAck,
    /// Send the owner's 2xx and repeat it until the ACK comes.
    SendAnswer,
    /// Stop repeating the 2xx.
    StopAnswer,
    /// Refuse the peer's INVITE with the owner's status.
    SendRefusal,
    /// Refuse the peer's INVITE with 487.
    SendTerminated,
    /// Refuse the peer's INVITE with 504: it does not hear our provisional responses.
    SendTimedOut,
    /// Send CANCEL and wait 64·T1 for the INVITE to be answered.
    SendCancel,
    /// Let our INVITE, to which nothing has come, be repeated no more than it needs to be found.
    Abandon,
    /// Forget our INVITE, which nobody will answer any more.
    ForgetInvite,
    /// Send BYE.
    SendBye,
}

/// Why a call ended, as the table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The peer sent BYE.
    PeerBye,
    /// The peer sent CANCEL.
    PeerCancel,
    /// The owner wanted it.
    LocalHangUp,
    /// The peer refused the INVITE.
    Rejected,
    /// Nobody answered, or the message could not be delivered; the input says which.
    NoAnswer,
    /// The peer never acknowledged our answer.
    NoAck,
    /// The peer never acknowledged a provisional response.
    NoPrack,
    /// The session was not refreshed.
    Expired,
}

/// The table.
pub fn step(state: State, input: Input) -> (State, &'static [Do]) {
    use Do::*;
    use Input::*;
    use State::{
        Answered, Arrived, Asked, Calling, Canceling, Closed, Closing, Doomed, Established, Leaving, Ringing,
    };

    match (state, input) {
        // We call.
        (Calling | Ringing, Provisional) => (Ringing, &[TellRinging]),
        (Calling | Ringing, Success) => (Established, &[SendAck, TellAnswered]),
        (Calling | Ringing, Counter) => (Asked, &[]),
        (Calling | Ringing, Failure) => (Closed, &[TellEnded(Why::Rejected)]),
        (Calling | Ringing, NoAnswer) => (Closed, &[TellEnded(Why::NoAnswer)]),
        (Calling, HangUp) => (Doomed, &[Abandon, TellEnded(Why::LocalHangUp)]),
        (Ringing, HangUp) => (Canceling, &[SendCancel, TellEnded(Why::LocalHangUp)]),
        (Doomed, Provisional) => (Canceling, &[SendCancel]),
        // The 2xx crossed our wish to hang up.
        (Doomed | Canceling, Success | Counter) => (Closing, &[SendAck, SendBye]),
        (Doomed | Canceling, Failure | NoAnswer) => (Closed, &[]),
        (Canceling, CancelOverdue) => (Closed, &[ForgetInvite]),
        // A callee that hangs up before we have seen its 2xx: the BYE overtook it.
        (Calling, Bye) => (Doomed, &[Abandon, TellEnded(Why::PeerBye)]),
        (Ringing, Bye) => (Canceling, &[SendCancel, TellEnded(Why::PeerBye)]),
        (Calling | Ringing, DialogLost) => (Canceling, &[SendCancel, TellEnded(Why::NoAnswer)]),

        // The callee's offer. Its 2xx is acknowledged in any case, or it would be repeated for half a minute.
        (Asked, Agree) => (Established, &[SendAck, TellAnswered]),
        (Asked, HangUp | AgreeOverdue) => (Closing, &[SendAck, SendBye, TellEnded(Why::LocalHangUp)]),
        (Asked, Bye) => (Closed, &[SendAck, TellEnded(Why::PeerBye)]),
        (Asked, DialogLost) => (Closing, &[SendAck, SendBye, TellEnded(Why::NoAnswer)]),

        // They call.
        (Arrived, Answer) => (Answered, &[SendAnswer]),
        (Arrived, Reject) => (Closed, &[SendRefusal, TellEnded(Why::LocalHangUp)]),
        (Arrived, HangUp) => (Closed, &[SendTerminated, TellEnded(Why::LocalHangUp)]),
        (Arrived, Cancel) => (Closed, &[SendTerminated, TellEnded(Why::PeerCancel)]),
        // A caller may end an early dialog with BYE (§15.1.2).
        (Arrived, Bye) => (Closed, &[SendTerminated, TellEnded(Why::PeerBye)]),
        (Arrived, NoAnswer) => (Closed, &[TellEnded(Why::NoAnswer)]),
        (Arrived, DialogLost) => (Closed, &[SendTerminated, TellEnded(Why::NoAnswer)]),
        (Arrived, PrackOverdue) => (Closed, &[SendTimedOut, TellEnded(Why::NoPrack)]),
        (Answered, Ack) => (Established, &[StopAnswer, TellAcked]),
        (Answered, AckOverdue) => (Closing, &[StopAnswer, SendBye, TellEnded(Why::NoAck)]),
        (Answered, HangUp) => (Leaving, &[TellEnded(Why::LocalHangUp)]),
        // The BYE overtook the ACK, or the ACK was lost.
        (Answered, Bye) => (Closed, &[StopAnswer, TellEnded(Why::PeerBye)]),
        (Answered, DialogLost) => (Closing, &[StopAnswer, SendBye, TellEnded(Why::NoAnswer)]),
        (Leaving, Ack | AckOverdue | DialogLost) => (Closing, &[StopAnswer, SendBye]),
        (Leaving, Bye) => (Closed, &[StopAnswer]),

        // The call is up.
        (Established, HangUp) => (Closing, &[SendBye, TellEnded(Why::LocalHangUp)]),
        (Established, Bye) => (Closed, &[TellEnded(Why::PeerBye)]),
        (Established, AckOverdue) => (Closing, &[SendBye, TellEnded(Why::NoAck)]),
        (Established, DialogLost) => (Closing, &[SendBye, TellEnded(Why::NoAnswer)]),
        (Established, Expired) => (Closing, &[SendBye, TellEnded(Why::Expired)]),

        (Closing, ByeDone) => (Closed, &[]),

        // A CANCEL that comes after the final answer has no effect (§9.2), nor a second BYE in either direction.
        (Answered | Leaving | Established | Closing, Cancel) => (state, &[]),
        (Doomed | Canceling | Closing, Bye) => (state, &[]),
        // The owner hung up already, or speaks of a call that has moved on.
        (Doomed | Canceling | Leaving | Closing, Answer | Agree | Reject | HangUp) => (state, &[]),
        (Calling | Ringing | Answered | Established, Answer | Agree | Reject) => (state, &[]),
        (Asked, Answer | Reject) | (Arrived, Agree) => (state, &[]),
        // Late answers to an INVITE that is decided, and another ACK.
        (Canceling | Asked | Established | Closing, Provisional) => (state, &[]),
        (Asked | Established | Closing, Success | Counter | Failure | NoAnswer | Ack) => (state, &[]),
        (Answered | Leaving, NoAnswer) => (state, &[]),
        (Doomed | Canceling | Closing, DialogLost) => (state, &[]),
        // These belong to the other direction, or to a timer stopped in the same instant.
        (Arrived | Answered | Leaving, Provisional | Success | Counter | Failure) => (state, &[]),
        (Calling | Ringing | Doomed | Canceling, Cancel | Ack) => (state, &[]),
        (Asked, Cancel) | (Arrived, Ack) => (state, &[]),
        (
            Calling | Ringing | Doomed | Canceling | Asked | Arrived | Answered | Leaving | Established,
            ByeDone,
        ) => (state, &[]),
        (Calling | Ringing | Doomed | Canceling | Asked | Arrived | Closing, AckOverdue) => (state, &[]),
        (
            Calling | Ringing | Doomed | Asked | Arrived | Answered | Leaving | Established | Closing,
            CancelOverdue,
        ) => (state, &[]),
        (
            Calling | Ringing | Doomed | Canceling | Arrived | Answered | Leaving | Established | Closing,
            AgreeOverdue,
        ) => (state, &[]),
        (
            Calling | Ringing | Doomed | Canceling | Asked | Answered | Leaving | Established | Closing,
            PrackOverdue,
        ) => (state, &[]),
        (
            Calling | Ringing | Doomed | Canceling | Asked | Arrived | Answered | Leaving | Closing,
            Expired,
        ) => (state, &[]),
        (Closed, _) => (Closed, &[]),
    }
}

impl State {
    /// Whether there is a call of ours that the peer has not answered yet.
    pub fn is_calling(self) -> bool {
        matches!(self, Self::Calling | Self::Ringing)
    }

    /// Whether the owner still takes part in the call.
    pub fn is_live(self) -> bool {
        match self {
            Self::Calling
            | Self::Ringing
            | Self::Asked
            | Self::Arrived
            | Self::Answered
            | Self::Established => true,
            Self::Doomed | Self::Canceling | Self::Leaving | Self::Closing | Self::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt::Write;

    const STATES: [State; 11] = [
        State::Calling,
        State::Ringing,
        State::Doomed,
        State::Canceling,
        State::Asked,
        State::Arrived,
        State::Answered,
        State::Leaving,
        State::Established,
        State::Closing,
        State::Closed,
    ];

    const INPUTS: [Input; 19] = [
        Input::Provisional,
        Input::Success,
        Input::Counter,
        Input::Failure,
        Input::NoAnswer,
        Input::Cancel,
        Input::Ack,
        Input::Bye,
        Input::ByeDone,
        Input::DialogLost,
        Input::Answer,
        Input::Agree,
        Input::AgreeOverdue,
        Input::Reject,
        Input::HangUp,
        Input::AckOverdue,
        Input::CancelOverdue,
        Input::PrackOverdue,
        Input::Expired,
    ];

    #[test]
    fn the_whole_table() {
        let mut table = String::new();
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            let does = match does {
                [] if next == state => "-".to_owned(),
                does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
            };
            let (state, input, next) = (format!("{state:?}"), format!("{input:?}"), format!("{next:?}"));
            writeln!(table, "{}", format!("{state:<12}{input:<14}-> {next:<12}{does}").trim_end()).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_owner_is_told_of_the_end_exactly_when_its_part_is_over() {
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            let tells = does.iter().filter(|one| matches!(one, Do::TellEnded(_))).count();
            let expected = usize::from(state.is_live() && !next.is_live());
            assert_eq!(tells, expected, "{state:?} {input:?}");
        }
    }

    #[test]
    fn no_state_after_the_end_leads_back() {
        for (state, input) in STATES.iter().flat_map(|state| INPUTS.map(|input| (*state, input))) {
            let (next, does) = step(state, input);
            if !state.is_live() {
                assert!(!next.is_live(), "{state:?} {input:?}");
                let talks = does.iter().any(|one| {
                    matches!(one, Do::TellRinging | Do::TellAnswered | Do::TellAcked | Do::TellEnded(_))
                });
                assert!(!talks, "{state:?} {input:?}");
            }
        }
    }
}
