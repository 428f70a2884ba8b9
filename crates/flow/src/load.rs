//! All dialplans at once: loaded whole or refused whole.

use crate::check;
use crate::finding::Finding;
use crate::flow::{Flow, FlowHours};
use crate::hours::Hours;
use crate::reader::{Pace, Page, Reader, Referent, Word};
use crate::source::{Source, World};
use crate::step::{Step, Verb};
use crate::wording::{self, Wording};
use base::Timestamp;
use model::{FlowId, StepId};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of one file at most; a dialplan of a thousand steps has a tenth of it.
pub const SOURCE_BYTES_MAX: usize = 1024 * 1024;

/// Steps of one flow at most.
pub const STEPS_MAX: usize = 2000;

/// Every flow of a center.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Flows {
    flows: BTreeMap<FlowId, Flow>,
    entries: BTreeMap<String, FlowId>,
    hours: BTreeMap<String, Hours>,
}

impl Flows {
    /// Reads all files and checks them together.
    ///
    /// Whatever is wrong is found at once, in the order of files and lines. Files with mistakes of TOML itself are
    /// not looked at any further, and what spans several flows is checked only when all of them could be read.
    pub fn load(files: &[Source], world: &World) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut hours = BTreeMap::new();
        let mut drafts = Vec::new();
        let mut readable = true;
        for file in files {
            let mut page = Page::new(&file.name, &file.text, world);
            match parse(&mut page, &file.text) {
                Some(table) if is_hours(&file.name) => {
                    let name = stem(&file.name);
                    // Hours with a mistake are known by name, so that nobody complains of those who use them.
                    let read = Hours::read_file(&mut page, &table, name);
                    hours.insert(name.to_owned(), read);
                    findings.append(&mut page.findings);
                }
                Some(table) => {
                    let flow = read_flow(&mut page, &table, &mut hours);
                    findings.append(&mut page.findings);
                    match flow {
                        Some(draft) => drafts.push(Draft { page, ..draft }),
                        None => readable = false,
                    }
                }
                None => {
                    findings.append(&mut page.findings);
                    readable = false;
                }
            }
        }
        if readable {
            findings.append(&mut check::check(&drafts, &hours, world));
        }
        findings.sort();
        findings.dedup();
        if !findings.is_empty() {
            return Err(findings);
        }

        let mut loaded = Self {
            hours: hours.into_iter().filter_map(|(name, hours)| Some((name, hours?))).collect(),
            ..Self::default()
        };
        for Draft { flow, .. } in drafts {
            loaded.entries.extend(flow.entries.iter().map(|entry| (entry.clone(), flow.id.clone())));
            loaded.flows.insert(flow.id.clone(), flow);
        }
        Ok(loaded)
    }

    /// The flow that takes calls to this number: the one with the entry `tel:<number>`.
    pub fn entry(&self, number: &str) -> Option<&FlowId> {
        self.entries.get(&format!("{TELEPHONE}{number}"))
    }

    /// Every entry, with its flow.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &FlowId)> {
        self.entries.iter().map(|(entry, flow)| (entry.as_str(), flow))
    }

    /// The flow of this name.
    pub fn flow(&self, id: &FlowId) -> Option<&Flow> {
        self.flows.get(id)
    }

    /// Every flow.
    pub fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.values()
    }

    /// Whether the opening hours of this name are open; hours that do not exist never are.
    pub fn is_open(&self, hours: &str, at: Timestamp) -> bool {
        self.hours.get(hours).is_some_and(|hours| hours.is_open(at))
    }
}

/// A flow that was read, with what is needed to check it against the others.
pub(crate) struct Draft<'a> {
    pub(crate) page: Page<'a>,
    pub(crate) flow: Flow,
    /// Where its name stands.
    pub(crate) name_at: usize,
    /// Where its first step is named.
    pub(crate) start_at: usize,
    /// Whether we can tell what is spoken to those who come in here.
    pub(crate) language_known: bool,
    /// Where each of its entries stands.
    pub(crate) entries_at: Vec<usize>,
    /// What prompts say, and where that stands.
    pub(crate) wordings: Vec<(Wording, usize)>,
    /// Where each step begins, those that could not be read included.
    pub(crate) steps_at: BTreeMap<StepId, usize>,
}

/// What an entry for telephone calls begins with.
const TELEPHONE: &str = "tel:";

/// Letters of a number or user name at most.
const ENTRY_MAX: usize = 64;

fn is_hours(name: &str) -> bool {
    name.rsplit(['/', '\\']).nth(1) == Some("hours")
}

/// The file's name without folders and ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".toml").unwrap_or(file)
}

fn parse<'a>(page: &mut Page<'a>, text: &'a str) -> Option<Spanned<DeTable<'a>>> {
    if text.len() > SOURCE_BYTES_MAX {
        page.complain(0, "the file is larger than a dialplan can be", "split it into several flows");
        return None;
    }
    let (table, mistakes) = DeTable::parse_recoverable(text);
    let mut lines = BTreeSet::new();
    for mistake in &mistakes {
        let at = mistake.span().map_or(0, |span| span.start);
        // What follows in the same line is mostly the parser finding its way back.
        if !lines.insert(page.finding(at, "", "").line) {
            continue;
        }
        let message = mistake.message().lines().collect::<Vec<_>>().join(", ");
        page.complain(
            at,
            format!("this is not TOML: {message}"),
            "see docs/dialplans.md for how a flow is written",
        );
    }
    mistakes.is_empty().then_some(table)
}

