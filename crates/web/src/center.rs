//! What the web asks of the live center: implemented by whoever drives it.

use base::Duration;
use model::timeline::LegRole;
use model::{
    AgentId, AgentView, AgentWish, AlertId, ConferenceOrder, ConferenceRefused, ConferenceView,
    InteractionId, KeptOut, LegId, MonitorRefused, Quality, RecordingState, SipUser, Supervision,
    WishRefused,
};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use thiserror::Error;

/// Whether the center takes calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Calls and requests are accepted.
    Ready,
    /// It starts.
    Starting,
    /// It takes no new calls and waits for the live ones.
    Draining,
}

impl Readiness {
    /// The word used in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Draining => "draining",
        }
    }
}

/// Why a wish came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WishError {
    /// The center refused it.
    #[error(transparent)]
    Refused(#[from] WishRefused),
    /// The center did not answer.
    #[error("the center did not answer")]
    Unavailable,
}

/// Why a recording does not keep what somebody wants of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RecordingError {
    /// No recording of the interaction runs.
    #[error("the interaction is not recorded just now")]
    NotRecording,
    /// The order did not reach the sound: the recording keeps what it kept before.
    #[error("the recording could not be changed: it keeps what it kept before")]
    Unchanged,
    /// The center did not answer.
    #[error("the center did not answer")]
    Unavailable,
}

/// Why a supervisor does not take part in a call.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MonitorError {
    /// The center refused it.
    #[error(transparent)]
    Refused(#[from] MonitorRefused),
    /// The center did not answer.
    #[error("the center did not answer")]
    Unavailable,
}

/// Why nothing is done in a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConferenceError {
    /// The center refused it.
    #[error(transparent)]
    Refused(#[from] ConferenceRefused),
    /// The center did not answer.
    #[error("the center did not answer")]
    Unavailable,
}

/// The center did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the center did not answer")]
pub struct Unavailable;

/// What lets a page register the phone of a log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePass {
    /// Whose phone.
    pub user: SipUser,
    /// The token to register with.
    pub token: String,
    /// For how long.
    pub good_for: Duration,
}

/// How a leg of a live interaction sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegSound {
    /// The leg.
    pub leg: LegId,
    /// Whose.
    pub role: LegRole,
    /// From its beginning until it was last measured, seconds ago.
    pub quality: Quality,
}

/// The way to the live center.
pub trait CenterDoor: Send + Sync + 'static {
    /// Hands over an agent's wish; the answer is how the agent stands then. A wish that has to wait for the end of an
    /// interaction shows in [`AgentView::next`].
    fn wish(
        &self,
        agent: AgentId,
        wish: AgentWish,
    ) -> Pin<Box<dyn Future<Output = Result<AgentView, WishError>> + Send + '_>>;

    /// Somebody has taken notice of an alert; the answer is whether it was there.
    fn close_alert(
        &self,
        alert: AlertId,
    ) -> Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>>;

    /// How a live interaction sounds: those of its legs that were measured. None for one that is over.
    fn sound(
        &self,
        interaction: InteractionId,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<LegSound>, Unavailable>> + Send + '_>>;

    /// Pauses the recording of an interaction, masks a side of it, or lets it run again, in the name of a login. When the
    /// answer is `Ok` it is so.
    fn keep_of_recording(
        &self,
        interaction: InteractionId,
        state: RecordingState,
        by: String,
    ) -> Pin<Box<dyn Future<Output = Result<(), RecordingError>> + Send + '_>>;

    /// Lets a login take part in a call of others, or do so in another way: the login's phone rings, if it does not take
    /// part already.
    fn monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
        mode: Supervision,
    ) -> Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>>;

    /// A login takes part no longer. The call goes on.
    fn end_monitor(
        &self,
        interaction: InteractionId,
        by: AgentId,
    ) -> Pin<Box<dyn Future<Output = Result<(), MonitorError>> + Send + '_>>;

    /// Every conference that somebody is in.
    fn conferences(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<ConferenceView>, Unavailable>> + Send + '_>>;

    /// Does something in a conference, in the name of a login.
    fn order_conference(
        &self,
        room: String,
        order: ConferenceOrder,
        by: String,
    ) -> Pin<Box<dyn Future<Output = Result<(), ConferenceError>> + Send + '_>>;

    /// Everybody who is kept out.
    fn kept_out(&self) -> Pin<Box<dyn Future<Output = Result<Vec<KeptOut>, Unavailable>> + Send + '_>>;

    /// Lets an address in again; the answer is whether it was kept out.
    fn let_in(&self, address: IpAddr)
    -> Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + '_>>;

    /// A token with which the page of this log-in registers the agent's phone.
    fn phone_pass(
        &self,
        agent: AgentId,
        login: u64,
    ) -> Pin<Box<dyn Future<Output = Result<PhonePass, WishError>> + Send + '_>>;

    /// A log-in has ended, and with it what was registered by its tokens. A center that does not answer forgets them by
    /// itself within minutes.
    fn login_over(&self, login: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Whether calls are taken.
    fn readiness(&self) -> Readiness;
}
