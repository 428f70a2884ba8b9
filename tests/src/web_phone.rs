//! A phone in a page without the page: SIP over an encrypted WebSocket by a token, and the sound of [`WebPeer`].
//!
//! It has one call at a time. It does what the test says, one thing after the other; what the center wants meanwhile it
//! answers as soon as it is looked at again. Descriptions pass through unseen.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use sip_message::{HeaderName, Headers, Message, Request, Response, StatusCode};

use crate::patience::Deadline;
use crate::server::Server;
use crate::web_peer::{Manner, WebPeer};
use crate::websocket::{NOWHERE, WebSocketPhone};

/// How long the center may take for an answer, or for a request that follows from what somebody else did.
const ANSWER_S: u64 = 40;

/// How many phones there have been: no two name anything alike.
static PHONES: AtomicU32 = AtomicU32::new(0);

/// A phone, registered.
pub struct WebPhone {
    /// Its tag, and the beginning of its other names.
    name: String,
    wire: WebSocketPhone,
    user: String,
    domain: String,
    authorization: String,
    manner: Manner,
    call: Option<Call>,
    requests: u32,
}

/// The dialog, and what is heard in it.
struct Call {
    id: String,
    /// Our From in requests, with its tag.
    us: String,
    /// Our To.
    them: String,
    /// Where our requests go.
    target: String,
    peer: WebPeer,
}

impl WebPhone {
    /// The phone of this agent, by a token of the agent's log-in.
    pub fn of_agent(server: &Server, login: &str, manner: Manner) -> WebPhone {
        let agent = server.agent(login);
        let answer = server.http().log_in(login, &agent.password).post("/api/v1/me/phone", &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let pass = answer.json();
        let word = |name: &str| pass[name].as_str().unwrap_or_else(|| panic!("no {name}: {pass}")).to_owned();
        let wss = server.ready.sip.wss.as_deref().expect("wss");
        let wire = WebSocketPhone::connect(wss, server.ready.ca_file.as_deref());
        let authorization = format!("Authorization: Bearer {}\r\n", word("token"));
        let domain = server.ready.domain.clone();
        let mut wire = wire.of(&agent.sip_user, "", &domain);
        assert_eq!(word("uri"), server.uri(&agent.sip_user));
        let registered = wire.ask("REGISTER", &format!("sip:{domain}"), &authorization);
        assert!(registered.starts_with("SIP/2.0 200 "), "{registered}");
        WebPhone {
            name: format!("peer{}", PHONES.fetch_add(1, Ordering::Relaxed)),
            wire,
            user: agent.sip_user.clone(),
            domain,
            authorization,
            manner,
            call: None,
            requests: 0,
        }
    }

    /// Calls somebody and waits until it is answered.
    pub fn call(&mut self, number: &str) {
        let peer = WebPeer::new(self.manner);
        let offer = peer.offer();
        let Self { name, user, domain, requests, .. } = self;
        self.call = Some(Call {
            id: format!("{name}-{requests}@{NOWHERE}"),
            us: format!("<sip:{user}@{domain}>;tag={name}"),
            them: format!("<sip:{number}@{domain}>"),
            target: format!("sip:{number}@{domain}"),
            peer,
        });
        let answer = self.offers(&offer);
        self.taken(&answer);
    }

    /// Waits until it is called, and answers.
    pub fn is_called(&mut self) {
        let invite = self.request("INVITE");
        let line = |name| value(invite.headers(), name);
        let tagged = format!("{};tag={}", line(HeaderName::To), self.name);
        self.call = Some(Call {
            id: line(HeaderName::CallId),
            us: tagged,
            them: line(HeaderName::From),
            target: contact(invite.headers()),
            peer: WebPeer::new(self.manner),
        });
        self.answers(&invite);
        self.request("ACK");
    }

    /// Comes into another network: its sound goes over another socket from now on, after a new offer.
    pub fn moves(&mut self) {
        let offer = self.peer().offer_another_way();
        let answer = self.offers(&offer);
        self.taken(&answer);
    }

    /// Hangs up.
    pub fn hang_up(&mut self) {
        self.requests += 1;
        let number = self.requests;
        self.ask("BYE", number, "");
        let answer = self.response(number);
        assert_eq!(answer.status(), StatusCode::OK);
        self.call = None;
    }

    /// Waits until the other side has hung up.
    pub fn is_hung_up(&mut self) {
        let bye = self.request("BYE");
        self.answers(&bye);
        self.call = None;
    }

    /// The call's sound.
    pub fn peer(&self) -> &WebPeer {
        &self.call.as_ref().expect("a call").peer
    }

    /// Sends an offer and waits for the answer to it, which it confirms.
    fn offers(&mut self, offer: &str) -> Response {
        self.requests += 1;
        let number = self.requests;
        self.ask("INVITE", number, offer);
        let answer = self.response(number);
        assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.reason());
        let call = self.call.as_mut().expect("a call");
        call.them = value(answer.headers(), HeaderName::To);
        call.target = contact(answer.headers());
        self.ask("ACK", number, "");
        answer
    }

