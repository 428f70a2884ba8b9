//! The torture messages of RFC 4475 and RFC 5118 and what must come back: the files of `tests/torture`.
//!
//! The messages are bytes on purpose, half of them are not SIP. What a replay has to change in them (a branch that was
//! used before, a length that a mail program broke) is done here on the bytes, without a parser that could repair them.

use std::fs;

use crate::tree;

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its name in the RFC.
    pub name: String,
    /// The bytes to be sent.
    pub bytes: Vec<u8>,
    /// What may come back; any of these.
    pub expect: Vec<Expect>,
    /// Whether it is a response, which nobody answers.
    pub is_response: bool,
    /// Whether the RFC shows it on TCP.
    pub shown_on_tcp: bool,
}

/// What may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It was understood: any answer but 400, 505, 513 and a server error.
    Understood,
    /// Any final answer from 400 on.
    Refused,
    /// No answer at all.
    Nothing,
    /// Whatever, as long as the server lives.
    Whatever,
    /// This status.
    Status(u16),
    /// A status of this hundred.
    Class(u16),
    /// The connection is closed.
    Closed,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Answers with these statuses, in order.
    Answers(Vec<u16>),
    /// Nothing, though a later request was answered.
    Nothing,
    /// The end of the connection.
    Closed,
}

/// All messages, in the order of the index.
pub fn messages() -> Vec<Message> {
    let index = tree::text("tests/torture/index.tsv");
    index.lines().skip(1).map(|line| message(&line.split('\t').collect::<Vec<_>>())).collect()
}

fn message(row: &[&str]) -> Message {
    let [name, set, _section, _class, kind, transport, expect, fixes, ..] = row else {
        panic!("a row of tests/torture/index.tsv is short: {row:?}")
    };
    let path = tree::root().join(format!("tests/torture/{set}/{name}.dat"));
    let mut bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    for fix in fixes.split(',').filter(|fix| !fix.is_empty()) {
        bytes = match fix {
            "branch" => unique_branch(&bytes, name),
            "callid" => unique_call_id(&bytes, name),
            "cl" => true_length(&bytes),
            other => panic!("{name}: nobody knows how to fix {other:?}"),
        };
    }
    Message {
        name: (*name).to_owned(),
        bytes,
        expect: expect.split(' ').map(|word| expectation(name, word)).collect(),
        is_response: *kind == "resp",
        shown_on_tcp: *transport == "tcp",
    }
}

fn expectation(name: &str, word: &str) -> Expect {
    match word {
        "ok" => Expect::Understood,
        "refused" => Expect::Refused,
        "none" => Expect::Nothing,
        "any" => Expect::Whatever,
        "close" => Expect::Closed,
        _ => match (word.parse(), word.strip_suffix("xx").map(str::parse)) {
            (Ok(status), _) => Expect::Status(status),
            (_, Some(Ok(hundred))) => Expect::Class(hundred),
            _ => panic!("{name}: nobody knows what {word:?} expects"),
        },
    }
}

impl Expect {
    /// Whether what came is what was expected.
    pub fn fits(self, came: &Came) -> bool {
        let last = match came {
            Came::Answers(statuses) => statuses.last().copied(),
            Came::Nothing | Came::Closed => None,
        };
        match self {
            Expect::Whatever => true,
            Expect::Nothing => *came == Came::Nothing,
            Expect::Closed => *came == Came::Closed,
            Expect::Understood => last.is_some_and(|status| !matches!(status, 400 | 500..=599)),
            Expect::Refused => last.is_some_and(|status| status >= 400),
            Expect::Status(wanted) => last == Some(wanted),
            Expect::Class(hundred) => last.is_some_and(|status| status / 100 == hundred),
        }
    }
}

