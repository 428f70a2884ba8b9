//! A dialplan: loaded or refused with sentences that name a line of it.

#![no_main]

use flow::{Flows, Source, World};
use libfuzzer_sys::fuzz_target;
use model::QueueId;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // A second file behind a form feed: opening hours, which the first may use.
    let (plan, hours) = text.split_once('\u{c}').unwrap_or((text, ""));
    let file = |name: &str, text: &str| Source { name: name.to_owned(), text: text.to_owned() };
    let mut files = vec![file("dialplans/a.toml", plan)];
    if !hours.is_empty() {
        files.push(file("dialplans/hours/office.toml", hours));
    }
    let mut world = World::default();
    world.queues.extend(["support", "sales"].map(QueueId::new));
    for (folder, names) in [
        ("en", &["welcome", "menu-main", "all-busy", "goodbye", "leave-message", "message-saved"][..]),
        ("music", &["calm"]),
        ("tones", &["beep"]),
    ] {
        names.iter().for_each(|name| world.add_sound(folder, name));
    }
    match Flows::load(&files, &world) {
        Ok(flows) => {
            for (_, id) in flows.entries() {
                assert!(flows.flow(id).is_some());
            }
            let _ = flows.is_open("office", base::Timestamp::from_millis(1_800_000_000_000));
        }
        Err(findings) => {
            assert!(!findings.is_empty());
            for finding in findings {
                assert!(!finding.to_string().is_empty());
            }
        }
    }
});
