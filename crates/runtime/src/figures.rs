//! What /metrics shows of the program.

use crate::Counters;
use archive::Recorder;
use std::sync::Arc;
use store::Writer;
use web::Metrics;

type Figure<T> = (&'static str, &'static str, fn(&T) -> u64);

/// Registers every figure.
pub(crate) fn register(
    metrics: &Metrics,
    counters: &Arc<Counters>,
    writer: &Arc<Writer>,
    recorder: &Recorder,
) {
    let load: [Figure<Counters>; 5] = [
        ("hotline_interactions_open", "Interactions that are not closed.", |it| {
            it.load().interactions as u64
        }),
        ("hotline_legs_open", "Call legs, those on their way out included.", |it| it.load().legs as u64),
        ("hotline_registrations", "Phones that are registered.", |it| it.load().registrations as u64),
        ("hotline_sip_connections", "SIP connections over streams.", |it| it.load().connections as u64),
        ("hotline_sip_dialogs_and_transactions", "SIP dialogs and transactions.", |it| {
            it.load().signalling as u64
        }),
    ];
    for (name, help, ask) in load {
        let counters = Arc::clone(counters);
        metrics.ask_gauge(name, help, &[], move || reading(ask(&counters)));
    }
    let guarded: [Figure<Counters>; 2] = [
        ("hotline_sip_banned_addresses", "Addresses that are kept out.", |it| it.guarded().0),
        (
            "hotline_sip_shedding",
            "How much is turned away for want of time: up to 1000 of strangers, to 2000 of phones' calls, to 3000 of \
             carriers' calls, to 4000 of refreshes.",
            |it| it.guarded().1,
        ),
    ];
    for (name, help, ask) in guarded {
        let counters = Arc::clone(counters);
        metrics.ask_gauge(name, help, &[], move || reading(ask(&counters)));
    }
    let turned_away: [Figure<Counters>; 5] = [
        ("hotline_sip_kept_out_total", "Messages dropped unread: their address is banned or denied.", |it| {
            it.tally().kept_out
        }),
        ("hotline_sip_limited_total", "Requests beyond a rate for strangers.", |it| it.tally().limited),
        ("hotline_sip_shed_total", "Requests turned away for want of time.", |it| it.tally().shed),
        (
            "hotline_sip_unanswered_total",
            "Answers to strangers that were larger than what they sent.",
            |it| it.tally().unanswered,
        ),
        ("hotline_sip_bans_total", "Addresses that were banned.", |it| it.tally().banned),
    ];
    for (name, help, ask) in turned_away {
        let counters = Arc::clone(counters);
        metrics.ask_counter(name, help, &[], move || ask(&counters));
    }
    let moved: [Figure<Counters>; 2] = [
        (
            "hotline_media_ports_moved_total",
            "Legs that changed media threads to meet others.",
            Counters::moved,
        ),
        (
            "hotline_media_browser_packets_dropped_total",
            "Packets of browsers that found no room on the way between two media threads.",
            Counters::browsers_lost,
        ),
    ];
    for (name, help, ask) in moved {
        let counters = Arc::clone(counters);
        metrics.ask_counter(name, help, &[], move || ask(&counters));
    }
    let stored: [Figure<Writer>; 3] = [
        ("hotline_records_waiting", "Records waiting in memory for the database.", |it| {
            it.stats().queued as u64
        }),
        ("hotline_records_spooled_bytes", "Bytes waiting on disk for the database.", |it| {
            it.stats().spooled_bytes
        }),
        ("hotline_database_up", "Whether the database takes records.", |it| {
            u64::from(it.stats().database_up)
        }),
    ];
    for (name, help, ask) in stored {
        let writer = Arc::clone(writer);
        metrics.ask_gauge(name, help, &[], move || reading(ask(&writer)));
    }
    let recorded: [Figure<Recorder>; 3] = [
        ("hotline_recordings_free_bytes", "Room for recordings on their disk.", |it| it.stats().free_bytes),
        ("hotline_recordings_active", "Recordings that go on.", |it| it.stats().active),
        ("hotline_recordings_failed", "Recordings that went wrong since the start.", |it| it.stats().failed),
    ];
    for (name, help, ask) in recorded {
        let recorder = recorder.clone();
        metrics.ask_gauge(name, help, &[], move || reading(ask(&recorder)));
    }
    let recorder = recorder.clone();
    metrics.ask_counter(
        "hotline_recorded_frames_dropped_total",
        "Pieces of sound that found the recorder's ring full and are missing in recordings.",
        &[],
        move || recorder.stats().dropped,
    );
}

/// Prometheus knows only floating point; whole numbers are exact up to 2⁵³.
fn reading(value: u64) -> f64 {
    value as f64
}
