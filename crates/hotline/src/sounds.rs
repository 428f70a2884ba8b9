//! Sounds: those in the program, the operator's own, which go before them, and prompts that an engine speaks because there
//! is no file of them.

use crate::assets;
use flow::{MUSIC, TONES, Wording, World};
use media::{Clip, ClipId};
use model::PromptId;
use speech::{FileError, Sound, SpeakError, Speaker, Spoken};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telephony::Prompts;

/// Why a sound cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// The file or folder cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// What the machine says.
        source: std::io::Error,
    },
    /// It is not a sound file that can be played.
    #[error("{file}: {source}; make one that can be played with: sox {file} -r 16000 -c 1 -b 16 new.wav")]
    NotPlayable {
        /// Which.
        file: String,
        /// What is wrong.
        source: FileError,
    },
    /// There is no file of a prompt, and the engine did not speak its text.
    #[error("prompt {prompt} has no sound file in {language}, and its text was not spoken: {source}")]
    NotSpoken {
        /// Which.
        prompt: String,
        /// In which language.
        language: String,
        /// Why.
        source: SpeakError,
    },
}

/// Every sound there is, and what dialplans may name of it.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// The sounds.
    pub prompts: Prompts,
    /// Their names, by folder.
    pub names: BTreeMap<String, Vec<String>>,
    last: u32,
}

impl Library {
    /// The sounds in the program, and above them those in `folder`.
    pub fn load(folder: Option<&Path>) -> Result<Self, SoundError> {
        let mut library = Self::default();
        for path in assets::Sounds::iter() {
            if let (Some((folder, name)), Some(file)) = (split(&path), assets::Sounds::get(&path)) {
                library.add(folder, name, &path, file.data.into_owned(), "wav")?;
            }
        }
        if let Some(folder) = folder {
            library.add_folder(folder)?;
        }
        Ok(library)
    }

