//! Every mistake an operator can make: the text in, the sentences out.

use super::*;
use crate::source::World;
use proptest::prelude::*;

/// A flow without a mistake.
const GOOD: &str = r#"
name     = "support"
entry    = ["tel:4001", "tel:+491234"]
language = "en"
start    = "greet"

[hours]
use       = "office"
closed_to = "message"

[step.greet]
say  = "welcome"
then = "menu"

[step.menu]
ask       = ["menu", "menu"]
wait      = "5s"
repeat    = 2
on.1      = "billing"
on.2      = "helpdesk"
otherwise = "helpdesk"

[step.billing]
set.skill.billing = 2
then = "helpdesk"

[step.helpdesk]
queue        = "helpdesk"
hold         = "calm"
after."60s"  = "message"
on.no_agents = "message"

[step.message]
record = "leave-message"
then   = "bye"

[step.bye]
end = "voicemail"
"#;

const OFFICE: &str = "zone = \"Europe/Berlin\"\nweekdays = \"09:00-17:00\"";

#[test]
fn a_good_flow_is_found_by_its_numbers() {
    let flows = load(&[("support.toml", GOOD), ("hours/office.toml", OFFICE)]).unwrap();
    let support = FlowId::new("support");
    assert_eq!(flows.entry("4001"), Some(&support));
    assert_eq!(flows.entry("+491234"), Some(&support));
    assert_eq!(flows.entry("4002"), None);
    assert_eq!(flows.flow(&support).unwrap().steps.len(), 6);
    assert_eq!(flows.entries().count(), 2);
    assert_eq!(flows.flows().count(), 1);
}

