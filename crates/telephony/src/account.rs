//! Our accounts at carriers: trunks that want us to register, and to prove who we are when we call.
//!
//! The user agent does the registering ([`sip::RegistrationConfig`]); here it is begun and ended with the settings, and the
//! operator is told when it stands and when it does not.

use crate::trunk::Trunk;
use crate::{Output, Telephony};
use base::Now;
use core::fmt;
use model::TrunkId;
use sip::{
    Credentials, Destination, RegistrationConfig, RegistrationEvent, RegistrationFailure, RegistrationId,
};
use sip_message::{Host, NameAddr, Uri};

/// An account at a carrier.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user there; calls for us come to it.
    pub user: String,
    /// The carrier's domain, as it stands in From and To.
    pub domain: String,
    /// The realm its challenges name. No other challenge is answered.
    pub realm: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Account {
    /// Without the password: settings are printed in tests and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} in {:?}", self.user, self.domain, self.realm)
    }
}

impl Account {
    /// What a challenge is answered with.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(&self.user, &self.realm, &self.password)
    }

    /// Who we are to the carrier.
    pub(crate) fn address(&self) -> Option<NameAddr> {
        let domain = Host::parse(self.domain.as_bytes()).ok()?;
        Uri::sip(Some(&self.user), domain, None).ok().map(NameAddr::new)
    }
}

/// A registration that goes on, and what it is for.
#[derive(Debug)]
pub(crate) struct Kept {
    trunk: TrunkId,
    account: Account,
    place: Destination,
    registration: RegistrationId,
    /// Whether the operator knows it to stand; `None` before the first word.
    stands: Option<bool>,
}

impl Telephony {
    /// No calls are to come any more.
    pub(crate) fn leave_carriers(&mut self, now: Now) {
        self.draining = true;
        self.keep_accounts(now);
    }

    /// Registers where the settings say so, as far as it is known where that is, and nowhere else.
    pub(crate) fn keep_accounts(&mut self, now: Now) {
        let wanted: Vec<(Trunk, Destination, Account)> = self
            .settings
            .trunks
            .iter()
            .filter(|_| !self.draining)
            .filter_map(|trunk| {
                let place = *self.carriers.get(&trunk.id)?.places.first()?;
                Some((trunk.clone(), place, trunk.account.clone()?))
            })
            .collect();
        let gone: Vec<TrunkId> = self
            .accounts
            .iter()
            .filter(|(_, kept)| {
                !wanted.iter().any(|(trunk, _, account)| trunk.id == kept.trunk && *account == kept.account)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            if let Some(kept) = self.accounts.remove(&id) {
                self.leaving.insert(kept.registration);
                self.ua.unregister(kept.registration, now);
            }
        }
        for (trunk, place, account) in wanted {
            if let Some(kept) = self.accounts.get_mut(&trunk.id) {
                // The carrier has moved, or the place failed.
                if std::mem::replace(&mut kept.place, place) != place {
                    self.ua.register_again(kept.registration, Some(place), now);
                }
                continue;
            }
            let begun = self.registration_at(place, &account).map(|config| self.ua.register(config, now));
            match begun {
                Some(Ok(registration)) => {
                    let kept = Kept { trunk: trunk.id.clone(), account, place, registration, stands: None };
                    self.accounts.insert(trunk.id.clone(), kept);
                }
                Some(Err(error)) => {
                    self.trouble(format!("trunk {}: cannot be registered: {error}", trunk.id))
                }
                None => self.trouble(format!("trunk {}: {account:?} makes no SIP address", trunk.id)),
            }
        }
    }

    fn registration_at(&self, place: Destination, account: &Account) -> Option<RegistrationConfig> {
        let registrar = Uri::sip(None, Host::parse(account.domain.as_bytes()).ok()?, None).ok()?;
        let contact = self.contact(&place).with_user(&account.user).ok()?;
        let config = RegistrationConfig::new(registrar, place, account.address()?, contact);
        Some(RegistrationConfig { credentials: Some(account.credentials()), ..config })
    }

    /// Tells the operator when a carrier begins or ceases to know where we are.
    pub(crate) fn account_news(&mut self, registration: RegistrationId, event: &RegistrationEvent, now: Now) {
        if *event == RegistrationEvent::Gone {
            self.leaving.remove(&registration);
        }
        let Some((id, kept)) = self.accounts.iter_mut().find(|(_, kept)| kept.registration == registration)
        else {
            return;
        };
        let (stands, what) = match event {
            RegistrationEvent::Registered { .. } => (true, format!("trunk {id} is registered")),
            RegistrationEvent::Failed { why, again_in } => {
                let why = match why {
                    RegistrationFailure::Timeout => "the carrier does not answer".to_owned(),
                    RegistrationFailure::Transport => "the carrier cannot be reached".to_owned(),
                    RegistrationFailure::Refused(status) => format!("the carrier says {status}"),
                    RegistrationFailure::Credentials => {
                        "the carrier does not take user, password or realm".to_owned()
                    }
                    RegistrationFailure::Expired => "it could not be refreshed in time".to_owned(),
                };
                let again = again_in.as_secs();
                (false, format!("trunk {id} is not registered: {why}; tried again in {again} s"))
            }
            RegistrationEvent::Gone => return,
        };
        let id = id.clone();
        if kept.stands.replace(stands) != Some(stands) {
            self.carriers.set_registered(&id, stands);
            self.outputs.push_back(if stands { Output::News(what) } else { Output::Alarm(what) });
        }
        let is_lost = matches!(
            event,
            RegistrationEvent::Failed {
                why: RegistrationFailure::Timeout | RegistrationFailure::Transport,
                ..
            }
        );
        if is_lost {
            // If the carrier has another place, it is tried there at once.
            let place = self.accounts.get(&id).map(|kept| kept.place);
            let is_down = self.carriers.failed(&id, place, "it does not answer REGISTER", now);
            self.look_after(&id, is_down, now);
            self.keep_accounts(now);
        } else if stands {
            self.shows_life(&id, None, now);
        }
    }
}
