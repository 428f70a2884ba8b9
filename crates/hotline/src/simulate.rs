//! `hotline simulate`: the demo center in virtual time, by story or by seed.

use crate::assets;
use crate::demo_center::AGENTS;
use crate::sounds::{Library, SoundError};
use flow::{Source, World};
use model::{Agent, Queue};
use sim::Setup;

/// The demo center for the simulator, with the sounds and dialplans in the program.
pub fn demo_setup() -> Result<Setup, SoundError> {
    setup_with(embedded_dialplans())
}

/// The demo center with other dialplans.
pub fn setup_with(dialplans: Vec<Source>) -> Result<Setup, SoundError> {
    let library = Library::load(None)?;
    let queues = vec![Queue::new("support".into()), Queue::new("sales".into())];
    let mut world = World::default();
    world.queues.extend(queues.iter().map(|queue| queue.id.clone()));
    library.name_to(&mut world);
    let agents: Vec<_> = AGENTS
        .iter()
        .map(|(login, name, phone, queues, skills)| Agent {
            id: (*login).into(),
            name: (*name).to_owned(),
            phone: Some((*phone).into()),
            queues: queues.iter().map(|queue| (*queue).into()).collect(),
            skills: skills.iter().map(|(skill, level)| ((*skill).into(), *level)).collect(),
        })
        .collect();
    world.skills.extend(agents.iter().flat_map(|agent| agent.skills.keys().cloned()));
    let phones = AGENTS.iter().map(|(login, _, phone, ..)| ((*phone).into(), format!("secret of {login}")));
    Ok(Setup {
        phones: phones.collect(),
        center: center::Settings {
            queues,
            agents,
            codes: center::Codes::default(),
            language: "en".to_owned(),
            dialplans,
            world,
        },
        prompts: library.prompts,
    })
}

/// The dialplans in the program.
pub fn embedded_dialplans() -> Vec<Source> {
    let mut sources: Vec<_> = assets::Dialplans::iter()
        .filter(|path| path.ends_with(".toml"))
        .filter_map(|path| {
            let file = assets::Dialplans::get(&path)?;
            let text = String::from_utf8_lossy(&file.data).into_owned();
            Some(Source { name: format!("dialplans/{path}"), text })
        })
        .collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}
