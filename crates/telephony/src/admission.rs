//! Who may call: phones that prove who they are, and carriers by their address.

use crate::browsers::is_websocket;
use crate::leg::{Leg, Purpose, State};
use crate::refusing::{Asker, Spoken};
use crate::{Output, Telephony};
use base::Now;
use media::PortId;
use model::{LegId, Origin, Party, SipUser};
use sip::{Arrival, SessionId, Verdict};
use sip_message::{Host, NameAddr, StatusCode, Uri};
use std::net::IpAddr;

/// How many User-to-User values of a call are handed on, and the longest one.
const USER_TO_USER_MAX: usize = 4;
const USER_TO_USER_BYTES_MAX: usize = 512;

/// The longest number or name kept of a caller.
const PARTY_CHARS_MAX: usize = 128;

impl Telephony {
    /// A call came: it is admitted, challenged or refused.
    pub(crate) fn incoming(&mut self, session: SessionId, arrival: &Arrival, now: Now) {
        // Calls change hands here by REFER, which says who asks. Nobody takes another one's call by naming it.
        if arrival.replaces.is_some() {
            return self.ua.turn_away(session, StatusCode::FORBIDDEN, "Not Your Call", now);
        }
        let claimed = SipUser::new(&user_of(arrival.from.uri()));
        // Whoever claims to be one of our phones must prove it, wherever the call comes from.
        let is_our_phone = self.settings.phones.contains_key(&claimed)
            && self.is_ours(arrival.from.uri(), arrival.source.local.ip());
        let origin = if is_our_phone {
            match self.authenticate(&arrival.request, &arrival.source, now) {
                Verdict::Accept { user } if user == claimed => Origin::User(user),
                Verdict::Accept { .. } => {
                    return self.ua.reject(session, StatusCode::FORBIDDEN, "Not Your Name", now);
                }
                Verdict::Challenge(challenge) => return self.ua.challenge(session, challenge, now),
                Verdict::Refuse { status, why } => {
                    self.say_refused(&why, &arrival.source);
                    return self.ua.turn_away(session, status, "", now);
                }
            }
        } else if let Some(trunk) = self.trunk_of(arrival.source.remote.ip(), &user_of(arrival.request.uri()))
        {
            if let Some(limit) = self.carriers.limit_in(trunk) {
                let refusal = Spoken::of_limit(&limit, Asker::Carrier);
                self.limit_reached(limit, now);
                return self.ua.turn_away_with(
                    session,
                    refusal.status,
                    refusal.reason,
                    &refusal.headers(),
                    now,
                );
            }
            Origin::Trunk(trunk.id.clone())
        } else {
            return self.ua.turn_away(session, StatusCode::FORBIDDEN, "Unknown Caller", now);
        };

        let offer = match arrival.offer.as_ref().map(|offer| sdp::Session::parse(offer)) {
            None => None,
            Some(Ok(offer)) => match self.could_answer(&offer, arrival.source.local.ip(), &origin) {
                Ok(()) => Some(offer),
                Err(refusal) => return self.refuse_offer(session, refusal, now),
            },
            Some(Err(_)) => {
                return self.ua.reject(
                    session,
                    StatusCode::BAD_REQUEST,
                    "Malformed Session Description",
                    now,
                );
            }
        };

        let from = self.party(arrival, &origin);
        let trunk = match &origin {
            Origin::Trunk(id) => self.settings.trunks.iter().find(|trunk| trunk.id == *id),
            Origin::User(_) => None,
        };
        let dialed = user_of(arrival.request.uri());
        let to = trunk.map_or_else(|| dialed.clone(), |trunk| trunk.numbering.dialed_in.apply(&dialed));
        let seat = trunk.map(|trunk| self.carriers.sit(trunk, false, now.mono));
        let id = LegId::generate(&mut self.ids);
        let user = from.user.clone();
        let purpose = Purpose::Arrive { session, offer, from, to, origin };
        // Whoever calls while talking may want to bring the two together.
        let beside = user.as_ref().and_then(|user| {
            self.legs.values().find(|leg| leg.user.as_ref() == Some(user) && !leg.is_closing())
        });
        self.open_leg(id, purpose, beside.map(|leg| leg.id));
        if let Some(page) = user.as_ref().and_then(|user| self.page_at(user, arrival.source)) {
            self.ua.belongs_to(session, page);
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.told = Some(arrival.source.local.ip());
            leg.seat = seat;
            leg.user = user;
            leg.came = true;
            leg.browser.is_on_websocket = is_websocket(arrival.source.transport);
            leg.dialed = dialed;
            leg.user_to_user = handed_over(arrival);
        }
        self.bind(session, id);
        self.lamp(id);
    }

