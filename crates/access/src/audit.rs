//! What is written down about what people did. Entries are added, never changed and never taken away.

use base::Timestamp;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Logged in.
    LoggedIn,
    /// Tried to log in and failed.
    LoginFailed,
    /// Logged out.
    LoggedOut,
    /// Heard a recording.
    HeardRecording,
    /// Paused a recording, masked a side of it, or let it run again.
    ChangedRecording,
    /// Asked to listen to a call, to whisper, to barge in or to take it over, or ended it.
    Monitored,
    /// Connected a program with a call, to hear it or to speak in it.
    StreamedSound,
    /// Muted or removed a member of a conference, or locked one.
    OrderedConference,
    /// Read an interaction's story.
    ReadTimeline,
    /// Changed one's own state as an agent.
    ChangedState,
    /// Took notice of an alert.
    ClosedAlert,
    /// Let an address in again that was kept out.
    LiftedBan,
    /// Added a user.
    AddedUser,
    /// Set somebody's password.
    SetPassword,
}

impl Deed {
    /// Every deed there is.
    pub const ALL: [Self; 14] = [
        Self::LoggedIn,
        Self::LoginFailed,
        Self::LoggedOut,
        Self::HeardRecording,
        Self::ChangedRecording,
        Self::Monitored,
        Self::StreamedSound,
        Self::OrderedConference,
        Self::ReadTimeline,
        Self::ChangedState,
        Self::ClosedAlert,
        Self::LiftedBan,
        Self::AddedUser,
        Self::SetPassword,
    ];

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }

    /// The word used in the library.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::LoginFailed => "login_failed",
            Self::LoggedOut => "logged_out",
            Self::HeardRecording => "heard_recording",
            Self::ChangedRecording => "changed_recording",
            Self::Monitored => "monitored",
            Self::StreamedSound => "streamed_sound",
            Self::OrderedConference => "ordered_conference",
            Self::ReadTimeline => "read_timeline",
            Self::ChangedState => "changed_state",
            Self::ClosedAlert => "closed_alert",
            Self::LiftedBan => "lifted_ban",
            Self::AddedUser => "added_user",
            Self::SetPassword => "set_password",
        }
    }
}

/// One entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, by login; what somebody typed as a login when the log-in failed.
    pub who: String,
    /// What.
    pub deed: Deed,
    /// To what: an id, a login, a state; empty when the deed says it all.
    pub object: String,
    /// From which address.
    pub from: String,
}
