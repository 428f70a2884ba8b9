//! `end`: hangs up, and says what it was.

use crate::reader::Reader;
use crate::step::Next;
use model::Outcome;

/// The outcomes that a flow can bring about; all others happen by themselves.
const OUTCOMES: [Outcome; 4] =
    [Outcome::SelfServed, Outcome::ClosedHours, Outcome::Voicemail, Outcome::Refused];

/// Ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub outcome: Outcome,
}

impl End {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let word = reader.text("end")?;
        reader.known("outcome", word, OUTCOMES.iter().map(|outcome| outcome.as_str()));
        let outcome = OUTCOMES.into_iter().find(|outcome| outcome.as_str() == word.text)?;
        Some(Self { outcome })
    }

    pub(crate) fn enter(&self) -> Next {
        Next::End(self.outcome)
    }
}
