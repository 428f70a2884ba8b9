//! The seam between those who know SIP and sound and those who know queues and agents: what happens to a leg, and
//! what a leg is told to do.
//!
//! Every leg that arrived or was dialled ends in exactly one [`LegEvent::Ended`]; nothing follows it.

use crate::{
    CallLimit, LegId, Party, PromptId, RecordingId, RecordingMark, RecordingState, SipUser, TrunkId,
};
use base::Duration;
use serde::{Deserialize, Serialize};

/// Where an incoming leg came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// From a carrier.
    Trunk(TrunkId),
    /// From a phone that proved to be this user.
    User(SipUser),
}

/// Whom to dial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Every phone the user has registered.
    User(SipUser),
    /// A number, by the trunks whose rules fit it.
    Number(String),
    /// An emergency number, exactly as it stands: by any trunk there is, before everything else.
    Emergency(String),
}

/// What a caller is made to hear: one piece of a playlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The sound's name.
    pub prompt: PromptId,
    /// The language it is spoken in: `en`, `zh`.
    pub language: String,
}

/// What happened to a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegEvent {
    /// A call came in. It hears nothing until it is rung, answered or rejected.
    Arrived {
        /// The leg it will be known by.
        leg: LegId,
        /// Who calls.
        from: Party,
        /// The number or user that was dialled.
        to: String,
        /// The way it came.
        origin: Origin,
    },
    /// The dialled party's phone rings. Told again when the far end begins to sound before it is answered.
    Ringing {
        /// The leg.
        leg: LegId,
        /// Whether the far end sounds already: an announcement, or a ringing tone of its own.
        sounds: bool,
    },
    /// Sound can flow: the dialled party answered, or our answer was confirmed.
    Answered {
        /// The leg.
        leg: LegId,
    },
    /// The party put us on hold.
    Held {
        /// The leg.
        leg: LegId,
    },
    /// The party took us off hold.
    Resumed {
        /// The leg.
        leg: LegId,
    },
    /// The party asks that whoever it talks with be connected with somebody else (REFER, RFC 3515).
    Refer {
        /// The leg of the one who asks.
        leg: LegId,
        /// Which request of that leg, for the answer.
        refer: u32,
        /// The number or user to connect with.
        to: String,
        /// The leg of another call of the same phone, whose far end it is to be (an attended transfer, RFC 3891).
        replaces: Option<LegId>,
    },
    /// The party pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit {
        /// The leg.
        leg: LegId,
        /// The key.
        digit: char,
    },
    /// A playlist came to its end. Stopped and repeating ones never do.
    Played {
        /// The leg.
        leg: LegId,
        /// Which one, as given in [`LegCommand::Play`].
        play: u32,
    },
    /// The leg is over and holds nothing any more.
    Ended {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: EndCause,
        /// How the sound was, if there was any.
        quality: Option<Quality>,
    },
    /// A recording is closed and can be heard.
    Recorded {
        /// The recording.
        recording: RecordingId,
        /// How long it is.
        length: Duration,
        /// How large its file is.
        bytes: u64,
    },
    /// A recording could not be begun or went wrong; what was written until then is kept.
    RecordingFailed {
        /// The recording.
        recording: RecordingId,
        /// What happened, for the operator.
        why: String,
    },
    /// What is to be kept of a recording could not be passed on: it keeps what it kept before.
    RecordingUnchanged {
        /// The recording.
        recording: RecordingId,
        /// What happened, for the operator.
        why: String,
    },
    /// A leg cannot hear another one beside what it hears: one of the two is gone, its sound does not come by us, or there
    /// are too many ears.
    HearRefused {
        /// Who was to listen.
        listener: LegId,
        /// To whom.
        speaker: LegId,
    },
    /// There is no place for a leg in its conference.
    ConferRefused {
        /// The leg.
        leg: LegId,
    },
    /// The party of a leg in a conference began or stopped to speak.
    Speaks {
        /// The leg.
        leg: LegId,
        /// Which of the two.
        on: bool,
    },
    /// Two parties are connected, and for seconds one of them has not heard the other.
    OneWay {
        /// The leg of the party that is not heard, or does not hear.
        leg: LegId,
        /// Which of the two.
        way: SoundWay,
    },
    /// What `OneWay` told is well again.
    WayRestored {
        /// The leg.
        leg: LegId,
        /// What is well.
        way: SoundWay,
    },
    /// A limit of ours turns calls away. Told when it begins to, and once in a while as long as it goes on.
    LimitReached {
        /// Which.
        limit: CallLimit,
        /// How many calls since this was told last, this one among them.
        calls: u32,
    },
}

