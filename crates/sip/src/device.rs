//! Which phone it is that registers, so that it is known again when it comes another way.
//!
//! A Contact does not say: two of one user may have the same, since pages of one library make theirs up alike (RFC 7118 §5)
//! and phones behind two routers are numbered alike. What a phone calls itself does (`+sip.instance`, RFC 5626 §4.1), and a
//! phone that does not call itself anything keeps the Call-ID of its REGISTERs (RFC 3261 §10.2).

/// A phone, as far as its registrations tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its own name and the number of its flow.
    pub instance: Option<Box<str>>,
    /// The Call-ID of its REGISTERs.
    pub call_id: Box<str>,
}

impl Device {
    /// Whether both are the same phone: the name decides if both have one, the Call-ID otherwise.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.instance, &other.instance) {
            (Some(one), Some(other)) => one == other,
            _ => self.call_id == other.call_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_known_by_its_name_and_one_without_by_its_registrations() {
        let device = |instance: Option<&str>, call_id: &str| Device {
            instance: instance.map(Into::into),
            call_id: call_id.into(),
        };
        for (one, other, same) in [
            (device(Some("<urn:uuid:1>;1"), "a"), device(Some("<urn:uuid:1>;1"), "b"), true),
            (device(Some("<urn:uuid:1>;1"), "a"), device(Some("<urn:uuid:2>;1"), "a"), false),
            (device(None, "a"), device(None, "a"), true),
            (device(None, "a"), device(None, "b"), false),
            (device(Some("<urn:uuid:1>;1"), "a"), device(None, "b"), false),
        ] {
            assert_eq!(one.is_same(&other), same, "{one:?} {other:?}");
        }
    }
}
