//! The table of floors: which crate stands where in `crates/ARCHITECTURE.md`.
//!
//! It is written down here and not derived, so that moving a crate is a change somebody sees.

/// Which crate stands on which floor. A new crate gets its line here first.
pub const FLOORS: &[(u8, &[&str])] = &[
    (0, &["base"]),
    (1, &["model", "sip-message", "sdp", "rtp", "srtp", "browser-peer", "codec"]),
    (2, &["sip", "media", "flow", "acd", "dialer", "workforce", "knowledge", "report", "access", "guard"]),
    (3, &["telephony", "center"]),
    (4, &["net", "store", "web", "channels", "speech", "archive", "integrations"]),
    (5, &["runtime", "sim"]),
    (6, &["hotline"]),
];

/// The highest floor that may not touch the world: no clock, sockets, files, threads, chance.
pub const LAST_BLIND_FLOOR: u8 = 3;

/// The floor of a crate, if it is one of ours.
pub fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, names)| names.contains(&name)).map(|(floor, _)| *floor)
}

/// Whether a crate may not touch the world.
pub fn is_blind(name: &str) -> bool {
    floor(name).is_some_and(|floor| floor <= LAST_BLIND_FLOOR)
}