/// One of the two ways of sound between a party and us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SoundWay {
    /// From the party to us.
    In,
    /// From us to the party.
    Out,
}

impl SoundWay {
    /// The word used in timelines and alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Why a leg is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndCause {
    /// The party hung up, or gave up before we answered.
    HungUp,
    /// We hung up.
    Released,
    /// The party is busy.
    Busy,
    /// The party did not answer in time.
    NoAnswer,
    /// The party declined.
    Declined,
    /// No phone of that user, no such number, no way there.
    Unreachable,
    /// The other side or a part of ours refused with this SIP status.
    Refused(u16),
    /// No sound or no signalling came any more.
    Lost,
    /// A limit of ours is reached.
    Limit(Box<CallLimit>),
}

impl EndCause {
    /// The word used in records and timelines.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Released => "released",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::Refused(_) => "refused",
            Self::Lost => "lost",
            Self::Limit(_) => "limit",
        }
    }
}

/// How the sound of one leg was, from its first packet to its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// Packets that came.
    pub received: u64,
    /// Packets that should have come and did not.
    pub lost: u64,
    /// Packets sent.
    pub sent: u64,
    /// Interarrival jitter at the end, in microseconds (RFC 3550 §6.4.1).
    pub jitter_us: u32,
    /// Estimated mean opinion score times 100: 100 to 450. 0 when nothing was received.
    pub mos_x100: u16,
    /// What was spoken; `None` before anything was agreed, and in records older than this field.
    #[serde(default)]
    pub codec: Option<Codec>,
    /// Packets sent that were made of sound in another codec: more than none says that the leg was transcoded.
    #[serde(default)]
    pub transcoded: u64,
    /// Whether packets were sealed at the end, and where the keys came from.
    #[serde(default)]
    pub keying: Keying,
    /// The last round trip, in microseconds, if the far end's reports allowed to reckon one.
    #[serde(default)]
    pub round_trip_us: Option<u32>,
}

/// Where the keys of sealed sound come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keying {
    /// Nowhere: sound goes in the clear. So it was in records older than this.
    #[default]
    None,
    /// From the session descriptions (RFC 4568).
    Sdes,
    /// From a DTLS handshake on the way that sound takes (RFC 5764).
    Dtls,
}

impl Keying {
    /// The word used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sdes => "sdes",
            Self::Dtls => "dtls",
        }
    }
}

/// How sound is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722.
    G722,
    /// Opus.
    Opus,
}

impl Codec {
    /// The encoding name, as in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }
}

/// Why an incoming leg is turned away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rejection {
    /// Nobody has that number.
    NoSuchNumber,
    /// The party is busy.
    Busy,
    /// The party does not want it.
    Declined,
    /// Not allowed to do that.
    Forbidden,
    /// Nobody could be reached.
    Unavailable,
    /// We take no new calls just now.
    Draining,
    /// A limit of ours is reached.
    Limit(Box<CallLimit>),
}