/// Reads a flow. `None` when it has no name, no first step or a word that could not be read at all; whatever else is
/// wrong is noted, and the flow goes on to be checked.
fn read_flow<'a>(
    page: &mut Page<'a>,
    table: &Spanned<DeTable<'a>>,
    hours: &mut BTreeMap<String, Option<Hours>>,
) -> Option<Draft<'a>> {
    let world = page.world;
    let mut reader = Reader::new(page, table.get_ref(), 0, "the flow".to_owned());
    let name = reader.text("name");
    match name {
        Some(word) => {
            reader.check_name("a flow", word);
            reader.title = format!("flow {}", word.text);
        }
        None if reader.has("name") => {}
        None => reader.missing("name", "add name = \"…\" in the first line"),
    }

    let entries = match reader.has("entry") {
        true => reader.texts("entry"),
        false => Some(Vec::new()),
    };
    _ = reader.value("entry");
    for entry in entries.iter().flatten() {
        check_entry(&mut reader, *entry);
    }
    let language = reader.text("language");
    let mut language_known =
        language.is_none_or(|word| reader.known("language", word, world.prompts.keys().map(String::as_str)));
    let start = reader.text("start");
    if start.is_none() && !reader.has("start") {
        reader.missing("start", "add start = \"…\" with the name of the first step");
    }
    let answer = reader.flag("answer").unwrap_or(true);
    let flow_hours = read_hours(&mut reader, name.map_or("", |word| word.text), hours);

    let (mut steps, mut steps_at) = (BTreeMap::new(), BTreeMap::new());
    if !reader.has("step") {
        reader.missing("step", "add a step as in [step.greet]");
    }
    if let Some(table) = reader.table("step") {
        read_steps(table, &mut steps, &mut steps_at);
    }
    let wordings = reader.table("prompt").map(wording::read).unwrap_or_default();
    language_known &= reader.finish(&[]);

    let (name, start, entries) = (name?, start?, entries?);
    let flow = Flow {
        id: FlowId::new(name.text),
        entries: entries.iter().map(|entry| entry.text.to_owned()).collect(),
        language: language.map(|word| word.text.to_owned()),
        start: StepId::new(start.text),
        answer,
        hours: flow_hours,
        steps,
    };
    Some(Draft {
        // Put in place by the caller, who lent us the page.
        page: Page::new("", "", world),
        flow,
        name_at: name.at,
        start_at: start.at,
        language_known,
        wordings,
        entries_at: entries.iter().map(|entry| entry.at).collect(),
        steps_at,
    })
}

fn check_entry(reader: &mut Reader<'_, '_>, entry: Word<'_>) {
    let Some(number) = entry.text.strip_prefix(TELEPHONE) else {
        let message = format!("\"{}\" is no way for interactions to come in", entry.text);
        reader.complain(entry.at, message, "write tel: and the number, as in \"tel:4001\"");
        return;
    };
    let dialable = |letter: char| letter.is_ascii_alphanumeric() || "+*#-_.".contains(letter);
    if number.is_empty() || number.len() > ENTRY_MAX || !number.chars().all(dialable) {
        let message = format!("\"{number}\" is no number to be called by");
        reader.complain(
            entry.at,
            message,
            format!("use up to {ENTRY_MAX} digits or letters, +, *, #, -, _ and ."),
        );
    }
}

/// The `[hours]` of a flow: those of a file, or its own.
fn read_hours(
    reader: &mut Reader<'_, '_>,
    flow: &str,
    all: &mut BTreeMap<String, Option<Hours>>,
) -> Option<FlowHours> {
    let mut table = reader.table("hours")?;
    let hours = match table.text("use") {
        Some(word) => {
            table.refer(word.at, Referent::Hours(word.text.to_owned()));
            Some(word.text.to_owned())
        }
        None if table.has("use") => None,
        None => {
            // A file's name has no slash, so this name is nobody else's.
            let name = format!("flow/{flow}");
            let own = Hours::read(&mut table);
            all.insert(name.clone(), own);
            Some(name)
        }
    };
    let closed_to = table.needed_target("closed_to", Pace::Hurries);
    table.finish(&["use"]);
    Some(FlowHours { hours: hours?, closed_to: closed_to? })
}

fn read_steps(
    mut table: Reader<'_, '_>,
    steps: &mut BTreeMap<StepId, Step>,
    steps_at: &mut BTreeMap<StepId, usize>,
) {
    for (key, value) in table.entries() {
        if steps_at.len() == STEPS_MAX {
            table.complain(key.at, format!("more than {STEPS_MAX} steps"), "split the flow");
            return;
        }
        table.check_name("a step", key);
        let id = StepId::new(key.text);
        steps_at.insert(id.clone(), key.at);
        let DeValue::Table(inner) = value.get_ref() else {
            let message = format!("\"{}\" is not a step", key.text);
            table.complain(
                value.span().start,
                message,
                format!("write [step.{}] and what it does below", key.text),
            );
            continue;
        };
        let title = format!("step {}", key.text);
        let mut reader = Reader::new(table.page, inner, key.at, title);
        reader.step = Some(id.clone());
        if let Some(verb) = Verb::read(reader) {
            steps.insert(id.clone(), Step { id, verb });
        }
    }
}

#[cfg(test)]
mod tests;
