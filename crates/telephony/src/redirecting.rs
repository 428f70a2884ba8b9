//! Calls that go elsewhere than they were meant: a phone that answers 3xx, a caller who is passed on to a number outside.
//!
//! Whether a phone may send its calls elsewhere is the operator's rule, and never beyond what the phone itself may call: else a
//! phone that somebody has broken into forwards the world to the most expensive number there is.

use crate::Telephony;
use crate::admission::user_of;
use crate::hunting::Outward;
use crate::leg::{Leg, State};
use base::Now;
use model::{LegId, Party, SipUser};
use sip::{EndedBy, SessionId};
use sip_message::NameAddr;
use std::collections::{BTreeMap, BTreeSet};

/// Where phones of ours may send their calls by 302.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Redirects {
    /// Nowhere: the call was refused.
    Nowhere,
    /// To other phones of ours.
    #[default]
    Inside,
    /// Also to numbers outside that the phone itself may call.
    Outside,
}

/// How often one call may be sent elsewhere.
const REDIRECTS_MAX: usize = 5;

/// A call to a phone of ours, and where it has been.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) caller: Party,
    pub(crate) beside: Option<LegId>,
    /// Whether it goes where phones send it.
    pub(crate) follows: bool,
    /// Whose phone each dialog is with. A dialog that is over stays, so that nobody is asked twice.
    asked: BTreeMap<SessionId, SipUser>,
    /// What the last 3xx names, and the dialog it came in.
    elsewhere: Option<(SessionId, Vec<NameAddr>)>,
}

impl Errand {
    pub(crate) fn new(caller: Party, beside: Option<LegId>, follows: bool) -> Self {
        Self { caller, beside, follows, asked: BTreeMap::new(), elsewhere: None }
    }

    /// This dialog is with a phone of that user.
    pub(crate) fn asks(&mut self, user: &SipUser, session: SessionId) {
        self.asked.insert(session, user.clone());
    }

    /// Whose phone this dialog is with.
    pub(crate) fn asked_in(&self, session: SessionId) -> Option<SipUser> {
        self.asked.get(&session).cloned()
    }

    fn users(&self) -> BTreeSet<SipUser> {
        self.asked.values().cloned().collect()
    }
}

impl Telephony {
    /// A phone names other places. Its refusal follows.
    pub(crate) fn redirected(&mut self, id: LegId, session: SessionId, contacts: Vec<NameAddr>) {
        if let Some(errand) = self.legs.get_mut(&id).and_then(|leg| leg.errand.as_mut()) {
            errand.elsewhere = Some((session, contacts));
        }
    }

    /// The phone's refusal is here: the call goes where it was sent, if it may. Returns whether it does.
    pub(crate) fn follows(&mut self, id: LegId, session: SessionId, by: &EndedBy, now: Now) -> bool {
        let EndedBy::Rejected { status, .. } = by else { return false };
        if !status.is_redirection() {
            return false;
        }
        let Some(Leg { state: State::Dialing { forks, .. }, errand: Some(errand), told, .. }) =
            self.legs.get_mut(&id)
        else {
            return false;
        };
        let is_last = forks.iter().all(|fork| *fork == session);
        let Some((_, contacts)) = errand.elsewhere.take_if(|(of, _)| *of == session) else { return false };
        let asked = errand.users();
        if !errand.follows || asked.len() > REDIRECTS_MAX {
            return false;
        }
        // It may do what the phone may that sends it on, not what the one may that was called first.
        let (Some(sender), Some(told)) = (errand.asked_in(session), *told) else { return false };
        let (caller, beside) = (errand.caller.clone(), errand.beside);
        for contact in contacts {
            let place = user_of(contact.uri());
            if !self.is_ours(contact.uri(), told) {
                continue;
            }
            let colleague = SipUser::new(&place);
            if self.settings.redirects != Redirects::Nowhere
                && self.settings.phones.contains_key(&colleague)
                && !asked.contains(&colleague)
            {
                let ways = self.ways_to_user(&colleague);
                if self.ring_phones(id, &colleague, ways, now) {
                    self.forget_fork(id, session, now);
                    return true;
                }
                continue;
            }
            let may = self.settings.redirects == Redirects::Outside
                && self.settings.calls_out.contains(&sender)
                && self.settings.trunks.iter().any(|trunk| trunk.carries(&place));
            // While another phone of the same user rings, the call stays with it.
            if may && is_last && self.may_call_outside(id, &place, Some(&sender), now).is_ok() {
                self.forget_fork(id, session, now);
                let diverted = Some(sender.to_string());
                let call = Outward { number: place, caller, beside, is_emergency: false, diverted };
                self.hunt(id, call, now);
                return true;
            }
        }
        false
    }

    /// What the other leg's caller hands over to whoever takes the call (RFC 7433).
    pub(crate) fn handed_over(&self, beside: Option<LegId>) -> Vec<(String, String)> {
        let leg = beside.and_then(|leg| self.legs.get(&leg));
        let values = leg.into_iter().flat_map(|leg| &leg.user_to_user);
        values.map(|value| ("User-to-User".to_owned(), value.clone())).collect()
    }

    /// Who sends a call to a number outside, so that it can be seen there: RFC 5806, RFC 7044.
    pub(crate) fn diversion(&self, diverted: &str, number: &str) -> Vec<(String, String)> {
        let domain = &self.settings.domain;
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*#-.".contains(&byte))
        };
        if !is_plain(diverted) || !is_plain(number) {
            return Vec::new();
        }
        vec![
            ("Diversion".to_owned(), format!("<sip:{diverted}@{domain}>;reason=unconditional")),
            (
                "History-Info".to_owned(),
                format!("<sip:{diverted}@{domain}>;index=1, <sip:{number}@{domain}>;index=1.1;mp=1"),
            ),
        ]
    }
}
