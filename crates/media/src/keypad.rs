//! Presses keys towards the far end: telephone-events at the pace of packets (RFC 4733 §2.5.1).
//!
//! ```text
//!  Idle ──key──▶ Held ──long enough──▶ Ending (three packets with E) ──▶ Pause ──▶ Idle
//! ```
//!
//! While a key is held or ending, it takes the place of sound. The pause is kept only between keys.

use base::Duration;
use rtp::{Digit, RtpTime, TelephoneEvent};
use std::collections::VecDeque;

/// How many keys wait their turn; more are dropped.
pub const KEYS_WAITING_MAX: usize = 64;

/// How often the last packet of a key is sent (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;

/// How loud a key is said to be, in −dBm0.
const VOLUME: u8 = 10;

/// The shortest and the longest a key is held, in milliseconds; the longest fits into one segment.
const HELD_MS: core::ops::RangeInclusive<u16> = 40..=8_000;

/// How long it is quiet between two keys, at least; ITU-T Q.24 wants 40 ms to 70 ms.
const PAUSE: Duration = Duration::from_millis(60);

/// Samples in a millisecond.
const UNITS_PER_MS: u32 = 8;

#[derive(Clone, Debug)]
enum State {
    Idle,
    Held { digit: Digit, units: u16, length: u16, began: Option<RtpTime> },
    Ending { digit: Digit, length: u16, began: Option<RtpTime>, left: u8 },
    Pause { units_left: u32 },
}

/// Keys on their way out.
#[derive(Clone, Debug)]
pub struct Keypad {
    waiting: VecDeque<(Digit, u16)>,
    state: State,
}

impl Keypad {
    /// No key down.
    pub fn new() -> Self {
        Self { waiting: VecDeque::new(), state: State::Idle }
    }

    /// Presses a key when those before it are through. `false` if too many wait.
    pub fn press(&mut self, digit: Digit, duration_ms: u16) -> bool {
        if self.waiting.len() >= KEYS_WAITING_MAX {
            return false;
        }
        let held_ms = duration_ms.clamp(*HELD_MS.start(), *HELD_MS.end());
        self.waiting.push_back((digit, held_ms * UNITS_PER_MS as u16));
        true
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Whether there is nothing to do any more.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && matches!(self.state, State::Idle)
    }

    /// Whether keys take the place of sound just now.
    pub fn is_pressing(&self) -> bool {
        matches!(self.state, State::Held { .. } | State::Ending { .. })
    }

    /// What to send for the next `units` of time: an event and when it began, if it has. Then call [`Keypad::began`].
    pub fn step(&mut self, units: u16) -> Option<(TelephoneEvent, Option<RtpTime>)> {
        if let State::Pause { units_left } = &mut self.state {
            *units_left = units_left.saturating_sub(u32::from(units));
            if *units_left > 0 && !self.waiting.is_empty() {
                return None;
            }
            self.state = State::Idle;
        }
        if matches!(self.state, State::Idle) {
            let (digit, length) = self.waiting.pop_front()?;
            self.state = State::Held { digit, units: 0, length, began: None };
        }
        let (event, began, next) = match self.state {
            State::Held { digit, units: before, length, began } => {
                let now = before.saturating_add(units).min(length);
                let end = now >= length;
                let next = if end {
                    State::Ending { digit, length, began, left: END_PACKETS - 1 }
                } else {
                    State::Held { digit, units: now, length, began }
                };
                (TelephoneEvent { code: digit.code(), end, volume: VOLUME, duration: now }, began, next)
            }
            State::Ending { digit, length, began, left } => {
                let next = if left > 1 {
                    State::Ending { digit, length, began, left: left - 1 }
                } else {
                    State::Pause { units_left: PAUSE.as_millis() as u32 * UNITS_PER_MS }
                };
                (
                    TelephoneEvent { code: digit.code(), end: true, volume: VOLUME, duration: length },
                    began,
                    next,
                )
            }
            State::Idle | State::Pause { .. } => return None,
        };
        self.state = next;
        Some((event, began))
    }

    /// Notes the timestamp under which the running key went out.
    pub fn began(&mut self, at: RtpTime) {
        if let State::Held { began, .. } | State::Ending { began, .. } = &mut self.state {
            began.get_or_insert(at);
        }
    }
}

impl Default for Keypad {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_go_out_one_after_the_other() {
        let mut keypad = Keypad::new();
        assert!(keypad.press(digit('1'), 60) && keypad.press(digit('2'), 60));
        let mut line = String::new();
        for _ in 0..20 {
            match keypad.step(160) {
                Some((event, began)) => {
                    keypad.began(RtpTime(5));
                    let (key, end) = (event.digit().unwrap(), if event.end { "e" } else { "" });
                    let begun = if began.is_some() { "" } else { "!" };
                    line += &format!("{key}{begun}{}{end} ", event.duration);
                }
                None => line += "- ",
            }
        }
        assert_eq!(
            line.trim_end_matches(['-', ' ']),
            "1!160 1320 1480e 1480e 1480e - - 2!160 2320 2480e 2480e 2480e",
            "each held for 60 ms, its end three times, a pause between"
        );
        assert!(keypad.is_idle());
    }

    #[test]
    fn too_many_keys_are_refused() {
        let mut keypad = Keypad::new();
        for _ in 0..KEYS_WAITING_MAX {
            assert!(keypad.press(digit('1'), 100));
        }
        assert!(!keypad.press(digit('1'), 100));
    }

    #[test]
    fn no_key_is_too_short_or_too_long_for_its_packets() {
        for (asked_ms, held) in [(0, 320), (u16::MAX, 64_000)] {
            let mut keypad = Keypad::new();
            keypad.press(digit('#'), asked_ms);
            let mut longest = 0;
            while let Some((event, _)) = keypad.step(160) {
                longest = longest.max(event.duration);
            }
            assert_eq!(longest, held);
        }
    }

    fn digit(letter: char) -> Digit {
        Digit::from_char(letter).unwrap()
    }
}
