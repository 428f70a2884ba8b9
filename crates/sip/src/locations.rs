//! The location service: which addresses of record can be reached, and where (RFC 3261 §10).
//!
//! A table with a limit for each address and one for all. Who may write into it, and by which rules, is decided by the
//! [`crate::Registrar`].

use crate::binding::{AddressOfRecord, Binding};
use crate::saved_binding::SavedBinding;
use crate::transport::ConnectionId;
use base::{Deadlines, Instant, Now};
use sip_message::Uri;
use std::collections::{BTreeMap, BTreeSet};

/// How many phones one user may have. A further one is refused with 503.
pub const BINDINGS_PER_ADDRESS_MAX: usize = 10;

/// How many bindings there may be in all. A further one is refused with 503; renewals always go through.
pub const BINDINGS_MAX: usize = 500_000;

/// The table is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// This address has as many bindings as it may.
    #[error("the address has {BINDINGS_PER_ADDRESS_MAX} bindings already")]
    Address,
    /// The whole table has as many bindings as it may.
    #[error("there are {BINDINGS_MAX} bindings already")]
    Table,
}

/// The table of bindings.
#[derive(Clone, Debug, Default)]
pub struct Locations {
    /// The bindings of each address, the one to ring first in front.
    bindings: BTreeMap<AddressOfRecord, Vec<Binding>>,
    /// The next binding of an address to expire.
    deadlines: Deadlines<AddressOfRecord>,
    /// Who is reached over which connection.
    connections: BTreeSet<(ConnectionId, AddressOfRecord)>,
    count: usize,
}

