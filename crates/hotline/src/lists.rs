//! Lists for operators: calls from the library, queues, agents and trunks from the running center.

use crate::cli::At;
use crate::wiring::Plan;
use anyhow::{Context, bail};
use model::query::InteractionFilter;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use store::Store;

/// How long a running center may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The plan of the center that is meant.
pub(crate) fn plan_at(at: &At) -> anyhow::Result<Plan> {
    match (&at.config, &at.dir) {
        (Some(file), _) => Plan::read(file),
        (None, Some(dir)) => Plan::read(&dir.join("hotline.toml")),
        (None, None) => bail!("say which center: --config FILE or --dir DIR"),
    }
}

pub(crate) fn migrate(file: &Path) -> anyhow::Result<()> {
    let plan = Plan::read(file)?;
    crate::serve::tokio_runtime()?.block_on(async {
        let store = Store::open(&plan.database()).await?;
        let before = store.version().await.unwrap_or(0);
        store.migrate().await?;
        println!("the database has version {}, before it had {before}", store.version().await?);
        store.close().await;
        anyhow::Ok(())
    })
}

pub(crate) fn calls(at: &At, limit: u32) -> anyhow::Result<()> {
    let plan = plan_at(at)?;
    let page = crate::serve::tokio_runtime()?.block_on(async {
        let store = Store::open(&plan.database()).await?;
        store.check_version().await?;
        let page = store.interactions(&InteractionFilter { limit, ..InteractionFilter::default() }).await?;
        store.close().await;
        anyhow::Ok(page)
    })?;
    if at.json {
        let rows: Vec<_> = page
            .rows
            .iter()
            .map(|row| {
                json!({
                    "id": row.id.to_string(), "state": row.state, "outcome": row.outcome.map(|it| it.as_str()),
                    "from": row.from.number, "to": row.to, "arrived_at": row.arrived_at.as_millis(),
                    "queue": row.queue.as_ref().map(|it| it.as_str()), "agent": row.agent.as_ref().map(|it| it.as_str()),
                    "waited_ms": row.waited.as_millis() as u64, "talked_ms": row.talked.as_millis() as u64,
                })
            })
            .collect();
        println!("{}", json!({ "calls": rows }));
        return Ok(());
    }
    let rows = page.rows.iter().map(|row| {
        vec![
            row.arrived_at.to_string(),
            row.id.to_string(),
            row.from.number.clone(),
            row.to.clone(),
            row.outcome.map_or(row.state.as_str(), |outcome| outcome.as_str()).to_owned(),
            row.queue.as_ref().map_or("", |queue| queue.as_str()).to_owned(),
            row.agent.as_ref().map_or("", |agent| agent.as_str()).to_owned(),
            format!("{} s", row.waited.as_secs()),
            format!("{} s", row.talked.as_secs()),
        ]
    });
    print_table(
        &["ARRIVED", "ID", "FROM", "TO", "OUTCOME", "QUEUE", "AGENT", "WAITED", "TALKED"],
        rows.collect(),
    );
    Ok(())
}

pub(crate) fn queues(at: &At) -> anyhow::Result<()> {
    let body = ask(at, "/api/v1/queues")?;
    if at.json {
        println!("{body}");
        return Ok(());
    }
    let rows = array(&body, "queues").map(|queue| {
        let agents = &queue["agents"];
        vec![
            text(&queue["id"]),
            text(&queue["waiting"]),
            text(&agents["ready"]),
            text(&agents["talking"]),
            text(&queue["today"]["offered"]),
            text(&queue["today"]["answered"]),
            text(&queue["today"]["abandoned"]),
        ]
    });
    print_table(
        &["QUEUE", "WAITING", "READY", "TALKING", "OFFERED", "ANSWERED", "ABANDONED"],
        rows.collect(),
    );
    Ok(())
}

