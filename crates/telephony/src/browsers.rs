//! Legs of browsers: who is spoken to as one, and what its descriptions need.
//!
//! A browser is who offers what only browsers offer (RFC 8829), or who is reached over a WebSocket (RFC 7118). Of a user's
//! phones that ring at once, those on WebSockets get an offer for browsers and the others a plain one; what the leg is, is
//! known by the answer. Each of those pages gets a name and a password of its own: a page that answers by itself begins at
//! once, and the one that comes too late shall not be taken for the one that talks.
//!
//! The name and the password under which a browser has answered stay for the leg, so that hold changes nothing for packets;
//! when the browser begins ICE anew (RFC 8445 §9), ours are new as well. Our offers do not begin it anew.

use crate::leg::{Leg, State};
use crate::machine::Timer;
use crate::{Output, Telephony};
use base::{Duration, Now, SecretSource};
use browser_peer::{Credentials, Door, Pairing, Role};
use media::PortId;
use model::{EndCause, LegEvent, LegId, SoundWay};
use sdp::{Answer, BrowserSide, Local, OurBrowserSide, Refusal, Session, is_browsers};
use sip::{SessionId, Transport};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How long a call waits for a browser that has not checked for as long as [`browser_peer::agent::CONSENT`]. A laptop that changes
/// networks is back within it; a page that was closed says no good-bye, and its call would go on for ever.
pub(crate) const SILENCE_PATIENCE: Duration = Duration::from_secs(60);

/// What a leg needs to talk with a browser.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    /// Where its port's browser comes to. Without one there are no browsers.
    pub(crate) door: Option<Door>,
    /// Whether the party is reached over a WebSocket.
    pub(crate) is_on_websocket: bool,
    /// Who we are in ICE, once we have had to be somebody.
    ours: Option<Credentials>,
    /// Who the browser was when we last heard.
    theirs: Option<BrowserSide>,
    /// Those that ring and are on WebSockets.
    forks: BTreeMap<SessionId, Fork>,
}

/// What one of several browsers that ring was told.
#[derive(Debug)]
pub(crate) struct Fork {
    /// Our offer to it.
    pub(crate) offered: Session,
    /// Who we are in ICE for it, and for none of the others.
    ours: Credentials,
}

/// Something to answer with when nothing but the answer's possibility is asked for.
pub(crate) const fn mere_browser_side() -> OurBrowserSide<'static> {
    OurBrowserSide {
        ufrag: "",
        password: "",
        fingerprint: [0; 32],
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 9),
        mid: None,
    }
}

/// Whether whoever is reached this way is a browser.
pub(crate) const fn is_websocket(transport: Transport) -> bool {
    matches!(transport, Transport::Ws | Transport::Wss)
}

impl Leg {
    /// Our offer in this dialog of a leg.
    pub(crate) fn offered_in(&self, session: SessionId) -> Option<&Session> {
        self.browser.forks.get(&session).map(|fork| &fork.offered).or(self.offered.as_deref())
    }

    /// Whoever answers in this dialog knows us by the name that stands in its offer.
    pub(crate) fn is_known_in(&mut self, session: SessionId) {
        if let Some(fork) = self.browser.forks.get(&session) {
            self.browser.ours = Some(fork.ours.clone());
        }
    }

    /// The same, answered: it is our offer no longer, nor is that to the other phones that rang.
    pub(crate) fn take_offered_in(&mut self, session: SessionId) -> Option<Session> {
        let plain = self.offered.take();
        // What is offered from now on is offered to the one that has answered, in the one place.
        let mut forks = core::mem::take(&mut self.browser.forks);
        forks.remove(&session).map(|fork| fork.offered).or(plain.map(|plain| *plain))
    }
}

impl Telephony {
    /// Whether an offer of ours on a leg has to be one for a browser.
    pub(crate) fn talks_with_browser(&self, id: LegId) -> bool {
        let Some(leg) = self.legs.get(&id) else { return false };
        match (&leg.agreed, leg.browser.door) {
            (_, None) => false,
            (Some(agreed), Some(_)) => agreed.browser.is_some(),
            (None, Some(_)) => leg.browser.is_on_websocket,
        }
    }

    /// Our offer for the browser of a leg.
    pub(crate) fn offer_to_browser(&mut self, id: LegId, beside: Option<LegId>) -> Option<Session> {
        let leg = self.legs.get_mut(&id)?;
        leg.browser.door?;
        leg.sdp_version += 1;
        leg.browser.prepare(&mut self.secrets);
        self.described_to_browser(id, beside)
    }

    fn described_to_browser(&self, id: LegId, beside: Option<LegId>) -> Option<Session> {
        let preferred = beside.and_then(|leg| self.legs.get(&leg)).and_then(|leg| self.spoken(leg));
        let leg = self.legs.get(&id)?;
        let local = Local { browser: self.browser_side(leg), ..self.local(leg, preferred) };
        local.browser?;
        Some(sdp::offer(&local))
    }

    /// The offer for one phone of a user that is on a WebSocket, if there is one for this leg. It is of the same edition as
    /// those to the other phones that ring.
    pub(crate) fn ring_browser(&mut self, id: LegId, beside: Option<LegId>) -> Option<Fork> {
        let ours = Credentials::generate(&mut self.secrets);
        self.legs.get_mut(&id)?.browser.ours = Some(ours.clone());
        let offered = self.described_to_browser(id, beside)?;
        Some(Fork { offered, ours })
    }

