//! Sounds read from WAV files: those in the program, and the operator's own, which go before them.

use crate::assets;
use flow::{MUSIC, TONES, World};
use media::{Clip, ClipId};
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
    /// It is not a WAV file that can be played.
    #[error("{file}: {what}; make it so with: sox {file} -r 8000 -c 1 -b 16 new.wav")]
    NotPlayable {
        /// Which.
        file: String,
        /// What is wrong.
        what: String,
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
                library.add(folder, name, &path, &file.data)?;
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
                let (Some(language), Some(name), Some("wav")) = (
                    language.file_name().and_then(|name| name.to_str()),
                    file.file_stem().and_then(|name| name.to_str()),
                    file.extension().and_then(|ending| ending.to_str()),
                ) else {
                    continue;
                };
                let bytes = std::fs::read(&file)
                    .map_err(|source| SoundError::Unreadable { file: text.clone(), source })?;
                self.add(language, name, &text, &bytes)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, folder: &str, name: &str, file: &str, bytes: &[u8]) -> Result<(), SoundError> {
        let samples =
            samples(bytes).map_err(|what| SoundError::NotPlayable { file: file.to_owned(), what })?;
        self.last += 1;
        let clip = Arc::new(Clip::from_samples(ClipId(self.last), &samples));
        // Music and tones are the same in every language.
        let language = if matches!(folder, MUSIC | TONES) { Prompts::NO_LANGUAGE } else { folder };
        self.prompts.insert(name.into(), language, clip);
        let names = self.names.entry(folder.to_owned()).or_default();
        if !names.iter().any(|one| one == name) {
            names.push(name.to_owned());
        }
        Ok(())
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

fn samples(bytes: &[u8]) -> Result<Vec<i16>, String> {
    let reader = hound::WavReader::new(bytes).map_err(|error| format!("this is no WAV file ({error})"))?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, 8000, 16)
        || spec.sample_format != hound::SampleFormat::Int
    {
        return Err(format!(
            "this is {} Hz, {} channels, {} bits; 8000 Hz, one channel, 16 bits are needed",
            spec.sample_rate, spec.channels, spec.bits_per_sample
        ));
    }
    reader
        .into_samples::<i16>()
        .collect::<Result<_, _>>()
        .map_err(|error| format!("it is cut short ({error})"))
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
    fn a_sound_of_another_rate_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("en")).expect("a folder");
        let file = folder.path().join("en/welcome.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        hound::WavWriter::create(&file, spec).and_then(hound::WavWriter::finalize).expect("a file");
        let refused =
            Library::load(Some(folder.path())).expect_err("44 kHz stereo cannot be played").to_string();
        assert!(refused.contains("44100 Hz, 2 channels") && refused.contains("sox"), "{refused}");
    }
}
