//! The places a 3xx names instead: RFC 3261 §8.1.3.4. Following them is the owner's to decide; whom we call costs money.

use sip_message::{HeaderName, NameAddr, Response};

/// How many places of one answer are looked at.
const CONTACTS_MAX: usize = 10;

/// The contacts that a phone can be called at, the most wanted first.
pub(super) fn contacts(response: &Response) -> Vec<NameAddr> {
    let mut contacts: Vec<_> = response
        .headers()
        .list(HeaderName::Contact)
        .filter_map(|value| NameAddr::parse(value.as_bytes()).ok())
        .filter(|contact| {
            matches!(
                contact.uri().scheme(),
                sip_message::Scheme::Sip | sip_message::Scheme::Sips | sip_message::Scheme::Tel
            )
        })
        .take(CONTACTS_MAX)
        .collect();
    // A stable sort: among equals the order given counts.
    contacts.sort_by_key(|contact| core::cmp::Reverse(contact.q().unwrap_or(1000)));
    contacts
}
