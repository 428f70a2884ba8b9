//! Offers and answers: what each leg agrees about sound.

use crate::Telephony;
use crate::browsers::mere_browser_side;
use crate::leg::{Leg, State};
use crate::sealing::{SrtpRule, mere_suites, sealing_of};
use base::Now;
use bytes::Bytes;
use model::{EndCause, LegEvent, LegId, Origin, SipUser, TrunkId};
use sdp::{Codec, Local, Negotiated, Refusal, Session};
use sip::SessionId;
use sip_message::StatusCode;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

impl Telephony {
    /// Whether there is anything in an offer that we could take from a party whose signalling comes to `told`.
    pub(crate) fn could_answer(&self, offer: &Session, told: IpAddr, origin: &Origin) -> Result<(), Refusal> {
        let mut local = Local::new(SocketAddr::new(self.media_address(Some(told)), 9), 0);
        let (codecs, rule) = match origin {
            Origin::Trunk(trunk) => (self.codecs_of(trunk), self.srtp_rule_of(trunk)),
            Origin::User(user) => (self.codecs_with(user), self.srtp_rule_with(user)),
        };
        let suites = mere_suites();
        local.codecs = codecs;
        local.srtp = rule.tried(&suites);
        local.browser = Some(mere_browser_side());
        sdp::answer(offer, &local).map(|_| ())
    }

    pub(crate) fn refuse_offer(&mut self, session: SessionId, refusal: Refusal, now: Now) {
        let warning = format!("{} hotline \"{refusal}\"", refusal.warning_code());
        self.ua.reject_with(session, StatusCode::NOT_ACCEPTABLE_HERE, "", &[("Warning", warning)], now);
    }

    /// Where a party is to send sound that knows us as `told` from signalling.
    pub(crate) fn media_address(&self, told: Option<IpAddr>) -> IpAddr {
        let set = self.settings.media_address;
        told.filter(|told| set.is_unspecified() || set.is_ipv4() != told.is_ipv4()).unwrap_or(set)
    }

    /// What is spoken on a trunk.
    fn codecs_of(&self, trunk: &TrunkId) -> &[Codec] {
        let trunk = self.settings.trunks.iter().find(|one| one.id == *trunk);
        let codecs = trunk.map(|trunk| trunk.codecs.as_slice()).filter(|codecs| !codecs.is_empty());
        codecs.unwrap_or(&self.settings.codecs)
    }

    /// What is spoken with a phone.
    fn codecs_with(&self, user: &SipUser) -> &[Codec] {
        self.settings.phone_codecs.get(user).unwrap_or(&self.settings.codecs)
    }

    /// What is spoken on a leg.
    fn codecs(&self, leg: &Leg) -> &[Codec] {
        match (&leg.seat, &leg.user) {
            (Some(seat), _) => self.codecs_of(&seat.trunk),
            (None, Some(user)) => self.codecs_with(user),
            (None, None) => &self.settings.codecs,
        }
    }

    /// The codec a leg speaks, or will speak if it is answered.
    pub(crate) fn spoken(&self, leg: &Leg) -> Option<Codec> {
        if let Some(agreed) = &leg.agreed {
            return Some(agreed.codec);
        }
        let State::Arrived { offer: Some(offer), .. } = &leg.state else { return None };
        let suites = mere_suites();
        let unspecified = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        unspecified.into_iter().find_map(|anywhere| {
            let mut local = Local::new(SocketAddr::new(anywhere, 9), 0);
            local.codecs = self.codecs(leg);
            local.srtp = self.srtp_rule(leg).tried(&suites);
            local.browser = Some(mere_browser_side());
            sdp::answer(offer, &local).ok().map(|answer| answer.chosen.codec)
        })
    }

    /// What we say of our side of a leg.
    pub(crate) fn local<'a>(&'a self, leg: &'a Leg, preferred: Option<Codec>) -> Local<'a> {
        let port = leg.address.map_or(9, |address| address.port());
        let address = SocketAddr::new(self.media_address(leg.told), port);
        let mut local = Local::new(address, leg.sdp_id);
        local.version = leg.sdp_version;
        local.codecs = self.codecs(leg);
        local.preferred = preferred;
        local.browser = self.browser_side(leg);
        local
    }

