//! What an engine of speech synthesis looks like to us.

use crate::{FileError, Sound};
use std::time::Duration;

/// What is to be spoken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spoken {
    /// The text.
    pub text: String,
    /// The language, as dialplans name it: `en`.
    pub language: String,
}

/// Why a text was not spoken.
#[derive(Debug, thiserror::Error)]
pub enum SpeakError {
    /// The engine is not there.
    #[error("there is no {program} on this machine; install it, or give a sound file instead")]
    Missing {
        /// The program.
        program: String,
        /// What the machine says.
        source: std::io::Error,
    },
    /// The engine did not say anything in time.
    #[error("{program} did not finish within {} s", limit.as_secs())]
    TimedOut {
        /// The program.
        program: String,
        /// How long it had.
        limit: Duration,
    },
    /// The engine gave up.
    #[error("{program} failed: {what}")]
    Failed {
        /// The program.
        program: String,
        /// The first line of what it complained of.
        what: String,
    },
    /// What the engine gave cannot be heard.
    #[error("what the engine gave is no sound")]
    Unusable(#[from] FileError),
    /// A file could not be read or written.
    #[error("{file}")]
    File {
        /// Which.
        file: String,
        /// What the machine says.
        source: std::io::Error,
    },
}

/// Speaks texts. May take seconds; never called where somebody waits.
pub trait Speaker: Send + Sync {
    /// What makes its sound differ from another's for the same text: engine, voice, settings. Part of the cache's key.
    fn voice(&self, language: &str) -> String;

    /// Speaks a text into a sound file; returns its bytes.
    ///
    /// # Errors
    ///
    /// Fails if the engine is not there, fails, or takes too long.
    fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError>;

    /// Speaks a text and hears whether it can be played.
    ///
    /// # Errors
    ///
    /// As [`Speaker::speak`], and if what came is no sound.
    fn sound(&self, spoken: &Spoken) -> Result<Sound, SpeakError> {
        Ok(crate::file::read(self.speak(spoken)?, "wav")?)
    }

    /// Whether it has spoken a text before and kept it.
    fn keeps(&self, _spoken: &Spoken) -> bool {
        false
    }

    /// Whether it speaks a language: a word is spoken, heard by nobody and kept nowhere.
    ///
    /// # Errors
    ///
    /// As [`Speaker::sound`].
    fn can_speak(&self, language: &str) -> Result<(), SpeakError> {
        self.sound(&Spoken { text: WORD.to_owned(), language: language.to_owned() }).map(drop)
    }
}

/// A word of every language.
const WORD: &str = "1";
