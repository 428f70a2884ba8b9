//! The one line that a ladder shows for a SIP message. Looks at the text as anybody reading it would; what a message
//! means is none of this crate's business.

/// `INVITE sip:1001@192.0.2.1`, or `200 OK (INVITE)`.
pub(crate) fn summary(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default().trim();
    let mut words = first.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some("SIP/2.0"), Some(status), phrase) => {
            let answer = match phrase.map(str::trim) {
                Some(phrase) if !phrase.is_empty() => format!("{status} {phrase}"),
                _ => status.to_owned(),
            };
            match answered_method(text) {
                Some(method) => format!("{answer} ({method})"),
                None => answer,
            }
        }
        (Some(method), Some(target), _) => format!("{method} {target}"),
        _ => first.to_owned(),
    }
}

/// The method that the CSeq header names.
fn answered_method(text: &str) -> Option<&str> {
    text.lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim().eq_ignore_ascii_case("cseq").then_some(value)
        })?
        .split_whitespace()
        .nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_show_method_and_target_and_answers_what_they_answer() {
        for (text, expected) in [
            ("INVITE sip:1001@192.0.2.1 SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n", "INVITE sip:1001@192.0.2.1"),
            ("SIP/2.0 200 OK\r\nVia: x\r\ncseq : 7  INVITE\r\n\r\nCSeq: 1 BYE", "200 OK (INVITE)"),
            ("SIP/2.0 486 Busy Here\r\nVia: x\r\n\r\nCSeq: 1 BYE", "486 Busy Here"),
            ("SIP/2.0 180\r\nCSeq: 1 INVITE\r\n\r\n", "180 (INVITE)"),
            ("garbage", "garbage"),
            ("", ""),
        ] {
            assert_eq!(summary(text), expected, "{text:?}");
        }
    }
}
