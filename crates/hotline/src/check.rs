//! `hotline check`: reads everything, starts nothing.

use crate::sounds::{Library, name_wordings};
use crate::wiring::{Plan, read_dialplan, read_dialplans};
use anyhow::bail;
use flow::{Flows, Source, Wording, World};
use runtime::Trust;
use std::path::{Path, PathBuf};
use web::tls::Identity;

pub(crate) fn run(config: Option<&Path>, dialplans: &[PathBuf]) -> anyhow::Result<()> {
    if let Some(file) = config {
        let plan = Plan::read(file)?;
        if dialplans.is_empty() {
            let reload = plan.reload()?;
            let sip = plan.sip();
            let https = plan.https().map(|https| https.files);
            for files in https.iter().chain(sip.tls.as_ref().map(|tls| &tls.files)) {
                Identity::load(files)?;
            }
            Trust::load(sip.authorities)?;
            println!(
                "{} is right: {} queues, {} agents, {} phones, {} trunks, {} dialplans",
                file.display(),
                reload.center.queues.len(),
                reload.center.agents.len(),
                reload.telephony.phones.len(),
                reload.telephony.trunks.len(),
                reload.center.dialplans.len(),
            );
            return Ok(());
        }
        let (sources, mut world) = (read(dialplans)?, plan.world(&plan.sounds()?));
        name_wordings(&Wording::all(&sources), &mut world);
        return check(&sources, &world);
    }
    let sources = read(dialplans)?;
    let mut world = World::default();
    Library::load(None)?.name_to(&mut world);
    name_wordings(&Wording::all(&sources), &mut world);
    // Without a configuration nobody says which queues and skills there are: those named count.
    for source in &sources {
        if let Ok(file) = toml::from_str::<toml::Table>(&source.text) {
            take_names(&file, &mut world);
        }
    }
    check(&sources, &world)
}

fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for path in paths {
        if path.is_dir() {
            read_dialplans(path, &mut sources)?;
        } else {
            sources.push(read_dialplan(path)?);
        }
    }
    Ok(sources)
}

fn check(sources: &[Source], world: &World) -> anyhow::Result<()> {
    match Flows::load(sources, world) {
        Ok(_) => {
            println!("{} files are right", sources.len());
            Ok(())
        }
        Err(findings) => {
            bail!("{}", findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
    }
}

fn take_names(table: &toml::Table, world: &mut World) {
    for (key, value) in table {
        match value {
            toml::Value::String(queue) if key == "queue" => {
                world.queues.insert(queue.as_str().into());
            }
            toml::Value::Table(skills) if key == "skill" => {
                world.skills.extend(skills.keys().map(|skill| skill.as_str().into()));
            }
            toml::Value::Table(below) => take_names(below, world),
            _ => {}
        }
    }
}