    /// Makes a leg and asks for its port.
    pub(crate) fn open_leg(&mut self, id: LegId, purpose: Purpose, beside: Option<LegId>) {
        let port = PortId::generate(&mut self.ids);
        let group = beside.and_then(|leg| self.legs.get(&leg)).map_or(port.as_u64(), |leg| leg.group);
        let leg = Leg {
            state: State::Opening(Box::new(purpose)),
            sdp_id: self.ids.next_u64() >> 2,
            ..Leg::opening(id, port, group)
        };
        self.legs.insert(id, leg);
        self.by_port.insert(port, id);
        self.outputs.push_back(Output::OpenPort { port, group });
    }

    /// Whether an address is in our domain: the name, or the address this phone reaches us by.
    pub(crate) fn is_ours(&self, uri: &Uri, told: IpAddr) -> bool {
        let Some(host) = uri.host() else { return false };
        Host::parse(self.settings.domain.as_bytes()).is_ok_and(|domain| host.is_same(&domain))
            || host.address() == Some(told)
    }

    fn party(&self, arrival: &Arrival, origin: &Origin) -> Party {
        // A carrier may say who calls (RFC 3325); a phone may not.
        let trusted = matches!(origin, Origin::Trunk(_));
        let name = arrival.asserted.as_ref().filter(|_| trusted).unwrap_or(&arrival.from);
        let number = match origin {
            Origin::User(user) => user.to_string(),
            Origin::Trunk(_) if hides(arrival) => String::new(),
            Origin::Trunk(id) => {
                let trunk = self.settings.trunks.iter().find(|trunk| trunk.id == *id);
                let number = number_of(name);
                trunk.map_or_else(|| number.clone(), |trunk| trunk.numbering.caller_in.apply(&number))
            }
        };
        Party {
            number,
            display: name.display().map(|display| clean(&display)).filter(|display| !display.is_empty()),
            user: match origin {
                Origin::User(user) => Some(user.clone()),
                Origin::Trunk(_) => None,
            },
        }
    }
}

/// What the caller hands over to whoever takes the call, as it stands there (RFC 7433). At most as much as is useful.
fn handed_over(arrival: &Arrival) -> Vec<String> {
    let values = arrival.request.headers().all("User-to-User").take(USER_TO_USER_MAX);
    values
        .map(|value| value.text().into_owned())
        .filter(|value| value.len() <= USER_TO_USER_BYTES_MAX && !value.chars().any(char::is_control))
        .collect()
}

/// Whether the caller does not want to be known to whoever is called (RFC 3325 §9.3). What cannot be read hides.
fn hides(arrival: &Arrival) -> bool {
    match arrival.request.headers().privacy() {
        Ok(Some(privacy)) => privacy.hides_identity(),
        Ok(None) => false,
        Err(_) => true,
    }
}

fn number_of(name: &NameAddr) -> String {
    let user = user_of(name.uri());
    if user.eq_ignore_ascii_case("anonymous") { String::new() } else { user }
}

/// The user part, decoded, without what could do harm when it is shown.
pub(crate) fn user_of(uri: &Uri) -> String {
    clean(&uri.user().unwrap_or_default())
}

/// Text without control characters, and not without end.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(PARTY_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}
