//! How many voice messages wait: RFC 3842.

use bytes::Bytes;
use core::fmt::Write;

/// The event package.
pub const PACKAGE: &str = "message-summary";

/// The type of its documents.
pub(super) const CONTENT_TYPE: &str = "application/simple-message-summary";

/// The messages of one account.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MessageSummary {
    /// The address to call for them.
    pub account: Option<String>,
    /// Those that nobody has heard.
    pub new: u32,
    /// Those that somebody has heard.
    pub old: u32,
    /// How many of the new ones are urgent.
    pub new_urgent: u32,
    /// How many of the old ones are urgent.
    pub old_urgent: u32,
}

impl MessageSummary {
    /// The document (§5.2).
    pub fn document(&self) -> Bytes {
        let mut text = String::with_capacity(96);
        text.push_str(if self.new > 0 { "Messages-Waiting: yes\r\n" } else { "Messages-Waiting: no\r\n" });
        // An address with a line break would become a line of its own.
        if let Some(account) = self.account.as_ref().filter(|account| !account.chars().any(char::is_control))
        {
            let _ = write!(text, "Message-Account: {account}\r\n");
        }
        let Self { new, old, new_urgent, old_urgent, .. } = self;
        let _ = write!(text, "Voice-Message: {new}/{old} ({new_urgent}/{old_urgent})\r\n");
        Bytes::from(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_written_as_the_rfc_says() {
        let summary = MessageSummary {
            account: Some("sip:4003@hotline.test".to_owned()),
            new: 2,
            old: 8,
            new_urgent: 0,
            old_urgent: 2,
        };
        insta::assert_snapshot!(String::from_utf8_lossy(&summary.document()).replace('\r', ""), @r"
        Messages-Waiting: yes
        Message-Account: sip:4003@hotline.test
        Voice-Message: 2/8 (0/2)
        ");
        let nothing = MessageSummary { account: Some("a\r\nX: y".to_owned()), ..MessageSummary::default() };
        assert_eq!(nothing.document(), "Messages-Waiting: no\r\nVoice-Message: 0/0 (0/0)\r\n");
    }
}
