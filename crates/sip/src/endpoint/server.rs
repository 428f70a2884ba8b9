//! A server transaction with what it carries: the key that finds it, the way back, the last answer.

use crate::token::SessionId;
use crate::transaction::key::{MergeKey, ServerKey};
use crate::transaction::{Do, Timer, invite_server, non_invite_server};
use crate::transport::Destination;
use bytes::Bytes;
use sip_message::{Method, Request, Response};

/// One request that came.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) machine: Machine,
    pub(super) key: ServerKey,
    pub(super) merge: Option<MergeKey>,
    pub(super) reply_to: Destination,
    pub(super) session: Option<SessionId>,
    /// An INVITE that has no answer yet, for the 100.
    pub(super) invite: Option<Box<Request>>,
    /// The last response.
    pub(super) last: Bytes,
    /// How often the response has been repeated.
    pub(super) copies: u8,
}

/// Which table it follows, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    Invite(invite_server::State),
    Other(non_invite_server::State),
}

/// What can happen to either kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    RequestAgain,
    Ack,
    Provisional,
    Success,
    Failure,
    Repeat,
    Timer(Timer),
    TransportError,
}

/// The timers either kind may have running.
pub(super) const TIMERS: [Timer; 7] =
    [Timer::Trying, Timer::G, Timer::H, Timer::I, Timer::L, Timer::J, Timer::Late];

impl Server {
    pub(super) fn start(
        request: &Request,
        key: ServerKey,
        merge: Option<MergeKey>,
        reply_to: Destination,
    ) -> (Self, &'static [Do]) {
        let (machine, does, invite) = if *request.method() == Method::Invite {
            let (state, does) = invite_server::start();
            (Machine::Invite(state), does, Some(Box::new(request.clone())))
        } else {
            let (state, does) = non_invite_server::start();
            (Machine::Other(state), does, None)
        };
        let server =
            Self { machine, key, merge, reply_to, session: None, invite, last: Bytes::new(), copies: 0 };
        (server, does)
    }

    pub(super) fn step(&mut self, input: Input) -> &'static [Do] {
        let reliability = self.reply_to.transport.reliability();
        match self.machine {
            Machine::Invite(state) => {
                let input = match input {
                    Input::RequestAgain => invite_server::Input::RequestAgain,
                    Input::Ack => invite_server::Input::Ack,
                    Input::Provisional => invite_server::Input::Provisional,
                    Input::Success => invite_server::Input::Success,
                    Input::Failure => invite_server::Input::Failure,
                    Input::Repeat => invite_server::Input::Repeat,
                    Input::Timer(timer) => invite_server::Input::Timer(timer),
                    Input::TransportError => invite_server::Input::TransportError,
                };
                let (next, does) = invite_server::step(state, input, reliability);
                self.machine = Machine::Invite(next);
                does
            }
            Machine::Other(state) => {
                let input = match input {
                    // Neither is ever said to one of these: an ACK finds an INVITE, and nothing else is repeated.
                    Input::RequestAgain | Input::Ack | Input::Repeat => {
                        non_invite_server::Input::RequestAgain
                    }
                    Input::Provisional => non_invite_server::Input::Provisional,
                    Input::Success | Input::Failure => non_invite_server::Input::Final,
                    Input::Timer(timer) => non_invite_server::Input::Timer(timer),
                    Input::TransportError => non_invite_server::Input::TransportError,
                };
                let (next, does) = non_invite_server::step(state, input, reliability);
                self.machine = Machine::Other(next);
                does
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(invite_server::State::Terminated)
                | Machine::Other(non_invite_server::State::Terminated)
        )
    }

    /// Whether the core still owes the final answer.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(invite_server::State::Trying | invite_server::State::Proceeding)
                | Machine::Other(non_invite_server::State::Trying | non_invite_server::State::Proceeding)
        )
    }
}

/// How a response's status moves the tables.
pub(super) fn input_of(response: &Response) -> Input {
    let status = response.status();
    if status.is_provisional() {
        Input::Provisional
    } else if status.is_success() {
        Input::Success
    } else {
        Input::Failure
    }
}