    /// Enters the names into what dialplans may name.
    pub fn name_to(&self, world: &mut World) {
        for (folder, names) in &self.names {
            for name in names {
                world.add_sound(folder, name);
            }
        }
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), SoundError> {
        for language in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            for file in entries(&language)? {
                let text = file.display().to_string();
                let (Some(language), Some(name), Some(ending)) = (
                    language.file_name().and_then(|name| name.to_str()),
                    file.file_stem().and_then(|name| name.to_str()),
                    file.extension().and_then(|ending| ending.to_str()),
                ) else {
                    continue;
                };
                let ending = ending.to_ascii_lowercase();
                if !speech::file::ENDINGS.contains(&ending.as_str()) {
                    continue;
                }
                let bytes = std::fs::read(&file)
                    .map_err(|source| SoundError::Unreadable { file: text.clone(), source })?;
                self.add(language, name, &text, bytes, &ending)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        folder: &str,
        name: &str,
        file: &str,
        bytes: Vec<u8>,
        ending: &str,
    ) -> Result<(), SoundError> {
        let sound = speech::file::read(bytes, ending)
            .map_err(|source| SoundError::NotPlayable { file: file.to_owned(), source })?;
        self.insert(folder, name, &sound);
        Ok(())
    }

    fn insert(&mut self, folder: &str, name: &str, sound: &Sound) {
        self.last += 1;
        let clip = Clip::from_samples(ClipId(self.last), &sound.narrow);
        let clip = match &sound.wide {
            Some(wide) => clip.with_wide(wide),
            None => clip,
        };
        // Music and tones are the same in every language.
        let language = if matches!(folder, MUSIC | TONES) { Prompts::NO_LANGUAGE } else { folder };
        self.prompts.insert(name.into(), language, Arc::new(clip));
        let names = self.names.entry(folder.to_owned()).or_default();
        if !names.iter().any(|one| one == name) {
            names.push(name.to_owned());
        }
    }

    /// Lets `speaker` speak what has a wording and no sound file in that language. May take a while; never called where
    /// somebody waits.
    pub fn speak_missing(&mut self, wordings: &[Wording], speaker: &dyn Speaker) -> Result<(), SoundError> {
        for Wording { prompt, language, text } in wordings {
            if self.has(prompt, language) {
                continue;
            }
            let spoken = Spoken { text: text.clone(), language: language.clone() };
            let sound = speaker.sound(&spoken).map_err(|source| SoundError::NotSpoken {
                prompt: prompt.to_string(),
                language: language.clone(),
                source,
            })?;
            self.insert(language, prompt.as_str(), &sound);
        }
        Ok(())
    }

    /// Why `speaker` would not speak what has a wording, no sound file in that language, and was never spoken: at most one
    /// reason for each language. Keeps nothing.
    pub fn unspeakable(&self, wordings: &[Wording], speaker: &dyn Speaker) -> Vec<SoundError> {
        let mut first = BTreeMap::new();
        for Wording { prompt, language, text } in wordings {
            let spoken = Spoken { text: text.clone(), language: language.clone() };
            if !self.has(prompt, language) && !speaker.keeps(&spoken) {
                first.entry(language).or_insert(prompt);
            }
        }
        let refused = first.into_iter().filter_map(|(language, prompt)| {
            let source = speaker.can_speak(language).err()?;
            Some(SoundError::NotSpoken { prompt: prompt.to_string(), language: language.clone(), source })
        });
        refused.collect()
    }

    fn has(&self, prompt: &PromptId, language: &str) -> bool {
        self.names.get(language).is_some_and(|names| names.iter().any(|name| name == prompt.as_str()))
    }
}

/// Lets dialplans name what has a wording.
pub fn name_wordings(wordings: &[Wording], world: &mut World) {
    for Wording { prompt, language, .. } in wordings {
        world.add_sound(language, prompt.as_str());
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, SoundError> {
    let unreadable = |source| SoundError::Unreadable { file: folder.display().to_string(), source };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_suffix(".wav")?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sound_in_the_program_can_be_played() {
        let library = Library::load(None).expect("the sounds in the program are right");
        assert!(library.names["en"].iter().any(|name| name == "welcome"));
        assert!(library.names["zh"].iter().any(|name| name == "welcome"));
        assert!(library.names[MUSIC].iter().any(|name| name == "calm"));
    }

    #[test]
    fn a_sound_of_any_rate_is_played_and_a_text_with_its_name_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("en")).expect("a folder");
        let file = folder.path().join("en/welcome.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&file, spec).expect("a file");
        for _ in 0..2 * 44_100 {
            writer.write_sample(500i16).expect("a sample");
        }
        writer.finalize().expect("a file");
        let library = Library::load(Some(folder.path())).expect("44 kHz stereo can be played");
        let prompt = model::Prompt { prompt: "welcome".into(), language: "en".to_owned() };
        let clip = library.prompts.find(&prompt).expect("it is there");
        assert_eq!((clip.samples(), clip.wide().map(<[i16]>::len)), (8_000, Some(16_000)));

        std::fs::write(folder.path().join("en/closed.mp3"), "We are closed.").expect("a file");
        let refused = Library::load(Some(folder.path())).expect_err("a text is no sound").to_string();
        assert!(
            refused.contains("en/closed.mp3: this is no sound file") && refused.contains("sox"),
            "{refused}"
        );
    }

    #[test]
    fn a_prompt_without_a_file_is_spoken_and_one_with_a_file_is_not() {
        let mut library = Library::load(None).expect("the sounds in the program are right");
        let before = library.names["en"].len();
        let wording = |prompt: &str, language: &str| Wording {
            prompt: prompt.into(),
            language: language.to_owned(),
            text: format!("the text of {prompt}"),
        };
        let wordings = [wording("welcome", "en"), wording("sale", "en"), wording("sale", "zh")];
        library.speak_missing(&wordings, &Beeps).expect("it beeps");
        assert_eq!(library.names["en"].len(), before + 1);
        for language in ["en", "zh"] {
            let prompt = model::Prompt { prompt: "sale".into(), language: language.to_owned() };
            let clip = library.prompts.find(&prompt).expect("it was spoken");
            assert_eq!(clip.samples(), "the text of sale".len() * 100, "{language}");
        }
        let refused =
            library.speak_missing(&[wording("mute", "en")], &Beeps).expect_err("it cannot").to_string();
        assert!(
            refused.starts_with("prompt mute has no sound file in en, and its text was not spoken"),
            "{refused}"
        );
    }

    /// Says a hundred samples for every letter.
    struct Beeps;

    impl Speaker for Beeps {
        fn voice(&self, _: &str) -> String {
            "beeps".to_owned()
        }

        fn speak(&self, spoken: &Spoken) -> Result<Vec<u8>, SpeakError> {
            if spoken.text.contains("mute") {
                return Err(SpeakError::Failed { program: "beeps".to_owned(), what: "no".to_owned() });
            }
            let mut bytes = std::io::Cursor::new(Vec::new());
            let spec = hound::WavSpec {
                channels: 1,
                sample_rate: 8_000,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::new(&mut bytes, spec).expect("memory");
            for _ in 0..100 * spoken.text.len() {
                writer.write_sample(700i16).expect("memory");
            }
            writer.finalize().expect("memory");
            Ok(bytes.into_inner())
        }
    }
}
