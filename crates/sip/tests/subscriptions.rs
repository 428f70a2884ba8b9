//! Subscriptions: who may hear of what, for how long, and what becomes of those that nobody refreshes.

mod peer;

use base::Duration;
use peer::{Peer, answer, headline, request, to_tag};
use sip::notifier::MessageSummary;
use sip::{Challenge, Document, SubscriptionConfig, SubscriptionId, Termination, UserAgentConfig};
use sip_message::StatusCode;

#[test]
fn a_subscription_lives_by_its_refreshes_and_ends_when_they_stop() {
    let mut phone = Phone::new();
    assert_eq!(phone.subscribe(600), ["asked message-summary"]);
    phone.accept(0);
    assert_eq!(phone.sent(), ["200 OK 600", "NOTIFY active;expires=600 0/0"]);
    phone.agree();
    phone.notify(1);
    phone.notify(2);
    phone.notify(3);
    // The two that came while the first was on its way are one.
    assert_eq!(phone.sent(), ["NOTIFY active;expires=600 1/0"]);
    phone.agree();
    assert_eq!(phone.sent(), ["NOTIFY active;expires=600 3/0"]);
    phone.agree();
    phone.peer.pass(Duration::from_secs(500));
    assert!(phone.refresh(300).is_empty());
    assert_eq!(phone.sent(), ["200 OK 300", "NOTIFY active;expires=300 3/0"]);
    phone.agree();
    phone.peer.pass(Duration::from_secs(299));
    assert_eq!(phone.peer.agent.subscriptions(), 1);
    phone.peer.sent.clear();
    phone.peer.pass(Duration::from_secs(1));
    phone.keep();
    assert_eq!(phone.sent(), ["NOTIFY terminated;reason=timeout 3/0"]);
    phone.agree();
    phone.peer.pass(Duration::from_secs(40));
    assert!(phone.peer.agent.is_idle());
}

#[test]
fn a_subscriber_who_has_heard_enough_is_told_once_more() {
    let mut phone = Phone::accepted();
    assert_eq!(phone.refresh(0), ["ended Unsubscribed"]);
    assert_eq!(phone.sent(), ["200 OK 0", "NOTIFY terminated;reason=timeout 0/0"]);
    // While it ends there is nothing to refresh.
    assert!(phone.refresh(600).is_empty());
    assert_eq!(phone.sent(), ["481 Call/Transaction Does Not Exist"]);
    phone.agree_to("NOTIFY");
    assert_eq!(phone.peer.agent.subscriptions(), 0);
    assert!(phone.refresh(600).is_empty());
    assert_eq!(phone.sent(), ["481 Call/Transaction Does Not Exist"]);
}

#[test]
fn somebody_who_only_looks_once_is_told_once() {
    let mut phone = Phone::new();
    assert_eq!(phone.subscribe(0), ["asked message-summary once"]);
    phone.accept(5);
    assert_eq!(phone.sent(), ["200 OK 0", "NOTIFY terminated;reason=timeout 5/0"]);
    phone.agree();
    assert_eq!(phone.peer.agent.subscriptions(), 0);
}

#[test]
fn the_owner_ends_a_subscription_and_says_why() {
    for (why, word) in [
        (Termination::Deactivated, "deactivated"),
        (Termination::Probation, "probation"),
        (Termination::Rejected, "rejected"),
        (Termination::GiveUp, "giveup"),
        (Termination::NoResource, "noresource"),
    ] {
        let mut phone = Phone::accepted();
        phone.peer.agent.end_subscription(phone.id(), why, phone.peer.now);
        assert!(phone.drain().is_empty());
        assert_eq!(phone.sent(), [format!("NOTIFY terminated;reason={word} 0/0")]);
    }
}

