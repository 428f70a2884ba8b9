//! A scripted telephone: a second user agent at the other end of the simulated wire.
//!
//! It registers, calls, is called, answers or does not, presses keys and hangs up; it does only what it is told, or
//! what its [`Habit`] says. One phone can carry many calls, as a carrier does.

use base::{Deadlines, Duration, IdSource, Instant, Now};
use bytes::Bytes;
use model::SipUser;
use sdp::{Local, Session};
use sip::digest::Credentials;
use sip::{
    ClientTransactionId, Destination, EndedBy, Incoming, Invite, SessionEvent, SessionId, Source, Transport,
    UserAgent, UserAgentConfig, UserAgentOutput,
};
use sip_message::{HeaderName, Host, Message, Method, NameAddr, Request, Response, StatusCode, Uri};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// What a phone does when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Rings until somebody says what to do.
    Waits,
    /// Rings, and answers after this time.
    Answers(Duration),
    /// Refuses at once: somebody else is on the line.
    IsBusy,
    /// Plays an announcement, and refuses after this time without having answered.
    Announces(Duration),
    /// Refuses at once: it can take no more calls (503).
    IsOverloaded,
    /// Rings, and declines after this time.
    Declines(Duration),
}

/// What a phone tells its world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is registered.
    Registered,
    /// The registration was refused.
    NotRegistered(u16),
    /// It rings.
    Rings(SessionId),
    /// It stopped ringing without having been answered.
    StopsRinging(SessionId),
    /// The far end rings.
    HearsRinging(SessionId),
    /// The call is up, and the far end's sound comes from there.
    IsUp(SessionId, SocketAddr),
    /// The call was refused with this status.
    Refused(SessionId, u16),
    /// The far end hung up, or the call broke.
    IsHungUpOn(SessionId),
    /// What it asked for with a transfer was declined.
    MayNotPassOn(u16),
}

/// One call of a phone.
#[derive(Debug)]
struct Call {
    incoming: bool,
    up: bool,
    offer: Option<Session>,
    our_offer: Option<Session>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Answer(SessionId),
    Decline(SessionId),
    RegisterAgain,
}

/// Seconds a registration is asked for.
const REGISTER_S: u32 = 3600;

/// A telephone.
#[derive(Debug)]
pub struct Phone {
    /// Who it is, on the wire.
    pub user: String,
    /// Where it is.
    pub address: SocketAddr,
    /// What it does when it is called.
    pub habit: Habit,
    domain: String,
    server: SocketAddr,
    credentials: Option<Credentials>,
    ua: UserAgent,
    ids: IdSource,
    calls: BTreeMap<SessionId, Call>,
    registering: Option<(ClientTransactionId, Request, bool)>,
    register_cseq: u32,
    register_call_id: String,
    deadlines: Deadlines<Timer>,
    told: VecDeque<Told>,
    sends: VecDeque<(SocketAddr, Bytes)>,
    last_port: u16,
}

impl Phone {
    /// A phone at `address` that belongs to `user`. With a password it can register and prove who it is.
    pub fn new(
        user: &str,
        password: Option<&str>,
        domain: &str,
        address: SocketAddr,
        server: SocketAddr,
        mut ids: IdSource,
    ) -> Self {
        let config = UserAgentConfig { name: "simulated phone".to_owned(), ..UserAgentConfig::default() };
        Self {
            user: user.to_owned(),
            address,
            habit: Habit::Waits,
            domain: domain.to_owned(),
            server,
            credentials: password.map(|password| Credentials::new(user, domain, password)),
            ua: UserAgent::new(config, ids.fork()),
            register_call_id: ids.token(20),
            ids,
            calls: BTreeMap::new(),
            registering: None,
            register_cseq: 0,
            deadlines: Deadlines::new(),
            told: VecDeque::new(),
            sends: VecDeque::new(),
            last_port: 10_000,
        }
    }

    /// Registers, and stays registered.
    pub fn register(&mut self, now: Now) {
        self.register_cseq += 1;
        let own = self.uri(&self.domain.clone(), None);
        let contact = NameAddr::new(self.contact());
        let tag = self.ids.token(8);
        let built = Request::builder(Method::Register, self.uri_of_domain())
            .header(HeaderName::From, NameAddr::new(own.clone()).with_tag(&tag).expect("a tag"))
            .header(HeaderName::To, NameAddr::new(own))
            .header(HeaderName::CallId, self.register_call_id.as_str())
            .header(HeaderName::CSeq, format!("{} REGISTER", self.register_cseq).as_str())
            .header(HeaderName::MaxForwards, "70")
            .header(HeaderName::Contact, contact)
            .header(HeaderName::Expires, REGISTER_S)
            .build();
        let request = built.expect("a REGISTER of our own can be written");
        let tx = self.ua.request(request.clone(), self.to_server(), now);
        self.registering = Some((tx, request, false));
        self.follow(now);
    }

