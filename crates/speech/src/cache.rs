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

impl<S> Cache<S> {
    /// Nobody ever reads half a file.
    fn keep(&self, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let half = file.with_extension(format!("{}.half", std::process::id()));
        let mut writing = std::fs::File::create(&half)?;
        std::io::Write::write_all(&mut writing, bytes)?;
        writing.sync_all()?;
        std::fs::rename(&half, file)
    }
}

impl<S: Speaker> Speaker for Cache<S> {
    fn voice(&self, language: &str) -> String {
        self.speaker.voice(language)
    }

    fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError> {
        let file = self.file(spoken);
        if let Some(bytes) = kept(&file) {
            return Ok(bytes);
        }
        let bytes = self.speaker.speak(spoken)?;
        // It can be heard though it cannot be kept.
        if let Err(error) = self.keep(&file, &bytes) {
            tracing::warn!(file = %file.display(), %error, "a spoken prompt cannot be kept, and is spoken anew at the next start");
        }
        Ok(bytes)
    }

    fn keeps(&self, spoken: &Spoken) -> bool {
        kept(&self.file(spoken)).is_some()
    }

    fn can_speak(&self, language: &str) -> Result<(), SpeakError> {
        self.speaker.can_speak(language)
    }
}

/// What was spoken before. What a crash left half written, or a program spoke that was none, is spoken anew.
fn kept(file: &Path) -> Option<Vec<u8>> {
    std::fs::read(file).ok().filter(|bytes| crate::file::read(bytes.clone(), "wav").is_ok())
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
        assert_eq!(other.speak(&hello).ok(), Some(wave("bert: hello")));
        assert_eq!(restarted.speaker.times.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_a_crash_left_of_a_prompt_is_spoken_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(Counting { voice: "anna", times: AtomicUsize::new(0) }, folder.path());
        let hello = spoken("hello");
        for rubbish in [&b""[..], b"RIFF"] {
            std::fs::write(cache.file(&hello), rubbish).expect("written");
            assert_eq!(cache.speak(&hello).ok(), Some(wave("anna: hello")));
        }
        cache.speak(&hello).expect("it is there");
        assert_eq!(cache.speaker.times.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn whether_a_language_is_spoken_can_be_asked_without_keeping_anything() {
        let folder = tempfile::tempdir().expect("a folder");
        let spoken_folder = folder.path().join("spoken");
        let cache = Cache::new(Counting { voice: "anna", times: AtomicUsize::new(0) }, &spoken_folder);
        cache.can_speak("en").expect("anna speaks everything");
        assert!(!spoken_folder.exists() && !cache.keeps(&spoken("hello")));
        cache.speak(&spoken("hello")).expect("it is spoken");
        assert!(cache.keeps(&spoken("hello")) && !cache.keeps(&spoken("bye")));
    }

    #[test]
    fn a_prompt_that_cannot_be_kept_is_heard_all_the_same() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let speaker = Counting { voice: "anna", times: AtomicUsize::new(0) };
        let cache = Cache::new(speaker, &file.path().join("no folder"));
        assert_eq!(cache.speak(&spoken("hello")).ok(), Some(wave("anna: hello")));
    }

    /// A WAV file whose samples are the letters.
    fn wave(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).expect("a short text");
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + length).to_le_bytes());
        bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
        bytes.extend(length.to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
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
            Ok(wave(&format!("{}: {}", self.voice, spoken.text)))
        }
    }

    fn spoken(text: &str) -> Spoken {
        Spoken { text: text.to_owned(), language: "en".to_owned() }
    }
}
