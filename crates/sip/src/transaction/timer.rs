//! The timers of RFC 3261 §17 (table 4) and RFC 6026, with what each one is for and how long it runs.
//!
//! A timer here is a name and a length. The deadline table that wakes for it belongs to the endpoint.

use base::Duration;

/// What a transaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// INVITE client, unreliable transport: no answer yet, send the INVITE again. T1, doubling without a bound.
    A,
    /// INVITE client: no answer at all, give up. 64·T1.
    B,
    /// INVITE client, unreliable transport: the server may repeat its 3xx–6xx until our ACK arrives. 32 s.
    D,
    /// Non-INVITE client, unreliable transport: send the request again. T1, doubling up to T2.
    E,
    /// Non-INVITE client: no final answer, give up. 64·T1.
    F,
    /// INVITE server, unreliable transport: no ACK yet, send the 3xx–6xx again. T1, doubling up to T2.
    G,
    /// INVITE server: no ACK at all, give up. 64·T1.
    H,
    /// INVITE server, unreliable transport: further copies of the ACK may arrive. T4.
    I,
    /// Non-INVITE server, unreliable transport: the client may repeat its request. 64·T1.
    J,
    /// Non-INVITE client, unreliable transport: the server may repeat its answer. T4.
    K,
    /// INVITE server after a 2xx (RFC 6026): copies of the INVITE are swallowed that long. 64·T1.
    L,
    /// INVITE client after a 2xx (RFC 6026): further 2xx, repeated or forked, still belong here. 64·T1.
    M,
    /// INVITE server (§17.2.1): the core has not answered within 200 ms, so the transaction sends 100 itself.
    Trying,
    /// Non-INVITE server: the core never answered. The RFC has no such timer; without it a forgotten request would
    /// stay for ever, and after 64·T1 no client waits for the answer any more (RFC 4320 §4).
    Late,
}

/// How long §17.2.1 lets the core think before a 100 has to go out.
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// Timer D on unreliable transports: "at least 32 seconds".
const TIMER_D: Duration = Duration::from_secs(32);

/// The three figures all timers are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// An estimate of the round trip, 500 ms unless the network is known to be slow.
    pub t1: Duration,
    /// The longest pause between two copies of a non-INVITE request or an INVITE response: 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network: 5 s.
    pub t4: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl Timing {
    /// 64·T1: after that much silence nothing will come any more.
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }

    /// The pause before the next copy when `copies` have been sent already: T1 doubling up to `limit`.
    pub fn backoff(&self, copies: u8, limit: Duration) -> Duration {
        self.t1.saturating_mul(1 << copies.min(16)).min(limit)
    }

    /// How long `timer` runs when `copies` retransmissions have been made.
    pub(crate) fn length(&self, timer: Timer, copies: u8) -> Duration {
        match timer {
            Timer::A => self.backoff(copies, self.patience()),
            Timer::E | Timer::G => self.backoff(copies, self.t2),
            Timer::B | Timer::F | Timer::H | Timer::J | Timer::L | Timer::M | Timer::Late => self.patience(),
            Timer::D => TIMER_D,
            Timer::I | Timer::K => self.t4,
            Timer::Trying => TRYING_AFTER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_sent_seven_times_before_its_client_gives_up() {
        let timing = Timing::default();
        let mut passed = Duration::ZERO;
        let mut sent = 1;
        while passed + timing.length(Timer::A, sent - 1) < timing.length(Timer::B, 0) {
            passed += timing.length(Timer::A, sent - 1);
            sent += 1;
        }
        assert_eq!(sent, 7);
    }

    #[test]
    fn other_requests_pause_four_seconds_at_most() {
        let timing = Timing::default();
        let pauses: Vec<_> = (0..6).map(|copies| timing.length(Timer::E, copies).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 4000, 4000]);
        assert_eq!(timing.length(Timer::G, 255), timing.t2);
    }
}
