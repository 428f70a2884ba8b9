//! The sounds callers can hear, by name and language.

use media::{Clip, ClipId};
use model::{Prompt, PromptId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every sound, ready to be sent.
#[derive(Clone, Debug)]
pub struct Prompts {
    clips: BTreeMap<PromptId, BTreeMap<String, Arc<Clip>>>,
    silence: Arc<Clip>,
}

/// The number of the clip of silence; the others count from 0 or 1.
pub const SILENCE: ClipId = ClipId(u32::MAX);

impl Default for Prompts {
    /// No sound but silence.
    fn default() -> Self {
        Self { clips: BTreeMap::new(), silence: Arc::new(Clip::from_samples(SILENCE, &[0; 8000])) }
    }
}

impl Prompts {
    /// The language of sounds that have none: music and tones.
    pub const NO_LANGUAGE: &str = "";

    /// Adds a sound, instead of the one of the same name and language.
    pub fn insert(&mut self, prompt: PromptId, language: &str, clip: Arc<Clip>) {
        self.clips.entry(prompt).or_default().insert(language.to_owned(), clip);
    }

    /// The sound in the language asked for; else the one without language; else the one in English; else any.
    pub fn find(&self, prompt: &Prompt) -> Option<&Arc<Clip>> {
        let spoken = self.clips.get(&prompt.prompt)?;
        [prompt.language.as_str(), Self::NO_LANGUAGE, "en"]
            .iter()
            .find_map(|language| spoken.get(*language))
            .or_else(|| spoken.values().next())
    }

    /// A second of silence. It is sent where nothing is to be heard, so that the far end's timers and the NATs on the
    /// way see that the call lives.
    pub fn silence(&self) -> &Arc<Clip> {
        &self.silence
    }

    /// Every sound with its name.
    pub fn clips(&self) -> impl Iterator<Item = (&PromptId, &Arc<Clip>)> {
        self.clips.iter().flat_map(|(name, spoken)| spoken.values().map(move |clip| (name, clip)))
    }

    /// The names there are in a language.
    pub fn names(&self, language: &str) -> impl Iterator<Item = &PromptId> {
        self.clips.iter().filter(move |(_, spoken)| spoken.contains_key(language)).map(|(name, _)| name)
    }
}
