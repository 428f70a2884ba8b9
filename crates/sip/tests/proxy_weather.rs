//! Calls between phones through the center, under every race that a bad network and impatient people can produce, and with
//! spoiled messages. Whatever happens, the owner hears of one end of each call, and in the end nothing is left anywhere.

mod office;

use base::{Duration, IdSource, Instant};
use bytes::Bytes;
use office::{Line, Office, Weather, sdp};
use sip::session::table::State;
use sip::{ProxyEnd, ProxyEvent, SessionEvent, SessionId};
use sip_message::StatusCode;
use std::collections::{BTreeMap, BTreeSet};

/// How many seeds are tried: more with `SIP_SEEDS`.
const SEEDS: u64 = 100;

const PHONES: [&str; 4] = ["anna", "bert", "carl", "dora"];

#[test]
fn every_forwarded_call_ends_once_and_leaves_nothing() {
    let mut met = BTreeSet::new();
    for seed in 0..seeds() {
        met.extend(check(seed, false));
    }
    // The seeds are worth something only if they meet what they are for.
    for event in ["Ringing", "Answered", "HungUp", "Canceled", "Refused", "two answers"] {
        assert!(met.contains(event) || seeds() < SEEDS, "no seed meets {event}");
    }
}

#[test]
fn spoiled_messages_break_nothing_at_the_center() {
    for seed in 0..seeds() {
        check(seed, true);
    }
}

#[test]
fn of_two_phones_that_answer_at_once_one_talks_and_the_other_does_not_wait() {
    let mut both = 0;
    for seed in 0..seeds() {
        let weather = Weather {
            lost: [0, 100, 200, 300][seed as usize % 4],
            doubled: 100,
            delay_ms_max: [0, 50, 500][seed as usize % 3],
        };
        let mut office =
            Office::new(seed, weather, &[("anna", Line::Udp), ("bert", Line::Nat), ("carl", Line::Udp)]);
        office.plan = vec![("bert", 1000), ("carl", 1000)];
        let anna = office.call("anna");
        let rings = |office: &Office, name| {
            let mut here = office
                .events
                .iter()
                .filter(|(at, _, event)| *at == name && matches!(event, SessionEvent::Incoming(_)));
            here.next().map(|(_, session, _)| *session)
        };
        while !(rings(&office, "bert").is_some() && rings(&office, "carl").is_some())
            && office.now.mono < Instant::START + Duration::from_secs(31)
        {
            office.run_ms(50);
        }
        for name in ["bert", "carl"] {
            if let Some(session) = rings(&office, name) {
                office.act(name, |agent, now| agent.answer(session, sdp(name), now));
            }
        }
        // Longer than anybody repeats anything.
        office.run_ms(110_000);
        let talks = |name| {
            let sessions = office.phones[name].agent.snapshot().sessions;
            sessions.iter().filter(|(_, state)| *state == State::Established).count()
        };
        let (caller, callees) = (talks("anna"), talks("bert") + talks("carl"));
        assert_eq!(caller, callees, "seed {seed}\n{}", office.log);
        assert_eq!(caller, office.center.proxied(), "seed {seed}\n{}", office.log);
        both += usize::from(
            office.log.matches("bert: Acked").count() + office.log.matches("carl: Acked").count() > 1,
        );
        office.act("anna", |agent, now| agent.hang_up(anna, now));
        assert!(office.run_out(Duration::from_secs(3600)), "seed {seed}\n{}", office.log);
    }
    assert!(both > 0 || seeds() < SEEDS, "two phones have never answered at once");
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Call,
    Ring,
    Answer,
    Reject(StatusCode),
    Offer,
    AnswerOffer,
    Info,
    HangUp,
}