#[test]
fn a_subscriber_that_knows_nothing_of_it_loses_its_subscription() {
    for (status, ended) in [
        ("481 Call/Transaction Does Not Exist", true),
        ("500 Server Internal Error", true),
        ("503 Service Unavailable", false),
    ] {
        let mut phone = Phone::accepted();
        phone.notify(1);
        let notify = phone.peer.sent.last().unwrap().clone();
        let retry = if ended { "" } else { "Retry-After: 5\r\n" };
        let refusal =
            answer(&notify, status, "1").replace("Content-Length", &format!("{retry}Content-Length"));
        let events = phone.receive(&refusal);
        assert_eq!(events, if ended { vec!["ended Unreachable"] } else { vec![] }, "{status}");
        assert_eq!(phone.peer.agent.subscriptions(), usize::from(!ended));
    }
    let mut phone = Phone::accepted();
    phone.notify(1);
    phone.peer.pass(Duration::from_secs(33));
    assert_eq!(phone.peer.agent.subscriptions(), 0);
}

#[test]
fn what_cannot_be_subscribed_to_is_refused() {
    let mut phone = Phone::new();
    for (headers, expected) in [
        ("Event: presence\r\n", "489 Bad Event"),
        ("", "489 Bad Event"),
        ("Event: message-summary\r\nExpires: 10\r\n", "423 Interval Too Brief"),
    ] {
        phone.number += 1;
        let subscribe = request("SUBSCRIBE", headers).replace("call-1", &format!("call-{}", phone.number));
        let subscribe = subscribe.replace("z9hG4bK1", &format!("z9hG4bKx{}", phone.number));
        assert!(phone.receive(&subscribe).is_empty());
        assert_eq!(headline(phone.peer.sent.last().unwrap()), expected);
    }
    // Whoever serves no packages takes no subscriptions.
    let mut peer = Peer::new(UserAgentConfig::default());
    peer.receive(&request("SUBSCRIBE", "Event: message-summary\r\n"));
    assert_eq!(headline(peer.sent.last().unwrap()), "405 Method Not Allowed");
}

#[test]
fn strangers_leave_nothing_behind() {
    let mut phone = Phone::new();
    phone.subscribe(600);
    let challenge = Challenge {
        status: StatusCode::UNAUTHORIZED,
        values: vec!["Digest realm=\"hotline\", nonce=\"n\"".to_owned()],
    };
    phone.peer.agent.challenge_subscription(phone.id(), &challenge, phone.peer.now);
    assert!(phone.drain().is_empty());
    assert_eq!(headline(phone.peer.sent.last().unwrap()), "401 Unauthorized");
    assert!(phone.peer.agent.is_idle());
    phone.subscribe(600);
    phone.peer.agent.reject_subscription(phone.id(), StatusCode::FORBIDDEN, phone.peer.now);
    assert!(phone.drain().is_empty());
    assert!(phone.peer.agent.is_idle());
    // An owner that never decides does not keep it either.
    phone.subscribe(600);
    phone.peer.pass(Duration::from_secs(33));
    assert!(phone.peer.agent.is_idle());
}

#[test]
fn there_is_an_end_to_how_many_may_subscribe() {
    let mut phone = Phone::with(2);
    for expected in [1, 1, 0] {
        assert_eq!(phone.subscribe(600).len(), expected);
    }
    let refusal = phone.peer.sent.last().unwrap();
    assert!(headline(refusal).starts_with("503") && refusal.contains("Retry-After: 60\r\n"));
}

#[test]
fn nobody_else_refreshes_or_ends_a_subscription() {
    let mut phone = Phone::accepted();
    phone.peer.source.remote = "203.0.113.9:5060".parse().unwrap();
    assert!(phone.refresh(0).is_empty());
    assert_eq!(phone.sent(), ["481 Call/Transaction Does Not Exist"]);
    assert_eq!(phone.peer.agent.subscriptions(), 1);
}

#[test]
fn an_overtaken_refresh_changes_nothing() {
    let mut phone = Phone::accepted();
    phone.number = 5;
    phone.refresh(600);
    phone.agree_to("NOTIFY");
    phone.peer.sent.clear();
    phone.number = 3;
    assert!(phone.refresh(0).is_empty());
    assert_eq!(phone.sent(), ["500 Server Internal Error"]);
    assert_eq!(phone.peer.agent.subscriptions(), 1);
}