#[test]
fn what_is_not_toml_is_refused_with_every_place() {
    insta::assert_snapshot!(check("name = support\nentry = [\"tel:1\"\nstart = \"a\""), @r"
    main.toml:1:8: this is not TOML: string values must be quoted, expected literal string; see docs/dialplans.md for how a flow is written
    main.toml:3:1: this is not TOML: missing comma between array elements, expected `,`; see docs/dialplans.md for how a flow is written
    ");
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    insta::assert_snapshot!(check(""), @r#"
    main.toml:1:1: the flow has no "name"; add name = "…" in the first line
    main.toml:1:1: the flow has no "start"; add start = "…" with the name of the first step
    main.toml:1:1: the flow has no "step"; add a step as in [step.greet]
    "#);
}

#[test]
fn unknown_words_are_answered_with_the_nearest_known_one() {
    insta::assert_snapshot!(check(&instead("language = \"en\"", "langauge = \"en\"")), @r#"main.toml:4:1: flow support has the unknown word "langauge"; did you mean "language"?"#);
    insta::assert_snapshot!(check(&instead("otherwise = ", "otherwize = ")), @r#"
    main.toml:15:7: step menu has no "otherwise"; add otherwise = "…" with the name of the step that comes next
    main.toml:21:1: step menu has the unknown word "otherwize"; did you mean "otherwise"?
    "#);
    insta::assert_snapshot!(check(&instead("on.no_agents", "on.noagents")), @r#"main.toml:31:4: "on" of step helpdesk has the unknown word "noagents"; did you mean "no_agents"?"#);
    insta::assert_snapshot!(check(&instead("on.1 ", "on.10 ")), @r#"main.toml:19:4: "on" of step menu has the unknown word "10"; known are the keys 0 to 9, * and #"#);
    insta::assert_snapshot!(check(&instead("[hours]", "[hours]\nzone = \"UTC\"")), @r#"main.toml:8:1: "hours" of flow support has the unknown word "zone"; known are closed_to, use"#);
    insta::assert_snapshot!(check(&instead("set.skill.billing = 2", "set.skills.billing = 2")), @r#"main.toml:24:5: "set" of step billing has the unknown word "skills"; did you mean "skill"?"#);
}

#[test]
fn a_step_does_exactly_one_thing() {
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"", "sya  = \"welcome\"")), @r#"main.toml:12:1: step greet has the unknown word "sya"; did you mean "say"?"#);
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"\n", "")), @"main.toml:11:7: step greet does nothing; give it one of say, ask, queue, record, transfer, set, hours, echo, music, confer, end");
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"", "say  = \"welcome\"\nask = \"menu\"")), @r#"main.toml:13:1: step greet has more than one verb: say, ask; make a step of its own for each and join them with "then""#);
    insta::assert_snapshot!(check(&instead("[step.bye]\nend = \"voicemail\"", "[step]\nbye = \"voicemail\"")), @r#"main.toml:38:7: "bye" is not a step; write [step.bye] and what it does below"#);
}

#[test]
fn things_that_do_not_exist_are_named() {
    insta::assert_snapshot!(check(&instead("queue        = \"helpdesk\"", "queue = \"helpdeks\"")), @r#"main.toml:28:9: there is no queue "helpdeks"; did you mean "helpdesk"?"#);
    insta::assert_snapshot!(check(&instead("hold         = \"calm\"", "hold = \"clam\"")), @r#"main.toml:29:8: there is no music "clam"; did you mean "calm"?"#);
    insta::assert_snapshot!(check(&instead("set.skill.billing", "set.skill.biling")), @r#"main.toml:24:11: there is no skill "biling"; did you mean "billing"?"#);
    insta::assert_snapshot!(check(&instead("language = \"en\"", "language = \"ne\"")), @r#"main.toml:4:12: there is no language "ne"; did you mean "en"?"#);
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"", "say = [\"welcom\", \"menu\"]")), @r#"main.toml:12:8: there is no prompt "welcom"; did you mean "welcome"?"#);
    insta::assert_snapshot!(check(&instead("use       = \"office\"", "use = \"ofice\"")), @r#"main.toml:8:7: there are no opening hours "ofice"; did you mean "office"?"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "end = \"voice_mail\"")), @r#"main.toml:38:7: there is no outcome "voice_mail"; did you mean "voicemail"?"#);
    insta::assert_snapshot!(check(&instead("then   = \"bye\"", "tone = \"baap\"\nthen = \"bye\"")), @r#"main.toml:35:8: there is no tone "baap"; did you mean "beep"?"#);
}

#[test]
fn targets_that_do_not_exist_are_named() {
    insta::assert_snapshot!(check(&instead("then = \"menu\"", "then = \"meun\"")), @r#"main.toml:13:8: there is no step "meun"; did you mean "menu"?"#);
    insta::assert_snapshot!(check(&instead("start    = \"greet\"", "start = \"great\"")), @r#"main.toml:5:9: there is no step "great" to start with; did you mean "greet"?"#);
    insta::assert_snapshot!(check(&instead("on.1      = \"billing\"", "on.1 = \"flow:billing\"")), @r#"main.toml:19:8: there is no flow "billing"; known are support"#);
    insta::assert_snapshot!(check(&instead("closed_to = \"message\"", "closed_to = \"massage\"")), @r#"main.toml:9:13: there is no step "massage"; did you mean "message"?"#);
    insta::assert_snapshot!(check(&instead("then = \"menu\"", "")), @r#"main.toml:11:7: step greet has no "then"; add then = "…" with the name of the step that comes next"#);
    insta::assert_snapshot!(check(&instead("otherwise = \"helpdesk\"", "")), @r#"main.toml:15:7: step menu has no "otherwise"; add otherwise = "…" with the name of the step that comes next"#);
}

#[test]
fn steps_that_nothing_leads_to_are_named() {
    insta::assert_snapshot!(check(&instead("on.1      = \"billing\"", "on.1 = \"helpdesk\"")), @"main.toml:23:7: nothing leads to step billing; lead another step to it with then, on or otherwise, or remove it");
}

#[test]
fn circles_that_never_wait_are_told_step_by_step() {
    insta::assert_snapshot!(check(&instead("set.skill.billing = 2\nthen = \"helpdesk\"", "set.skill.billing = 2\nthen = \"again\"\n[step.again]\nsay = \"welcome\"\nthen = \"billing\"")), @"main.toml:23:7: the circle billing → again → billing never waits for anybody; put a step into it that waits, as ask, queue, record or music do");
    insta::assert_snapshot!(check(&instead("on.no_agents = \"message\"", "on.no_agents = \"helpdesk\"")), @"main.toml:27:7: the circle helpdesk → helpdesk never waits for anybody; put a step into it that waits, as ask, queue, record or music do");
    insta::assert_snapshot!(check(&instead("then = \"menu\"", "then = \"greet\"")), @r"
    main.toml:11:7: the circle greet → greet never waits for anybody; put a step into it that waits, as ask, queue, record or music do
    main.toml:15:7: nothing leads to step menu; lead another step to it with then, on or otherwise, or remove it
    main.toml:23:7: nothing leads to step billing; lead another step to it with then, on or otherwise, or remove it
    main.toml:27:7: nothing leads to step helpdesk; lead another step to it with then, on or otherwise, or remove it
    ");
}

#[test]
fn a_circle_through_two_flows_is_found() {
    let one =
        "name = \"one\"\nentry = \"tel:1\"\nstart = \"a\"\n[step.a]\nsay = \"welcome\"\nthen = \"flow:two\"";
    let two = "name = \"two\"\nstart = \"b\"\n[step.b]\nset.priority = 1\nthen = \"flow:one\"";
    insta::assert_snapshot!(findings(&[("one.toml", one), ("two.toml", two)]), @"one.toml:4:7: the circle a → two:b → a never waits for anybody; put a step into it that waits, as ask, queue, record or music do");
}

#[test]
fn circles_that_wait_are_none_of_our_business() {
    let around =
        instead("then   = \"bye\"", "then = \"menu\"").replace("[step.bye]\nend = \"voicemail\"", "");
    insta::assert_snapshot!(check(&around), @"nothing is wrong");
}

#[test]
fn prompts_must_be_there_in_every_language_that_is_spoken_where_they_are_said() {
    // Chinese is spoken from the billing step on, and there is no Chinese "leave-message".
    let chinese = instead("set.skill.billing = 2", "set.language = \"zh\"");
    insta::assert_snapshot!(check(&chinese), @r#"main.toml:34:10: the prompt "leave-message" is not there in zh, which is spoken here; record media/zh/leave-message.wav, or write what it says ([prompt.leave-message])"#);
    // A flow that names no language may be in any.
    insta::assert_snapshot!(check(&instead("language = \"en\"", "")), @r#"main.toml:34:10: the prompt "leave-message" is not there in zh, which is spoken here; record media/zh/leave-message.wav, or write what it says ([prompt.leave-message])"#);
    // The prompt for wrong keys is one that nobody writes down.
    insta::assert_snapshot!(check(&instead("wait      = \"5s\"", "invalid = \"wrong\"")), @r#"main.toml:17:11: there is no prompt "wrong"; known are invalid-choice, leave-message, menu, welcome"#);
}

#[test]
fn numbers_durations_and_kinds_are_checked() {
    insta::assert_snapshot!(check(&instead("wait      = \"5s\"", "wait = \"5 seconds\"")), @r#"main.toml:17:8: "5 seconds" is no duration for "wait"; write a number and s, m or h, from "1s" to "24h""#);
    insta::assert_snapshot!(check(&instead("wait      = \"5s\"", "wait = 5")), @r#"main.toml:17:8: "wait" is a number; write a duration in quotes, as in "5s", "2m" or "1h""#);
    insta::assert_snapshot!(check(&instead("repeat    = 2", "repeat = 11")), @r#"main.toml:18:10: "repeat" is out of range; write a whole number from 0 to 10"#);
    insta::assert_snapshot!(check(&instead("repeat    = 2", "repeat = \"2\"")), @r#"main.toml:18:10: "repeat" is a text; write a whole number from 0 to 10"#);
    insta::assert_snapshot!(check(&instead("after.\"60s\"", "after.\"1\"")), @r#"main.toml:30:7: "1" is no duration for "after"; write a number and s, m or h, from "1s" to "24h""#);
    insta::assert_snapshot!(check(&instead("after.\"60s\"  = \"message\"", "after.\"60s\"  = \"message\"\nafter.\"1m\" = \"message\"")), @r#"main.toml:31:7: "1m" is there twice; keep one of them"#);
    insta::assert_snapshot!(check(&instead("set.skill.billing = 2", "set.skill.billing = 6")), @r#"main.toml:24:21: "billing" is out of range; write a whole number from 0 to 5"#);
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"", "say = true")), @r#"main.toml:12:7: "say" is true or false; write a text in quotes, or several in [ ] with commas between"#);
    insta::assert_snapshot!(check(&instead("say  = \"welcome\"", "say = [\"welcome\", 3]")), @r#"main.toml:12:7: "say" is a list; write a text in quotes, or several in [ ] with commas between"#);
    insta::assert_snapshot!(check(&instead("name     = \"support\"", "name = \"sup port\"")), @r#"main.toml:2:8: "sup port" is no name for a flow; use up to 64 letters, digits, - and _"#);
    insta::assert_snapshot!(check(&instead("language = \"en\"", "language = \"en\"\nanswer = \"no\"")), @r#"main.toml:5:10: "answer" is a text; write true or false, without quotes"#);
    insta::assert_snapshot!(check(&instead("on.1      = \"billing\"\non.2      = \"helpdesk\"", "on = \"billing\"")), @r#"main.toml:19:6: "on" is a text; write on.… = …, one line for each"#);
    insta::assert_snapshot!(check(&instead("[step.greet]", "[step.\"gr eet\"]\nsay = \"welcome\"\nthen = \"menu\"\n[step.greet]")), @r#"
    main.toml:11:7: "gr eet" is no name for a step; use up to 64 letters, digits, - and _
    main.toml:11:7: nothing leads to step gr eet; lead another step to it with then, on or otherwise, or remove it
    "#);
}

#[test]
fn entries_are_numbers_and_belong_to_one_flow() {
    insta::assert_snapshot!(check(&instead("\"tel:+491234\"", "\"chat:website\"")), @r#"main.toml:3:25: "chat:website" is no way for interactions to come in; write tel: and the number, as in "tel:4001""#);
    insta::assert_snapshot!(check(&instead("\"tel:+491234\"", "\"tel:49 1234\"")), @r#"main.toml:3:25: "49 1234" is no number to be called by; use up to 64 digits or letters, +, *, #, -, _ and ."#);
    let other = GOOD.replace("\"support\"", "\"other\"").replace(", \"tel:+491234\"", "");
    insta::assert_snapshot!(findings(&[("support.toml", GOOD), ("other.toml", &other), ("hours/office.toml", OFFICE)]), @r#"other.toml:3:13: the entry "tel:4001" is taken by flow support; leave it to one of them"#);
    insta::assert_snapshot!(findings(&[("support.toml", GOOD), ("copy.toml", &GOOD.replace("tel:", "tel:9")), ("hours/office.toml", OFFICE)]), @r#"copy.toml:2:12: the name "support" is taken by support.toml; give this flow another name"#);
}

#[test]
fn a_flow_that_nobody_comes_to_is_named() {
    insta::assert_snapshot!(check(&instead("entry    = [\"tel:4001\", \"tel:+491234\"]", "")), @r#"main.toml:2:12: flow support has no entry and no other flow leads to it; add entry = ["tel:…"], or lead to it with "flow:support""#);
}

#[test]
fn a_transfer_needs_a_number_and_an_hours_step_both_ways() {
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "transfer = \"sip:anna@example.com\"")), @r#"main.toml:38:12: "sip:anna@example.com" is no number to call; write up to 32 digits, with + before if needed"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "hours = \"office\"\non.open = \"menu\"")), @r#"main.toml:37:7: step bye has no "on.closed"; add on.closed = "…" with the name of the step that comes then"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "confer = \"lobby\"\npin = \"12a4\"")), @r#"main.toml:39:7: "12a4" is no number to be keyed in for "pin"; write 4 to 12 digits"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "confer = \"lobby\"\nwait_for_moderator = true")), @r#"main.toml:37:7: step bye waits for a moderator who cannot come; add moderator_pin = "…" with 4 to 12 digits"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "confer = \"lobby\"\nmembers_max = 257")), @r#"main.toml:39:15: "members_max" is out of range; write a whole number from 2 to 256"#);
    insta::assert_snapshot!(check(&instead("end = \"voicemail\"", "confer = \"the lobby\"")), @r#"main.toml:38:10: "the lobby" is no name for a conference room; use up to 64 letters, digits, - and _"#);
}

#[test]
fn hours_with_a_mistake_do_not_make_their_users_look_wrong() {
    insta::assert_snapshot!(findings(&[("support.toml", GOOD), ("hours/office.toml", "zone = \"Berlin\"\nmonday = \"9:00-17:00\"")]), @r#"
    hours/office.toml:1:8: there is no time zone "Berlin"; write a continent and a city, as in "Europe/Berlin" or "Asia/Shanghai"
    hours/office.toml:2:10: "9:00-17:00" are no hours; write them as in "09:00-17:30"
    "#);
    insta::assert_snapshot!(findings(&[("support.toml", GOOD)]), @r#"support.toml:8:13: there are no opening hours "office"; write them into hours/office.toml beside the dialplans"#);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let many = GOOD
        .replace("say  = \"welcome\"", "say  = \"wellcome\"")
        .replace("wait      = \"5s\"", "wait = \"5\"")
        .replace("hold         = \"calm\"", "hold = \"loud\"")
        .replace("then   = \"bye\"", "then = \"by\"");
    insta::assert_snapshot!(check(&many), @r#"
    main.toml:12:8: there is no prompt "wellcome"; did you mean "welcome"?
    main.toml:17:8: "5" is no duration for "wait"; write a number and s, m or h, from "1s" to "24h"
    main.toml:29:8: there is no music "loud"; known are calm
    main.toml:35:8: there is no step "by"; did you mean "bye"?
    "#);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    insta::assert_snapshot!(check(&"#".repeat(SOURCE_BYTES_MAX + 1)), @"main.toml:1:1: the file is larger than a dialplan can be; split it into several flows");
}

#[test]
fn the_dialplans_of_the_demo_center_are_good_in_both_languages() {
    let flows = match Flows::load(&files_of("dialplans"), &demo_world()) {
        Ok(flows) => flows,
        Err(findings) => panic!("{findings:#?}"),
    };
    let entries: Vec<_> = flows.entries().map(|(entry, flow)| format!("{entry} {flow}")).collect();
    assert_eq!(entries.join("\n"), include_str!("demo-entries.txt").trim());
}

#[test]
fn every_example_of_the_operators_page_is_good() {
    let page = page();
    let mut files: Vec<Source> = Vec::new();
    for (at, example) in
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).enumerate()
    {
        let name = match example.lines().next().unwrap().strip_prefix("# ") {
            Some(name) => name.to_owned(),
            None => format!("example-{at}.toml"),
        };
        files.push(Source { name, text: example.to_owned() });
    }
    assert_eq!(files.len(), 14);
    if let Err(findings) = Flows::load(&files, &demo_world()) {
        panic!("{findings:#?}");
    }
}

#[test]
fn the_operators_page_has_a_chapter_for_every_verb() {
    let page = page();
    for verb in crate::step::VERBS {
        assert!(page.contains(&format!("\n### {verb}\n")), "{verb}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = load(&[("any.toml", &text)]);
        let _ = load(&[("hours/any.toml", &text)]);
    }

    #[test]
    fn no_flow_with_words_out_of_place_makes_it_panic(
        cuts in proptest::collection::vec((0usize..1000, 0usize..1000), 1..6),
    ) {
        let mut lines: Vec<&str> = GOOD.lines().collect();
        for (from, to) in cuts {
            let (from, to) = (from % lines.len(), to % lines.len());
            let line = lines.remove(from);
            lines.insert(to.min(lines.len()), line);
        }
        let _ = load(&[("any.toml", &lines.join("\n")), ("hours/office.toml", OFFICE)]);
    }

    #[test]
    fn no_flow_with_a_letter_changed_makes_it_panic(at in 0usize..2000, letter in any::<char>()) {
        let mut letters: Vec<char> = GOOD.chars().collect();
        let at = at % letters.len();
        letters[at] = letter;
        let text: String = letters.into_iter().collect();
        let _ = load(&[("any.toml", &text), ("hours/office.toml", OFFICE)]);
        let _ = load(&[("any.toml", &text[..text.floor_char_boundary(at)]), ("hours/office.toml", OFFICE)]);
    }
}

/// The good flow with one thing changed.
fn instead(good: &str, bad: &str) -> String {
    assert!(GOOD.contains(good), "{good}");
    GOOD.replacen(good, bad, 1)
}

/// What is wrong with one flow beside the office's hours.
fn check(text: &str) -> String {
    findings(&[("main.toml", text), ("hours/office.toml", OFFICE)])
}

fn findings(files: &[(&str, &str)]) -> String {
    match load(files) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err(findings) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

fn load(files: &[(&str, &str)]) -> Result<Flows, Vec<Finding>> {
    let files: Vec<Source> = files
        .iter()
        .map(|(name, text)| Source { name: (*name).to_owned(), text: (*text).to_owned() })
        .collect();
    Flows::load(&files, &world())
}

fn world() -> World {
    let mut world = World::default();
    for prompt in ["welcome", "menu", "invalid-choice", "leave-message"] {
        world.add_sound("en", prompt);
    }
    for prompt in ["welcome", "menu", "invalid-choice"] {
        world.add_sound("zh", prompt);
    }
    world.add_sound("music", "calm");
    world.add_sound("tones", "beep");
    world.queues.insert("helpdesk".into());
    world.skills.insert("billing".into());
    world
}

/// The world of the demo center, with the sounds that are in the media folder.
fn demo_world() -> World {
    let mut world = World::default();
    world.queues.extend(["support".into(), "sales".into()]);
    world.skills.extend(["english".into(), "chinese".into()]);
    for (folder, name) in sounds() {
        world.add_sound(&folder, &name);
    }
    world
}

#[allow(clippy::disallowed_methods, reason = "the sample files of this test are those that are delivered")]
fn files_of(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    for folder in [folder.to_owned(), format!("{folder}/hours")] {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
                files.push(Source { name, text: std::fs::read_to_string(path).unwrap() });
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

#[allow(clippy::disallowed_methods, reason = "the sample files of this test are those that are delivered")]
fn sounds() -> Vec<(String, String)> {
    let mut sounds = Vec::new();
    for folder in std::fs::read_dir(root().join("media")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(files) = std::fs::read_dir(&folder) else { continue };
        for file in files {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|ending| ending == "wav") {
                let text = |path: Option<&std::ffi::OsStr>| path.unwrap().to_str().unwrap().to_owned();
                sounds.push((text(folder.file_name()), text(file.file_stem())));
            }
        }
    }
    sounds
}

#[allow(clippy::disallowed_methods, reason = "the page is checked as it is delivered")]
fn page() -> String {
    std::fs::read_to_string(root().join("docs/dialplans.md")).unwrap()
}

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
