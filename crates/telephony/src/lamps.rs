//! What phones of ours watch: the calls of another one (busy lamps, RFC 4235), and whether voice messages wait for
//! themselves (RFC 3842).
//!
//! Whoever watches must be one of our phones and prove it; whom the watched one talks with is not told. A phone's calls are
//! the legs it is at the other end of, those forwarded included. Whose messages wait is told to nobody else.

use crate::Telephony;
use crate::admission::user_of;
use crate::leg::{Leg, State};
use base::Now;
use model::{LegId, SipUser};
use sip::notifier::{
    DialogInfo, DialogState, Document, MessageSummary, WatchedDialog, dialog_info, message_summary,
};
use sip::{SubscriptionEvent, SubscriptionId, SubscriptionRequest, Verdict};
use sip_message::StatusCode;
use std::collections::{BTreeMap, BTreeSet};

/// The event packages that phones of ours may subscribe to.
pub(crate) const PACKAGES: [&str; 2] = [dialog_info::PACKAGE, message_summary::PACKAGE];

/// Who watches whom.
#[derive(Debug, Default)]
pub(crate) struct Lamps {
    watched: BTreeMap<SubscriptionId, SipUser>,
    watchers: BTreeMap<SipUser, BTreeSet<SubscriptionId>>,
    /// Watched phones whose calls have changed since their watchers were last told.
    changed: BTreeSet<SipUser>,
}

impl Lamps {
    /// Whether there is anything to be told.
    pub(crate) fn is_due(&self) -> bool {
        !self.changed.is_empty()
    }

    fn begin(&mut self, subscription: SubscriptionId, user: SipUser) {
        self.watchers.entry(user.clone()).or_default().insert(subscription);
        self.watched.insert(subscription, user);
    }

    fn end(&mut self, subscription: SubscriptionId) {
        let Some(user) = self.watched.remove(&subscription) else { return };
        if let Some(watchers) = self.watchers.get_mut(&user) {
            watchers.remove(&subscription);
            if watchers.is_empty() {
                self.watchers.remove(&user);
                self.changed.remove(&user);
            }
        }
    }
}

impl Telephony {
    pub(crate) fn subscription(&mut self, id: SubscriptionId, event: SubscriptionEvent, now: Now) {
        match event {
            SubscriptionEvent::Asked(asked) => self.asked_to_watch(id, &asked, now),
            SubscriptionEvent::Ended(_) => self.lamps.end(id),
        }
    }

    fn asked_to_watch(&mut self, id: SubscriptionId, asked: &SubscriptionRequest, now: Now) {
        let watcher = match self.authenticate(&asked.request, &asked.source, now) {
            Verdict::Accept { user } => user,
            Verdict::Challenge(challenge) => return self.ua.challenge_subscription(id, &challenge, now),
            Verdict::Refuse { status, why } => {
                self.say_refused(&why, &asked.source);
                return self.ua.reject_subscription(id, status, now);
            }
        };
        let user = SipUser::new(&user_of(asked.request.uri()));
        let is_ours = self.is_ours(asked.request.uri(), asked.source.local.ip());
        if !is_ours || !self.settings.phones.contains_key(&user) {
            return self.ua.reject_subscription(id, StatusCode::NOT_FOUND, now);
        }
        if asked.package == message_summary::PACKAGE {
            if user != watcher {
                return self.ua.reject_subscription(id, StatusCode::FORBIDDEN, now);
            }
            // Nobody leaves messages for a phone: there are none, and the phone's lamp stays dark.
            let none = Document::MessageSummary(MessageSummary::default());
            return self.ua.accept_subscription(id, none, now);
        }
        let document = self.lamp_of(&user);
        if !asked.once {
            self.lamps.begin(id, user);
        }
        self.ua.accept_subscription(id, document, now);
    }

    /// Something about a leg has changed. Its phone's watchers will be told.
    pub(crate) fn lamp(&mut self, id: LegId) {
        if let Some(user) = self.legs.get(&id).and_then(|leg| leg.user.as_ref())
            && self.lamps.watchers.contains_key(user)
        {
            self.lamps.changed.insert(user.clone());
        }
    }

    /// Tells the watchers what has changed.
    pub(crate) fn light_lamps(&mut self, now: Now) {
        while let Some(user) = self.lamps.changed.pop_first() {
            let document = self.lamp_of(&user);
            let watchers = self.lamps.watchers.get(&user).cloned().unwrap_or_default();
            for subscription in watchers {
                self.ua.notify(subscription, document.clone(), now);
            }
        }
    }

    fn lamp_of(&self, user: &SipUser) -> Document {
        let legs = self.legs.values().filter(|leg| leg.user.as_ref() == Some(user));
        let dialogs = legs.filter_map(|leg| {
            Some(WatchedDialog {
                id: leg.id.to_string(),
                is_initiator: leg.came,
                state: state_of(leg)?,
                remote: None,
            })
        });
        Document::DialogInfo(DialogInfo {
            entity: format!("sip:{user}@{}", self.settings.domain),
            dialogs: dialogs.collect(),
        })
    }
}

/// How far a leg is; `None` when it is over.
fn state_of(leg: &Leg) -> Option<DialogState> {
    match &leg.state {
        State::Opening(_) => Some(DialogState::Trying),
        State::Arrived { .. } => Some(DialogState::Proceeding),
        State::Dialing { rings: true, .. } => Some(DialogState::Early),
        State::Dialing { .. } => Some(DialogState::Trying),
        State::Proxied { answered: false, .. } => Some(DialogState::Early),
        State::Proxied { .. } | State::Answered { .. } | State::Up { .. } => Some(DialogState::Confirmed),
        State::Closing { .. } => None,
    }
}
