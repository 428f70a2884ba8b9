//! What is asked about a request, and what is answered.

use base::Duration;

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a datagram: its sender may be forged.
    Datagram,
    /// On a connection, whose far end has shown that it is there.
    Stream,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A call.
    Call,
    /// A registration, or its refresh.
    Registration,
    /// Anything else.
    Question,
}

/// Who somebody is by the address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A carrier of ours.
    Trunk,
    /// On the operator's list.
    Allowed,
    /// A phone of ours has proven itself from there lately.
    Known,
    /// Nobody we know.
    Stranger,
}

/// A request, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What [`crate::Guard::knock`] said.
    pub standing: Standing,
    /// Where it came from.
    pub from: std::net::IpAddr,
    /// How it came.
    pub way: Way,
    /// What it wants.
    pub kind: Kind,
    /// Whether it belongs to a dialog or a transaction that is there: looked up, never claimed.
    pub belongs: bool,
    /// Who it says it is from.
    pub identity: &'a str,
    /// What its device calls itself; empty if it says nothing.
    pub device: &'a str,
    /// Whether it is a call to an emergency number.
    pub emergency: bool,
}

/// What is to be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// Forget it, without an answer.
    Drop,
    /// 503, with a time after which it may be tried again.
    Refuse {
        /// The time.
        retry_after: Duration,
    },
}

/// What a request turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It came from a phone of ours, proven by its password.
    Authenticated,
    /// The password was wrong. It answered a challenge of ours, so its address is true.
    WrongPassword,
    /// The same, for a user that does not exist.
    UnknownUser,
    /// It was refused: nobody we know, nothing we do.
    Refused,
    /// It could not be read.
    Malformed,
}
