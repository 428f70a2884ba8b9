//! A binding as it survives a restart, and the line of text it is kept as.
//!
//! ```text
//!  anna@hotline.test sip:a@10.0.0.7;ob udp 192.0.2.1:5060 203.0.113.9:40001 1800000060000 1000 call-1 7 flow <urn:uuid:1>;2 Phone/1 <sip:edge.test;lr>
//! ```
//!
//! Fields stand in this order, one space between them; what could be taken for a space, a line end or a missing field is
//! written as `%HH`, a missing field as `-`. One line is one binding, so a file of them can be read as far as it goes.

use crate::binding::{AddressOfRecord, Binding};
use crate::transport::{Source, Transport};
use base::{Instant, Timestamp};
use core::fmt;
use core::str::FromStr;
use sip_message::{NameAddr, Uri};

/// How many proxies a line may name; the registrar takes fewer.
const PATH_MAX: usize = 64;

/// A binding as it survives a restart: with its end on the wall clock, without its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedBinding {
    /// Whose binding.
    pub aor: AddressOfRecord,
    /// The binding; its `expires` means nothing here.
    pub binding: Binding,
    /// When it ends.
    pub expires: Timestamp,
}

/// A line that is no saved binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this line is not a saved binding: {0} is missing or cannot be read")]
pub struct NotASavedBinding(&'static str);

impl fmt::Display for SavedBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Binding { contact, source, q, call_id, cseq, instance, is_flow, path, user_agent, .. } =
            &self.binding;
        let flow = if *is_flow { "flow" } else { "plain" };
        write!(
            f,
            "{} {} {} {} {} {} {q} {} {cseq} {flow} {} {}",
            Field(self.aor.as_str().as_bytes()),
            Field(contact.as_bytes()),
            source.transport.uri_name(),
            source.local,
            source.remote,
            self.expires.as_millis(),
            Field(call_id.as_bytes()),
            Field(instance.as_deref().unwrap_or_default().as_bytes()),
            Field(user_agent.as_deref().unwrap_or_default().as_bytes()),
        )?;
        for proxy in path {
            let mut text = Vec::new();
            proxy.write(&mut text);
            write!(f, " {}", Field(&text))?;
        }
        Ok(())
    }
}

impl FromStr for SavedBinding {
    type Err = NotASavedBinding;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut fields = line.split(' ');
        let mut next = |what: &'static str| {
            let field = fields.next().ok_or(NotASavedBinding(what))?;
            unescape(field).map(|bytes| (bytes, NotASavedBinding(what))).ok_or(NotASavedBinding(what))
        };
        let aor = text(next("the address of record")?)?;
        let (contact, no_contact) = next("the contact")?;
        let transport = parsed(next("the transport")?, Transport::from_name)?;
        let local = parsed(next("our address")?, |text| text.parse().ok())?;
        let remote = parsed(next("the phone's address")?, |text| text.parse().ok())?;
        let expires = parsed(next("the end")?, |text| text.parse().ok())?;
        let q = parsed(next("the wish")?, |text| text.parse().ok().filter(|q| *q <= 1000))?;
        let call_id = text(next("the Call-ID")?)?;
        let cseq = parsed(next("the number")?, |text| text.parse().ok())?;
        let is_flow = parsed(next("the kind")?, |text| match text {
            "flow" => Some(true),
            "plain" => Some(false),
            _ => None,
        })?;
        let instance = text(next("the device")?)?;
        let user_agent = text(next("the phone's name")?)?;
        let mut path = Vec::new();
        for proxy in fields {
            let proxy = unescape(proxy).and_then(|bytes| NameAddr::parse(&bytes).ok());
            path.push(proxy.filter(|_| path.len() < PATH_MAX).ok_or(NotASavedBinding("the path"))?);
        }
        let some = |text: String| (!text.is_empty()).then(|| text.into_boxed_str());
        Ok(Self {
            aor: AddressOfRecord::parse(&aor).ok_or(NotASavedBinding("the address of record"))?,
            binding: Binding {
                contact: Uri::parse(&contact).map_err(|_| no_contact)?,
                source: Source { transport, local, remote, connection: None },
                expires: Instant::START,
                q,
                call_id: call_id.into(),
                cseq,
                instance: some(instance),
                is_flow,
                path: path.into(),
                user_agent: some(user_agent),
            },
            expires: Timestamp::from_millis(expires),
        })
    }
}