    /// Calls a number.
    pub fn dial(&mut self, number: &str, caller: Option<&str>, now: Now) -> SessionId {
        let offer = sdp::offer(&Local::new(self.next_media_address(), self.ids.next_u64() >> 2));
        let domain = self.domain.clone();
        let from = match caller {
            Some(caller) => {
                Uri::sip(Some(caller), Host::from(self.address.ip()), None).expect("a caller's number")
            }
            None => self.uri(&domain, None),
        };
        let target = Uri::sip(Some(number), Host::parse(domain.as_bytes()).expect("a domain"), None);
        let target = target.expect("a number to dial");
        let invite = Invite {
            target: target.clone(),
            destination: self.to_server(),
            from: NameAddr::new(from),
            to: NameAddr::new(target),
            contact: self.contact(),
            routes: Vec::new(),
            headers: Vec::new(),
            offer: Some(Bytes::from(offer.to_string())),
            credentials: self.credentials.clone(),
        };
        let session = self.ua.invite(invite, now).expect("an INVITE of our own can be written");
        self.calls.insert(session, Call { incoming: false, up: false, offer: None, our_offer: Some(offer) });
        self.follow(now);
        session
    }

    /// Answers a call that rings. Nothing happens when it does not.
    pub fn answer(&mut self, session: SessionId, now: Now) {
        self.deadlines.stop(&Timer::Answer(session));
        let local = self.next_media_address();
        let sdp_id = self.ids.next_u64() >> 2;
        let Some(call) = self.calls.get_mut(&session).filter(|call| call.incoming && !call.up) else {
            return;
        };
        let Some(offer) = call.offer.take() else { return };
        match sdp::answer(&offer, &Local::new(local, sdp_id)) {
            Ok(answer) => {
                self.ua.answer(session, Bytes::from(answer.sdp.to_string()), now);
                call.up = true;
                self.told.push_back(Told::IsUp(session, answer.chosen.remote));
            }
            Err(_) => {
                self.ua.reject(session, StatusCode::NOT_ACCEPTABLE_HERE, "", now);
                self.calls.remove(&session);
            }
        }
        self.follow(now);
    }

    /// Declines a call that rings.
    pub fn decline(&mut self, session: SessionId, now: Now) {
        if self.calls.remove(&session).is_some() {
            self.ua.reject(session, StatusCode::DECLINE, "", now);
            self.follow(now);
        }
    }

    /// Hangs up, or gives up.
    pub fn hang_up(&mut self, session: SessionId, now: Now) {
        if self.calls.remove(&session).is_some() {
            self.ua.hang_up(session, now);
            self.follow(now);
        }
    }

    /// Puts the far end on hold, or takes it off.
    pub fn hold(&mut self, session: SessionId, held: bool, now: Now) {
        let port = self.last_port;
        let mut local = Local::new(SocketAddr::new(self.address.ip(), port), 1);
        local.version = self.ids.next_u64() >> 2;
        local.direction = if held { sdp::Direction::SendOnly } else { sdp::Direction::SendRecv };
        let offer = sdp::offer(&local);
        if let Some(call) = self.calls.get_mut(&session) {
            self.ua.offer(session, Bytes::from(offer.to_string()), now);
            call.our_offer = Some(offer);
            self.follow(now);
        }
    }

    /// Asks the far end of a call to connect whoever is there with `number`; or, in an attended transfer, with the far
    /// end of the other call.
    pub fn pass_on(&mut self, session: SessionId, number: &str, second: Option<SessionId>, now: Now) {
        let domain = self.domain.clone();
        let host = Host::parse(domain.as_bytes()).expect("a domain");
        let target = Uri::sip(Some(number), host, None).expect("a number to pass on to");
        let transfer = sip::Transfer {
            target: NameAddr::new(target),
            replaces: second.and_then(|second| self.ua.replaces(second)),
            referred_by: None,
            wants_news: true,
            headers: Vec::new(),
        };
        self.ua.refer(session, transfer, now);
        self.follow(now);
    }

    /// The calls that ring, and those that are up.
    pub fn calls(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.calls.keys().copied()
    }

