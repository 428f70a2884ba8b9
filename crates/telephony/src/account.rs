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
use std::net::SocketAddr;

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
    trunk: Trunk,
    registration: RegistrationId,
    /// Whether the operator knows it to stand; `None` before the first word.
    stands: Option<bool>,
}

impl Telephony {
    /// Registers where the settings say so, and nowhere else.
    pub(crate) fn keep_accounts(&mut self, now: Now) {
        let wanted: Vec<(Trunk, SocketAddr, Account)> = self
            .settings
            .trunks
            .iter()
            .filter_map(|trunk| Some((trunk.clone(), trunk.send_to?, trunk.account.clone()?)))
            .collect();
        let gone: Vec<TrunkId> = self
            .accounts
            .iter()
            .filter(|(_, kept)| !wanted.iter().any(|(trunk, ..)| *trunk == kept.trunk))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            if let Some(kept) = self.accounts.remove(&id) {
                self.ua.unregister(kept.registration, now);
            }
        }
        for (trunk, carrier, account) in wanted {
            if self.accounts.contains_key(&trunk.id) {
                continue;
            }
            let begun = self.registration_at(carrier, &account).map(|config| self.ua.register(config, now));
            match begun {
                Some(Ok(registration)) => {
                    self.accounts.insert(trunk.id.clone(), Kept { trunk, registration, stands: None });
                }
                Some(Err(error)) => self.say(format!("trunk {}: cannot be registered: {error}", trunk.id)),
                None => self.say(format!("trunk {}: {account:?} makes no SIP address", trunk.id)),
            }
        }
    }

    fn registration_at(&self, carrier: SocketAddr, account: &Account) -> Option<RegistrationConfig> {
        let local = self.settings.address;
        let registrar = Uri::sip(None, Host::parse(account.domain.as_bytes()).ok()?, None).ok()?;
        let contact = Uri::sip(Some(&account.user), Host::from(local.ip()), Some(local.port())).ok()?;
        let destination =
            Destination { transport: sip::Transport::Udp, local, remote: carrier, connection: None };
        let config = RegistrationConfig::new(registrar, destination, account.address()?, contact);
        Some(RegistrationConfig { credentials: Some(account.credentials()), ..config })
    }

    /// Tells the operator when a carrier begins or ceases to know where we are.
    pub(crate) fn account_news(&mut self, registration: RegistrationId, event: &RegistrationEvent) {
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
        if kept.stands.replace(stands) != Some(stands) {
            self.outputs.push_back(if stands { Output::News(what) } else { Output::Trouble(what) });
        }
    }

    fn say(&mut self, what: String) {
        self.outputs.push_back(Output::Trouble(what));
    }
}
