//! `hours`: goes one way when it is open and another when it is not.

use crate::flow::Target;
use crate::reader::{Pace, Reader, Referent};
use crate::step::{Next, Turn};

/// Asks whether it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursStep {
    /// The name of the opening hours.
    pub hours: String,
    /// Where to when it is open.
    pub open: Target,
    /// Where to when it is not.
    pub closed: Target,
}

impl HoursStep {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let hours = reader.text("hours");
        if let Some(word) = hours {
            reader.refer(word.at, Referent::Hours(word.text.to_owned()));
        }
        let mut on = reader.branches(&[("open", Pace::Hurries), ("closed", Pace::Hurries)], None);
        let (open, closed) = (on.words.remove("open"), on.words.remove("closed"));
        for (word, target) in [("on.open", &open), ("on.closed", &closed)] {
            if target.is_none() {
                reader
                    .missing(word, &format!("add {word} = \"…\" with the name of the step that comes then"));
            }
        }
        Some(Self { hours: hours?.text.to_owned(), open: open?, closed: closed? })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        if turn.flows.is_open(&self.hours, turn.now.utc) {
            return Next::Go(self.open.clone());
        }
        turn.memory.closed = true;
        Next::Go(self.closed.clone())
    }
}