impl Locations {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where an address can be reached, the most wanted first, among equals the newest first.
    ///
    /// A binding that has expired stays until [`Locations::expire`] takes it out, so call that first.
    pub fn bindings(&self, aor: &AddressOfRecord) -> core::slice::Iter<'_, Binding> {
        self.of(aor).iter()
    }

    fn of(&self, aor: &AddressOfRecord) -> &[Binding] {
        self.bindings.get(aor).map_or(&[], Vec::as_slice)
    }

    /// Every address with its bindings, in order.
    pub fn all(&self) -> impl Iterator<Item = (&AddressOfRecord, &[Binding])> {
        self.bindings.iter().map(|(aor, bindings)| (aor, bindings.as_slice()))
    }

    /// How many bindings there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody can be reached.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `more` new bindings of an address would fit.
    pub fn has_room(&self, aor: &AddressOfRecord, more: usize) -> Result<(), Full> {
        if self.of(aor).len() + more > BINDINGS_PER_ADDRESS_MAX {
            Err(Full::Address)
        } else if more > 0 && self.count + more > BINDINGS_MAX {
            Err(Full::Table)
        } else {
            Ok(())
        }
    }

    /// Enters a binding; the one of the same flow, or with the same contact text, is replaced and returned.
    pub fn put(&mut self, aor: &AddressOfRecord, binding: Binding) -> Option<Binding> {
        let before = self.remove_where(aor, |other| binding.displaces(other));
        if let Some(connection) = binding.source.connection {
            self.connections.insert((connection, aor.clone()));
        }
        let bindings = self.bindings.entry(aor.clone()).or_default();
        // Most users have one phone; the usual growth would make room for four.
        bindings.reserve_exact(1);
        let place = bindings.partition_point(|other| other.q > binding.q);
        bindings.insert(place, binding);
        self.count += 1;
        self.wake(aor);
        before
    }

    /// Takes out the binding with this contact text.
    pub fn remove(&mut self, aor: &AddressOfRecord, contact: &Uri) -> Option<Binding> {
        self.remove_where(aor, |binding| binding.contact == *contact)
    }

    /// Takes out the first binding that fits.
    pub fn remove_where(
        &mut self,
        aor: &AddressOfRecord,
        fits: impl FnMut(&Binding) -> bool,
    ) -> Option<Binding> {
        let place = self.of(aor).iter().position(fits)?;
        Some(self.take(aor, place))
    }

    /// When the next binding expires.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Takes out one binding that has expired. To be called until it returns `None`.
    pub fn expire(&mut self, now: Instant) -> Option<(AddressOfRecord, Binding)> {
        let aor = self.deadlines.expire(now)?;
        let bindings = self.bindings.get(&aor)?;
        let place = bindings.iter().position(|binding| binding.expires <= now)?;
        let binding = self.take(&aor, place);
        Some((aor, binding))
    }

    /// Takes out what was reached over a connection that is gone. A phone on a stream that has its own listening port
    /// will register again as soon as it notices.
    pub fn connection_closed(&mut self, connection: ConnectionId) -> Vec<(AddressOfRecord, Binding)> {
        let first = (connection, AddressOfRecord::lowest());
        let concerned: Vec<_> = self
            .connections
            .range(first..)
            .take_while(|(other, _)| *other == connection)
            .map(|(_, aor)| aor.clone())
            .collect();
        let mut gone = Vec::new();
        for aor in concerned {
            while let Some(place) =
                self.of(&aor).iter().position(|binding| binding.source.connection == Some(connection))
            {
                gone.push((aor.clone(), self.take(&aor, place)));
            }
        }
        gone
    }

    /// What a restart should keep: bindings of datagram phones. Streams are gone with the process.
    pub fn snapshot(&self, now: Now) -> Vec<SavedBinding> {
        self.bindings.keys().flat_map(|aor| self.saved(aor, now)).collect()
    }

    /// The same of one user.
    pub fn saved(&self, aor: &AddressOfRecord, now: Now) -> Vec<SavedBinding> {
        let saved = |binding: &Binding| SavedBinding {
            aor: aor.clone(),
            expires: now.utc + binding.expires.since(now.mono),
            binding: binding.clone(),
        };
        self.of(aor).iter().filter(|binding| binding.source.connection.is_none()).map(saved).collect()
    }

    /// Takes back what [`Locations::snapshot`] gave to an earlier process, as far as it has not expired and fits.
    pub fn restore(&mut self, saved: impl IntoIterator<Item = SavedBinding>, now: Now) {
        for SavedBinding { aor, binding, expires } in saved {
            let left = expires.since(now.utc);
            if !left.is_zero() && self.has_room(&aor, 1).is_ok() {
                self.put(&aor, Binding { expires: now.mono + left, ..binding });
            }
        }
    }

    fn take(&mut self, aor: &AddressOfRecord, place: usize) -> Binding {
        let bindings = self.bindings.get_mut(aor).expect("the caller found the place in it");
        let binding = bindings.remove(place);
        self.count -= 1;
        if let Some(connection) = binding.source.connection
            && !bindings.iter().any(|other| other.source.connection == Some(connection))
        {
            self.connections.remove(&(connection, aor.clone()));
        }
        if bindings.is_empty() {
            self.bindings.remove(aor);
        }
        self.wake(aor);
        binding
    }

    fn wake(&mut self, aor: &AddressOfRecord) {
        match self.of(aor).iter().map(|binding| binding.expires).min() {
            Some(first) => self.deadlines.set(aor.clone(), first),
            None => {
                self.deadlines.stop(aor);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Source, Transport};
    use base::{Duration, Timestamp};

    #[test]
    fn the_most_wanted_phone_stands_first_and_among_equals_the_newest() {
        let mut locations = Locations::new();
        for (contact, q) in [("sip:a@phone", 500), ("sip:b@phone", 1000), ("sip:c@phone", 1000)] {
            locations.put(&anna(), binding(contact, q, 60));
        }
        let order: Vec<_> = locations.bindings(&anna()).map(|binding| binding.contact.to_string()).collect();
        assert_eq!(order, ["sip:c@phone", "sip:b@phone", "sip:a@phone"]);
    }

    #[test]
    fn a_renewed_binding_is_the_same_binding() {
        let mut locations = Locations::new();
        locations.put(&anna(), binding("sip:a@phone", 1000, 60));
        assert!(locations.put(&anna(), binding("sip:a@phone", 1000, 90)).is_some());
        assert_eq!(locations.len(), 1);
        assert_eq!(locations.expire(at(60)), None);
        assert_eq!(locations.expire(at(90)).map(|(aor, _)| aor), Some(anna()));
    }

    #[test]
    fn nothing_is_left_when_all_have_expired() {
        let mut locations = Locations::new();
        locations.put(&anna(), binding("sip:a@phone", 1000, 60));
        locations.put(&anna(), binding("sip:b@phone", 1000, 60));
        locations.put(&AddressOfRecord::new("bert", "hotline.test"), binding("sip:c@phone", 1000, 61));
        assert_eq!(locations.next_expiry(), Some(at(60)));
        let gone = core::iter::from_fn(|| locations.expire(at(61))).count();
        assert_eq!((gone, locations.len(), locations.next_expiry()), (3, 0, None));
        assert!(locations.bindings.is_empty() && locations.connections.is_empty());
    }

    #[test]
    fn a_closed_connection_takes_its_bindings_along() {
        let mut locations = Locations::new();
        for (contact, connection) in [("sip:a@phone", 1), ("sip:b@phone", 2), ("sip:c@phone", 1)] {
            let mut binding = binding(contact, 1000, 60);
            binding.source.connection = Some(ConnectionId(connection));
            locations.put(&anna(), binding);
        }
        assert_eq!(locations.connection_closed(ConnectionId(1)).len(), 2);
        assert_eq!(locations.connection_closed(ConnectionId(1)).len(), 0);
        assert_eq!(locations.bindings(&anna()).len(), 1);
        assert_eq!(locations.connections.len(), 1);

        // Most users are numbers, and digits stand before the at sign.
        let number = AddressOfRecord::new("1001", "hotline.test");
        let mut binding = binding("sip:d@phone", 1000, 60);
        binding.source.connection = Some(ConnectionId(3));
        locations.put(&number, binding);
        assert_eq!(locations.connection_closed(ConnectionId(3)).len(), 1);
        assert!(locations.bindings(&number).next().is_none());
    }

    #[test]
    fn an_eleventh_phone_finds_no_room() {
        let mut locations = Locations::new();
        for n in 0..BINDINGS_PER_ADDRESS_MAX {
            assert_eq!(locations.has_room(&anna(), 1), Ok(()));
            locations.put(&anna(), binding(&format!("sip:{n}@phone"), 1000, 60));
        }
        assert_eq!(locations.has_room(&anna(), 1), Err(Full::Address));
        assert_eq!(locations.has_room(&anna(), 0), Ok(()));
    }

    #[test]
    fn bindings_survive_a_restart_with_what_is_left_of_their_time() {
        let mut locations = Locations::new();
        locations.put(&anna(), binding("sip:a@phone", 1000, 60));
        locations.put(&anna(), binding("sip:b@phone", 1000, 20));
        let saved = locations.snapshot(now(10, 1_010));
        let mut restored = Locations::new();
        restored.restore(saved, now(0, 1_040));
        assert_eq!(restored.len(), 1);
        assert_eq!(restored.of(&anna())[0].expires, at(20));
    }

    #[test]
    fn what_leads_to_a_phone_survives_a_restart_with_it() {
        let mut locations = Locations::new();
        let path = vec![sip_message::NameAddr::parse(b"<sip:edge.test;lr;ob>").unwrap()];
        let kept = Binding {
            path: path.into(),
            instance: Some("<urn:uuid:1>;2".into()),
            is_flow: true,
            user_agent: Some("phone/1".into()),
            q: 300,
            ..binding("sip:a@phone", 1000, 60)
        };
        locations.put(&anna(), kept.clone());
        let mut restored = Locations::new();
        let lines: Vec<_> = locations.snapshot(now(10, 1_010)).iter().map(ToString::to_string).collect();
        restored.restore(lines.iter().map(|line| line.parse().unwrap()), now(10, 1_010));
        assert_eq!(restored.of(&anna()), [kept]);
    }

    fn anna() -> AddressOfRecord {
        AddressOfRecord::new("anna", "hotline.test")
    }

    fn binding(contact: &str, q: u16, expires: u64) -> Binding {
        Binding {
            contact: Uri::parse(contact.as_bytes()).unwrap(),
            source: Source {
                transport: Transport::Udp,
                local: "127.0.0.1:5060".parse().unwrap(),
                remote: "127.0.0.1:5070".parse().unwrap(),
                connection: None,
            },
            expires: at(expires),
            q,
            call_id: "call".into(),
            cseq: 1,
            instance: None,
            is_flow: false,
            path: Box::default(),
            user_agent: None,
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn now(mono: u64, utc: u64) -> Now {
        Now { mono: at(mono), utc: Timestamp::default() + Duration::from_secs(utc) }
    }
}
