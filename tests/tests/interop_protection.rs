//! Floods, scanners and guessers from addresses of their own, while phones call each other.

#![allow(clippy::disallowed_methods, reason = "these tests start the program and write files for it")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use tests::baresip::Phone;
use tests::center::Settings;
use tests::patience;
use tests::place;
use tests::server::{self, Server};
use tests::stranger::{Stranger, status};

#[test]
fn a_scanner_and_a_flood_are_cut_off_while_a_call_goes_on() {
    let folder = place::folder("protection-flood");
    write_center(&folder, "", "");
    let server = Server::serve(&folder);
    let udp = server.ready.sip.udp;
    let mut bert = Phone::of_user("1002", "bert's").playing(550.0).ringing().on(&server).registered();
    let mut anna = Phone::of_user("1001", "anna's").ringing().on(&server).registered();

    // A scanner says what it is, and is never heard again.
    let mut scanner = Stranger::at(66, udp);
    for user in 0..50 {
        let scan = scanner.request("OPTIONS", DOMAIN, &user.to_string(), "User-Agent: friendly-scanner\r\n");
        scanner.send(&scan);
    }
    patience::expect("the scanner is banned", 20, || bans(&folder).contains(r#""address":"127.0.0.66""#));
    let question = scanner.request("OPTIONS", DOMAIN, "1", "User-Agent: Phone\r\n");
    scanner.send(&question);

    // Another one says nothing, and asks and calls without end, as fast as it can.
    let (over, flooded) = (AtomicBool::new(false), AtomicUsize::new(0));
    let flood = || {
        let mut flooder = Stranger::at(67, udp);
        while !over.load(Ordering::Relaxed) {
            for n in 0..100 {
                let method = ["INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE"][n % 4];
                let request = flooder.request(method, DOMAIN, &format!("{}", n % 30), "");
                flooder.send(&request);
            }
            flooder.received();
            flooded.fetch_add(100, Ordering::Relaxed);
            // About 5 000 in a second.
            thread::park_timeout(std::time::Duration::from_millis(20));
        }
        flooder
    };
    let flooder = thread::scope(|scope| {
        let flooding = scope.spawn(flood);
        anna.dial("1002");
        bert.rings(30);
        bert.accept();
        anna.connected(30);
        anna.hears("bert", 40, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
        bert.hears("anna", 40, |sound| sound.last(1.0).tone_share(660.0) > 0.9);
        patience::expect("the flood is one", 60, || flooded.load(Ordering::Relaxed) > 10_000);
        anna.hears("bert still", 40, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
        anna.hang_up();
        bert.ended(30);
        over.store(true, Ordering::Relaxed);
        flooding.join().expect("the flood ends")
    });

    assert!(scanner.received().is_empty(), "a scanner is not answered");
    let (sent, received) = flooder.bytes;
    assert!(sent > 1_000_000, "{sent} bytes are no flood");
    assert!(received < sent / 10, "{received} bytes came back for {sent}");
    let figures = server.as_admin().get("/metrics").text();
    assert!(figure(&figures, "hotline_sip_kept_out_total") >= 49, "{figures}");
    // How much of a flood goes into its rate, and how much comes after the ban, is the machine's to say.
    let is_banned = bans(&folder).contains("127.0.0.67");
    assert!(figure(&figures, "hotline_sip_limited_total") > 100 || is_banned, "{figures}");
    assert_eq!(figure(&figures, "hotline_sip_banned_addresses"), 1 + u64::from(is_banned));

    let lifted = hotline(&folder, &["bans", "lift", "127.0.0.66"]);
    assert!(lifted.status.success(), "{lifted:?}");
    assert!(!bans(&folder).contains("127.0.0.66"));
    let question = scanner.request("OPTIONS", DOMAIN, "1", "User-Agent: Phone\r\n");
    assert_eq!(status(&scanner.asks(&question).expect("it is heard again")), "200");
}

#[test]
fn ten_wrong_passwords_harm_nobody_but_the_guesser() {
    let folder = place::folder("protection-guessing");
    write_center(&folder, "", "");
    let server = Server::serve(&folder);
    let (mut guesser, mut owner) =
        (Stranger::at(2, server.ready.sip.udp), Stranger::at(3, server.ready.sip.udp));
    for guess in 0..10 {
        assert_eq!(guesser.registers(DOMAIN, "1001", &format!("guess {guess}")), "403");
    }
    assert_eq!(guesser.registers(DOMAIN, "1001", "anna's"), "403", "even if it guesses right now");
    assert_eq!(owner.registers(DOMAIN, "1001", "anna's"), "200");
    let listed = bans(&folder);
    assert!(
        listed.contains(r#""address":"127.0.0.2""#) && listed.contains(r#""user":"1001""#),
        "the operator sees it: {listed}"
    );
    let table = hotline(&folder, &["bans"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(table.contains("user 1001") && table.contains("tried 10 wrong passwords"), "{table}");
    let lifted = hotline(&folder, &["bans", "lift", "127.0.0.2"]);
    assert_eq!(String::from_utf8_lossy(&lifted.stdout), "127.0.0.2 is heard again\n");
    assert_eq!(guesser.registers(DOMAIN, "1001", "anna's"), "200");
    assert_eq!(hotline(&folder, &["bans", "lift", "127.0.0.2"]).status.code(), Some(1), "once is enough");
}

#[test]
fn when_a_carrier_brings_too_much_it_is_asked_to_come_later_and_a_call_goes_on() {
    let folder = place::folder("protection-overload");
    let carrier = "[[trunk]]\nname = \"carrier\"\naccept_from = [\"127.0.0.9\"]\n";
    // So short a lag is a loaded machine's every day: here it is to be reached.
    write_center(&folder, "lag = \"20ms\"\n", carrier);
    let server = Server::serve(&folder);
    let mut anna = Phone::of_user("1001", "anna's").ringing().on(&server).registered();
    let mut bert = Phone::of_user("1002", "bert's").playing(550.0).ringing().on(&server).registered();
    anna.dial("1002");
    bert.rings(30);
    bert.accept();
    anna.connected(30);

    let mut carrier = Stranger::at(9, server.ready.sip.udp);
    let refused = patience::until(60, || {
        for _ in 0..500 {
            let call = carrier.request("INVITE", DOMAIN, "4999", "");
            carrier.send(&call);
        }
        carrier.received().into_iter().find(|answer| answer.contains("\r\nRetry-After: "))
    });
    let refused = refused.expect("something is shed");
    assert_eq!(status(&refused), "503", "{refused}");
    let seconds = refused.split_once("\r\nRetry-After: ").and_then(|(_, rest)| rest.split_once("\r\n"));
    let seconds: u64 = seconds.and_then(|(seconds, _)| seconds.parse().ok()).expect("seconds");
    assert!((5..=20).contains(&seconds), "{refused}");

    anna.hears("bert", 40, |sound| sound.last(1.0).tone_share(550.0) > 0.9);
    anna.hang_up();
    bert.ended(30);
    assert!(figure(&server.as_admin().get("/metrics").text(), "hotline_sip_shed_total") > 0);
    assert!(server.log().contains("there is more to do than can be done"), "the operator is told");
}

const DOMAIN: &str = "center.test";

/// Writes a small center with two phones, for whom nobody on this machine is a carrier.
fn write_center(folder: &Path, protection: &str, more: &str) {
    let more = format!(
        "[protection]\n{protection}\n\
         [[phone]]\nuser = \"1001\"\npassword = \"anna's\"\n\n[[phone]]\nuser = \"1002\"\npassword = \"bert's\"\n\n{more}",
    );
    Settings { domain: DOMAIN, more: &more, ..Settings::default() }.write(folder);
}

fn bans(folder: &Path) -> String {
    let output = hotline(folder, &["bans", "--json"]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn hotline(folder: &Path, arguments: &[&str]) -> Output {
    let config = folder.join("hotline.toml");
    Command::new(server::binary())
        .args(arguments)
        .args(["--config", &config.display().to_string()])
        .output()
        .expect("hotline can be started")
}

/// The value of a figure without labels.
fn figure(figures: &str, name: &str) -> u64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse::<f64>().ok())
        .unwrap_or_else(|| panic!("no {name} in {figures}")) as u64
}
