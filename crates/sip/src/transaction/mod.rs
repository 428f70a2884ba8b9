//! The four transactions of RFC 3261 §17 with the corrections of RFC 6026, as four tables.
//!
//! Each table says, for a state and what happened, the next state and what is to be done. It holds no message, no
//! time and no address: the endpoint carries these out ([`crate::Endpoint`]). Which transaction a message belongs to
//! is decided in [`key`].
//!
//! Reading order: [`timer`], [`invite_client`], [`invite_server`], [`non_invite_client`], [`non_invite_server`],
//! [`key`].

pub mod invite_client;
pub mod invite_server;
pub mod key;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod timer;

pub use timer::{Timer, Timing};

/// Whether the transport below repeats what it loses. Transactions repeat on unreliable transports only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// UDP.
    Unreliable,
    /// TCP, TLS, WebSocket.
    Reliable,
}

/// Why a transaction ended without what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody answered in time.
    Timeout,
    /// The message could not be sent, or the connection broke.
    Transport,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// Send the message at hand and keep it for repetition.
    Send,
    /// Send the kept message again.
    Again,
    /// Send 100 Trying and keep it for repetition.
    SendTrying,
    /// Acknowledge the 3xx–6xx at hand (§17.1.1.3).
    Ack,
    /// Hand the message at hand to the core.
    Pass,
    /// Tell the core that the transaction failed.
    Fail(Failure),
    /// Start a timer with its usual length.
    Arm(Timer),
    /// Start a timer with the length T2.
    ArmSlow(Timer),
    /// Stop a timer.
    Stop(Timer),
}

/// Prints a whole table, one line for each state, input and kind of transport.
#[cfg(test)]
fn print_table<S: Copy + core::fmt::Debug + PartialEq, I: Copy + core::fmt::Debug>(
    states: &[S],
    inputs: &[I],
    step: impl Fn(S, I, Reliability) -> (S, &'static [Do]),
) -> String {
    use core::fmt::Write;

    let mut table = String::new();
    for state in states {
        for input in inputs {
            let unreliable = step(*state, *input, Reliability::Unreliable);
            let reliable = step(*state, *input, Reliability::Reliable);
            let rows = if unreliable == reliable {
                vec![("", unreliable)]
            } else {
                vec![("unreliable", unreliable), ("reliable", reliable)]
            };
            for (transport, (next, does)) in rows {
                let (from, input) = (format!("{state:?}"), format!("{input:?}"));
                let does = match does {
                    [] if next == *state => "-".to_owned(),
                    does => does.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", "),
                };
                let next = format!("{next:?}");
                let line = format!("{from:<11}{input:<16}{transport:<11}-> {next:<11}{does}");
                writeln!(table, "{}", line.trim_end()).expect("writing to a string");
            }
        }
    }
    table
}
