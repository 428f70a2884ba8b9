//! Text to description: RFC 8866 §9, read leniently where phones are known to be careless.
//!
//! Lines may end in LF alone; `s=` and `t=` may be missing; anything between may stand in any order. What must be
//! there is `v=0` first and an `o=` line, because without them it is hardly a description at all. One pass, linear
//! in the length, with a limit for everything that a peer could make grow.

use crate::session::{Attribute, Connection, Media, Origin, Session};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// Bytes of a description; more is not read. It is the limit of a whole SIP message.
pub const LENGTH_MAX: usize = 65_536;

/// Lines of a description. A browser with video and many candidates sends some 300.
pub const LINES_MAX: usize = 2048;

/// Streams of a description.
pub const MEDIA_MAX: usize = 64;

/// Formats of one stream: as many as there are payload types.
pub const FORMATS_MAX: usize = 128;

/// `t=` lines of a description.
pub const TIMES_MAX: usize = 16;

/// Why a text is not a session description we read. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SdpError {
    /// More than [`LENGTH_MAX`] bytes.
    #[error("a description of more than {LENGTH_MAX} bytes")]
    TooLong,
    /// More than [`LINES_MAX`] lines.
    #[error("a description of more than {LINES_MAX} lines")]
    TooManyLines,
    /// More than [`MEDIA_MAX`] streams.
    #[error("more than {MEDIA_MAX} streams")]
    TooManyMedia,
    /// More than [`FORMATS_MAX`] formats in one stream.
    #[error("line {0}: more than {FORMATS_MAX} formats")]
    TooManyFormats(usize),
    /// More than [`TIMES_MAX`] times.
    #[error("more than {TIMES_MAX} times")]
    TooManyTimes,
    /// It does not begin with `v=0`.
    #[error("a description begins with v=0")]
    NotVersionZero,
    /// The `o=` line is missing.
    #[error("the o= line is missing")]
    NoOrigin,
    /// Not a letter, `=` and a value.
    #[error("line {0}: not a letter, an equals sign and a value")]
    NotALine(usize),
    /// Bytes below 0x20 inside a line.
    #[error("line {0}: control characters")]
    ControlCharacter(usize),
    /// An `o=` line without its six parts, or a second one.
    #[error("line {0}: not an origin")]
    BadOrigin(usize),
    /// A `c=` line without its three parts.
    #[error("line {0}: not a connection")]
    BadConnection(usize),
    /// A `t=` line that is not two numbers.
    #[error("line {0}: not two times")]
    BadTime(usize),
    /// An `m=` line without kind, port, protocol and format.
    #[error("line {0}: not a stream")]
    BadMedia(usize),
}

impl Session {
    /// Reads a description. Costs one pass over the bytes; bytes that are not UTF-8 are replaced, not refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        if bytes.len() > LENGTH_MAX {
            return Err(SdpError::TooLong);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        if lines.next().is_none_or(|first| first.trim_end() != "v=0") {
            return Err(SdpError::NotVersionZero);
        }

        let mut draft = Draft::default();
        for (at, line) in lines.enumerate() {
            // The first line was taken above, and lines are counted from 1.
            let number = at + 2;
            if number > LINES_MAX {
                return Err(SdpError::TooManyLines);
            }
            if line.is_empty() {
                continue;
            }
            if line.bytes().any(|byte| byte < 0x20 && byte != b'\t') {
                return Err(SdpError::ControlCharacter(number));
            }
            let (&[letter, b'='], value) =
                line.as_bytes().split_first_chunk::<2>().ok_or(SdpError::NotALine(number))?
            else {
                return Err(SdpError::NotALine(number));
            };
            // The two bytes before are one-byte characters, so the value begins at a character.
            draft.line(letter, core::str::from_utf8(value).unwrap_or_default(), number)?;
        }
        draft.finish()
    }
}

/// A description being read.
#[derive(Default)]
struct Draft {
    origin: Option<Origin>,
    name: Option<String>,
    connection: Option<Connection>,
    times: Vec<(u64, u64)>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
}

impl Draft {
    fn line(&mut self, letter: u8, value: &str, number: usize) -> Result<(), SdpError> {
        match letter {
            b'm' if self.media.len() == MEDIA_MAX => return Err(SdpError::TooManyMedia),
            b'm' => self.media.push(media(value, number)?),
            b'a' => self.attributes().extend(attribute(value)),
            b'c' => {
                let connection = connection(value).ok_or(SdpError::BadConnection(number))?;
                let slot = match self.media.last_mut() {
                    Some(media) => &mut media.connection,
                    None => &mut self.connection,
                };
                // Several c= lines under one stream are a layered broadcast: the first is the base layer.
                slot.get_or_insert(connection);
            }
            b'o' if self.origin.is_some() => return Err(SdpError::BadOrigin(number)),
            b'o' => self.origin = Some(origin(value).ok_or(SdpError::BadOrigin(number))?),
            b's' => self.name = Some(value.trim().to_owned()).filter(|name| !name.is_empty()),
            b't' if self.times.len() == TIMES_MAX => return Err(SdpError::TooManyTimes),
            b't' => self.times.push(times(value).ok_or(SdpError::BadTime(number))?),
            _ if letter.is_ascii_lowercase() => (),
            _ => return Err(SdpError::NotALine(number)),
        }
        Ok(())
    }

