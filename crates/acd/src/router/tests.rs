//! Decisions told in lines: what happens on the left, what the router then does on the right.

use super::*;
use base::{Duration, Timestamp};
use std::fmt::Write;

#[test]
fn the_agent_who_was_idle_longest_gets_the_call() {
    check(
        "
        anna ready 0
        bert ready 5
        call 1 support 10
        call 2 support 11
        call 3 support 12
        ",
        "
        call 1 support 10: 1 to anna, idle 10 s, waited 0 s, place 1 of 2 candidates, passed over bert idle 5 s
        call 2 support 11: 2 to bert, idle 6 s, waited 0 s, place 2 of 1 candidates
        call 3 support 12: 3 waits, AllBusy { talking: 2, wrap_up: 0, not_ready: 0 }
        ",
    );
}

#[test]
fn a_ready_agent_takes_the_one_who_waited_longest_over_all_queues() {
    check(
        "
        call 1 sales 10
        call 2 support 9
        faye ready 20
        ",
        "
        call 1 sales 10: 1 waits, NobodyLoggedIn
        call 2 support 9: 2 waits, NobodyLoggedIn
        faye ready 20: 2 to faye, idle 0 s, waited 11 s, place 1 of 1 candidates
        ",
    );
}

#[test]
fn priority_overtakes_waiting_time() {
    check(
        "
        call 1 support 1
        call 2 support 9 priority 5
        anna ready 10
        ",
        "
        call 1 support 1: 1 waits, NobodyLoggedIn
        call 2 support 9 priority 5: 2 waits, NobodyLoggedIn
        anna ready 10: 2 to anna, idle 0 s, waited 1 s, place 1 of 1 candidates, priority 5
        ",
    );
}

#[test]
fn an_agent_without_the_skill_is_passed_over_and_the_reason_names_it() {
    check(
        "
        anna ready 0
        call 1 support 1 needs chinese 2
        chen ready 2
        ",
        r#"
        call 1 support 1 needs chinese 2: 1 waits, NobodyFits { skill: "chinese", needed: 2 }
        chen ready 2: 1 to chen, idle 0 s, waited 1 s, place 1 of 1 candidates, chinese 3 of 2, passed over anna lacks chinese
        "#,
    );
}

#[test]
fn a_call_that_comes_back_keeps_its_place_and_goes_to_the_next_agent() {
    check(
        "
        anna ready 0
        bert ready 1
        call 1 support 2
        anna away 10
        back 1 10
        ",
        "
        call 1 support 2: 1 to anna, idle 2 s, waited 0 s, place 1 of 2 candidates, passed over bert idle 1 s
        back 1 10: 1 to bert, idle 9 s, waited 8 s, place 1 of 1 candidates
        ",
    );
}

#[test]
fn an_agent_who_rests_is_not_asked_until_ready_again() {
    check(
        "
        anna resting 0
        call 1 support 1
        anna ready 5
        ",
        "
        call 1 support 1: 1 waits, AllBusy { talking: 0, wrap_up: 0, not_ready: 1 }
        anna ready 5: 1 to anna, idle 0 s, waited 4 s, place 1 of 1 candidates
        ",
    );
}

#[test]
fn those_who_leave_are_not_offered() {
    check(
        "
        call 1 support 1
        leave 1 2
        anna ready 3
        ",
        "
        call 1 support 1: 1 waits, NobodyLoggedIn
        ",
    );
}

#[test]
fn a_new_configuration_keeps_those_who_wait_and_those_who_work() {
    let mut acd = center();
    acd.enqueue(ticket(1, "support", 1, 0, Vec::new()));
    let (queues, mut agents) = settings();
    agents.retain(|agent| agent.id.as_str() == "bert");
    acd.configure(&queues, &agents);
    acd.agent_is(&"bert".into(), Availability::Ready(Instant::from_micros(5)));
    assert_eq!(acd.next_offer(at(6)).map(|offer| offer.agent), Some("bert".into()));
}

