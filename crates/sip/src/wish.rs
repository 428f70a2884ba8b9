//! What one Contact of a REGISTER asks for: RFC 3261 §10.3 step 7, with `+sip.instance` and `reg-id` (RFC 5626).
//!
//! Whether it is granted, and what becomes of the bindings it is about, is decided by the [`crate::Registrar`].

use crate::binding::Binding;
use crate::locations::BINDINGS_PER_ADDRESS_MAX;
use crate::registrar::{BAD_CONTACT, Refusal, RegistrarConfig};
use base::Duration;
use sip_message::{NameAddr, Uri};

/// One change that a request asks for.
pub(crate) struct Wish {
    pub(crate) contact: Uri,
    /// For how long; zero: the binding is to go.
    pub(crate) expires: Duration,
    pub(crate) q: u16,
    pub(crate) instance: Option<Box<str>>,
    pub(crate) is_flow: bool,
}

impl Wish {
    /// What all Contacts of a request ask for. `expires` is what its Expires says, `longest` what is granted at most.
    pub(crate) fn all(
        contacts: &[sip_message::Value<'_>],
        expires: Option<u32>,
        longest: Duration,
        may_flow: bool,
        config: &RegistrarConfig,
    ) -> Result<Vec<Self>, Refusal> {
        if contacts.len() > BINDINGS_PER_ADDRESS_MAX {
            return Err(Refusal::Full);
        }
        let wishes: Result<Vec<_>, _> = contacts
            .iter()
            .map(|contact| Self::of(contact.as_bytes(), expires, longest, may_flow, config))
            .collect();
        let wishes = wishes?;
        // RFC 5626 §6: a request makes one flow, since it comes over one.
        if wishes.iter().filter(|wish| wish.is_flow && !wish.expires.is_zero()).count() > 1 {
            return Err(BAD_CONTACT);
        }
        Ok(wishes)
    }

    fn of(
        contact: &[u8],
        expires: Option<u32>,
        longest: Duration,
        may_flow: bool,
        config: &RegistrarConfig,
    ) -> Result<Self, Refusal> {
        let contact = NameAddr::parse(contact).map_err(|_| BAD_CONTACT)?;
        if !contact.uri().is_sip() {
            return Err(BAD_CONTACT);
        }
        let wanted = contact.expires().or(expires).map(|seconds| Duration::from_secs(seconds.into()));
        let wanted = wanted.unwrap_or(config.expires_default);
        if !wanted.is_zero() && wanted < config.expires_min {
            return Err(Refusal::TooBrief);
        }
        let instance = contact.param("+sip.instance").map(|instance| {
            let flow = contact.param("reg-id").unwrap_or_default();
            format!("{instance};{flow}").into_boxed_str()
        });
        let has_number =
            contact.param("reg-id").is_some_and(|number| number.parse::<u32>().is_ok_and(|n| n > 0));
        Ok(Self {
            is_flow: may_flow && has_number && instance.is_some(),
            expires: wanted.min(longest),
            q: contact.q().unwrap_or(1000),
            instance,
            contact: contact.uri().detached(),
        })
    }

    /// Whether it is about this binding: the same device on the same flow, or, unless both are flows, the same contact
    /// (§19.1.4).
    pub(crate) fn concerns(&self, binding: &Binding) -> bool {
        if binding.is_flow && self.is_flow {
            return self.instance == binding.instance;
        }
        (self.instance.is_some() && self.instance == binding.instance)
            || binding.contact.equivalent(&self.contact)
    }
}