    fn attributes(&mut self) -> &mut Vec<Attribute> {
        match self.media.last_mut() {
            Some(media) => &mut media.attributes,
            None => &mut self.attributes,
        }
    }

    fn finish(mut self) -> Result<Session, SdpError> {
        if self.times.is_empty() {
            self.times.push((0, 0));
        }
        Ok(Session {
            origin: self.origin.ok_or(SdpError::NoOrigin)?,
            name: self.name.unwrap_or_else(|| "-".to_owned()),
            connection: self.connection,
            times: self.times,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

/// `<user> <session id> <version> <net> <kind> <address>`
fn origin(value: &str) -> Option<Origin> {
    let mut words = value.split_ascii_whitespace();
    let (user, session_id, version) = (words.next()?, words.next()?, words.next()?);
    let host = host(words.next()?, words.next()?, words.next()?);
    Some(Origin {
        user: user.to_owned(),
        session_id: session_id.to_owned(),
        version: version.to_owned(),
        host,
    })
}

/// `<net> <kind> <address>`
fn connection(value: &str) -> Option<Connection> {
    let mut words = value.split_ascii_whitespace();
    Some(host(words.next()?, words.next()?, words.next()?))
}

/// Reads an address of the kind it claims to be; anything else is kept as it is.
pub(crate) fn host(net: &str, kind: &str, address: &str) -> Connection {
    let ip = match (net, kind) {
        ("IN", "IP4") => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        ("IN", "IP6") => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => None,
    };
    ip.map_or_else(|| Connection::Other(format!("{net} {kind} {address}")), Connection::Ip)
}

/// `<start> <stop>`
fn times(value: &str) -> Option<(u64, u64)> {
    let mut words = value.split_ascii_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// `<kind> <port>[/<ports>] <protocol> <format> …`
fn media(value: &str, number: usize) -> Result<Media, SdpError> {
    let bad = SdpError::BadMedia(number);
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().ok_or(bad)?;
    let port = words.next().ok_or(bad)?;
    let (port, ports) = match port.split_once('/') {
        Some((port, ports)) => (port, Some(ports.parse().map_err(|_| bad)?)),
        None => (port, None),
    };
    let port = port.parse().map_err(|_| bad)?;
    let protocol = words.next().ok_or(bad)?;
    let formats: Vec<String> = words.take(FORMATS_MAX + 1).map(str::to_owned).collect();
    match formats.len() {
        0 => Err(bad),
        1..=FORMATS_MAX => Ok(Media {
            kind: kind.to_owned(),
            port,
            ports,
            protocol: protocol.to_owned(),
            formats,
            connection: None,
            attributes: Vec::new(),
        }),
        _ => Err(SdpError::TooManyFormats(number)),
    }
}

/// `<name>` or `<name>:<value>`; nothing at all is read over, as some phones send it.
fn attribute(value: &str) -> Option<Attribute> {
    let (name, value) = match value.split_once(':') {
        Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
        None => (value.trim(), None),
    };
    (!name.is_empty()).then(|| Attribute { name: name.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8866 §5, the example.
    const EXAMPLE: &str = "v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
u=http://www.jdoe.example.com/home.html\r
e=Jane Doe <jane@jdoe.example.com>\r
p=+1 617 555-6011\r
c=IN IP4 198.51.100.1\r
t=0 0\r
m=audio 49170 RTP/AVP 0\r
m=audio 49180 RTP/AVP 0\r
m=video 51372 RTP/AVP 99\r
c=IN IP6 2001:db8::2\r
a=rtpmap:99 h263-1998/90000\r
";

    #[test]
    fn the_example_of_the_rfc_is_read_and_printed() {
        insta::assert_snapshot!(Session::parse(EXAMPLE.as_bytes()).unwrap().to_string().replace('\r', ""), @r"
        v=0
        o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
        s=Call to John Smith
        c=IN IP4 198.51.100.1
        t=0 0
        m=audio 49170 RTP/AVP 0
        m=audio 49180 RTP/AVP 0
        m=video 51372 RTP/AVP 99
        c=IN IP6 2001:db8::2
        a=rtpmap:99 h263-1998/90000
        ");
    }

    #[test]
    fn careless_phones_are_read_too() {
        let text = "v=0\no=- 1 99999999999999999999999999 IN IP4 phone.example.com\ns=\nm=audio 4000/2  RTP/AVP 0 \na=\na=:\na=rtpmap: 0 PCMU/8000\nx=y";
        insta::assert_snapshot!(Session::parse(text.as_bytes()).unwrap().to_string().replace('\r', ""), @r"
        v=0
        o=- 1 99999999999999999999999999 IN IP4 phone.example.com
        s=-
        t=0 0
        m=audio 4000/2 RTP/AVP 0
        a=rtpmap:0 PCMU/8000
        ");
    }

    #[test]
    fn what_is_no_description_is_refused_with_its_line() {
        let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n";
        for (text, error) in [
            (String::new(), SdpError::NotVersionZero),
            ("v=1\r\n".into(), SdpError::NotVersionZero),
            ("v=0\r\ns=-\r\n".into(), SdpError::NoOrigin),
            (format!("{head}o=- 1 1 IN IP4 192.0.2.1\r\n"), SdpError::BadOrigin(3)),
            ("v=0\r\no=- 1 1 IN IP4\r\n".into(), SdpError::BadOrigin(2)),
            (format!("{head}hello\r\n"), SdpError::NotALine(3)),
            (format!("{head}M=audio 1 RTP/AVP 0\r\n"), SdpError::NotALine(3)),
            (format!("{head}é\r\n"), SdpError::NotALine(3)),
            (format!("{head}s=a\0b\r\n"), SdpError::ControlCharacter(3)),
            (format!("{head}c=IN IP4\r\n"), SdpError::BadConnection(3)),
            (format!("{head}t=0 -1\r\n"), SdpError::BadTime(3)),
            (format!("{head}m=audio\r\n"), SdpError::BadMedia(3)),
            (format!("{head}m=audio 65536 RTP/AVP 0\r\n"), SdpError::BadMedia(3)),
            (format!("{head}m=audio 1/70000 RTP/AVP 0\r\n"), SdpError::BadMedia(3)),
            (format!("{head}m=audio 1 RTP/AVP\r\n"), SdpError::BadMedia(3)),
            (format!("{head}m=audio 1 RTP/AVP{}\r\n", " 0".repeat(129)), SdpError::TooManyFormats(3)),
            (format!("{head}{}", "m=audio 1 RTP/AVP 0\r\n".repeat(65)), SdpError::TooManyMedia),
            (format!("{head}{}", "t=0 0\r\n".repeat(17)), SdpError::TooManyTimes),
            (format!("{head}{}", "a=x\r\n".repeat(LINES_MAX)), SdpError::TooManyLines),
            (format!("{head}a={}", "x".repeat(LENGTH_MAX)), SdpError::TooLong),
        ] {
            assert_eq!(Session::parse(text.as_bytes()), Err(error), "{text:.80}");
        }
    }

    fn a_word() -> impl Strategy<Value = String> {
        "[!-9;-~]{1,12}"
    }

    fn an_attribute() -> impl Strategy<Value = Attribute> {
        (a_word(), proptest::option::of("[!-~]{1,8}( [!-~]{1,8})?"))
            .prop_map(|(name, value)| Attribute { name, value })
    }

    fn a_connection() -> impl Strategy<Value = Connection> {
        prop_oneof![
            any::<u32>().prop_map(|bits| Connection::Ip(IpAddr::V4(bits.into()))),
            any::<u128>().prop_map(|bits| Connection::Ip(IpAddr::V6(bits.into()))),
            "[a-z]{1,8}\\.example".prop_map(|name| Connection::Other(format!("IN IP4 {name}"))),
        ]
    }

    fn a_media() -> impl Strategy<Value = Media> {
        (
            a_word(),
            any::<u16>(),
            proptest::option::of(any::<u16>()),
            a_word(),
            proptest::collection::vec(a_word(), 1..6),
            proptest::option::of(a_connection()),
            proptest::collection::vec(an_attribute(), 0..6),
        )
            .prop_map(|(kind, port, ports, protocol, formats, connection, attributes)| Media {
                kind,
                port,
                ports,
                protocol,
                formats,
                connection,
                attributes,
            })
    }

    fn a_session() -> impl Strategy<Value = Session> {
        (
            (a_word(), a_word(), a_word(), a_connection()),
            "[!-~]{1,8}( [!-~]{1,8})?",
            proptest::option::of(a_connection()),
            proptest::collection::vec(any::<(u64, u64)>(), 1..3),
            proptest::collection::vec(an_attribute(), 0..4),
            proptest::collection::vec(a_media(), 0..5),
        )
            .prop_map(
                |((user, session_id, version, host), name, connection, times, attributes, media)| {
                    let origin = Origin { user, session_id, version, host };
                    Session { origin, name, connection, times, attributes, media }
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(session in a_session()) {
            prop_assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Session::parse(&bytes);
        }

        #[test]
        fn no_lines_make_it_panic(tail in "([a-z]=[ -~\t/:;0-9é]{0,30}\r?\n){0,30}") {
            let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n{tail}");
            if let Ok(session) = Session::parse(text.as_bytes()) {
                prop_assert_eq!(Session::parse(session.to_string().as_bytes()), Ok(session));
            }
        }
    }
}
