//! The SIP messages of a leg, for its story: without what would let a reader log in.

use crate::machine::Timer;
use crate::{Output, Telephony};
use base::{Duration, Now};
use bytes::Bytes;
use model::LegId;
use model::query::SipMessage;
use sip::{SessionId, Trace};
use sip_message::{HeaderName, Message};

/// The longest message kept whole.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How long after a dialog's end messages of it may come: 64·T1 (RFC 3261 §17), and a little.
const LATE_MESSAGES: Duration = Duration::from_secs(33);

/// Messages kept of a dialog before it has a leg.
const EARLY_MESSAGES_MAX: usize = 8;

/// Dialogs without a leg whose messages are kept. More are not written down; their calls go on.
const EARLY_STORIES_MAX: usize = 1024;

/// Whose story the messages of a dialog belong to.
#[derive(Debug)]
pub(crate) enum Story {
    /// Nobody's yet: the call was not admitted so far.
    Early(Vec<SipMessage>),
    /// A leg's.
    Of(LegId),
}

impl Telephony {
    /// The dialog is the leg's from here on.
    pub(crate) fn bind(&mut self, session: SessionId, leg: LegId) {
        self.by_session.insert(session, leg);
        self.deadlines.stop(&Timer::Forget(session));
        if let Some(Story::Early(messages)) = self.stories.insert(session, Story::Of(leg)) {
            let messages = messages.into_iter().map(|message| Output::Ladder(SipMessage { leg, ..message }));
            self.outputs.extend(messages);
        }
    }

    /// The dialog is over for the leg; late messages still belong to its story.
    pub(crate) fn unbind(&mut self, session: SessionId, now: Now) {
        self.by_session.remove(&session);
        self.deadlines.set(Timer::Forget(session), now.mono + LATE_MESSAGES);
    }

    pub(crate) fn ladder(&mut self, trace: &Trace, now: Now) {
        let (text, has_keys) = blotted(&trace.bytes);
        if has_keys && !trace.transport.is_secure() && !std::mem::replace(&mut self.bare_keys_told, true) {
            let what = format!(
                "keys of SRTP are sent over {} with {}, where others can read them; this is not said again",
                trace.transport.uri_name(),
                trace.remote
            );
            self.outputs.push_back(Output::Trouble(what));
        }
        let (transport, remote) = (trace.transport.uri_name(), trace.remote);
        let message = |leg| SipMessage {
            leg,
            at: now.utc,
            sent: trace.sent,
            transport: transport.to_owned(),
            remote: remote.to_string(),
            text,
        };
        let has_room = self.stories.len() < EARLY_STORIES_MAX + 2 * self.by_session.len();
        match self.stories.get_mut(&trace.session) {
            Some(Story::Of(leg)) => {
                let message = message(*leg);
                self.outputs.push_back(Output::Ladder(message));
            }
            Some(Story::Early(messages)) if messages.len() < EARLY_MESSAGES_MAX => {
                messages.push(message(LegId::from_u64(0)));
            }
            Some(Story::Early(_)) => {}
            None if has_room => {
                self.stories.insert(trace.session, Story::Early(vec![message(LegId::from_u64(0))]));
                // A call that is not admitted never gets a leg.
                self.deadlines.set(Timer::Forget(trace.session), now.mono + LATE_MESSAGES);
            }
            None => {}
        }
    }
}

/// The text of a message without the answers to challenges and without keys; and whether there were keys.
fn blotted(whole: &[u8]) -> (String, bool) {
    let bytes = &whole[..whole.len().min(TEXT_BYTES_MAX)];
    if !may_hold_secrets(bytes) {
        // Checking is much faster than mending, and hardly a message has to be mended.
        let text = std::str::from_utf8(bytes)
            .map_or_else(|_| String::from_utf8_lossy(bytes).into_owned(), str::to_owned);
        return (text, false);
    }
    let head = if tells_key(whole) { head_length(bytes) } else { None };
    let text = String::from_utf8_lossy(&bytes[..head.unwrap_or(bytes.len())]);
    let mut out = String::with_capacity(text.len());
    let (mut secret, mut has_keys) = (false, false);
    for line in text.split_inclusive('\n') {
        // A folded line belongs to the header above it.
        let folded = line.starts_with([' ', '\t']);
        if !(folded && secret) {
            let name = line.split(':').next().unwrap_or_default();
            secret = SECRET_HEADERS.iter().any(|secret| name.trim_end().eq_ignore_ascii_case(secret));
            if secret {
                out.push_str(name);
                out.push_str(": (not kept)\r\n");
            }
        }
        if let Some(key) = line.strip_prefix(CRYPTO) {
            // Which suite it is for may be known.
            has_keys = true;
            let named = key.split_once(" inline:").map_or("", |(named, _)| named);
            out.push_str(CRYPTO);
            out.push_str(named);
            out.push_str(" (not kept)\r\n");
        } else if line.starts_with(ICE_PASSWORD) {
            out.push_str(ICE_PASSWORD);
            out.push_str("(not kept)\r\n");
        } else if !secret {
            out.push_str(line);
        }
    }
    if head.is_some() {
        out.push_str("(not kept)\r\n");
    }
    (out, has_keys)
}

/// Whether a message tells a key that was pressed (application/dtmf-relay, application/dtmf), or cannot be read and may. It is
/// read as whoever takes the key reads it, folded lines and all. Keys that may be known stand in the timeline by themselves; a
/// card's number or a conference's does not.
fn tells_key(message: &[u8]) -> bool {
    if !message.starts_with(INFO.as_bytes()) {
        return false;
    }
    let Ok(message) = Message::parse(Bytes::copy_from_slice(message)) else { return true };
    let kind = message.headers().get(HeaderName::ContentType);
    kind.is_some_and(|kind| kind.text().trim_start().to_ascii_lowercase().starts_with(KEY_TYPE))
}

