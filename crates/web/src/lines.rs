//! What the web asks for programs that hear and speak in a call: lines of sound, which somebody else has.

use model::timeline::LegRole;
use model::{InteractionId, LegId};
use std::future::Future;
use std::pin::Pin;
use thiserror::Error;

/// What a program wants of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineWish {
    /// Whose voices it hears, those who come later included.
    pub hears: Vec<LegRole>,
    /// Who hears what it says.
    pub speaks_to: Vec<LegRole>,
    /// Samples a second of both, 8000 or 16000.
    pub rate: u32,
}

/// Why there is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LineRefused {
    /// No interaction of that number is open.
    #[error("no such interaction is open")]
    NoSuchInteraction,
    /// Its sound does not come by here: nobody is connected yet, or the phones send it to each other.
    #[error("the interaction has no sound here just now")]
    NoSound,
    /// There are too many lines.
    #[error("too many programs hear and speak already")]
    TooMany,
    /// The center did not answer.
    #[error("the center did not answer")]
    Unavailable,
}

/// What is told on a line beside its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineNews {
    /// A party that the program hears pressed a key.
    Digit {
        /// Whose leg.
        leg: LegId,
        /// Who that is.
        role: LegRole,
        /// The key.
        digit: char,
    },
    /// The interaction is over, and the line with it.
    Ended,
    /// The parties have as many listeners or voices beside them as they can have; the line is closed.
    Crowded,
}

/// A line that is about to be there.
pub type LineOpening<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn SoundLine>, LineRefused>> + Send + 'a>>;

/// Where programs are connected with calls: implemented by whoever has the sound.
pub trait LineDoor: Send + Sync + 'static {
    /// Opens a line to the legs of a live interaction.
    fn open(&self, interaction: InteractionId, wish: LineWish) -> LineOpening<'_>;
}

/// One program's line, in frames of 20 ms. None of its methods waits; dropping it closes it.
pub trait SoundLine: Send {
    /// Takes the next frame that was heard into `out`; how many samples it has, or `None` if there is none yet.
    fn hear(&mut self, out: &mut [i16]) -> Option<usize>;

    /// Says a frame after those before it; `false` when too many wait to be said.
    fn say(&mut self, frame: &[i16]) -> bool;

    /// How many frames wait to be said.
    fn unsaid(&self) -> usize;

    /// Forgets what waits to be said.
    fn clear(&mut self);

    /// How many frames were lost so far because they were not taken in time.
    fn lost(&self) -> u64;

    /// What else there is to tell. Nothing follows [`LineNews::Ended`] and [`LineNews::Crowded`].
    fn news(&mut self) -> Option<LineNews>;
}