fn check(story: &str, expected: &str) {
    let mut acd = center();
    let mut told = String::new();
    for line in lines(story) {
        let words: Vec<_> = line.split_whitespace().collect();
        let seconds = |at: usize| words[at].parse::<u64>().expect("a number of seconds");
        let (when, called) = match words[0] {
            "call" => {
                let when = seconds(3);
                let priority =
                    word_after(&words, "priority").map_or(0, |word| word.parse().expect("a priority"));
                let needs = word_after(&words, "needs")
                    .map(|skill| SkillNeed { skill: skill.into(), level: 2 })
                    .into_iter()
                    .collect();
                acd.enqueue(ticket(seconds(1), words[2], when, priority, needs));
                (when, Some(InteractionId::from_u64(seconds(1))))
            }
            "leave" => {
                acd.leave(InteractionId::from_u64(seconds(1)));
                (seconds(2), None)
            }
            "back" => {
                acd.give_back(InteractionId::from_u64(seconds(1)));
                (seconds(2), None)
            }
            agent => {
                let since = at(seconds(2)).mono;
                let availability = match words[1] {
                    "ready" => Availability::Ready(since),
                    "resting" => Availability::Resting(since),
                    _ => Availability::NotReady,
                };
                acd.agent_is(&agent.into(), availability);
                (seconds(2), None)
            }
        };
        while let Some(offer) = acd.next_offer(at(when)) {
            writeln!(told, "{line}: {}", tell(&offer)).expect("a String takes all");
        }
        if let Some(why) = called.and_then(|interaction| acd.why_waiting(interaction)) {
            writeln!(told, "{line}: {} waits, {why:?}", words[1]).expect("a String takes all");
        }
        assert_eq!(acd.missed(), [], "after {line}");
    }
    assert_eq!(told.lines().collect::<Vec<_>>(), lines(expected).collect::<Vec<_>>());
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn word_after<'a>(words: &[&'a str], word: &str) -> Option<&'a str> {
    words.iter().position(|one| *one == word).map(|at| words[at + 1])
}

fn tell(offer: &Offer) -> String {
    let why = &offer.why;
    let mut told = format!(
        "{} to {}, idle {} s, waited {} s, place {} of {} candidates",
        offer.interaction.as_u64(),
        offer.agent,
        why.idle.as_secs(),
        why.waited.as_secs(),
        why.position,
        why.candidates
    );
    if why.priority != 0 {
        told += &format!(", priority {}", why.priority);
    }
    for skill in &why.skills {
        told += &format!(", {} {} of {}", skill.skill, skill.has, skill.needed);
    }
    for (agent, passed) in &why.passed_over {
        told += &match passed {
            PassedOver::IdleLess { idle } => format!(", passed over {agent} idle {} s", idle.as_secs()),
            PassedOver::Lacks { skill, .. } => format!(", passed over {agent} lacks {skill}"),
            PassedOver::AskedBefore => format!(", passed over {agent} asked before"),
        };
    }
    told
}

fn at(seconds: u64) -> Now {
    Now { mono: Instant::from_micros(seconds * 1_000_000), utc: Timestamp::default() }.after(Duration::ZERO)
}

fn ticket(number: u64, queue: &str, seconds: u64, priority: i32, needs: Vec<SkillNeed>) -> Ticket {
    Ticket {
        interaction: InteractionId::from_u64(number),
        queue: queue.into(),
        needs,
        priority,
        since: at(seconds).mono,
    }
}

fn settings() -> (Vec<Queue>, Vec<Agent>) {
    let agent = |name: &str, queues: &[&str], skills: &[(&str, u8)]| Agent {
        id: name.into(),
        name: name.to_owned(),
        phone: None,
        queues: queues.iter().map(|queue| QueueId::from(*queue)).collect(),
        skills: skills.iter().map(|(skill, level)| ((*skill).into(), *level)).collect(),
        ready_with_phone: false,
    };
    (
        vec![Queue::new("support".into()), Queue::new("sales".into())],
        vec![
            agent("anna", &["support"], &[]),
            agent("bert", &["support"], &[]),
            agent("chen", &["support"], &[("chinese", 3)]),
            agent("faye", &["sales", "support"], &[]),
        ],
    )
}

fn center() -> Acd {
    let (queues, agents) = settings();
    let mut acd = Acd::new();
    acd.configure(&queues, &agents);
    acd
}