/// One field with its escapes.
struct Field<'a>(&'a [u8]);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;

        if self.0.is_empty() {
            return f.write_char('-');
        }
        if self.0 == b"-" {
            return f.write_str("%2d");
        }
        for byte in self.0 {
            if byte.is_ascii_graphic() && *byte != b'%' {
                f.write_char(char::from(*byte))?;
            } else {
                write!(f, "%{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The bytes of a field.
fn unescape(field: &str) -> Option<Vec<u8>> {
    if field == "-" {
        return Some(Vec::new());
    }
    if field.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        rest = tail;
    }
    Some(bytes)
}

fn text((bytes, error): (Vec<u8>, NotASavedBinding)) -> Result<String, NotASavedBinding> {
    String::from_utf8(bytes).map_err(|_| error)
}

fn parsed<T>(
    field: (Vec<u8>, NotASavedBinding),
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, NotASavedBinding> {
    let error = field.1;
    parse(&text(field)?).ok_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINE: &str = "anna@hotline.test sip:a@10.0.0.7;ob udp 192.0.2.1:5060 203.0.113.9:40001 1800000060000 1000 \
                        call-1 7 flow <urn:uuid:1>;2 Phone%201%c3%a9 <sip:edge.test;lr>";

    #[test]
    fn a_line_is_written_as_it_was_read() {
        let saved: SavedBinding = LINE.parse().unwrap();
        assert_eq!(saved.binding.user_agent.as_deref(), Some("Phone 1é"));
        assert_eq!(saved.binding.routes().len(), 1);
        assert!(saved.binding.is_flow);
        assert_eq!(saved.to_string(), LINE);
        let bare: SavedBinding =
            "a@h sip:a@h tcp [2001:db8::1]:5060 [2001:db8::2]:5060 -1 0 c 1 plain - -".parse().unwrap();
        assert_eq!((&bare.binding.instance, &bare.binding.user_agent), (&None, &None));
        assert_eq!(bare.to_string().parse(), Ok(bare));
    }

    #[test]
    fn every_field_is_missed_by_its_name() {
        let fields: Vec<_> = LINE.split(' ').collect();
        for end in 0..12 {
            let error = fields[..end].join(" ").parse::<SavedBinding>().unwrap_err().to_string();
            assert!(error.starts_with("this line is not a saved binding: "), "{error}");
            let mut wrong = fields.clone();
            wrong[end] = "%zz";
            assert!(wrong.join(" ").parse::<SavedBinding>().is_err(), "{end}");
        }
        assert!(format!("{LINE} <sip:").parse::<SavedBinding>().is_err());
        assert!(format!("{LINE} ").parse::<SavedBinding>().is_err());
    }

    proptest! {
        #[test]
        fn what_a_phone_says_comes_back(name in "\\PC{1,20}", device in "\\PC{1,20}", call_id in "[!-~]{1,20}", q in 0_u16..=1000) {
            let mut saved: SavedBinding = LINE.parse().unwrap();
            saved.binding.user_agent = Some(name.into());
            saved.binding.instance = Some(device.into());
            saved.binding.call_id = call_id.into();
            saved.binding.q = q;
            prop_assert_eq!(saved.to_string().parse(), Ok(saved));
        }

        #[test]
        fn no_line_makes_the_reader_panic(line in "\\PC{0,80}", at in 0_usize..200, letter in any::<char>()) {
            let _ = line.parse::<SavedBinding>();
            let mut letters: Vec<char> = LINE.chars().collect();
            let at = at % letters.len();
            letters[at] = letter;
            let changed: String = letters.into_iter().collect();
            if let Ok(saved) = changed.parse::<SavedBinding>() {
                prop_assert_eq!(saved.to_string().parse(), Ok(saved));
            }
        }
    }
}
