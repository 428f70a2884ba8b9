//! The story of the center as it is written, for those who follow it.
//!
//! Whoever follows listens first and reads then: what was written before the reading is in the library, what is written
//! after it comes through the feed, and what comes both ways is told by its number. Nothing is lost between, and one
//! who cannot keep up reads the library again instead of holding anybody up.

use crate::library::{Library, LibraryError};
use model::TimelineEntry;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Lines kept for those who are a little behind.
pub const LINES_MAX: usize = 4_096;
/// Lines read from the library at once.
pub const PAGE: u32 = 500;

/// The feed. A clone is another handle on the same one.
#[derive(Clone, Debug)]
pub struct Feed(broadcast::Sender<Arc<TimelineEntry>>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::Sender::new(LINES_MAX))
    }
}

impl Feed {
    /// A feed that nobody follows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells lines that are in the library. Never waits for anybody who follows.
    pub fn publish(&self, lines: &[TimelineEntry]) {
        for line in lines {
            // Nobody listening is no error.
            let _ = self.0.send(Arc::new(line.clone()));
        }
    }

    /// Follows the story after a number; from now on if there is none.
    pub async fn follow(
        &self,
        library: Arc<dyn Library>,
        after: Option<u64>,
    ) -> Result<Follower, LibraryError> {
        let lines = self.0.subscribe();
        let last = match after {
            Some(after) => after,
            None => library.last_seq().await?,
        };
        Ok(Follower { library, lines, last, read: VecDeque::new(), reading: after.is_some() })
    }
}

/// Somebody who follows.
pub struct Follower {
    library: Arc<dyn Library>,
    lines: broadcast::Receiver<Arc<TimelineEntry>>,
    /// The number of the last line told.
    last: u64,
    /// Lines read and not told yet.
    read: VecDeque<TimelineEntry>,
    /// Whether the library may have lines that the feed does not bring any more.
    reading: bool,
}

impl Follower {
    /// The next line. Waits until there is one.
    pub async fn next(&mut self) -> Result<TimelineEntry, LibraryError> {
        loop {
            if let Some(line) = self.read.pop_front() {
                self.last = line.seq;
                return Ok(line);
            }
            if self.reading {
                let lines = self.library.timeline_after(self.last, PAGE).await?;
                self.reading = !lines.is_empty();
                self.read = lines.into();
                continue;
            }
            match self.lines.recv().await {
                Ok(line) if line.seq <= self.last => {}
                Ok(line) if line.seq == self.last + 1 => {
                    self.last = line.seq;
                    return Ok((*line).clone());
                }
                // Something is missing: what is told here is in the library, and so is what came before it.
                Ok(_) | Err(RecvError::Lagged(_)) => self.reading = true,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Follower(after {})", self.last)
    }
}
