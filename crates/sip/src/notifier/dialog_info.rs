//! What the calls of a phone are doing, for the lamps of other phones: RFC 4235.

use bytes::Bytes;
use core::fmt::Write;

/// The event package.
pub const PACKAGE: &str = "dialog";

/// The type of its documents.
pub(super) const CONTENT_TYPE: &str = "application/dialog-info+xml";

/// The calls of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialogInfo {
    /// Whose calls, as a URI.
    pub entity: String,
    /// All of them; none means that the phone is free.
    pub dialogs: Vec<WatchedDialog>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedDialog {
    /// A name for it that stays the same as long as it lives.
    pub id: String,
    /// Whether the watched phone called.
    pub is_initiator: bool,
    /// How far it is.
    pub state: DialogState,
    /// Whom it is with: a URI, and a name to show. A watcher that may not know gets none.
    pub remote: Option<(String, Option<String>)>,
}

/// How far a call is (§3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogState {
    /// It was dialled.
    Trying,
    /// It is being worked on.
    Proceeding,
    /// It rings.
    Early,
    /// It is up.
    Confirmed,
    /// It is over.
    Terminated,
}

impl DialogState {
    /// The word in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Proceeding => "proceeding",
            Self::Early => "early",
            Self::Confirmed => "confirmed",
            Self::Terminated => "terminated",
        }
    }
}

impl DialogInfo {
    /// The full document under this number, which grows by one with each within a subscription (§4.1).
    pub fn document(&self, version: u32) -> Bytes {
        let mut text = String::with_capacity(256 + 192 * self.dialogs.len());
        text.push_str("<?xml version=\"1.0\"?>\n");
        let _ = writeln!(
            text,
            "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{version}\" state=\"full\" entity=\"{}\">",
            Escaped(&self.entity)
        );
        for dialog in &self.dialogs {
            let direction = if dialog.is_initiator { "initiator" } else { "recipient" };
            let _ = writeln!(text, "<dialog id=\"{}\" direction=\"{direction}\">", Escaped(&dialog.id));
            let _ = writeln!(text, "<state>{}</state>", dialog.state.as_str());
            if let Some((uri, name)) = &dialog.remote {
                text.push_str("<remote><identity");
                if let Some(name) = name {
                    let _ = write!(text, " display=\"{}\"", Escaped(name));
                }
                let uri = Escaped(uri);
                let _ = writeln!(text, ">{uri}</identity><target uri=\"{uri}\"/></remote>");
            }
            text.push_str("</dialog>\n");
        }
        text.push_str("</dialog-info>\n");
        Bytes::from(text)
    }
}

/// Text inside an XML document. What XML cannot hold at all is left out.
struct Escaped<'a>(&'a str);

impl core::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_tells_every_call() {
        let info = DialogInfo {
            entity: "sip:1001@hotline.test".to_owned(),
            dialogs: vec![
                WatchedDialog {
                    id: "a1".to_owned(),
                    is_initiator: false,
                    state: DialogState::Early,
                    remote: Some(("sip:+49@carrier.test".to_owned(), Some("\"Tom\" & <Co>\u{1}".to_owned()))),
                },
                WatchedDialog {
                    id: "b2".to_owned(),
                    is_initiator: true,
                    state: DialogState::Confirmed,
                    remote: None,
                },
            ],
        };
        insta::assert_snapshot!(String::from_utf8_lossy(&info.document(7)), @r#"
        <?xml version="1.0"?>
        <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="7" state="full" entity="sip:1001@hotline.test">
        <dialog id="a1" direction="recipient">
        <state>early</state>
        <remote><identity display="&quot;Tom&quot; &amp; &lt;Co&gt;">sip:+49@carrier.test</identity><target uri="sip:+49@carrier.test"/></remote>
        </dialog>
        <dialog id="b2" direction="initiator">
        <state>confirmed</state>
        </dialog>
        </dialog-info>
        "#);
    }
}
