//! `hotline check`: reads everything, starts nothing.

use crate::sounds::{Library, name_wordings};
use crate::wiring::{Plan, read_dialplan, read_dialplans};
use anyhow::{Context, bail};
use flow::{Flows, Source, Wording, World};
use runtime::Trust;
use std::path::{Path, PathBuf};
use web::tls::Identity;

pub(crate) fn run(config: Option<&Path>, dialplans: &[PathBuf]) -> anyhow::Result<()> {
    if let Some(file) = config {
        let plan = Plan::read(file)?;
        if dialplans.is_empty() {
            return check_plan(&plan, file);
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

/// A configuration and everything it names; all that is wrong with it at once.
fn check_plan(plan: &Plan, file: &Path) -> anyhow::Result<()> {
    let mut wrong = Vec::new();
    let mut look = |result: anyhow::Result<()>| {
        if let Err(error) = result {
            wrong.push(format!("{error:#}"));
        }
    };
    // No prompt is spoken: that takes a while, and leaves files behind.
    let reload = plan.unspoken();
    let sip = plan.sip();
    let https = plan.https().map(|https| https.files);
    for files in https.iter().chain(sip.tls.as_ref().map(|tls| &tls.files)) {
        let help = "put the certificate and its key there, or take tls_port, tls_certificate and tls_key out";
        look(Identity::load(files).map(drop).context(help));
    }
    look(Trust::load(sip.authorities).map(drop).context("[sip] tls_authorities"));
    let reload = match reload {
        Ok((reload, sounds)) => {
            let wordings = Wording::all(&reload.center.dialplans);
            for error in sounds.unspeakable(&wordings, &plan.speaker()) {
                look(Err(anyhow::Error::msg(error.to_string())));
            }
            Some(reload)
        }
        Err(error) => {
            look(Err(error));
            None
        }
    };
    let Some(reload) = reload.filter(|_| wrong.is_empty()) else { bail!("{}", wrong.join("\n")) };
    let parts = [
        (reload.center.queues.len(), "queue"),
        (reload.center.agents.len(), "agent"),
        (reload.telephony.phones.len(), "phone"),
        (reload.telephony.trunks.len(), "trunk"),
        (reload.center.dialplans.len(), "dialplan"),
    ];
    let parts = parts.map(|(count, what)| many(count, what));
    println!("{} is right: {}", file.display(), parts.join(", "));
    Ok(())
}

/// `1 file`, `2 files`.
fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `1 file is`, `2 files are`.
fn are(count: usize, what: &str) -> String {
    format!("{} {}", many(count, what), if count == 1 { "is" } else { "are" })
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
            println!("{} right", are(sources.len(), "file"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [many(0, "trunk"), many(1, "trunk"), many(2, "trunk")],
            ["0 trunks", "1 trunk", "2 trunks"]
        );
        assert_eq!([are(1, "file"), are(2, "file")], ["1 file is", "2 files are"]);
    }

    #[test]
    fn a_check_asks_for_engine_and_language_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let plans = folder.path().join("dialplans");
        std::fs::create_dir(&plans).expect("a folder");
        std::fs::write(plans.join("one.toml"), SPOKEN).expect("written");
        for (speech, wrong) in [
            ("", None),
            ("[speech]\nprogram = \"no-such-engine\"\n", Some("there is no no-such-engine")),
            ("[speech]\nvoices = { en = \"qq\" }\n", Some("espeak-ng failed")),
        ] {
            let checked = run(Some(&write(folder.path(), speech)), &[]);
            match (checked, wrong) {
                (Ok(()), None) => {}
                (Err(error), Some(wrong)) => {
                    let said = format!("{error:#}");
                    assert!(said.starts_with("prompt spring-sale") && said.contains(wrong), "{said}");
                }
                (checked, _) => panic!("{speech}: {checked:?}"),
            }
            assert!(!folder.path().join("data").exists(), "nothing was kept");
        }
        // With sound files in place of all texts, nobody needs the engine.
        std::fs::write(plans.join("one.toml"), SPOKEN.replace("spring-sale", "welcome")).expect("written");
        let file = write(folder.path(), "[speech]\nprogram = \"no-such-engine\"\n");
        run(Some(&file), &[]).expect("there is a file of it");
    }

    #[test]
    fn all_that_a_configuration_lacks_is_told_at_once_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let https = "[http]\ntls_port = 8443\ntls_certificate = \"a.pem\"\ntls_key = \"a.key\"\n";
        let file = write(folder.path(), https);
        let said = format!("{:#}", run(Some(&file), &[]).expect_err("nothing is there"));
        assert!(said.contains("put the certificate and its key there") && said.contains("a.pem"), "{said}");
        assert!(said.contains("make it, or name another one in [folders] dialplans"), "{said}");
        assert_eq!(said.lines().count(), 2, "{said}");
    }

    const SPOKEN: &str = "name = \"one\"\nentry = [\"tel:1\"]\nlanguage = \"en\"\nstart = \"greet\"\n\n\
                          [step.greet]\nsay = \"spring-sale\"\nthen = \"stop\"\n\n[step.stop]\nend = \"self_served\"\n\n\
                          [prompt.spring-sale]\ntext.en = \"Everything is half the price.\"\n";

    fn write(folder: &Path, more: &str) -> PathBuf {
        let file = folder.join("hotline.toml");
        let text = format!("[center]\nname = \"Test\"\ndomain = \"hotline.test\"\n{more}");
        std::fs::write(&file, text).expect("written");
        file
    }
}
