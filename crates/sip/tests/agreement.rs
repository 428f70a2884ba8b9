//! Each race of SIP by itself, at ten to thirty lost packets in a hundred: in the end nothing is left on either side, and the
//! two agree on whether there was a call. What they say to each other, message by message, is in `calls`.

mod network;

use base::{Duration, Instant};
use network::{Network, Side, Weather, sdp};
use sip::{EndedBy, SessionEvent, SessionId};
use sip_message::StatusCode;

use Side::{Anna, Bert};

/// How many seeds each race gets at each weather: more with `SIP_SEEDS`.
const SEEDS: u64 = 25;

/// How much later than the other a side may learn of the end: 64·T1 of silence before an end, and the same after it.
const PATIENCE: Duration = Duration::from_secs(70);

#[test]
fn a_cancel_and_a_200_cross() {
    check(|race| {
        race.rings();
        race.network.act(Anna, |agent, now| agent.hang_up(race.anna, now));
        race.answers();
    });
}

#[test]
fn a_cancel_overtakes_nothing_and_its_487_is_acknowledged() {
    check(|race| {
        race.rings();
        race.network.act(Anna, |agent, now| agent.hang_up(race.anna, now));
    });
}

#[test]
fn a_refusal_and_a_cancel_cross() {
    check(|race| {
        race.rings();
        race.network.act(Anna, |agent, now| agent.hang_up(race.anna, now));
        if let Some(bert) = race.bert {
            race.network.act(Bert, |agent, now| agent.reject(bert, StatusCode::BUSY_HERE, "", now));
        }
    });
}

#[test]
fn a_200_is_repeated_until_its_ack_comes() {
    check(|race| {
        race.answers();
        race.network.lose("ACK");
        race.network.lose("ACK");
        race.network.run_ms(10_000);
        race.hangs_up(Anna);
    });
}

#[test]
fn the_caller_hangs_up_in_the_moment_of_the_answer() {
    check(|race| {
        race.answers();
        race.until(Anna, |event| matches!(event, SessionEvent::Answered { .. }));
        race.hangs_up(Anna);
    });
}

#[test]
fn the_callee_hangs_up_before_the_ack_has_come() {
    check(|race| {
        race.answers();
        race.hangs_up(Bert);
    });
}

#[test]
fn both_hang_up_at_once() {
    check(|race| {
        race.answers();
        race.until(Anna, |event| matches!(event, SessionEvent::Answered { .. }));
        race.hangs_up(Anna);
        race.hangs_up(Bert);
    });
}

#[test]
fn both_offer_at_once_and_one_hangs_up_meanwhile() {
    check(|race| {
        race.answers();
        race.until(Bert, |event| matches!(event, SessionEvent::Acked { .. }));
        let anna = race.anna;
        race.network.act(Anna, |agent, now| agent.offer(anna, sdp("one"), now));
        if let Some(bert) = race.bert {
            race.network.act(Bert, |agent, now| agent.offer(bert, sdp("two"), now));
        }
        race.network.run_ms(3_000);
        race.hangs_up(Anna);
    });
}

/// One race in one weather.
struct Race {
    network: Network,
    anna: SessionId,
    /// Bert's leg, once the INVITE has come through.
    bert: Option<SessionId>,
}

fn check(play: impl Fn(&mut Race)) {
    #[expect(clippy::disallowed_methods, reason = "a test's driver is its environment")]
    let seeds = std::env::var("SIP_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    for lost in [0, 100, 200, 300] {
        for seed in 0..seeds {
            let delay_ms_max = [0, 5, 200, 1_000][seed as usize % 4];
            let weather = Weather { lost, doubled: 100, delay_ms_max };
            let mut network = Network::new(seed, weather);
            let anna = network.call(Anna);
            let mut race = Race { network, anna, bert: None };
            race.until(Bert, |event| matches!(event, SessionEvent::Incoming(_)));
            race.bert = race.leg();
            play(&mut race);
            race.judge(seed, lost);
        }
    }
}