    /// Our offer for a leg, with the codec of the leg it will be bridged with in front.
    pub(crate) fn offer_for(&mut self, id: LegId, beside: Option<LegId>) -> Option<Session> {
        if self.talks_with_browser(id) {
            return self.offer_to_browser(id, beside);
        }
        let preferred = beside.and_then(|leg| self.legs.get(&leg)).and_then(|leg| self.spoken(leg));
        let leg = self.legs.get_mut(&id)?;
        leg.sdp_version += 1;
        self.prepare_keys(id, None);
        let leg = self.legs.get(&id)?;
        let local = self.local(leg, preferred);
        Some(sdp::offer(&Local { srtp: self.srtp_offering(leg), browser: None, ..local }))
    }

    /// Answers a call that came, if it was not answered yet.
    pub(crate) fn answer(&mut self, id: LegId, now: Now) {
        let Some(Leg { state: State::Arrived { session, offer }, .. }) = self.legs.get_mut(&id) else {
            return;
        };
        let (session, offer) = (*session, offer.take());
        let early = self.legs.get_mut(&id).and_then(|leg| leg.early.take());
        if let Some(early) = early {
            // What was said while it rang stands, to the letter (RFC 3261 §13.2.1).
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.state = State::Answered { session };
            }
            return self.ua.answer(session, early, now);
        }
        let body = match offer {
            Some(offer) => match self.answer_to(id, &offer, None) {
                Ok(answer) => answer,
                Err(refusal) => {
                    self.refuse_offer(session, refusal, now);
                    self.close(id, EndCause::Refused(488), now);
                    return;
                }
            },
            // The caller wants our offer; its answer comes with the ACK.
            None => {
                let Some(offer) = self.offer_for(id, None) else { return };
                let text = offer.to_string();
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.offered = Some(Box::new(offer));
                }
                text
            }
        };
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = State::Answered { session };
        }
        self.ua.answer(session, Bytes::from(body), now);
    }

    /// Our answer to the party's offer; what was agreed takes effect.
    fn answer_to(&mut self, id: LegId, offer: &Session, preferred: Option<Codec>) -> Result<String, Refusal> {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.sdp_version += 1;
        }
        self.prepare_keys(id, Some(offer));
        self.prepare_browser(id, offer);
        let Some(leg) = self.legs.get(&id) else { return Err(Refusal::NoAudio) };
        let local = Local { srtp: self.srtp_answering(leg), ..self.local(leg, preferred) };
        let answer = sdp::answer(offer, &local)?;
        let answer = self.answer_to_browser(id, offer, preferred, answer)?;
        self.agree(id, answer.chosen);
        Ok(answer.sdp.to_string())
    }

    /// What the far end says of its sound before it answers (RFC 3261 §13.2.1, RFC 3960). The answer may say it again,
    /// or otherwise. Returns whether it can be heard.
    pub(crate) fn take_early_answer(&mut self, id: LegId, session: SessionId, answer: &Bytes) -> bool {
        let offered = self.legs.get(&id).and_then(|leg| leg.offered_in(session));
        let agreed = offered
            .zip(Session::parse(answer).ok())
            .and_then(|(offered, answer)| sdp::accept(offered, &answer).ok());
        match agreed {
            Some(agreed) if agreed.direction.receives() => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.is_known_in(session);
                }
                self.agree(id, agreed);
                true
            }
            _ => false,
        }
    }

    /// Tells a caller that it rings; if `sounds`, with a description, so that it hears what its leg is connected with.
    pub(crate) fn ring(&mut self, id: LegId, sounds: bool, now: Now) {
        let Some(Leg { state: State::Arrived { session, offer }, early, .. }) = self.legs.get(&id) else {
            return;
        };
        let (session, early) = (*session, early.clone());
        let early = match (early, offer.clone().filter(|_| sounds)) {
            (Some(early), _) => Some(early),
            // What cannot be agreed on now cannot be agreed on later either; the answer will say so.
            (None, Some(offer)) => self.answer_to(id, &offer, None).ok().map(Bytes::from),
            (None, None) => None,
        };
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.early.clone_from(&early);
        }
        self.ua.ring(session, early, now);
    }

    /// The party's answer to our offer. Returns whether sound can flow.
    pub(crate) fn take_answer(&mut self, id: LegId, session: SessionId, answer: Option<Bytes>) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        leg.is_known_in(session);
        let Some(offered) = leg.take_offered_in(session) else { return leg.agreed.is_some() };
        if answer.is_none() && leg.agreed.is_some() {
            // It was agreed before the answer, and stands.
            return true;
        }
        let agreed = answer
            .and_then(|answer| Session::parse(&answer).ok())
            .and_then(|answer| sdp::accept(&offered, &answer).ok());
        let must_be_sealed = self.legs.get(&id).is_some_and(|leg| self.srtp_rule(leg) == SrtpRule::Required);
        match agreed {
            // Keys beside plain RTP may be left; not where sound has to be sealed.
            Some(agreed) if must_be_sealed && agreed.sealed.is_none() && agreed.browser.is_none() => false,
            Some(agreed) => {
                self.agree(id, agreed);
                true
            }
            None => false,
        }
    }

    /// Puts what was agreed into effect, and tells of hold.
    fn agree(&mut self, id: LegId, agreed: Negotiated) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let port = leg.port;
        let held = agreed.hold;
        let was_held = std::mem::replace(&mut leg.held, held);
        let up = matches!(leg.state, State::Up { .. });
        self.pair(id, agreed.browser.as_ref());
        self.sound(media::Command::Configure {
            port,
            remote: agreed.remote,
            format: format_of(&agreed),
            telephone_event: agreed.telephone_event.map(|numbers| media::Keys {
                send: numbers.send,
                receive: numbers.receive,
                clock_rate: agreed.telephone_event_clock,
            }),
            send: agreed.direction.sends(),
            receive: agreed.direction.receives(),
            sealing: agreed.sealed.as_ref().map(sealing_of),
            rtcp_mux: agreed.rtcp_mux,
        });
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.agreed = Some(Box::new(agreed));
        }
        if up && held != was_held {
            self.tell(if held { LegEvent::Held { leg: id } } else { LegEvent::Resumed { leg: id } });
        }
    }

    /// The party wants to change the session: hold, another address, another codec.
    pub(crate) fn offered_anew(&mut self, id: LegId, session: SessionId, offer: Option<Bytes>, now: Now) {
        let codec = self.legs.get(&id).and_then(|leg| self.spoken(leg));
        let answer = match offer.map(|offer| Session::parse(&offer)) {
            Some(Ok(offer)) => self.answer_to(id, &offer, codec).ok(),
            Some(Err(_)) => None,
            // It asks for our offer (RFC 3261 §14.2); its answer comes with the ACK.
            None => self.offer_for(id, Some(id)).map(|offer| {
                let text = offer.to_string();
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.offered = Some(Box::new(offer));
                }
                text
            }),
        };
        match answer {
            Some(answer) => self.ua.answer_offer(session, Bytes::from(answer), now),
            None => self.ua.refuse_offer(session, StatusCode::NOT_ACCEPTABLE_HERE, now),
        }
    }
}

/// What was agreed, in the words of the sound graph.
fn format_of(agreed: &Negotiated) -> media::Format {
    let codec = match agreed.codec {
        Codec::Pcmu => media::Codec::Pcmu,
        Codec::Pcma => media::Codec::Pcma,
        Codec::G722 => media::Codec::G722,
        Codec::Opus => media::Codec::Opus,
    };
    let mut format = media::Format {
        payload_type: agreed.payload.send,
        receive_type: agreed.payload.receive,
        ptime_ms: agreed.ptime_ms,
        ..media::Format::of(codec)
    };
    if let Some(wishes) = agreed.opus {
        format.opus.bitrate =
            wishes.bitrate_max.map_or(format.opus.bitrate, |most| most.min(format.opus.bitrate));
        format.opus.bitrate_max = wishes.bitrate_max.unwrap_or(format.opus.bitrate_max);
        format.opus.redundancy = wishes.redundancy;
    }
    format
}
