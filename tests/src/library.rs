//! What the center says about itself over HTTP, asked the way the tests need it: by the caller's number, until it is so.

use serde_json::Value;

use crate::http::Http;
use crate::patience;
use crate::sound::Sound;

/// How long the record of an event may take to become visible.
const VISIBLE_S: u64 = 20;

/// How long a SIP transaction over UDP may outlive its call: 64·T1 (RFC 3261 §17), after a BYE that was repeated as long.
const SIGNALLING_S: u64 = 75;

/// The interactions, newest first.
pub fn interactions(http: &Http) -> Vec<Value> {
    let page = http.json("/api/v1/interactions");
    page["interactions"].as_array().unwrap_or_else(|| panic!("no list of interactions in {page}")).clone()
}

/// Waits until there is an interaction from this number and `is_so` holds of it.
pub fn interaction_where(http: &Http, number: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    let found = patience::until(VISIBLE_S, || {
        let all = interactions(http);
        let ours = all.into_iter().find(|one| one["from"]["number"].as_str() == Some(number))?;
        last = ours;
        is_so(&last).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("the interaction of {number} is not {what} after {VISIBLE_S} s: {last:#}"))
}

/// Waits until the interaction of this number is closed, and gives it.
pub fn closed(http: &Http, number: &str) -> Value {
    interaction_where(http, number, "closed", |one| one["state"] == "closed")
}

/// The lines of an interaction's timeline.
pub fn timeline(http: &Http, id: &str) -> Vec<Value> {
    let timeline = http.json(&format!("/api/v1/interactions/{id}/timeline"));
    timeline["lines"].as_array().unwrap_or_else(|| panic!("no lines in {timeline}")).clone()
}

/// The kinds of the lines, in order, without SIP messages.
pub fn story(lines: &[Value]) -> Vec<String> {
    let kinds = lines.iter().filter_map(|line| line["kind"].as_str());
    kinds.filter(|kind| *kind != "sip").map(str::to_owned).collect()
}

/// Fails unless the lines of `wanted` come in this order, whatever stands between them.
pub fn assert_in_order(lines: &[Value], wanted: &[&str]) {
    let story = story(lines);
    let mut rest = story.iter();
    for kind in wanted {
        assert!(
            rest.any(|line| line == kind),
            "no {kind:?} in its place: wanted {wanted:?}, the timeline is {story:?}"
        );
    }
}

/// The only line of a kind.
pub fn line<'a>(lines: &'a [Value], kind: &str) -> &'a Value {
    let mut found = lines.iter().filter(|line| line["kind"] == kind);
    let line = found.next().unwrap_or_else(|| panic!("no line {kind:?} in {:?}", story(lines)));
    assert!(found.next().is_none(), "more than one line {kind:?} in {:?}", story(lines));
    line
}

/// The recording of an interaction, as a player gets it.
pub fn recording(http: &Http, id: &str) -> Sound {
    let path = format!("/api/v1/interactions/{id}/recording");
    let answer = patience::until(VISIBLE_S, || Some(http.get(&path)).filter(|answer| answer.status == 200));
    let answer = answer.unwrap_or_else(|| panic!("GET {path}: {}", http.get(&path).text()));
    assert_eq!(answer.header("content-type"), Some("audio/wav"));
    Sound::parse(&answer.body).unwrap_or_else(|e| panic!("GET {path}: {e}"))
}

/// Waits until no leg is left, and with it no port. Transactions are forgotten half a minute later.
pub fn no_leg_is_left(http: &Http) {
    let none = || http.get("/metrics").text().contains("hotline_legs_open 0\n");
    patience::expect("no leg is left", VISIBLE_S, none);
}

/// Waits until nothing is left of any call: no interaction, no leg, no SIP dialog or transaction. That takes half a minute
/// after an INVITE (RFC 6026 §7.1, timer L), so one test of each kind asks for it, and the others for [`no_leg_is_left`].
pub fn nothing_is_left(http: &Http) {
    let mut left = Vec::new();
    let names = ["hotline_interactions_open", "hotline_legs_open", "hotline_sip_dialogs_and_transactions"];
    let empty = patience::until(SIGNALLING_S, || {
        let text = http.get("/metrics").text();
        let figures = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
        left = figures.map(str::to_owned).collect();
        assert_eq!(left.len(), names.len(), "{text}");
        left.iter().all(|line| line.ends_with(" 0")).then_some(())
    });
    assert!(empty.is_some(), "after {SIGNALLING_S} s something is left: {left:?}");
}

/// Waits until an agent is in a state.
pub fn agent_is(http: &Http, agent: &str, state: &str) {
    let mut last = Value::Null;
    let reached = patience::until(VISIBLE_S, || {
        let all = http.json("/api/v1/agents");
        let list = all["agents"]
            .as_array()
            .or(all.as_array())
            .unwrap_or_else(|| panic!("no list of agents in {all}"));
        last = list
            .iter()
            .find(|one| one["id"] == agent)
            .unwrap_or_else(|| panic!("no agent {agent} in {all}"))
            .clone();
        (last["state"] == state).then_some(())
    });
    assert!(reached.is_some(), "{agent} is not {state} after {VISIBLE_S} s: {last}");
}