/// What a leg is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegCommand {
    /// Tells the caller that it rings.
    Ring {
        /// The leg.
        leg: LegId,
        /// Whether the caller is to hear what it is connected with, before the call is answered, instead of the ringing
        /// tone of its own phone.
        sounds: bool,
    },
    /// Answers the call.
    Answer {
        /// The leg.
        leg: LegId,
    },
    /// Turns the call away.
    Reject {
        /// The leg.
        leg: LegId,
        /// Why.
        why: Rejection,
    },
    /// Calls somebody.
    Dial {
        /// The leg it will be known by.
        leg: LegId,
        /// Whom.
        target: Target,
        /// Who is shown as the caller.
        caller: Party,
        /// The leg it is meant to be bridged with, so that both take the same codec and media thread.
        beside: Option<LegId>,
        /// How long it may ring.
        ring: Duration,
        /// The phone of ours that answers for what a call outside costs.
        charged: Option<SipUser>,
        /// Whether it goes where the dialled phone sends it (3xx).
        follows: bool,
    },
    /// Grants what [`LegEvent::Refer`] asks for; the party is told that it is done.
    TakeRefer {
        /// The leg.
        leg: LegId,
        /// Which request.
        refer: u32,
    },
    /// Declines it. The talk goes on.
    DeclineRefer {
        /// The leg.
        leg: LegId,
        /// Which request.
        refer: u32,
        /// Why.
        why: Rejection,
    },
    /// Ends the leg, whatever state it is in.
    HangUp {
        /// The leg.
        leg: LegId,
    },
    /// Plays one sound after the other, instead of what was playing or connected.
    Play {
        /// The leg.
        leg: LegId,
        /// Named in [`LegEvent::Played`].
        play: u32,
        /// What, in order.
        prompts: Vec<Prompt>,
        /// Whether to begin again at the end, for ever.
        repeat: bool,
    },
    /// Stops what plays.
    Silence {
        /// The leg.
        leg: LegId,
    },
    /// Lets two legs hear each other, instead of what they heard before.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Takes a leg out of its bridge or conference; neither hears the other.
    Part {
        /// The leg.
        leg: LegId,
    },
    /// Lets a leg hear another one beside whatever else it hears, or no longer. It stays so, whatever becomes of bridges,
    /// until one of the two ends or it is taken back; the one that is heard is not touched by it.
    Hear {
        /// Who listens.
        listener: LegId,
        /// To whom.
        speaker: LegId,
        /// On or off.
        on: bool,
    },
    /// Sends the leg's own sound back to it.
    Echo {
        /// The leg.
        leg: LegId,
    },
    /// Puts the leg into the conference room of that name, made if it does not exist; or lets it be heard there, or not,
    /// from now on. Whether it speaks is told with [`LegEvent::Speaks`].
    Confer {
        /// The leg.
        leg: LegId,
        /// The room.
        room: String,
        /// Whether the others hear it.
        speaks: bool,
    },
    /// Begins a recording.
    Record {
        /// Its id.
        recording: RecordingId,
        /// Heard on the left.
        left: LegId,
        /// Heard on the right; `None` records one side only.
        right: Option<LegId>,
    },
    /// Lets a running recording go on with these legs on its sides.
    RecordFrom {
        /// The recording.
        recording: RecordingId,
        /// Heard on the left.
        left: LegId,
        /// Heard on the right, if somebody is there.
        right: Option<LegId>,
    },
    /// Says what a running recording keeps from now on.
    KeepOfRecording {
        /// The recording.
        recording: RecordingId,
        /// What.
        state: RecordingState,
    },
    /// Writes something into a running recording.
    MarkRecording {
        /// The recording.
        recording: RecordingId,
        /// What.
        mark: RecordingMark,
    },
    /// Ends a recording; it also ends with the last of its legs.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// Somebody has taken notice that a limit turns calls away: they are counted anew.
    LimitNoticed {
        /// Which.
        limit: CallLimit,
    },
}

impl LegEvent {
    /// The leg it happened to, except for recordings.
    pub const fn leg(&self) -> Option<LegId> {
        match self {
            Self::Arrived { leg, .. }
            | Self::Ringing { leg, .. }
            | Self::Answered { leg }
            | Self::Held { leg }
            | Self::Resumed { leg }
            | Self::Refer { leg, .. }
            | Self::Digit { leg, .. }
            | Self::Played { leg, .. }
            | Self::Ended { leg, .. }
            | Self::OneWay { leg, .. }
            | Self::WayRestored { leg, .. } => Some(*leg),
            Self::HearRefused { listener, .. } => Some(*listener),
            Self::ConferRefused { leg } | Self::Speaks { leg, .. } => Some(*leg),
            Self::Recorded { .. }
            | Self::RecordingFailed { .. }
            | Self::RecordingUnchanged { .. }
            | Self::LimitReached { .. } => None,
        }
    }
}
