//! `set`: notes something that later steps go by.

use crate::flow::Target;
use crate::reader::{Pace, Reader, Referent};
use crate::step::queue::PRIORITY_MAX;
use crate::step::{Next, Turn};
use model::SkillId;
use model::skill::{LEVEL_MAX, Level};
use std::collections::BTreeMap;

/// Notes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The language spoken from here on.
    pub language: Option<String>,
    /// What the agent must know, at which level at least; 0 takes back what an earlier step asked for.
    pub skills: BTreeMap<SkillId, Level>,
    /// The priority in queues from here on.
    pub priority: Option<i32>,
    /// What comes next.
    pub then: Target,
}

impl Set {
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let world = reader.page.world;
        let (mut language, mut skills, mut priority) = (None, BTreeMap::new(), None);
        let mut complete = false;
        if let Some(mut set) = reader.table("set") {
            complete = true;
            if let Some(word) = set.text("language") {
                if set.known("language", word, world.prompts.keys().map(String::as_str)) {
                    set.refer(word.at, Referent::Language(word.text.to_owned()));
                }
                language = Some(word.text.to_owned());
            }
            if let Some(mut table) = set.table("skill") {
                for (key, value) in table.entries() {
                    table.known("skill", key, world.skills.iter().map(SkillId::as_str));
                    let level = table.number_in(key.text, value, 0..=i64::from(LEVEL_MAX));
                    let level = level.and_then(|level| Level::try_from(level).ok());
                    skills.extend(level.map(|level| (SkillId::new(key.text), level)));
                }
            }
            priority =
                set.number("priority", -PRIORITY_MAX..=PRIORITY_MAX).and_then(|p| i32::try_from(p).ok());
            set.finish(&[]);
        }
        let then = reader.needed_target("then", Pace::Hurries);
        complete.then_some(())?;
        Some(Self { language, skills, priority, then: then? })
    }

    pub(crate) fn enter(&self, turn: &mut Turn<'_>) -> Next {
        let memory = &mut turn.memory;
        if let Some(language) = &self.language {
            memory.language.clone_from(language);
        }
        for (skill, level) in &self.skills {
            match level {
                0 => _ = memory.skills.remove(skill),
                level => _ = memory.skills.insert(skill.clone(), *level),
            }
        }
        memory.priority = self.priority.unwrap_or(memory.priority);
        Next::Go(self.then.clone())
    }
}
