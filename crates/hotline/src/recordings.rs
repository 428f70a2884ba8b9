//! `hotline recordings verify`: whether what was recorded is what is kept.

use crate::cli::At;
use crate::lists::plan_at;
use anyhow::bail;
use archive::{Archive, Checked};
use base::Timestamp;
use runtime::{Differences, compare};
use serde_json::json;
use std::time::SystemTime;
use store::Store;

/// What ended so recently may be on its way into the library.
const SETTLED_MS: i64 = 30_000;

/// Checks every link of the chain, and every row against the files. The center may run meanwhile.
#[allow(
    clippy::disallowed_methods,
    reason = "a command asks for the time once, and no machine is driven by it"
)]
pub(crate) fn verify(at: &At) -> anyhow::Result<()> {
    let plan = plan_at(at)?;
    let folder = plan.data().join("recordings");
    if !folder.is_dir() {
        bail!("there are no recordings in {}", folder.display());
    }
    let archive = Archive::in_folder(folder)?;
    let checked = archive::check(&archive)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX) - SETTLED_MS);
    let found = crate::serve::tokio_runtime()?.block_on(async {
        let store = Store::open(&plan.database()).await?;
        store.check_version().await?;
        let found = compare(&store, &archive, Timestamp::from_millis(0), now).await?;
        store.close().await;
        anyhow::Ok(found)
    })?;
    if at.json {
        println!("{}", as_json(&checked, &found));
    } else {
        tell(&checked, &found);
    }
    match (checked.breaks, found.count()) {
        (0, 0) => Ok(()),
        (0, differ) => bail!("recordings about which files and library do not agree: {differ}"),
        (breaks, _) => bail!("the chain breaks at {breaks} places"),
    }
}

fn tell(checked: &Checked, found: &Differences) {
    println!("{} links hold; the last hash is {}", checked.links, or_none(&checked.hash));
    for broken in &checked.broken {
        let recording = broken.recording.map_or_else(|| "unreadable".to_owned(), |it| it.to_string());
        println!("broken at link {}, recording {recording}: {}", broken.number, broken.why);
    }
    for recording in &found.without_file {
        println!("{recording} is in the library, but its sound is not on the disk");
    }
    for record in &found.without_row {
        println!("{} is on the disk, but not in the library", record.id);
    }
    for recording in &found.unknown {
        println!("{recording} is on the disk, and belongs to no interaction");
    }
    let untold = checked.breaks - checked.broken.len() as u64 + found.untold;
    if untold > 0 {
        println!("and {untold} more");
    }
}

fn or_none(hash: &str) -> &str {
    if hash.is_empty() { "none" } else { hash }
}

fn as_json(checked: &Checked, found: &Differences) -> serde_json::Value {
    json!({
        "links": checked.links,
        "hash": checked.hash,
        "breaks": checked.breaks,
        "broken": checked.broken.iter().map(|broken| json!({
            "number": broken.number,
            "recording": broken.recording.map(|recording| recording.to_string()),
            "why": broken.why,
        })).collect::<Vec<_>>(),
        "without_file": found.without_file.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "without_row": found.without_row.iter().map(|record| record.id.to_string()).collect::<Vec<_>>(),
        "unknown": found.unknown,
        "untold": found.untold,
    })
}
