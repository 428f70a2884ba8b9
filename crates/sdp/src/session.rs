//! What a session description is made of: RFC 8866 §5, as much of it as a call needs.
//!
//! Lines that only matter to announced broadcasts (`i`, `u`, `e`, `p`, `b`, `r`, `z`, `k`) are read over and not
//! kept: a description is never passed on, each side of a call gets one of our own.

use crate::Direction;
use core::fmt;
use std::net::IpAddr;

/// A session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who made it (`o=`).
    pub origin: Origin,
    /// Its title (`s=`); `-` when there is none.
    pub name: String,
    /// Where all media lines without an address of their own receive (`c=`).
    pub connection: Option<Connection>,
    /// When it is active (`t=`), as two NTP times; calls say `0 0`.
    pub times: Vec<(u64, u64)>,
    /// What is said of the session as a whole (`a=`).
    pub attributes: Vec<Attribute>,
    /// The streams (`m=`), in order: an answer has as many, in the same order.
    pub media: Vec<Media>,
}

/// Who made a description, and which edition of it this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// A user name, or `-`.
    pub user: String,
    /// Names the session together with the other parts. A text, because its length is not limited.
    pub session_id: String,
    /// Grows with each change of the description.
    pub version: String,
    /// The maker's address, IP or host name.
    pub host: Connection,
}

/// An address, as in `IN IP4 192.0.2.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// An address that packets can be sent to, or one that says that none shall be (`0.0.0.0`).
    Ip(IpAddr),
    /// A host name, a multicast group with its reach, another kind of network: kept as it was, never sent to.
    Other(String),
}

/// One stream: an `m=` line and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video` …
    pub kind: String,
    /// Where it is received; 0 means that the stream is refused or over.
    pub port: u16,
    /// How many ports in a row, where more than one is meant.
    pub ports: Option<u16>,
    /// `RTP/AVP` …
    pub protocol: String,
    /// The formats: payload types, for RTP.
    pub formats: Vec<String>,
    /// Where it is received, if not where the session is.
    pub connection: Option<Connection>,
    /// What is said of it.
    pub attributes: Vec<Attribute>,
}

/// An `a=` line.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What stands before the colon.
    pub name: String,
    /// What stands after it, if there is one.
    pub value: Option<String>,
}

impl Session {
    /// The description under the version number it must carry when it follows `previous`, the last one we sent in
    /// the same dialog: the same number if nothing changed, one more otherwise (RFC 3264 §8).
    pub fn following(mut self, previous: &Self) -> Self {
        self.origin = previous.origin.clone();
        if self != *previous {
            // A number of ours always fits; anybody else's is begun anew.
            let version = previous.origin.version.parse::<u64>().unwrap_or(0);
            self.origin.version = version.saturating_add(1).to_string();
        }
        self
    }

    /// Where `media` is received: its own address, or the session's.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// Who sends in `media`: its own attribute, or the session's, or both sides (RFC 8866 §6.7).
    pub fn direction_of(&self, media: &Media) -> Direction {
        direction_in(&media.attributes)
            .or_else(|| direction_in(&self.attributes))
            .unwrap_or(Direction::SendRecv)
    }
}

fn direction_in(attributes: &[Attribute]) -> Option<Direction> {
    attributes.iter().find_map(|attribute| Direction::parse(&attribute.name))
}

impl Media {
    /// The value of the first attribute of this name that has one.
    pub fn value_of(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .and_then(|found| found.value.as_deref())
    }

    /// The values of all attributes of this name that have one.
    pub fn values_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
            .filter_map(|attribute| attribute.value.as_deref())
    }

    /// Whether an attribute of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.name == name)
    }

    /// This stream refused, as it stands in an answer: port 0, and the formats only because one must be there
    /// (RFC 3264 §6).
    pub fn refused(&self) -> Self {
        Self {
            kind: self.kind.clone(),
            port: 0,
            ports: None,
            protocol: self.protocol.clone(),
            formats: self.formats.clone(),
            connection: None,
            // A browser finds its streams by their names, refused ones too (RFC 9143 §7.3.3).
            attributes: self.attributes.iter().filter(|attribute| attribute.name == "mid").cloned().collect(),
        }
    }
}

impl Attribute {
    /// An attribute without a value: `a=sendrecv`.
    pub fn flag(name: &str) -> Self {
        Self { name: name.to_owned(), value: None }
    }

    /// An attribute with a value: `a=ptime:20`.
    pub fn with(name: &str, value: impl fmt::Display) -> Self {
        Self { name: name.to_owned(), value: Some(value.to_string()) }
    }
}

/// Shows all but keys: descriptions are shown in tests and logs.
impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_secret = ["crypto", "ice-pwd"].iter().any(|secret| self.name.eq_ignore_ascii_case(secret));
        let value = self.value.as_deref().map(|value| if is_secret { "…" } else { value });
        f.debug_struct("Attribute").field("name", &self.name).field("value", &value).finish()
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { user, session_id, version, host } = &self.origin;
        write!(f, "v=0\r\no={user} {session_id} {version} {host}\r\ns={}\r\n", self.name)?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        for (start, stop) in &self.times {
            write!(f, "t={start} {stop}\r\n")?;
        }
        for attribute in &self.attributes {
            write!(f, "{attribute}\r\n")?;
        }
        for media in &self.media {
            media.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(ports) = self.ports {
            write!(f, "/{ports}")?;
        }
        write!(f, " {}", self.protocol)?;
        for format in &self.formats {
            write!(f, " {format}")?;
        }
        f.write_str("\r\n")?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        for attribute in &self.attributes {
            write!(f, "{attribute}\r\n")?;
        }
        Ok(())
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "a={}:{value}", self.name),
            None => write!(f, "a={}", self.name),
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(address)) => write!(f, "IN IP4 {address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "IN IP6 {address}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unchanged_description_keeps_its_version_and_a_changed_one_gets_the_next() {
        let first = Session::parse(
            b"v=0\r\no=- 7 41 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 9000 RTP/AVP 0\r\n",
        )
        .unwrap();
        assert_eq!(first.clone().following(&first).origin.version, "41");

        let mut changed = first.clone();
        changed.media[0].port = 9002;
        assert_eq!(changed.following(&first).origin.version, "42");
    }
}