    /// A phone rings that was made an offer for browsers.
    pub(crate) fn browser_rings(&mut self, id: LegId, session: SessionId, fork: Fork) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.browser.forks.insert(session, fork);
        }
    }

    /// Gives a leg a name in ICE if an offer may be a browser's.
    pub(crate) fn prepare_browser(&mut self, id: LegId, offer: &Session) {
        if let Some(leg) = self.legs.get_mut(&id)
            && is_browsers(offer)
        {
            leg.browser.prepare(&mut self.secrets);
        }
    }

    /// Our answer to an offer, made anew if the browser begins ICE anew.
    pub(crate) fn answer_to_browser(
        &mut self,
        id: LegId,
        offer: &Session,
        preferred: Option<sdp::Codec>,
        answer: Answer,
    ) -> Result<Answer, Refusal> {
        let Some(leg) = self.legs.get_mut(&id) else { return Ok(answer) };
        let (Some(was), Some(is)) = (&leg.browser.theirs, &answer.chosen.browser) else { return Ok(answer) };
        if (&was.ufrag, &was.password) == (&is.ufrag, &is.password) {
            return Ok(answer);
        }
        leg.browser.ours = Some(Credentials::generate(&mut self.secrets));
        let Some(leg) = self.legs.get(&id) else { return Ok(answer) };
        sdp::answer(offer, &self.local(leg, preferred))
    }

    /// What we say to the browser of a leg, if it may have one.
    pub(crate) fn browser_side<'a>(&self, leg: &'a Leg) -> Option<OurBrowserSide<'a>> {
        let (door, ours) = (leg.browser.door?, leg.browser.ours.as_ref()?);
        Some(OurBrowserSide {
            ufrag: &ours.ufrag,
            password: &ours.password,
            fingerprint: door.fingerprint,
            address: SocketAddr::new(self.media_address(leg.told), door.address.port()),
            mid: leg.browser.theirs.as_ref().and_then(|theirs| theirs.mid.as_deref()),
        })
    }

    /// Who was agreed on is made known to the socket of the browsers, before what was agreed.
    pub(crate) fn pair(&mut self, id: LegId, agreed: Option<&BrowserSide>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let port = leg.port;
        let was = std::mem::replace(&mut leg.browser.theirs, agreed.cloned());
        match (agreed, &leg.browser.ours) {
            (Some(theirs), Some(ours)) => {
                let role = if theirs.we_begin { Role::Active } else { Role::Passive };
                let pairing = Pairing { ours: ours.clone(), fingerprint: theirs.fingerprint, role };
                self.outputs.push_back(Output::Pair { port, pairing });
            }
            _ if was.is_some() => self.outputs.push_back(Output::Unpair { port }),
            _ => {}
        }
    }

    /// The browser at a port is not who it says, or cannot come to keys: nobody will be heard.
    pub(crate) fn cannot_be_sealed(&mut self, port: PortId, now: Now) {
        let Some(id) = self.by_port.get(&port).copied() else { return };
        let is_paired = self.live(id).is_some_and(|leg| leg.browser.theirs.is_some());
        if is_paired {
            self.trouble(format!("{id}: no keys could be agreed on with the browser, the call is ended"));
            self.hang_up(id, EndCause::Refused(488), now);
        }
    }

    /// Nothing is sent to the browser at a port any more, because it does not say that it wants it.
    pub(crate) fn browser_is_silent(&mut self, port: PortId, now: Now) {
        let Some(id) = self.by_port.get(&port).copied().filter(|id| self.live(*id).is_some()) else { return };
        self.deadlines.set(Timer::Silent(id), now.mono + SILENCE_PATIENCE);
        self.tell(LegEvent::OneWay { leg: id, way: SoundWay::Out });
    }

    /// It says so again.
    pub(crate) fn browser_is_back(&mut self, port: PortId) {
        let Some(id) = self.by_port.get(&port).copied() else { return };
        if self.deadlines.stop(&Timer::Silent(id)) {
            self.tell(LegEvent::WayRestored { leg: id, way: SoundWay::Out });
        }
    }

    /// It has not come back: the page was closed, or its network is gone for good.
    pub(crate) fn silent_long_enough(&mut self, id: LegId, now: Now) {
        self.trouble(format!(
            "{id}: the browser has not been heard of for {SILENCE_PATIENCE:?}, the call is ended"
        ));
        self.hang_up(id, EndCause::Lost, now);
    }

    /// Whether the caller of a leg is a browser, by what it offers.
    pub(crate) fn offers_as_browser(&self, id: LegId) -> bool {
        match self.legs.get(&id).map(|leg| &leg.state) {
            Some(State::Arrived { offer: Some(offer), .. }) => is_browsers(offer),
            _ => false,
        }
    }
}

impl Browser {
    fn prepare(&mut self, secrets: &mut SecretSource) {
        if self.door.is_some() && self.ours.is_none() {
            self.ours = Some(Credentials::generate(secrets));
        }
    }
}
