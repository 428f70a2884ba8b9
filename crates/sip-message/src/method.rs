//! Request methods: RFC 3261 §7.1 and its extensions. Compared case-sensitively; unknown ones are kept as they came.

use std::fmt;

use crate::error::Malformed;
use crate::scan;

/// The method of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// RFC 3261: begins a dialog, or changes one.
    Invite,
    /// RFC 3261: acknowledges a final answer to INVITE.
    Ack,
    /// RFC 3261: ends a dialog.
    Bye,
    /// RFC 3261: gives up a pending INVITE.
    Cancel,
    /// RFC 3261: binds a contact to an address of record.
    Register,
    /// RFC 3261: asks what the peer can do.
    Options,
    /// RFC 6086: carries application data inside a dialog.
    Info,
    /// RFC 3311: changes a session before it is answered.
    Update,
    /// RFC 3262: acknowledges a provisional answer.
    Prack,
    /// RFC 3515: asks the peer to call somebody else.
    Refer,
    /// RFC 6665: tells a subscriber.
    Notify,
    /// RFC 6665: subscribes.
    Subscribe,
    /// RFC 3428: carries a message.
    Message,
    /// RFC 3903: publishes a state.
    Publish,
    /// Any other token.
    Other(Box<str>),
}

impl Method {
    /// Reads a method: any token.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        Ok(match bytes {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"REGISTER" => Self::Register,
            b"OPTIONS" => Self::Options,
            b"INFO" => Self::Info,
            b"UPDATE" => Self::Update,
            b"PRACK" => Self::Prack,
            b"REFER" => Self::Refer,
            b"NOTIFY" => Self::Notify,
            b"SUBSCRIBE" => Self::Subscribe,
            b"MESSAGE" => Self::Message,
            b"PUBLISH" => Self::Publish,
            b"" => return Err(Malformed::Empty),
            other if scan::is_token(other) => Self::Other(scan::text(other).into()),
            _ => return Err(Malformed::Character),
        })
    }

    /// The method as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Refer => "REFER",
            Self::Notify => "NOTIFY",
            Self::Subscribe => "SUBSCRIBE",
            Self::Message => "MESSAGE",
            Self::Publish => "PUBLISH",
            Self::Other(other) => other,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