    fn taken(&self, answer: &Response) {
        self.peer().take(&String::from_utf8_lossy(answer.body()));
    }

    /// Sends a request of the call's.
    fn ask(&mut self, method: &str, number: u32, offer: &str) {
        let Call { id, us, them, target, .. } = self.call.as_ref().expect("a call");
        let Self { name, user, authorization, .. } = self;
        let form = if offer.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/WSS {NOWHERE};branch=z9hG4bK{name}{number}{method}\r\n\
             Max-Forwards: 70\r\nFrom: {us}\r\nTo: {them}\r\nCall-ID: {id}\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:{user}@{NOWHERE};transport=wss>\r\n{authorization}{form}\
             Content-Length: {}\r\n\r\n{offer}",
            offer.len()
        );
        self.wire.send(&text);
    }

    /// Answers a request of the center's: an offer with an answer to it, anything else with yes.
    fn answers(&mut self, request: &Request) {
        let contact = format!("<sip:{}@{NOWHERE};transport=wss>", self.user);
        let mut answer =
            request.answer(StatusCode::OK).to_tag(&self.name).header(HeaderName::Contact, &*contact);
        if request.method().as_str() == "INVITE" {
            let description = self.peer().answer(&String::from_utf8_lossy(request.body()));
            answer = answer.body("application/sdp", description);
        }
        let text = answer.build().expect("an answer").to_string();
        self.wire.send(&text);
    }

    /// Waits for the final answer to our request of this number.
    fn response(&mut self, number: u32) -> Response {
        self.next(&format!("the answer to {number}"), |message| match message {
            Message::Response(response) => {
                let ours = response.headers().cseq().is_ok_and(|cseq| cseq.number == number);
                (ours && !response.status().is_provisional()).then(|| response.clone())
            }
            Message::Request(_) => None,
        })
    }

    /// Waits for a request of the center's.
    fn request(&mut self, method: &str) -> Request {
        self.next(method, |message| match message {
            Message::Request(request) if request.method().as_str() == method => Some(request.clone()),
            _ => None,
        })
    }

    /// Waits for a message; other requests are answered meanwhile.
    fn next<T>(&mut self, what: &str, wanted: impl Fn(&Message) -> Option<T>) -> T {
        let deadline = Deadline::after_s(ANSWER_S);
        let mut seen = Vec::new();
        while deadline.left().is_some() {
            let text = self.wire.receive();
            let message = Message::parse(text.clone().into()).unwrap_or_else(|e| panic!("{e}: {text}"));
            if let Some(found) = wanted(&message) {
                return found;
            }
            seen.push(text.lines().next().unwrap_or_default().to_owned());
            if let Message::Request(request) = &message
                && request.method().as_str() != "ACK"
            {
                self.answers(request);
            }
        }
        panic!("{what} did not come within {ANSWER_S} s, but {seen:?}")
    }
}

fn value(headers: &Headers, name: HeaderName) -> String {
    headers.get(name).unwrap_or_else(|| panic!("no {name:?}")).text().into_owned()
}

fn contact(headers: &Headers) -> String {
    let contact = headers.contact().ok().flatten().expect("a Contact");
    contact.uri().to_string()
}