/// One run. Returns the names of what happened.
fn check(seed: u64, spoils: bool) -> BTreeSet<&'static str> {
    let mut rng = IdSource::new(seed ^ 0xca11);
    let weather = Weather {
        lost: [0, 0, 50, 150, 300][rng.below(5) as usize],
        doubled: [0, 100, 400][rng.below(3) as usize],
        delay_ms_max: [0, 0, 100, 1500][rng.below(4) as usize],
    };
    let lines = PHONES.map(|name| (name, [Line::Udp, Line::Nat, Line::Tcp][rng.below(3) as usize]));
    let mut office = Office::new(seed, weather, &lines);
    office.options.ring = Duration::from_secs([3, 10, 100][rng.below(3) as usize]);
    let others: Vec<_> = PHONES[1..].iter().copied().filter(|_| rng.below(3) > 0).collect();
    office.plan = others.iter().map(|name| (*name, [1000, 1000, 500][rng.below(3) as usize])).collect();
    office.plan.push(("dora", 1000));
    if spoils {
        let mut rng = rng.fork();
        office.spoil = Some(Box::new(move |bytes| spoiled(bytes, &mut rng)));
    }

    let mut acts: BTreeMap<(Instant, u64), (&'static str, Option<SessionId>, Act)> = BTreeMap::new();
    let mut number = 0;
    let mut plan = |acts: &mut BTreeMap<_, _>, at: Instant, name, session, act| {
        number += 1;
        acts.insert((at, number), (name, session, act));
    };
    for _ in 0..=rng.below(2) {
        plan(&mut acts, Instant::from_micros(rng.below(2_000_000)), "anna", None, Act::Call);
    }
    let mut seen = 0;
    loop {
        let due = acts.keys().next().map_or(office.now.mono + Duration::from_secs(130), |(at, _)| *at);
        while office.now.mono < due && office.events.len() == seen {
            office.run_ms(20);
        }
        while let Some((name, session, event)) = office.events.get(seen).cloned() {
            seen += 1;
            let now = office.now.mono;
            let mut soon = |millis: u64| now + Duration::from_millis(rng.below(3) * rng.below(millis));
            match event {
                SessionEvent::Incoming(_) => {
                    let act = [Act::Ring, Act::Answer][usize::from(soon(2) > now)];
                    plan(&mut acts, soon(1500), name, Some(session), act);
                    let refusals = [486, 480, 603, 503].map(|code| StatusCode::new(code).unwrap());
                    let second = match soon(9).since(now).as_millis() {
                        at @ 1..=4 => Act::Reject(refusals[at as usize - 1]),
                        _ => Act::Answer,
                    };
                    plan(&mut acts, soon(4000), name, Some(session), second);
                    plan(&mut acts, now + Duration::from_secs(100), name, Some(session), Act::HangUp);
                    plan(&mut acts, soon(40_000), name, Some(session), Act::HangUp);
                }
                SessionEvent::Answered { .. } => {
                    plan(&mut acts, soon(3000), name, Some(session), Act::Offer);
                    plan(&mut acts, soon(3000), name, Some(session), Act::Info);
                }
                SessionEvent::Offer { .. } => {
                    plan(&mut acts, soon(1000), name, Some(session), Act::AnswerOffer);
                }
                _ => {}
            }
        }
        if office.now.mono < due {
            continue;
        }
        let Some(((_, _), (name, session, act))) = acts.pop_first() else { break };
        let Some(session) = session else {
            let session = office.call(name);
            let end = [100, 2_000, 20_000, 60_000][rng.below(4) as usize] + rng.below(3000);
            let at = office.now.mono + Duration::from_millis(end);
            plan(&mut acts, at, name, Some(session), Act::HangUp);
            continue;
        };
        office.act(name, |agent, now| match act {
            Act::Call => {}
            Act::Ring => agent.ring(session, None, now),
            Act::Answer => agent.answer(session, sdp("answer"), now),
            Act::Reject(status) => agent.reject(session, status, "", now),
            Act::Offer => agent.offer(session, sdp("change"), now),
            Act::AnswerOffer => agent.answer_offer(session, sdp("changed"), now),
            Act::Info => agent.send_info(session, "application/dtmf-relay", sdp("5"), now),
            Act::HangUp => agent.hang_up(session, now),
        });
    }

    if spoils {
        // Where a request was spoiled there may be a call that nobody has planned the end of.
        for name in PHONES {
            for (session, _) in office.phones[name].agent.snapshot().sessions {
                office.act(name, |agent, now| agent.hang_up(session, now));
            }
        }
    }
    let idle = office.run_out(Duration::from_secs(14 * 3600));
    let left: Vec<_> = office.phones.values().map(|phone| phone.agent.snapshot()).collect();
    assert!(
        idle,
        "seed {seed}: {:?} {} {left:?}\n{}",
        office.center.snapshot(),
        office.center.proxied(),
        office.log
    );
    judge(seed, &office)
}

