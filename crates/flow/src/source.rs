//! What is handed in: the texts of the files, and what they may name.

use model::{PromptId, QueueId, SkillId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for a language where the sound is music: `media/music/calm.wav`.
pub const MUSIC: &str = "music";

/// Stands for a language where the sound is a tone: `media/tones/beep.wav`.
pub const TONES: &str = "tones";

/// One file: a flow, or opening hours when its folder is named `hours`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The path as findings shall name it: `dialplans/support.toml`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// What dialplans may name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The queues.
    pub queues: BTreeSet<QueueId>,
    /// The prompts there are in each language.
    pub prompts: BTreeMap<String, BTreeSet<PromptId>>,
    /// What waiting can sound like.
    pub music: BTreeSet<PromptId>,
    /// Beeps.
    pub tones: BTreeSet<PromptId>,
    /// What agents can be asked to know.
    pub skills: BTreeSet<SkillId>,
}

impl World {
    /// Adds the sound `media/<folder>/<name>.wav`: music, a tone, or a prompt in the language of that name.
    pub fn add_sound(&mut self, folder: &str, name: &str) {
        let sounds = match folder {
            MUSIC => &mut self.music,
            TONES => &mut self.tones,
            language => self.prompts.entry(language.to_owned()).or_default(),
        };
        sounds.insert(PromptId::new(name));
    }
}
