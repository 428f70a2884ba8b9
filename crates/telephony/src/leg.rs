//! One leg: its dialog, its port, and where it stands.
//!
//! ```text
//!  in:   Arrived ──forwarded──▶ Proxied ──over──▶ gone
//!  in:   Opening ──port──▶ Arrived ──answer──▶ Answered ──ACK──▶ Up ──┐
//!            │                │ reject            │                   ├──▶ Closing ──port closed──▶ gone
//!  out:  Opening ──port──▶ Dialing ──200───────────────────────▶ Up ──┘
//! ```
//!
//! `Ended` is told when the port is closed, so that the leg holds nothing when the center hears of it.

use crate::browsers::Browser;
use crate::carriers::Seat;
use crate::hunting::Hunt;
use crate::redirecting::Errand;
use crate::refusing::Asker;
use crate::sealing::OwnKeys;
use base::Instant;
use media::PortId;
use model::{EndCause, LegId, Origin, Party, Quality, SipUser, Target};
use sdp::{Negotiated, Session};
use sip::SessionId;
use std::net::{IpAddr, SocketAddr};

/// A leg.
#[derive(Debug)]
pub struct Leg {
    /// Its id.
    pub id: LegId,
    /// Where it stands.
    pub state: State,
    /// Its end in the sound graph.
    pub port: PortId,
    /// Where that listens, once it is open.
    pub address: Option<SocketAddr>,
    /// Our address as the party knows it from signalling; sound is to be sent there unless something else is set.
    pub told: Option<IpAddr>,
    /// Legs of one group can be bridged.
    pub group: u64,
    /// The number in our `o=` line.
    pub sdp_id: u64,
    /// Its version.
    pub sdp_version: u64,
    /// Our last description, when it was an offer that wants an answer.
    pub offered: Option<Box<Session>>,
    /// Our description, as the caller was told while it rang.
    pub(crate) early: Option<bytes::Bytes>,
    /// What was agreed about sound.
    pub agreed: Option<Box<Negotiated>>,
    /// What we seal with, if anything is to be sealed.
    pub(crate) own_keys: OwnKeys,
    /// What it takes to talk with a browser.
    pub(crate) browser: Browser,
    /// Whether the party holds us.
    pub held: bool,
    /// How its sound was when it was last measured.
    pub(crate) quality: Option<Quality>,
    /// What is played to it, by its number; an announcement over it is another matter.
    pub(crate) playing: Option<u64>,
    /// The conference room it is in.
    pub room: Option<String>,
    /// The phone of ours at its other end.
    pub(crate) user: Option<SipUser>,
    /// Whether it came; we dialled it otherwise.
    pub(crate) came: bool,
    /// The trunk it came by or goes by.
    pub(crate) seat: Option<Seat>,
    /// For a call that came: the number dialled.
    pub(crate) dialed: String,
    /// For a call that came: what the caller hands over, as it stands in the INVITE.
    pub(crate) user_to_user: Vec<String>,
    /// For a call to a phone of ours: where it has been.
    pub(crate) errand: Option<Box<Errand>>,
    /// For a call to a number: what else can be tried.
    pub(crate) hunt: Option<Box<Hunt>>,
}

/// Where a leg stands.
#[derive(Debug)]
pub enum State {
    /// Its port is being opened.
    Opening(Box<Purpose>),
    /// The caller waits for us to answer.
    Arrived {
        /// The dialog.
        session: SessionId,
        /// What the caller offered; `None` if it wants our offer.
        offer: Option<Box<Session>>,
    },
    /// Our answer is on its way.
    Answered {
        /// The dialog.
        session: SessionId,
    },
    /// The phones of the dialled party ring, or are about to.
    Dialing {
        /// A dialog for each phone.
        forks: Vec<SessionId>,
        /// Whether the center knows that one rings.
        rings: bool,
        /// The best reason so far why it will come to nothing.
        refused: Option<EndCause>,
    },
    /// The call was forwarded to another phone of ours, and its sound does not come by here.
    Proxied {
        /// The dialog, at the caller's leg while it lives.
        session: Option<SessionId>,
        /// The leg of the other phone.
        other: LegId,
        /// Whether somebody has answered.
        answered: bool,
    },
    /// Sound flows.
    Up {
        /// The dialog.
        session: SessionId,
    },
    /// The port is being closed.
    Closing {
        /// What the center will be told.
        cause: EndCause,
        /// Since when.
        since: Instant,
    },
}

/// Why a port is being opened.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives boxed, for the moment it takes to open a port")]
pub enum Purpose {
    /// For a call that came.
    Arrive {
        /// The dialog.
        session: SessionId,
        /// What the caller offered.
        offer: Option<Session>,
        /// Who calls.
        from: Party,
        /// Who was dialled.
        to: String,
        /// The way it came.
        origin: Origin,
    },
    /// For a call of ours.
    Dial {
        /// Whom.
        target: Target,
        /// Who is shown as the caller.
        caller: Party,
        /// The leg it will be bridged with.
        beside: Option<LegId>,
        /// How long it may ring.
        ring: base::Duration,
        /// Who answers for what a call outside costs.
        charged: Option<SipUser>,
        /// Whether it goes where the dialled phone sends it.
        follows: bool,
    },
}

impl Leg {
    /// What its other end is, when it is refused something.
    pub(crate) fn asker(&self) -> Asker {
        if self.user.is_some() { Asker::Phone } else { Asker::Carrier }
    }

    /// A leg that nothing has happened to yet.
    pub(crate) fn opening(id: LegId, port: PortId, group: u64) -> Self {
        Self {
            id,
            state: State::Dialing { forks: Vec::new(), rings: false, refused: None },
            port,
            address: None,
            told: None,
            group,
            sdp_id: 0,
            sdp_version: 0,
            offered: None,
            early: None,
            agreed: None,
            own_keys: OwnKeys::default(),
            browser: Browser::default(),
            held: false,
            quality: None,
            playing: None,
            room: None,
            user: None,
            came: false,
            seat: None,
            dialed: String::new(),
            user_to_user: Vec::new(),
            errand: None,
            hunt: None,
        }
    }

    /// Every dialog it has.
    pub fn sessions(&self) -> Vec<SessionId> {
        match &self.state {
            State::Opening(purpose) => match &**purpose {
                Purpose::Arrive { session, .. } => vec![*session],
                Purpose::Dial { .. } => Vec::new(),
            },
            State::Arrived { session, .. } | State::Answered { session } | State::Up { session } => {
                vec![*session]
            }
            State::Dialing { forks, .. } => forks.clone(),
            State::Proxied { session, .. } => session.iter().copied().collect(),
            State::Closing { .. } => Vec::new(),
        }
    }

    /// Whether it is on its way out.
    pub const fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_costs_about_a_kilobyte() {
        // Two legs a call, of the 50 kB that a call may take; see `tests/memory.rs` for all of it.
        assert!(
            size_of::<Leg>() < 1_024,
            "{} bytes, {} of them its state",
            size_of::<Leg>(),
            size_of::<State>()
        );
    }
}