impl Message {
    /// The port its first Via names, to which an answer over UDP goes; 5060 where it names none.
    pub fn via_port(&self) -> u16 {
        let head = String::from_utf8_lossy(&self.bytes).replace("\r\n ", " ").replace("\r\n\t", " ");
        let via = head.lines().find(|line| {
            let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
            name == "via" || name == "v"
        });
        let sent_by = via
            .and_then(|line| line.split_once(':'))
            .and_then(|(_, value)| value.split([';', ',']).next())
            .unwrap_or_default()
            .trim_end();
        let after_brackets = sent_by.rsplit(']').next().unwrap_or_default();
        after_brackets.rsplit_once(':').and_then(|(_, port)| port.trim().parse().ok()).unwrap_or(5060)
    }
}

/// Lengthens the first branch.
fn unique_branch(bytes: &[u8], name: &str) -> Vec<u8> {
    insert_after(bytes, b";branch=z9hG4bK", name).unwrap_or_else(|| panic!("{name} has no branch"))
}

/// Lengthens the first Call-ID.
fn unique_call_id(bytes: &[u8], name: &str) -> Vec<u8> {
    [&b"\nCall-ID: "[..], b"\nCall-ID:", b"\nI: ", b"\ni: ", b"\nCALL-ID: "]
        .iter()
        .find_map(|header| insert_after(bytes, header, name))
        .unwrap_or_else(|| panic!("{name} has no Call-ID"))
}

fn insert_after(bytes: &[u8], mark: &[u8], text: &str) -> Option<Vec<u8>> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)? + mark.len();
    Some([&bytes[..at], text.as_bytes(), &bytes[at..]].concat())
}

/// Writes the length the body really has.
fn true_length(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an empty line") + 4;
    let (head, body) = bytes.split_at(end);
    let head = String::from_utf8_lossy(head);
    let lines = head.lines().map(|line| match line.split_once(':') {
        Some((name, _)) if name.eq_ignore_ascii_case("content-length") => {
            format!("Content-Length: {}", body.len())
        }
        _ => line.to_owned(),
    });
    let head: Vec<String> = lines.collect();
    [format!("{}\r\n", head.join("\r\n")).as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_has_all_messages_of_both_documents() {
        assert_eq!(messages().len(), 49 + 12);
    }

    #[test]
    fn the_port_of_the_first_via_is_found() {
        let ports: Vec<(String, u16)> = messages().iter().map(|m| (m.name.clone(), m.via_port())).collect();
        let other: Vec<_> = ports.iter().filter(|(_, port)| *port != 5060).collect();
        let named: Vec<(&str, u16)> = other.iter().map(|(name, port)| (name.as_str(), *port)).collect();
        assert_eq!(
            named,
            [("mpart01", 5070), ("quotbal", 5050), ("mult-ip-in-header", 6050), ("ipv4-mapped-ipv6", 19823)]
        );
    }

    #[test]
    fn an_expectation_accepts_only_what_it_says() {
        let answer = |status| Came::Answers(vec![100, status]);
        assert!(Expect::Understood.fits(&answer(404)) && !Expect::Understood.fits(&answer(400)));
        assert!(!Expect::Understood.fits(&Came::Nothing) && !Expect::Understood.fits(&answer(503)));
        assert!(Expect::Refused.fits(&answer(603)) && !Expect::Refused.fits(&answer(200)));
        assert!(Expect::Nothing.fits(&Came::Nothing) && !Expect::Nothing.fits(&answer(200)));
        assert!(Expect::Class(4).fits(&answer(415)) && !Expect::Class(4).fits(&answer(501)));
        assert!(Expect::Status(505).fits(&answer(505)) && !Expect::Status(505).fits(&answer(400)));
    }

    #[test]
    fn the_length_is_made_true() {
        let fixed = true_length(b"INVITE x SIP/2.0\r\nContent-Length: 9\r\nTo: y\r\n\r\nabc");
        assert_eq!(fixed, b"INVITE x SIP/2.0\r\nContent-Length: 3\r\nTo: y\r\n\r\nabc");
    }
}