/// One end of each call, nothing after it, and an answer before it if there was one.
fn judge(seed: u64, office: &Office) -> BTreeSet<&'static str> {
    let mut met = BTreeSet::new();
    let mut answered = BTreeSet::new();
    let mut over = BTreeSet::new();
    for (call, event) in &office.told {
        assert!(!over.contains(call), "seed {seed}: {event:?} after the end\n{}", office.log);
        match event {
            ProxyEvent::Ringing { .. } => met.insert("Ringing"),
            ProxyEvent::Answered { .. } => {
                assert!(answered.insert(*call), "seed {seed}: answered twice\n{}", office.log);
                met.insert("Answered")
            }
            ProxyEvent::Ended(end) => {
                over.insert(*call);
                let (name, was_answered) = match end {
                    ProxyEnd::Refused { .. } => ("Refused", false),
                    ProxyEnd::Canceled => ("Canceled", false),
                    ProxyEnd::HungUp { .. } => ("HungUp", true),
                    ProxyEnd::Lost => ("Lost", answered.contains(call)),
                    ProxyEnd::Expired => ("Expired", true),
                    ProxyEnd::Released | ProxyEnd::Completed { .. } => ("other", false),
                };
                assert_eq!(answered.contains(call), was_answered, "seed {seed}: {end:?}\n{}", office.log);
                met.insert(name)
            }
        };
    }
    for call in office.told.iter().map(|(call, _)| call) {
        assert!(over.contains(call), "seed {seed}: a call did not end\n{}", office.log);
    }
    let answers = office.events.iter().filter(|(_, _, event)| matches!(event, SessionEvent::Acked { .. }));
    if answers.map(|(name, ..)| *name).collect::<BTreeSet<_>>().len() > 1 && answered.len() == 1 {
        met.insert("two answers");
    }
    met
}

fn seeds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's driver is its environment")]
    let said = std::env::var("SIP_SEEDS").ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

/// Something is changed in one of four messages.
fn spoiled(bytes: &Bytes, rng: &mut IdSource) -> Bytes {
    if rng.below(4) > 0 || bytes.is_empty() {
        return bytes.clone();
    }
    let mut text = bytes.to_vec();
    let place = rng.below(text.len() as u64) as usize;
    match rng.below(4) {
        0 => text[place] = rng.below(256) as u8,
        1 => {
            let end = (place + rng.below(40) as usize).min(text.len());
            text.drain(place..end);
        }
        2 => {
            let end = (place + rng.below(80) as usize).min(text.len());
            let copy = text[place..end].to_vec();
            text.splice(place..place, copy);
        }
        _ => {
            // A line moves to another place.
            let lines: Vec<_> = String::from_utf8_lossy(&text).split("\r\n").map(str::to_owned).collect();
            let (from, to) = (rng.below(lines.len() as u64) as usize, rng.below(lines.len() as u64) as usize);
            let mut lines = lines;
            let line = lines.remove(from);
            lines.insert(to.min(lines.len()), line);
            text = lines.join("\r\n").into_bytes();
        }
    }
    Bytes::from(text)
}
