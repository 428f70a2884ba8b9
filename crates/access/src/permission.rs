//! Everything that somebody who is logged in can ask the center for.

/// One thing to be allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// To know who one is, and to log out.
    SeeSelf,
    /// To be ready, not ready or logged out as an agent.
    ChangeOwnState,
    /// To have the own phone in the page: registered by the log-in, without its password.
    UseOwnPhone,
    /// To see the agents and their states.
    SeeAgents,
    /// To see the queues and their figures.
    SeeQueues,
    /// To see the trunks and their calls.
    SeeTrunks,
    /// To be told what has to be known at once, and to say that one has taken notice.
    HandleAlerts,
    /// To see who is kept out, and to let somebody in again.
    HandleBans,
    /// To follow the live board; for an agent, the own rows of it.
    SeeBoard,
    /// To list interactions and look at one.
    ReadInteractions,
    /// To read an interaction's story, SIP messages included.
    ReadTimelines,
    /// To hear a recording.
    HearRecordings,
    /// To pause a recording that runs, to mask a side of it, and to let it run again.
    PauseRecordings,
    /// To listen to calls of others, to whisper, to barge in, and to take them over.
    MonitorCalls,
    /// To connect a program with calls that go on, which hears them and speaks in them.
    StreamSound,
    /// To see who is in which conference, to mute and remove members, and to lock rooms.
    HandleConferences,
    /// To follow the story of the whole center as it is written.
    FollowEvents,
    /// To read the program's own figures.
    ReadMetrics,
}

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 18] = [
        Self::SeeSelf,
        Self::ChangeOwnState,
        Self::UseOwnPhone,
        Self::SeeAgents,
        Self::SeeQueues,
        Self::SeeTrunks,
        Self::HandleAlerts,
        Self::HandleBans,
        Self::SeeBoard,
        Self::ReadInteractions,
        Self::ReadTimelines,
        Self::HearRecordings,
        Self::PauseRecordings,
        Self::MonitorCalls,
        Self::StreamSound,
        Self::HandleConferences,
        Self::FollowEvents,
        Self::ReadMetrics,
    ];

    /// The word used in the API and in refusals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SeeSelf => "see_self",
            Self::ChangeOwnState => "change_own_state",
            Self::UseOwnPhone => "use_own_phone",
            Self::SeeAgents => "see_agents",
            Self::SeeQueues => "see_queues",
            Self::SeeTrunks => "see_trunks",
            Self::HandleAlerts => "handle_alerts",
            Self::HandleBans => "handle_bans",
            Self::SeeBoard => "see_board",
            Self::ReadInteractions => "read_interactions",
            Self::ReadTimelines => "read_timelines",
            Self::HearRecordings => "hear_recordings",
            Self::PauseRecordings => "pause_recordings",
            Self::MonitorCalls => "monitor_calls",
            Self::StreamSound => "stream_sound",
            Self::HandleConferences => "handle_conferences",
            Self::FollowEvents => "follow_events",
            Self::ReadMetrics => "read_metrics",
        }
    }
}
