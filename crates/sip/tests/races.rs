//! Calls under every race that a bad network and two impatient people can produce. Whatever happens, each side hears of
//! exactly one end of each call, and in the end nothing is left: no session, no transaction, no deadline.

mod network;

use base::{Duration, IdSource, Instant};
use network::{Network, Side, Weather, sdp};
use sip::{ReferId, Reliable, SessionEvent, SessionId, Transfer, Transport, UserAgentConfig};
use sip_message::{Method, NameAddr, StatusCode, Uri};
use std::collections::{BTreeMap, BTreeSet};

use Side::{Anna, Bert};

/// How many seeds are tried: more with `SIP_SEEDS`.
const SEEDS: u64 = 200;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's driver is its environment")]
fn every_call_ends_once_on_both_sides_and_leaves_nothing() {
    let seeds = std::env::var("SIP_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let mut met = BTreeSet::new();
    for seed in 0..seeds {
        met.extend(check(seed));
    }
    // The seeds are worth something only if they meet what they are for.
    for event in [
        "Ringing",
        "Answered",
        "Acked",
        "Offer",
        "OfferAnswered",
        "OfferFailed",
        "Settled",
        "Info",
        "Refer",
        "Transfer",
        "PeerBye",
        "PeerCancel",
        "LocalHangUp",
        "Rejected",
        "Timeout",
        "NoAck",
    ] {
        assert!(met.contains(event) || seeds < SEEDS, "no seed meets {event}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Call,
    /// A call that wants the other side's offer.
    CallBare,
    Ring,
    EarlyMedia,
    Answer,
    Reject,
    Offer,
    AskOffer,
    AnswerOffer,
    RefuseOffer,
    Info,
    /// Asks the other side to call somebody else.
    Refer,
    AcceptRefer(ReferId),
    DeclineRefer(ReferId),
    ReportRefer(ReferId, StatusCode),
    HangUp,
}

/// One run. Returns the names of what happened.
fn check(seed: u64) -> BTreeSet<&'static str> {
    let mut rng = IdSource::new(seed ^ 0x5eed);
    let mut weather = Weather {
        lost: [0, 0, 50, 300, 700][rng.below(5) as usize],
        doubled: [0, 100, 400][rng.below(3) as usize],
        delay_ms_max: [0, 0, 100, 1500][rng.below(4) as usize],
    };
    let transport = if rng.below(4) == 0 { Transport::Tcp } else { Transport::Udp };
    if transport == Transport::Tcp {
        weather = Weather::default();
    }
    let reliable = [Reliable::IfRequired, Reliable::WithMedia, Reliable::Always][rng.below(3) as usize];
    let mut config = UserAgentConfig { reliable, ..UserAgentConfig::default() };
    config.methods.push(Method::Refer);
    let mut network = Network::with(seed, weather, config);
    network.transport = transport;
    let mut acts: BTreeMap<(Instant, u64), (Side, Option<SessionId>, Act)> = BTreeMap::new();
    let mut number = 0;
    let mut plan =
        |acts: &mut BTreeMap<_, _>, at: Instant, side: Side, session: Option<SessionId>, act: Act| {
            number += 1;
            acts.insert((at, number), (side, session, act));
        };
    for side in [Anna, Bert] {
        for _ in 0..=rng.below(2) {
            plan(&mut acts, Instant::from_micros(rng.below(2_000_000)), side, None, {
                [Act::Call, Act::Call, Act::CallBare][rng.below(3) as usize]
            });
        }
    }
    let mut seen = 0;
    while let Some(((at, _), (side, session, act))) = acts.pop_first() {
        // Up to the act, and then whatever the events before it make people do.
        network.run_ms(at.since(network.now.mono).as_millis() as u64);
        let session = perform(&mut network, side, session, act);
        if let Some(session) = session {
            life_of(&mut rng, network.now.mono, |at, act| plan(&mut acts, at, side, Some(session), act));
        }
        loop {
            // Look ahead in small steps, so that reactions come near to what they react to.
            let next = acts.keys().next().map_or(network.now.mono + Duration::from_secs(120), |(at, _)| *at);
            while network.now.mono < next && network.events.len() == seen {
                network.run_ms(20);
            }
            if network.events.len() == seen {
                break;
            }
            while let Some((side, session, event)) = network.events.get(seen).cloned() {
                seen += 1;
                let now = network.now.mono;
                let soon = |rng: &mut IdSource| now + Duration::from_millis(rng.below(3) * rng.below(2000));
                match event {
                    SessionEvent::Incoming(_) => {
                        let first = [Act::Ring, Act::EarlyMedia, Act::Answer][rng.below(3) as usize];
                        plan(&mut acts, soon(&mut rng), side, Some(session), first);
                        let second =
                            [Act::Answer, Act::Answer, Act::Answer, Act::Reject][rng.below(4) as usize];
                        plan(&mut acts, soon(&mut rng), side, Some(session), second);
                        life_of(&mut rng, now, |at, act| plan(&mut acts, at, side, Some(session), act));
                    }
                    SessionEvent::Refer(referral) => {
                        let id = referral.id;
                        let decided = soon(&mut rng);
                        let act = [Act::AcceptRefer(id), Act::AcceptRefer(id), Act::DeclineRefer(id)];
                        plan(&mut acts, decided, side, Some(session), act[rng.below(3) as usize]);
                        let mut at = decided;
                        for status in [StatusCode::RINGING, StatusCode::OK] {
                            at += Duration::from_millis(rng.below(2000));
                            plan(&mut acts, at, side, Some(session), Act::ReportRefer(id, status));
                        }
                    }
                    SessionEvent::Offer { .. } => {
                        let act =
                            [Act::AnswerOffer, Act::AnswerOffer, Act::RefuseOffer][rng.below(3) as usize];
                        plan(&mut acts, soon(&mut rng), side, Some(session), act);
                    }
                    _ => {}
                }
            }
        }
    }

    let idle = network.run_out(Duration::from_secs(300));
    for side in [Anna, Bert] {
        assert!(idle, "seed {seed}: {side:?} holds {:?}\n{}", network.agents[&side].snapshot(), network.log);
    }
    let begun: BTreeSet<_> = network.events.iter().map(|(side, session, _)| (*side, *session)).collect();
    let ended = network.ended(Anna) + network.ended(Bert);
    assert_eq!(ended, begun.len(), "seed {seed}: a call did not end\n{}", network.log);
    network.events.iter().map(|(_, _, event)| name_of(event)).collect()
}

/// What somebody does in a call that begins now, the end included.
fn life_of(rng: &mut IdSource, now: Instant, mut plan: impl FnMut(Instant, Act)) {
    let end = now + Duration::from_millis([50, 500, 3000, 20_000, 60_000][rng.below(5) as usize]);
    let end = end + Duration::from_millis(rng.below(1000));
    for _ in 0..rng.below(4) {
        let at = now + Duration::from_millis(rng.below(8000));
        plan(at, [Act::Offer, Act::Offer, Act::AskOffer, Act::Info, Act::Refer][rng.below(5) as usize]);
    }
    plan(end, Act::HangUp);
    if rng.below(4) == 0 {
        plan(end + Duration::from_millis(rng.below(50)), Act::HangUp);
    }
}

/// Returns the session that begins with it.
fn perform(network: &mut Network, side: Side, session: Option<SessionId>, act: Act) -> Option<SessionId> {
    let Some(session) = session else {
        let is_bare = matches!(act, Act::CallBare);
        return Some(
            network.call_with(side, |invite| invite.offer = invite.offer.take().filter(|_| !is_bare)),
        );
    };
    network.act(side, |agent, now| match act {
        Act::Call | Act::CallBare => {}
        Act::Ring => agent.ring(session, None, now),
        Act::EarlyMedia => agent.ring(session, Some(sdp("early")), now),
        Act::Answer => agent.answer(session, sdp("answer"), now),
        Act::Reject => agent.reject(session, StatusCode::BUSY_HERE, "", now),
        Act::Offer => agent.offer(session, sdp("change"), now),
        Act::AskOffer => agent.ask_offer(session, now),
        Act::AnswerOffer => agent.answer_offer(session, sdp("changed"), now),
        Act::RefuseOffer => agent.refuse_offer(session, StatusCode::NOT_ACCEPTABLE_HERE, now),
        Act::Info => agent.send_info(session, "application/dtmf-relay", sdp("5"), now),
        Act::Refer => {
            let target = Uri::parse(b"sip:carol@192.0.2.3").expect("it is a URI");
            let transfer = Transfer {
                target: NameAddr::new(target),
                replaces: None,
                referred_by: None,
                wants_news: true,
                headers: Vec::new(),
            };
            let _ = agent.refer(session, transfer, now);
        }
        Act::AcceptRefer(id) => agent.accept_refer(session, id, now),
        Act::DeclineRefer(id) => agent.decline_refer(session, id, StatusCode::DECLINE, &[], now),
        Act::ReportRefer(id, status) => agent.report_refer(session, id, status, now),
        Act::HangUp => agent.hang_up(session, now),
    });
    None
}

fn name_of(event: &SessionEvent) -> &'static str {
    use sip::EndedBy;

    match event {
        SessionEvent::Incoming(_) => "Incoming",
        SessionEvent::Ringing { .. } => "Ringing",
        SessionEvent::Answered { .. } => "Answered",
        SessionEvent::Acked { .. } => "Acked",
        SessionEvent::Offer { .. } => "Offer",
        SessionEvent::OfferWithdrawn => "OfferWithdrawn",
        SessionEvent::OfferAnswered { .. } => "OfferAnswered",
        SessionEvent::OfferFailed { .. } => "OfferFailed",
        SessionEvent::Settled => "Settled",
        SessionEvent::Key(_) => "Key",
        SessionEvent::Redirected { .. } => "Redirected",
        SessionEvent::Farewell { .. } => "Farewell",
        SessionEvent::Refer(_) => "Refer",
        SessionEvent::Transfer { .. } => "Transfer",
        SessionEvent::Refreshed { .. } => "Refreshed",
        SessionEvent::Info { .. } => "Info",
        SessionEvent::Request { .. } => "Request",
        SessionEvent::Response { .. } => "Response",
        SessionEvent::Ended(EndedBy::PeerBye) => "PeerBye",
        SessionEvent::Ended(EndedBy::PeerCancel) => "PeerCancel",
        SessionEvent::Ended(EndedBy::LocalHangUp) => "LocalHangUp",
        SessionEvent::Ended(EndedBy::Rejected { .. }) => "Rejected",
        SessionEvent::Ended(EndedBy::Timeout) => "Timeout",
        SessionEvent::Ended(EndedBy::Transport) => "Transport",
        SessionEvent::Ended(EndedBy::NoAck) => "NoAck",
        SessionEvent::Ended(EndedBy::NoPrack) => "NoPrack",
        SessionEvent::Ended(EndedBy::Expired) => "Expired",
        SessionEvent::Ended(EndedBy::Challenged) => "Challenged",
    }
}
