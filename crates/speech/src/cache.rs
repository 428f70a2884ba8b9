//! Keeps what was spoken, on disk, by the hash of text and voice: no text is spoken twice, and a start does not wait for an
//! engine that has done its work.

use crate::{SpeakError, Speaker, Spoken};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A speaker in front of a folder of what it has said. What is in the folder may be deleted at any time.
#[derive(Debug)]
pub struct Cache<S> {
    speaker: S,
    folder: PathBuf,
}

impl<S: Speaker> Cache<S> {
    /// Keeps what `speaker` says in `folder`, which is made when there is something to keep.
    pub fn new(speaker: S, folder: &Path) -> Self {
        Self { speaker, folder: folder.to_owned() }
    }

    fn file(&self, spoken: &Spoken) -> PathBuf {
        let mut hash = Sha256::new();
        for part in [&self.speaker.voice(&spoken.language), &spoken.language, &spoken.text] {
            // Lengths keep the parts apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut name = String::new();
        for byte in hash.finalize().iter().take(20) {
            let _ = write!(name, "{byte:02x}");
        }
        self.folder.join(name + ".wav")
    }
}

impl<S: Speaker> Speaker for Cache<S> {
    fn voice(&self, language: &str) -> String {
        self.speaker.voice(language)
    }

    fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError> {
        let file = self.file(spoken);
        if let Ok(bytes) = std::fs::read(&file) {
            return Ok(bytes);
        }
        let bytes = self.speaker.speak(spoken)?;
        let trouble = |source| SpeakError::File { file: file.display().to_string(), source };
        std::fs::create_dir_all(&self.folder).map_err(trouble)?;
        // Nobody ever reads half a file.
        let half = file.with_extension(format!("{}.half", std::process::id()));
        std::fs::write(&half, &bytes).map_err(trouble)?;
        std::fs::rename(&half, &file).map_err(trouble)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_text_is_spoken_once_for_each_voice() {
        let folder = tempfile::tempdir().expect("a folder");
        let counting = |voice| Counting { voice, times: AtomicUsize::new(0) };
        let cache = Cache::new(counting("anna"), &folder.path().join("spoken"));
        let hello = spoken("hello");
        assert_eq!(cache.speak(&hello).ok(), cache.speak(&hello).ok());
        assert_eq!(cache.speaker.times.load(Ordering::Relaxed), 1);
        cache.speak(&spoken("bye")).expect("it is spoken");
        assert_eq!(cache.speaker.times.load(Ordering::Relaxed), 2);
        let restarted = Cache::new(counting("anna"), &folder.path().join("spoken"));
        restarted.speak(&hello).expect("it is there");
        let other = Cache::new(counting("bert"), &folder.path().join("spoken"));
        assert_eq!(other.speak(&hello).ok(), Some(b"bert: hello".to_vec()));
        assert_eq!(restarted.speaker.times.load(Ordering::Relaxed), 0);
    }

    struct Counting {
        voice: &'static str,
        times: AtomicUsize,
    }

    impl Speaker for Counting {
        fn voice(&self, _: &str) -> String {
            self.voice.to_owned()
        }

        fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError> {
            self.times.fetch_add(1, Ordering::Relaxed);
            Ok(format!("{}: {}", self.voice, spoken.text).into_bytes())
        }
    }

    fn spoken(text: &str) -> Spoken {
        Spoken { text: text.to_owned(), language: "en".to_owned() }
    }
}
