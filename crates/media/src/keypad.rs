//! Presses keys towards the far end: telephone-events at the pace of packets (RFC 4733 §2.5.1).
//!
//! ```text
//!  Idle ──key──▶ Held ──long enough──▶ Ending (three packets with E) ──▶ Pause ──▶ Idle
//! ```
//!
//! While a key is held or ending, it takes the place of sound. The pause is kept only between keys.

use rtp::{Digit, RtpTime, TelephoneEvent};
use std::collections::VecDeque;

/// How many keys wait their turn; more are dropped.
pub const KEYS_WAITING_MAX: usize = 64;

/// How often the last packet of a key is sent (RFC 4733 §2.5.1.4).
const END_PACKETS: u8 = 3;

/// How loud a key is said to be, in −dBm0.
const VOLUME: u8 = 10;

/// The shortest a key is held, in milliseconds.
const HELD_MS_MIN: u16 = 40;

/// The longest, in units of its clock: it fits into one segment (8 s at 8 kHz, 1.3 s at 48 kHz).
const HELD_UNITS_MAX: u16 = 64_000;

/// How long it is quiet between two keys, at least, in milliseconds; ITU-T Q.24 wants 40 to 70.
const PAUSE_MS: u16 = 60;

#[derive(Clone, Debug)]
enum State {
    Idle,
    Held { digit: Digit, ms: u16, length: u16, began: Option<RtpTime> },
    Ending { digit: Digit, length: u16, began: Option<RtpTime>, left: u8 },
    Pause { ms_left: u16 },
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
        self.waiting.push_back((digit, duration_ms.max(HELD_MS_MIN)));
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

    /// What to send for the next `ms` milliseconds, on a clock of `units_in_ms`: an event and when it began, if it has.
    /// Then call [`Keypad::began`].
    pub fn step(&mut self, ms: u16, units_in_ms: u16) -> Option<(TelephoneEvent, Option<RtpTime>)> {
        if let State::Pause { ms_left } = &mut self.state {
            *ms_left = ms_left.saturating_sub(ms);
            if *ms_left > 0 && !self.waiting.is_empty() {
                return None;
            }
            self.state = State::Idle;
        }
        if matches!(self.state, State::Idle) {
            let (digit, length) = self.waiting.pop_front()?;
            let length = length.min(HELD_UNITS_MAX / units_in_ms.max(1));
            self.state = State::Held { digit, ms: 0, length, began: None };
        }
        let (event, began, next) = match self.state {
            State::Held { digit, ms: before, length, began } => {
                let now = before.saturating_add(ms).min(length);
                let end = now >= length;
                let next = if end {
                    State::Ending { digit, length, began, left: END_PACKETS - 1 }
                } else {
                    State::Held { digit, ms: now, length, began }
                };
                let duration = now.saturating_mul(units_in_ms);
                (TelephoneEvent { code: digit.code(), end, volume: VOLUME, duration }, began, next)
            }
            State::Ending { digit, length, began, left } => {
                let next = if left > 1 {
                    State::Ending { digit, length, began, left: left - 1 }
                } else {
                    State::Pause { ms_left: PAUSE_MS }
                };
                let duration = length.saturating_mul(units_in_ms);
                (TelephoneEvent { code: digit.code(), end: true, volume: VOLUME, duration }, began, next)
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
            match keypad.step(20, 8) {
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
        for (asked_ms, units_in_ms, held) in
            [(0, 8, 320), (u16::MAX, 8, 64_000), (0, 48, 1_920), (u16::MAX, 48, 63_984)]
        {
            let mut keypad = Keypad::new();
            keypad.press(digit('#'), asked_ms);
            let mut longest = 0;
            while let Some((event, _)) = keypad.step(20, units_in_ms) {
                longest = longest.max(event.duration);
            }
            assert_eq!(longest, held);
        }
    }

    fn digit(letter: char) -> Digit {
        Digit::from_char(letter).unwrap()
    }
}