/// A phone that wants to know how many messages wait.
struct Phone {
    peer: Peer,
    number: u32,
    calls: u32,
}

impl Phone {
    fn new() -> Self {
        Self::with(100)
    }

    fn with(subscriptions_max: usize) -> Self {
        let packages = vec!["message-summary".to_owned(), "dialog".to_owned()];
        let subscriptions =
            SubscriptionConfig { packages, subscriptions_max, ..SubscriptionConfig::default() };
        let config = UserAgentConfig { subscriptions, ..UserAgentConfig::default() };
        Self { peer: Peer::new(config), number: 1, calls: 0 }
    }

    fn accepted() -> Self {
        let mut phone = Self::new();
        phone.subscribe(600);
        phone.accept(0);
        phone.agree_to("NOTIFY");
        phone.peer.sent.clear();
        phone
    }

    fn subscribe(&mut self, expires: u32) -> Vec<String> {
        self.calls += 1;
        let headers = format!("Event: message-summary\r\nExpires: {expires}\r\n");
        let subscribe = request("SUBSCRIBE", &headers).replace("call-1", &format!("call-{}", self.calls));
        self.receive(&subscribe.replace("z9hG4bK1", &format!("z9hG4bKs{}", self.calls)))
    }

    fn refresh(&mut self, expires: u32) -> Vec<String> {
        self.number += 1;
        let headers = format!("Event: message-summary\r\nExpires: {expires}\r\n");
        let tag = self.id().to_string();
        let subscribe = request("SUBSCRIBE", &headers)
            .replace("To: <sip:4000@192.0.2.1>", &format!("To: <sip:4000@192.0.2.1>;tag={tag}"))
            .replace("z9hG4bK1", &format!("z9hG4bKr{}", self.number))
            .replace("CSeq: 1 ", &format!("CSeq: {} ", self.number));
        self.peer.sent.clear();
        self.receive(&subscribe)
    }

    fn accept(&mut self, new: u32) {
        self.peer.agent.accept_subscription(self.id(), waiting(new), self.peer.now);
        self.drain();
    }

    fn notify(&mut self, new: u32) {
        self.peer.agent.notify(self.id(), waiting(new), self.peer.now);
        self.drain();
    }

    /// Answers the last message, a NOTIFY.
    fn agree(&mut self) {
        self.agree_to("NOTIFY");
    }

    fn agree_to(&mut self, method: &str) {
        let notify = self.peer.sent.iter().chain(&self.peer.kept).rev().find(|sent| headline(sent) == method);
        let ok = answer(notify.unwrap(), "200 OK", "1");
        self.peer.sent.clear();
        self.receive(&ok);
    }

    fn id(&self) -> SubscriptionId {
        self.peer.subscription.unwrap()
    }

    fn receive(&mut self, text: &str) -> Vec<String> {
        let events = self.peer.receive(text);
        self.keep();
        events
    }

    fn drain(&mut self) -> Vec<String> {
        let events = self.peer.drain();
        self.keep();
        events
    }

    fn keep(&mut self) {
        let notifies = self.peer.sent.iter().filter(|sent| headline(sent) == "NOTIFY").cloned();
        self.peer.kept.extend(notifies.collect::<Vec<_>>());
    }

    /// What was sent since the last answer: with the time it lasts, or the state and the number of messages.
    fn sent(&self) -> Vec<String> {
        self.peer
            .sent
            .iter()
            .map(|sent| {
                let value = |name: &str| sent.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("");
                let (expires, state) = (value("Expires: "), value("Subscription-State: "));
                let count = value("Voice-Message: ").split(' ').next().unwrap_or_default();
                assert!(headline(sent) != "NOTIFY" || to_tag(sent) == "1");
                format!("{} {expires}{state} {count}", headline(sent)).trim_end().to_owned()
            })
            .collect()
    }
}

fn waiting(new: u32) -> Document {
    Document::MessageSummary(MessageSummary { new, ..MessageSummary::default() })
}
