//! The rules for sound that stand because they were broken elsewhere, each with the tests that prove it here.
//!
//! What a rule is worth shows in its tests; this one sees to it that they are there, under the names that are written here.

#![allow(clippy::disallowed_methods, reason = "it reads the project's own files")]

use std::fs;
use std::path::Path;

/// A rule, where it was broken, and its tests: a file and a name each.
const RULES: [(&str, &[(&str, &str)]); 12] = [
    (
        "media is taken from the signalled address only (CVE-2017-14099, CVE-2025-53399)",
        &[
            ("crates/media/src/gate.rs", "only_the_signalled_address_is_heard_once_it_has_sent"),
            (
                "crates/media/tests/engine/sources.rs",
                "media_from_elsewhere_is_not_heard_and_nothing_is_sent_there",
            ),
            ("crates/net/tests/rtp/main.rs", "two_phones_hear_each_other_and_nobody_else_through_one_thread"),
        ],
    ),
    (
        "a NAT is learned from five packets at most that agree, and where there can be none, from none",
        &[
            (
                "crates/media/src/gate.rs",
                "an_address_behind_a_nat_is_learned_after_five_packets_and_not_before",
            ),
            ("crates/media/src/gate.rs", "sources_that_disagree_teach_nothing"),
            ("crates/media/src/gate.rs", "where_no_nat_can_be_there_is_no_window"),
        ],
    ),
    (
        "the first packet from the signalled address closes the window",
        &[
            ("crates/media/src/gate.rs", "the_first_packet_from_the_signalled_address_closes_the_window"),
            ("crates/media/src/gate.rs", "the_signalled_address_takes_a_learned_ones_place"),
            (
                "crates/media/tests/engine/sources.rs",
                "music_goes_to_the_signalled_address_until_another_is_learned",
            ),
        ],
    ),
    (
        "a sealed packet is authentic before it changes anything",
        &[
            (
                "crates/media/tests/engine/sealing.rs",
                "a_sealed_port_refuses_plain_packets_and_believes_nothing_of_them",
            ),
            (
                "crates/media/tests/engine/sealing.rs",
                "a_packet_that_is_sent_again_by_a_listener_is_counted_and_not_heard",
            ),
            (
                "crates/media/tests/engine/sealing.rs",
                "forged_packets_by_the_thousand_neither_end_a_call_nor_disturb_it",
            ),
        ],
    ),
    (
        "a browser's sound and its hello come from the pair that ICE has verified (CVE-2023-49786, -51443, -51275)",
        &[
            ("crates/net/src/rtp/browser/tests.rs", "a_hello_before_a_check_is_dropped"),
            ("crates/net/src/rtp/browser/tests.rs", "sound_from_an_address_that_has_not_checked_is_nobodys"),
        ],
    ),
    (
        "the certificate of a browser is the one whose fingerprint was signalled",
        &[("crates/net/src/rtp/browser/tests.rs", "a_browser_with_another_certificate_is_never_configured")],
    ),
    (
        "bad packets are counted and end no call (CVE-2021-41105)",
        &[
            ("crates/media/tests/engine/sources.rs", "bad_packets_never_end_a_call"),
            (
                "crates/media/tests/engine/sealing.rs",
                "forged_packets_by_the_thousand_neither_end_a_call_nor_disturb_it",
            ),
            ("crates/net/src/rtp/browser/tests.rs", "a_forged_alert_ends_no_handshake"),
        ],
    ),
    (
        "10 000 packets a second under strange SSRCs cost the honest stream nothing",
        &[
            ("crates/media/src/incoming.rs", "a_flood_of_streams_does_not_disturb_the_one_listened_to"),
            ("crates/media/tests/engine/sources.rs", "a_flood_of_streams_leaves_the_honest_one_untouched"),
            ("crates/net/tests/rtp/main.rs", "an_honest_stream_survives_a_flood_of_forged_ones"),
        ],
    ),
    (
        "lengths are checked: what is no packet, or too long for one, is dropped",
        &[
            ("crates/media/src/incoming.rs", "what_is_not_rtp_or_too_long_is_counted_and_dropped"),
            ("crates/media/tests/engine/sources.rs", "packets_too_long_for_speech_are_dropped_and_counted"),
            (
                "crates/media/tests/engine/chance.rs",
                "whatever_happens_the_picture_is_sound_and_both_engines_draw_the_same",
            ),
        ],
    ),
    (
        "what a peer can make grow has a limit: keys, events, listening, checks, the sound for a program",
        &[
            ("crates/media/src/incoming.rs", "keys_are_counted_once_and_a_flood_of_them_is_not"),
            ("crates/media/src/event.rs", "a_full_queue_leaves_out_only_what_can_be_missed"),
            (
                "crates/media/tests/engine/keys.rs",
                "a_far_end_that_sends_faster_than_sound_is_not_listened_to_any_faster",
            ),
            ("crates/net/src/rtp/line.rs", "a_slow_program_loses_the_oldest_frames_and_is_told_how_many"),
            (
                "crates/net/tests/rtp/main.rs",
                "a_program_that_does_not_listen_loses_sound_and_holds_nobody_up",
            ),
        ],
    ),
    (
        "a panic over one call touches no other",
        &[("crates/net/tests/rtp/main.rs", "a_panic_over_one_call_touches_no_other")],
    ),
    (
        "sound leaves the center only for who has the right, and it is written down before anything is heard",
        &[
            ("crates/web/tests/sound_streams.rs", "who_may_not_hear_is_refused_before_anything_is_opened"),
            ("crates/web/tests/sound_streams.rs", "a_program_hears_a_call_and_speaks_in_it_until_it_is_over"),
        ],
    ),
];

/// The parsers of what strangers send to the sockets of sound, each with a fuzz target of that name.
const FUZZED: [&str; 8] =
    ["rtp", "rtcp", "srtp", "stun", "telephone_event", "sdp", "browser_check", "browser_handshake"];

#[test]
fn every_rule_for_sound_has_its_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace");
    for (rule, tests) in RULES {
        for (file, name) in tests {
            let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(text.contains(&format!("fn {name}(")), "{rule}: {file} has no {name}");
        }
    }
    for target in FUZZED {
        let file = root.join(format!("tests/fuzz/fuzz_targets/{target}.rs"));
        assert!(file.exists(), "{} is not there", file.display());
    }
}
