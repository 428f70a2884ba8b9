//! What other threads ask of the control thread.

use crate::lines::OpenedLine;
use center::Settings as CenterSettings;
use media::PortId;
use model::{
    AgentId, AgentView, AgentWish, AlertId, ConferenceOrder, ConferenceRefused, ConferenceView,
    InteractionId, KeptOut, LegEvent, MonitorRefused, RecordingRoom, RecordingState, SipUser, Supervision,
    WishRefused,
};
use std::net::IpAddr;
use telephony::{Prompts, Settings as TelephonySettings};
use tokio::sync::oneshot;
use web::{LegSound, LineRefused, LineWish, PhonePass, RecordingError};

/// One request.
#[derive(Debug)]
pub enum Request {
    /// An agent wants a state.
    Wish {
        /// Who.
        agent: AgentId,
        /// What.
        wish: AgentWish,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<AgentView, WishRefused>>,
    },
    /// Somebody has taken notice of an alert.
    CloseAlert {
        /// Which.
        alert: AlertId,
        /// Whether it was there.
        reply: oneshot::Sender<bool>,
    },
    /// How does an interaction sound?
    Sound {
        /// Which.
        interaction: InteractionId,
        /// Each of its legs that was measured.
        reply: oneshot::Sender<Vec<LegSound>>,
    },
    /// A recording is to be paused, masked, or to run again.
    KeepOfRecording {
        /// Whose recording.
        interaction: InteractionId,
        /// What it is to keep.
        state: RecordingState,
        /// The login of whoever wants it.
        by: String,
        /// Whether it is so.
        reply: oneshot::Sender<Result<(), RecordingError>>,
    },
    /// A supervisor wants to take part in a call of others, or to do so in another way.
    Monitor {
        /// The call.
        interaction: InteractionId,
        /// The supervisor's login.
        by: AgentId,
        /// How.
        mode: Supervision,
        /// Whether the supervisor's phone rings, or takes part so.
        reply: oneshot::Sender<Result<(), MonitorRefused>>,
    },
    /// A supervisor takes part no longer.
    EndMonitor {
        /// The call.
        interaction: InteractionId,
        /// The supervisor's login.
        by: AgentId,
        /// Whether the supervisor did.
        reply: oneshot::Sender<Result<(), MonitorRefused>>,
    },
    /// Who is in which conference?
    Conferences(oneshot::Sender<Vec<ConferenceView>>),
    /// Something is to be done in a conference.
    Conference {
        /// The room.
        room: String,
        /// What.
        order: ConferenceOrder,
        /// The login of whoever wants it.
        by: String,
        /// Whether it could be done.
        reply: oneshot::Sender<Result<(), ConferenceRefused>>,
    },
    /// The page of a log-in wants to register an agent's phone.
    PhonePass {
        /// Whose.
        agent: AgentId,
        /// Which log-in.
        login: u64,
        /// Where the token goes.
        reply: oneshot::Sender<Result<PhonePass, WishRefused>>,
    },
    /// A log-in has ended.
    LoginOver {
        /// Which.
        login: u64,
    },
    /// Which of these users have a phone that can be rung?
    Registered {
        /// The users.
        users: Vec<SipUser>,
        /// One answer for each.
        reply: oneshot::Sender<Vec<bool>>,
    },
    /// A program wants to hear a call, or to speak in it.
    OpenLine {
        /// Which.
        interaction: InteractionId,
        /// Whom it hears and speaks to.
        wish: LineWish,
        /// The line.
        reply: oneshot::Sender<Result<OpenedLine, LineRefused>>,
    },
    /// A program has gone.
    CloseLine {
        /// Its line.
        line: PortId,
    },
    /// Who is kept out?
    KeptOut(oneshot::Sender<Vec<KeptOut>>),
    /// An address is to be let in again.
    LetIn {
        /// Which.
        address: IpAddr,
        /// Whether it was kept out.
        reply: oneshot::Sender<bool>,
    },
    /// A recording was closed, or went wrong.
    Recording(LegEvent),
    /// The disk has more or less room for recordings than before.
    RecordingRoom {
        /// How much.
        room: RecordingRoom,
        /// In bytes.
        free_bytes: u64,
    },
    /// Settings and sounds are these from now on.
    Reload(Box<Reload>),
    /// New calls are turned away from now on.
    Drain,
    /// How much is going on?
    Load(oneshot::Sender<Load>),
    /// Everything ends now.
    Stop,
}

/// New settings, checked.
#[derive(Debug)]
pub struct Reload {
    /// For the center.
    pub center: CenterSettings,
    /// For telephony.
    pub telephony: TelephonySettings,
    /// The sounds.
    pub prompts: Prompts,
    /// For pages.
    pub pages: web::PageSettings,
}

/// How much is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Open interactions.
    pub interactions: usize,
    /// Legs, those on their way out included.
    pub legs: usize,
    /// Registrations.
    pub registrations: usize,
    /// SIP connections.
    pub connections: usize,
    /// SIP transactions and dialogs.
    pub signalling: usize,
    /// Carriers that do not know yet that no calls are to come any more.
    pub carriers: usize,
}