/// How long the head of a message is, with the empty line behind it. `None` where there is nothing behind it.
fn head_length(message: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', message).find_map(|end| match &message[end + 1..] {
        [b'\n', ..] => Some(end + 2),
        [b'\r', b'\n', ..] => Some(end + 3),
        _ => None,
    })
}

/// How a message begins that may tell a key.
const INFO: &str = "INFO ";
/// How the types of its content begin.
const KEY_TYPE: &str = "application/dtmf";

/// Headers whose values are answers to challenges.
const SECRET_HEADERS: [&str; 2] = ["authorization", "proxy-authorization"];
/// The line of a session description that holds the keys of SRTP.
const CRYPTO: &str = "a=crypto:";
/// The line that holds the password of ICE.
const ICE_PASSWORD: &str = "a=ice-pwd:";

/// Whether a line begins as one does that holds a secret. Few messages have one, and of most lines a byte tells.
fn may_hold_secrets(bytes: &[u8]) -> bool {
    let begins = |line: &[u8], with: &str| {
        line.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    let holds = |line: &[u8]| match line.first() {
        Some(b'a' | b'A' | b'p' | b'P') => {
            SECRET_HEADERS.into_iter().chain([CRYPTO, ICE_PASSWORD]).any(|start| begins(line, start))
        }
        _ => false,
    };
    bytes.starts_with(INFO.as_bytes())
        || holds(bytes)
        || memchr::memchr_iter(b'\n', bytes).any(|end| holds(&bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::blotted;

    #[test]
    fn answers_to_challenges_are_not_kept() {
        let message =
            b"REGISTER sip:a SIP/2.0\r\nauthorization : Digest\r\n response=\"secret\"\r\nTo: <sip:a@b>\r\n\r\n";
        let (kept, has_keys) = blotted(message);
        assert!(!has_keys);
        assert!(!kept.contains("secret") && kept.contains("To: <sip:a@b>"), "{kept}");
    }

    #[test]
    fn keys_that_were_pressed_are_not_kept() {
        for (kind, body) in [
            ("Content-Type: application/dtmf-relay", "Signal=7\r\nDuration=160\r\n"),
            ("c : Application/DTMF", "7"),
            ("Content-Type:application/dtmf-relay;charset=utf-8", "\r\nsignal = 7"),
            ("Content-Type:\r\n application/dtmf-relay", "Signal=7"),
        ] {
            let message = info(kind, body);
            let (kept, _) = blotted(message.as_bytes());
            assert!(
                !kept.contains('7') && kept.contains(kind) && kept.ends_with("\r\n\r\n(not kept)\r\n"),
                "{kept}"
            );
            let (kept, _) = blotted(message.replace('\r', "").as_bytes());
            assert!(!kept.contains('7') && kept.ends_with("\n\n(not kept)\r\n"), "{kept}");
        }
        let other = info("Content-Type: application/media_control+xml", "<a/>");
        assert_eq!(blotted(other.as_bytes()).0, other);
    }

    #[test]
    fn a_message_with_a_key_and_an_answer_to_a_challenge_keeps_neither() {
        for name in ["Authorization", "proxy-authorization "] {
            let kind =
                format!("{name}: Digest username=\"1001\",\r\n response=\"secret\"\r\nc: application/dtmf");
            let (kept, _) = blotted(info(&kind, "7").as_bytes());
            assert!(!kept.contains("secret") && !kept.contains("1001") && !kept.contains('7'), "{kept}");
            assert!(kept.contains("CSeq: 4 INFO\r\n") && kept.ends_with("\r\n\r\n(not kept)\r\n"), "{kept}");
        }
    }

    #[test]
    fn what_cannot_be_read_may_tell_a_key() {
        let (kept, _) = blotted(b"INFO sip:a@b SIP/2.0\r\nContent-Length: many\r\n\r\nSignal=7");
        assert_eq!(kept, "INFO sip:a@b SIP/2.0\r\nContent-Length: many\r\n\r\n(not kept)\r\n");
    }

    #[test]
    fn a_message_without_secrets_is_kept_as_it_is() {
        let message =
            b"INVITE sip:a SIP/2.0\r\nAllow: ACK\r\nP-Asserted-Identity: <sip:b@c>\r\n\r\na=sendrecv\r\n\xff";
        let (kept, has_keys) = blotted(message);
        assert!(!has_keys);
        assert_eq!(kept, String::from_utf8_lossy(message));
    }

    #[test]
    fn keys_of_sound_are_not_kept() {
        let message = b"INVITE sip:a SIP/2.0\r\n\r\nv=0\r\na=crypto:1 AEAD_AES_128_GCM inline:secret|2^31\r\na=crypto:2secret\r\na=sendrecv\r\n";
        let (kept, has_keys) = blotted(message);
        assert!(has_keys && !kept.contains("secret"), "{kept}");
        assert!(
            kept.contains("a=crypto:1 AEAD_AES_128_GCM (not kept)\r\n") && kept.ends_with("a=sendrecv\r\n"),
            "{kept}"
        );
    }

    fn info(more: &str, body: &str) -> String {
        format!(
            "INFO sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP b;branch=z9hG4bKx\r\nMax-Forwards: 10\r\n\
             From: <sip:b@b>;tag=x\r\nTo: <sip:a@b>;tag=y\r\nCall-ID: x\r\nCSeq: 4 INFO\r\n{more}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}
