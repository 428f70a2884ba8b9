//! Calls on which a third party spoils messages: bytes changed, lines doubled, dropped, stretched. Nobody may fall over,
//! and after the owners have hung up nothing may be left.

mod network;

use base::{Duration, IdSource};
use bytes::Bytes;
use network::{Network, Side, Weather, sdp};
use sip::{SessionEvent, Source};

use Side::{Anna, Bert};

/// How many calls are spoiled.
const SEEDS: u64 = 400;

#[test]
fn spoiled_messages_never_break_anything() {
    for seed in 0..SEEDS {
        check(seed);
    }
}

fn check(seed: u64) {
    let mut rng = IdSource::new(seed ^ 0xbad);
    let mut network = Network::new(seed, Weather { doubled: 100, delay_ms_max: 20, ..Weather::default() });
    network.spoil = Some(Box::new(move |bytes| spoiled(bytes, &mut rng)));
    let call = network.call(Anna);
    let mut seen = 0;
    for step in 0..400 {
        network.run_ms(5);
        while let Some((side, session, event)) = network.events.get(seen).cloned() {
            seen += 1;
            network.act(side, |agent, now| match event {
                SessionEvent::Incoming(_) => {
                    agent.ring(session, None, now);
                    agent.answer(session, sdp("answer"), now);
                }
                SessionEvent::Offer { .. } => agent.answer_offer(session, sdp("changed"), now),
                _ => {}
            });
        }
        if step == 60 {
            network.act(Anna, |agent, now| agent.offer(call, sdp("change"), now));
        }
        if step == 100 {
            network.act(Anna, |agent, now| agent.send_info(call, "application/dtmf-relay", sdp("5"), now));
        }
    }
    network.spoil = None;
    for side in [Anna, Bert] {
        for (session, _) in network.agents[&side].snapshot().sessions {
            network.act(side, |agent, now| agent.hang_up(session, now));
        }
    }
    assert!(network.run_out(Duration::from_secs(300)), "seed {seed}\n{}", network.log);
    let mut begun: Vec<_> = network.events.iter().map(|(side, session, _)| (*side, *session)).collect();
    begun.sort();
    begun.dedup();
    assert_eq!(network.ended(Anna) + network.ended(Bert), begun.len(), "seed {seed}\n{}", network.log);
}

#[test]
fn any_bytes_are_survived() {
    let mut rng = IdSource::new(1);
    let mut network = Network::new(1, Weather::default());
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..rng.below(300)).map(|_| rng.below(256) as u8).collect();
        let source = Source {
            transport: network.transport,
            local: Anna.address(),
            remote: Bert.address(),
            connection: None,
        };
        network.act(Anna, |agent, now| agent.handle_bytes(Bytes::from(bytes), source, now));
    }
    assert!(network.agents[&Anna].is_idle());
}

/// One message in three comes spoiled.
fn spoiled(bytes: &Bytes, rng: &mut IdSource) -> Bytes {
    if rng.below(3) != 0 || bytes.is_empty() {
        return bytes.clone();
    }
    let mut text = bytes.to_vec();
    let at = rng.below(text.len() as u64) as usize;
    let line_start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let line_end =
        text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |found| at + found + 1);
    match rng.below(7) {
        0 => text[at] = rng.below(256) as u8,
        1 => text[at] = b"0123456789;,<>\"= "[rng.below(17) as usize],
        2 => {
            text.remove(at);
        }
        3 => {
            text.drain(line_start..line_end);
        }
        4 => {
            let line = text[line_start..line_end].to_vec();
            text.splice(line_start..line_start, line);
        }
        5 => {
            let length = [10, 8000, 8170, 60_000][rng.below(4) as usize];
            text.splice(at..at, std::iter::repeat_n(b'a', length));
        }
        _ => {
            let other = rng.below(text.len() as u64) as usize;
            text.truncate(other);
        }
    }
    text.into()
}