impl Race {
    fn leg(&self) -> Option<SessionId> {
        self.network.events.iter().find(|(side, ..)| *side == Bert).map(|(_, leg, _)| *leg)
    }

    /// Waits for an event as long as anybody would.
    fn until(&mut self, side: Side, is_it: impl Fn(&SessionEvent) -> bool) {
        let limit = self.network.now.mono + Duration::from_secs(40);
        let has_come =
            |network: &Network| network.events.iter().any(|(at, _, event)| *at == side && is_it(event));
        while !has_come(&self.network) && self.network.now.mono < limit {
            self.network.run_ms(5);
        }
    }

    /// Bert's phone rings, and Anna's knows it.
    fn rings(&mut self) {
        if let Some(bert) = self.bert {
            self.network.act(Bert, |agent, now| agent.ring(bert, None, now));
            self.until(Anna, |event| matches!(event, SessionEvent::Ringing { .. }));
        }
    }

    fn answers(&mut self) {
        if let Some(bert) = self.bert {
            self.network.act(Bert, |agent, now| agent.answer(bert, sdp("answer"), now));
        }
    }

    fn hangs_up(&mut self, side: Side) {
        let leg = match side {
            Anna => Some(self.anna),
            Bert => self.bert,
        };
        if let Some(leg) = leg {
            self.network.act(side, |agent, now| agent.hang_up(leg, now));
        }
    }

    /// When a side learned of the end of its leg.
    fn end(&self, side: Side, leg: SessionId) -> Option<(Instant, EndedBy)> {
        self.network
            .ends
            .iter()
            .find(|(at, one, ..)| (*at, *one) == (side, leg))
            .map(|(.., at, by)| (*at, by.clone()))
    }

    fn judge(mut self, seed: u64, lost: u64) {
        // A caller whose every message and answer was lost cannot say that it gave up; a callee does not ring for ever.
        self.network.run_ms(140_000);
        self.hangs_up(Bert);
        let idle = self.network.run_out(Duration::from_secs(300));
        let what = |sentence: &str, race: &Self| {
            format!("seed {seed}, {lost} of 1000 lost: {sentence}\n{}", race.network.log)
        };
        assert!(idle, "{}", what("something is left", &self));
        let (anna_end, anna_by) = self.end(Anna, self.anna).expect("the caller hears of the end");
        let Some(bert) = self.bert else { return };
        let (bert_end, bert_by) = self.end(Bert, bert).expect("the callee hears of the end");
        let heard = |side, is_it: fn(&SessionEvent) -> bool| {
            self.network.events.iter().any(|(at, _, event)| *at == side && is_it(event))
        };
        let anna_talked = heard(Anna, |event| matches!(event, SessionEvent::Answered { .. }));
        let bert_talked = heard(Bert, |event| matches!(event, SessionEvent::Acked { .. }));
        let refused = matches!(anna_by, EndedBy::Rejected { .. } | EndedBy::Timeout);
        assert!(
            !(refused && bert_talked),
            "{}",
            what("the caller was refused a call that the callee has had", &self)
        );
        // Who acknowledges has been answered, or has hung up before the answer came.
        let gave_up = anna_by == EndedBy::LocalHangUp;
        assert!(!bert_talked || anna_talked || gave_up, "{}", what("the callee talks to nobody", &self));
        // The callee of a call that the caller has had knows of it, or has said that no ACK came.
        let knows =
            bert_talked || matches!(bert_by, EndedBy::NoAck | EndedBy::PeerBye | EndedBy::LocalHangUp);
        assert!(!anna_talked || knows, "{}", what("the caller talks to nobody", &self));
        let apart = anna_end.since(bert_end).max(bert_end.since(anna_end));
        let was_call = anna_talked || bert_talked;
        assert!(!was_call || apart <= PATIENCE, "{}", what("one side stays in a call that is over", &self));
    }
}
