//! Keys that travel in INFO: `application/dtmf-relay` and `application/dtmf`. No RFC says how; everybody knows.
//!
//! ```text
//!  Signal=5          5
//!  Duration=160
//! ```

use base::Duration;
use bytes::Bytes;

/// How much of a body is looked at.
const BODY_BYTES_MAX: usize = 256;

/// The longest press that is believed.
const PRESS_MAX: Duration = Duration::from_secs(60);

/// The content type we send.
pub(super) const RELAY: &str = "application/dtmf-relay";

/// A key that somebody pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPress {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: char,
    /// For how long, if it is said.
    pub duration: Option<Duration>,
}

impl KeyPress {
    /// Reads the body of an INFO of this type. `None` if it is about something else.
    pub fn parse(content_type: &str, body: &[u8]) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let is_relay = kind.eq_ignore_ascii_case(RELAY);
        if !is_relay && !kind.eq_ignore_ascii_case("application/dtmf") {
            return None;
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(BODY_BYTES_MAX)]);
        let value_of = |wanted: &str| {
            text.lines().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        // Some write the long form under the short name.
        let signal = match value_of("Signal") {
            Some(signal) => signal,
            None if is_relay => return None,
            None => text.trim().to_owned(),
        };
        let duration = value_of("Duration")
            .and_then(|text| text.parse().ok())
            .map(|millis| Duration::from_millis(millis).min(PRESS_MAX));
        Some(Self { digit: digit_of(&signal)?, duration })
    }

    /// The body of an INFO that says it.
    pub(super) fn relay(&self) -> Bytes {
        let millis = self.duration.unwrap_or(Duration::from_millis(160)).min(PRESS_MAX).as_millis();
        Bytes::from(format!("Signal={}\r\nDuration={millis}\r\n", self.digit))
    }
}

/// The key as written, or by its event number (RFC 4733 §3.2).
fn digit_of(signal: &str) -> Option<char> {
    let digit = match signal {
        "10" => '*',
        "11" => '#',
        "12" => 'A',
        "13" => 'B',
        "14" => 'C',
        "15" => 'D',
        one => {
            let mut letters = one.chars();
            let letter = letters.next()?.to_ascii_uppercase();
            if letters.next().is_some() {
                return None;
            }
            letter
        }
    };
    "0123456789*#ABCD".contains(digit).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_all_their_spellings() {
        for (kind, body, expected) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some(('5', Some(160)))),
            ("Application/DTMF-Relay; x=y", " signal = * \n duration = 2000000", Some(('*', Some(60_000)))),
            ("application/dtmf-relay", "Signal=11\r\n", Some(('#', None))),
            ("application/dtmf-relay", "5", None),
            ("application/dtmf", "5", Some(('5', None))),
            ("application/dtmf", " d\r\n", Some(('D', None))),
            ("application/dtmf", "Signal=1\r\nDuration=90", Some(('1', Some(90)))),
            ("application/dtmf", "55", None),
            ("application/dtmf", "", None),
            ("application/dtmf-relay", "Signal=!\r\n", None),
            ("application/hook-flash", "5", None),
        ] {
            let read = KeyPress::parse(kind, body.as_bytes());
            let expected = expected
                .map(|(digit, millis)| KeyPress { digit, duration: millis.map(Duration::from_millis) });
            assert_eq!(read, expected, "{kind} {body}");
        }
    }

    #[test]
    fn a_key_that_is_sent_is_read_the_same() {
        for digit in "0123456789*#ABCD".chars() {
            let press = KeyPress { digit, duration: Some(Duration::from_millis(250)) };
            assert_eq!(KeyPress::parse(RELAY, &press.relay()), Some(press));
        }
    }
}
