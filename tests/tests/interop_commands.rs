//! The sub-commands, as operators and their scripts call them: exit codes, sentences, JSON.

#![allow(clippy::disallowed_methods, reason = "these tests start the program and write files for it")]

use std::fs;
use std::process::{Command, Output, Stdio};

use tests::baresip::Phone;
use tests::library;
use tests::place;
use tests::server::{self, Server};
use tests::tree;

#[test]
fn wrong_usage_ends_with_two_and_help_with_zero() {
    assert_eq!(hotline(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(hotline(&["demo", "--no-such-option"]).status.code(), Some(2));
    let help = hotline(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["serve", "demo", "check", "simulate", "migrate", "user"] {
        assert!(stdout(&help).contains(command), "--help does not name {command}");
    }
}

#[test]
fn the_dialplans_that_come_with_it_pass_their_check() {
    let plans: Vec<String> = tree::files(&[".toml"])
        .into_iter()
        .filter(|path| path.starts_with("dialplans"))
        .map(|path| tree::root().join(path).display().to_string())
        .collect();
    assert!(!plans.is_empty(), "there are no dialplans");
    let mut arguments = vec!["check"];
    arguments.extend(plans.iter().map(String::as_str));
    let output = hotline(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn a_broken_dialplan_is_refused_with_file_and_line_and_cure() {
    let folder = place::folder("commands-check");
    let file = folder.join("broken.toml");
    let plan = "name = \"broken\"\nentry = [\"tel:4999\"]\nlanguage = \"en\"\nstart = \"greet\"\n\n[step.greet]\nsay = \"welcome\"\nthen = \"meno\"\n\n[step.menu]\nend = \"self_served\"\n";
    fs::write(&file, plan).expect("written");
    let output = hotline(&["check", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert!(said.contains("broken.toml:8") && said.contains("meno") && said.contains("menu"), "{said}");
}

#[test]
fn a_simulation_is_the_same_twice() {
    let run = || hotline(&["simulate", "--seed", "7", "--calls", "200"]);
    let (first, second) = (run(), run());
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(!stdout(&first).is_empty());
    assert_eq!(stdout(&first), stdout(&second));
}

#[test]
fn an_unknown_key_in_the_configuration_is_refused_with_the_nearest_one() {
    let folder = place::folder("commands-config");
    let file = folder.join("hotline.toml");
    fs::write(&file, "[center]\nname = \"test\"\ndomian = \"hotline.test\"\n").expect("written");
    for command in ["check", "serve"] {
        let output = hotline(&[command, "--config", &file.display().to_string()]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert!(
            said.contains("hotline.toml:3") && said.contains("domian") && said.contains("domain"),
            "{command}: {said}"
        );
    }
}

#[test]
fn the_lists_speak_json() {
    let server = Server::start("commands-lists");
    let mut caller = Phone::caller("+15550160").on(&server);
    caller.call(server.number("echo"));
    caller.hears("something", 20, |sound| sound.seconds_sounding() > 1.0);
    caller.hang_up();
    library::closed(&server.as_admin(), "+15550160");
    let dir = server.folder().join("demo").display().to_string();
    for (command, word) in [("calls", "+15550160"), ("queues", "support"), ("agents", "anna")] {
        let output = hotline(&[command, "--dir", &dir, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{command}: {e}"));
        assert!(json.to_string().contains(word), "{command} --json does not name {word}: {json}");
    }
}

fn hotline(arguments: &[&str]) -> Output {
    Command::new(server::binary())
        .args(arguments)
        .current_dir(tree::root())
        .stdin(Stdio::null())
        .output()
        .expect("hotline can be started")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