pub(crate) fn trunks(at: &At) -> anyhow::Result<()> {
    let body = ask(at, "/api/v1/trunks")?;
    if at.json {
        println!("{body}");
        return Ok(());
    }
    let rows = array(&body, "trunks").map(|trunk| {
        let registered = match trunk["registered"].as_bool() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let max = trunk["calls_max"].as_u64().map(|max| format!("of {max}")).unwrap_or_default();
        vec![
            text(&trunk["id"]),
            text(&trunk["state"]),
            registered.to_owned(),
            text(&trunk["calls_in"]),
            text(&trunk["calls_out"]),
            max,
            text(&trunk["sent"]),
            text(&trunk["failed"]),
            text(&trunk["answers_in_ms"]),
            text(&trunk["address"]),
            text(&trunk["why"]),
        ]
    });
    print_table(
        &["TRUNK", "STATE", "REGISTERED", "IN", "OUT", "MAX", "SENT", "FAILED", "MS", "ADDRESS", "WHY"],
        rows.collect(),
    );
    Ok(())
}

pub(crate) fn agents(at: &At) -> anyhow::Result<()> {
    let body = ask(at, "/api/v1/agents")?;
    if at.json {
        println!("{body}");
        return Ok(());
    }
    let rows = array(&body, "agents").map(|agent| {
        let queues: Vec<_> = agent["queues"].as_array().into_iter().flatten().map(text).collect();
        let phone = if agent["phone_registered"] == true { "registered" } else { "no phone" };
        vec![
            text(&agent["id"]),
            text(&agent["name"]),
            text(&agent["state"]),
            text(&agent["reason"]),
            queues.join(" "),
            phone.to_owned(),
        ]
    });
    print_table(&["AGENT", "NAME", "STATE", "WHY", "QUEUES", "PHONE"], rows.collect());
    Ok(())
}

fn ask(at: &At, path: &str) -> anyhow::Result<Value> {
    Asking::of(at)?.list(path)
}

/// The running center, asked with the operator's token it left beside its data.
pub(crate) struct Asking {
    url: String,
    token: String,
    agent: ureq::Agent,
}

impl Asking {
    pub(crate) fn of(at: &At) -> anyhow::Result<Self> {
        let data = plan_at(at)?.data();
        let ready = std::fs::read_to_string(data.join("ready.json")).with_context(|| {
            format!(
                "no center takes calls here: {} is not there; it is not running, or about to end",
                data.join("ready.json").display()
            )
        })?;
        let ready: Value = serde_json::from_str(&ready).context("ready.json is damaged")?;
        let token = std::fs::read_to_string(data.join(runtime::OPERATOR_TOKEN))
            .with_context(|| format!("{} cannot be read", data.join(runtime::OPERATOR_TOKEN).display()))?;
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        Ok(Self {
            url: ready["http"].as_str().unwrap_or_default().to_owned(),
            token: format!("Bearer {}", token.trim()),
            agent: config.build().into(),
        })
    }

    /// What the center says at this path.
    pub(crate) fn list(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.url);
        let asked = self.agent.get(&url).header("Authorization", &self.token).call();
        let mut response = asked.with_context(|| format!("the center at {url} does not answer"))?;
        let body: Value = response.body_mut().read_json()?;
        match body["error"]["message"].as_str() {
            Some(why) => bail!("the center at {url} refuses: {why}"),
            None => Ok(body),
        }
    }

    /// Deletes what is at this path. Returns whether there was anything.
    pub(crate) fn delete(&self, path: &str) -> anyhow::Result<bool> {
        let url = format!("{}{path}", self.url);
        let asked = self.agent.delete(&url).header("Authorization", &self.token).call();
        let response = asked.with_context(|| format!("the center at {url} does not answer"))?;
        match response.status().as_u16() {
            204 => Ok(true),
            404 => Ok(false),
            status => bail!("the center at {url} refuses: {status}"),
        }
    }
}

fn array<'a>(body: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    body[key].as_array().into_iter().flatten()
}

pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Prints rows under their heads, each column as wide as it must be.
pub(crate) fn print_table(heads: &[&str], rows: Vec<Vec<String>>) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heads[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..heads.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))));
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(heads.to_vec());
    for row in &rows {
        line(row.iter().map(String::as_str).collect());
    }
}