    /// Whether a call came in.
    pub fn was_called(&self, session: SessionId) -> bool {
        self.calls.get(&session).is_some_and(|call| call.incoming)
    }

    /// Whether a call is still there.
    pub fn has(&self, session: SessionId) -> bool {
        self.calls.contains_key(&session)
    }

    /// A datagram came.
    pub fn receive(&mut self, from: SocketAddr, bytes: Bytes, now: Now) {
        let source =
            Source { transport: Transport::Udp, local: self.address, remote: from, connection: None };
        self.ua.handle_message(Incoming { message: Message::parse(bytes), source }, now);
        self.follow(now);
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.ua.poll_timeout(), self.deadlines.next()].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.ua.handle_timeout(now);
        while let Some(timer) = self.deadlines.expire(now.mono) {
            match timer {
                Timer::Answer(session) => self.answer(session, now),
                Timer::Decline(session) => self.decline(session, now),
                Timer::RegisterAgain => self.register(now),
            }
        }
        self.follow(now);
    }

    /// The next datagram to be sent.
    pub fn poll_send(&mut self) -> Option<(SocketAddr, Bytes)> {
        self.sends.pop_front()
    }

    /// The next thing it tells.
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Whether no call and no transaction is left.
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.ua.is_idle()
    }

    fn follow(&mut self, now: Now) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                UserAgentOutput::Transmit(transmit) => {
                    self.sends.push_back((transmit.remote, transmit.bytes))
                }
                UserAgentOutput::Session { session, event } => self.session_event(session, event, now),
                UserAgentOutput::Request { tx, request, .. } => {
                    self.ua.respond_status(tx, &request, StatusCode::OK, now);
                }
                UserAgentOutput::Response { tx, response } => self.register_answer(tx, &response, now),
                UserAgentOutput::Failed { tx, .. } => {
                    if self.registering.as_ref().is_some_and(|(registering, ..)| *registering == tx) {
                        // Nobody answered; the wire is bad.
                        self.registering = None;
                        self.deadlines.set(Timer::RegisterAgain, now.mono + Duration::from_secs(5));
                    }
                }
                UserAgentOutput::Trace(_)
                | UserAgentOutput::Proxy { .. }
                | UserAgentOutput::Subscription { .. }
                | UserAgentOutput::Registration { .. } => {}
            }
        }
    }

    fn register_answer(&mut self, tx: ClientTransactionId, response: &Response, now: Now) {
        let Some((registering, request, proved)) = &self.registering else { return };
        if *registering != tx || response.status().is_provisional() {
            return;
        }
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED && !proved {
            let mut request = request.clone();
            let challenges: Vec<_> = response
                .headers()
                .all(HeaderName::WwwAuthenticate)
                .map(|value| value.text().into_owned())
                .collect();
            let answer =
                self.credentials.as_ref().and_then(|it| it.answer(challenges.iter().map(String::as_str)));
            if let Some(mut digest) = answer {
                self.register_cseq += 1;
                let uri = self.uri_of_domain().to_string();
                let value = digest.authorize("REGISTER", &uri, &mut self.ids);
                let cseq = format!("{} REGISTER", self.register_cseq);
                let headers = request.headers_mut();
                let changed = headers
                    .set(HeaderName::CSeq, cseq.as_str())
                    .and_then(|()| headers.set(HeaderName::Authorization, value.as_str()));
                changed.expect("our own header can be written");
                let tx = self.ua.request(request.clone(), self.to_server(), now);
                self.registering = Some((tx, request, true));
                return;
            }
        }
        self.registering = None;
        if status.is_success() {
            self.told.push_back(Told::Registered);
            self.deadlines
                .set(Timer::RegisterAgain, now.mono + Duration::from_secs(u64::from(REGISTER_S) / 2));
        } else {
            self.told.push_back(Told::NotRegistered(status.code()));
        }
    }

    fn session_event(&mut self, session: SessionId, event: SessionEvent, now: Now) {
        match event {
            SessionEvent::Incoming(arrival) => {
                let offer = arrival.offer.as_ref().and_then(|offer| Session::parse(offer).ok());
                if self.habit == Habit::IsOverloaded {
                    self.ua.reject(session, StatusCode::SERVICE_UNAVAILABLE, "", now);
                    return;
                }
                if self.habit == Habit::IsBusy || offer.is_none() {
                    self.ua.reject(session, StatusCode::BUSY_HERE, "", now);
                    return;
                }
                let early = match (self.habit, &offer) {
                    (Habit::Announces(_), Some(offer)) => {
                        let local = Local::new(self.next_media_address(), self.ids.next_u64() >> 2);
                        sdp::answer(offer, &local).ok().map(|answer| Bytes::from(answer.sdp.to_string()))
                    }
                    _ => None,
                };
                self.calls.insert(session, Call { incoming: true, up: false, offer, our_offer: None });
                self.ua.ring(session, early, now);
                self.told.push_back(Told::Rings(session));
                match self.habit {
                    Habit::Answers(after) => self.deadlines.set(Timer::Answer(session), now.mono + after),
                    Habit::Announces(after) | Habit::Declines(after) => {
                        self.deadlines.set(Timer::Decline(session), now.mono + after)
                    }
                    Habit::Waits | Habit::IsBusy | Habit::IsOverloaded => {}
                }
            }
            SessionEvent::Ringing { sdp: None, .. } => self.told.push_back(Told::HearsRinging(session)),
            // It hears what comes instead of a ringing tone of its own.
            SessionEvent::Ringing { .. } => {}
            SessionEvent::Answered { sdp, .. } => {
                let Some(call) = self.calls.get_mut(&session) else { return };
                let agreed = call.our_offer.take().zip(sdp).and_then(|(offer, answer)| {
                    let answer = Session::parse(&answer).ok()?;
                    sdp::accept(&offer, &answer).ok()
                });
                match agreed {
                    Some(agreed) => {
                        call.up = true;
                        self.told.push_back(Told::IsUp(session, agreed.remote));
                    }
                    None => {
                        self.calls.remove(&session);
                        self.ua.hang_up(session, now);
                    }
                }
            }
            SessionEvent::Offer { sdp } => {
                let local = Local::new(SocketAddr::new(self.address.ip(), self.last_port), 1);
                let answer = sdp
                    .and_then(|offer| Session::parse(&offer).ok())
                    .and_then(|offer| sdp::answer(&offer, &local).ok());
                match answer {
                    Some(answer) => self.ua.answer_offer(session, Bytes::from(answer.sdp.to_string()), now),
                    None => self.ua.refuse_offer(session, StatusCode::NOT_ACCEPTABLE_HERE, now),
                }
            }
            SessionEvent::Ended(by) => {
                self.deadlines.stop(&Timer::Answer(session));
                self.deadlines.stop(&Timer::Decline(session));
                let Some(call) = self.calls.remove(&session) else { return };
                self.told.push_back(match by {
                    EndedBy::Rejected { status, .. } => Told::Refused(session, status.code()),
                    _ if call.incoming && !call.up => Told::StopsRinging(session),
                    _ => Told::IsHungUpOn(session),
                });
            }
            SessionEvent::Transfer { news: sip::News::Refused(status), .. } => {
                self.told.push_back(Told::MayNotPassOn(status.code()));
            }
            SessionEvent::Acked { .. }
            | SessionEvent::OfferWithdrawn
            | SessionEvent::Settled
            | SessionEvent::Key(_)
            | SessionEvent::Redirected { .. }
            | SessionEvent::Farewell { .. }
            | SessionEvent::Refer(_)
            | SessionEvent::Transfer { .. }
            | SessionEvent::Refreshed { .. }
            | SessionEvent::OfferAnswered { .. }
            | SessionEvent::OfferFailed { .. }
            | SessionEvent::Info { .. }
            | SessionEvent::Request { .. }
            | SessionEvent::Response { .. } => {}
        }
    }

    /// The user this phone registers as.
    pub fn sip_user(&self) -> SipUser {
        SipUser::new(&self.user)
    }

    fn next_media_address(&mut self) -> SocketAddr {
        self.last_port = if self.last_port >= 60_000 { 10_000 } else { self.last_port + 2 };
        SocketAddr::new(self.address.ip(), self.last_port)
    }

    fn to_server(&self) -> Destination {
        Destination { transport: Transport::Udp, local: self.address, remote: self.server, connection: None }
    }

    fn contact(&self) -> Uri {
        let host = Host::from(self.address.ip());
        Uri::sip(Some(&self.user), host, Some(self.address.port())).expect("a contact of our own")
    }

    fn uri(&self, host: &str, port: Option<u16>) -> Uri {
        let host = Host::parse(host.as_bytes()).expect("a domain");
        Uri::sip(Some(&self.user), host, port).expect("an address of our own")
    }

    fn uri_of_domain(&self) -> Uri {
        let host = Host::parse(self.domain.as_bytes()).expect("a domain");
        Uri::sip(None, host, None).expect("our domain")
    }
}
