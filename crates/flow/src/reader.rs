//! Reading one table of a file: asks for what it may hold, complains of what is wrong or not asked for.

use crate::finding::Finding;
use crate::flow::Target;
use crate::source::World;
use crate::spelling::{cure, nearest};
use base::Duration;
use core::ops::RangeInclusive;
use model::{PromptId, StepId};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of a telephone.
pub(crate) const KEYS: &str = "0123456789*#ABCD";

/// Letters of a name at most.
const NAME_MAX: usize = 64;

/// A file being read, with all that was noted on the way.
pub(crate) struct Page<'a> {
    pub(crate) name: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    text: &'a str,
    pub(crate) world: &'a World,
    pub(crate) findings: Vec<Finding>,
    pub(crate) references: Vec<Reference>,
    /// Whether a way from step to step may have been lost to a mistake, so that what seems to be unreachable is not.
    pub(crate) lost_ways: bool,
}

/// A word in a step that stands for something elsewhere, to be checked when everything is read.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The step it stands in; `None` is the head of the flow.
    pub(crate) from: Option<StepId>,
    /// Where in the file.
    pub(crate) at: usize,
    pub(crate) to: Referent,
}

/// What a word stands for.
#[derive(Clone, Debug)]
pub(crate) enum Referent {
    Target(Target, Pace),
    Prompt(PromptId),
    Hours(String),
    /// From here on this language is spoken.
    Language(String),
}

/// Whether anything is waited for before a step leads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// For the customer, an agent or the time.
    Waits,
    /// For nothing but perhaps the end of a sound.
    Hurries,
}

/// A text and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(name: &'a str, text: &'a str, world: &'a World) -> Self {
        let lines = core::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name, lines, text, world, findings: Vec::new(), references: Vec::new(), lost_ways: false }
    }

    pub(crate) fn finding(&self, at: usize, message: impl Into<String>, help: impl Into<String>) -> Finding {
        let line = self.lines.partition_point(|begin| *begin <= at).max(1);
        let before = self.text.get(self.lines[line - 1]..at).unwrap_or_default();
        Finding {
            file: self.name.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX),
            message: message.into(),
            help: help.into(),
        }
    }

    pub(crate) fn complain(&mut self, at: usize, message: impl Into<String>, help: impl Into<String>) {
        let finding = self.finding(at, message, help);
        self.findings.push(finding);
    }
}

/// One table of a file.
pub(crate) struct Reader<'r, 'a> {
    pub(crate) page: &'r mut Page<'a>,
    pub(crate) table: &'r DeTable<'a>,
    /// Where the table is named.
    pub(crate) at: usize,
    /// How a sentence names it: `the flow`, `step menu`.
    pub(crate) title: String,
    /// The step it belongs to.
    pub(crate) step: Option<StepId>,
    asked: Vec<&'static str>,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub(crate) fn new(page: &'r mut Page<'a>, table: &'r DeTable<'a>, at: usize, title: String) -> Self {
        Self { page, table, at, title, step: None, asked: Vec::new() }
    }

    /// Complains of every key that nobody asked for. `also` are words that would have been known here.
    pub(crate) fn finish(self, also: &[&'static str]) -> bool {
        let mut known = self.asked;
        known.extend(also);
        known.sort_unstable();
        known.dedup();
        let mut clean = true;
        for key in self.table.keys() {
            let word = key.get_ref().as_ref();
            if !known.contains(&word) {
                clean = false;
                self.page.lost_ways = true;
                let message = format!("{} has the unknown word \"{word}\"", self.title);
                self.page.complain(key.span().start, message, cure(word, known.iter().copied()));
            }
        }
        clean
    }

    pub(crate) fn complain(&mut self, at: usize, message: impl Into<String>, help: impl Into<String>) {
        self.page.complain(at, message, help);
    }

    /// Whether the table has this key; it counts as asked for only once it is read.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Complains that a key is not there.
    pub(crate) fn missing(&mut self, key: &str, help: &str) {
        let message = format!("{} has no \"{key}\"", self.title);
        self.page.complain(self.at, message, help);
    }

    fn wrong(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        self.page.lost_ways = true;
        let message = format!("\"{key}\" is {}", kind(value.get_ref()));
        self.page.complain(value.span().start, message, format!("write {wanted}"));
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<Word<'r>> {
        let value = self.value(key)?;
        let word = word_of(value);
        if word.is_none() {
            self.wrong(key, value, "a text in quotes");
        }
        word
    }

    /// One text or a list of them. `None` when the key is missing or wrong.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<Vec<Word<'r>>> {
        let value = self.value(key)?;
        let words = match value.get_ref() {
            DeValue::Array(list) => list.iter().map(word_of).collect(),
            _ => word_of(value).map(|word| vec![word]),
        };
        if words.is_none() {
            self.wrong(key, value, "a text in quotes, or several in [ ] with commas between");
        }
        words
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(key, value, "true or false, without quotes");
        }
        flag
    }

    pub(crate) fn number(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.value(key)?;
        self.number_in(key, value, range)
    }

    /// The whole number of an entry.
    pub(crate) fn number_in(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        range: RangeInclusive<i64>,
    ) -> Option<i64> {
        let number = value.get_ref().as_integer();
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        match number.map(|number| i64::from_str_radix(number.as_str(), number.radix())) {
            Some(Ok(number)) if range.contains(&number) => Some(number),
            Some(_) => {
                let message = format!("\"{key}\" is out of range");
                self.complain(value.span().start, message, format!("write {wanted}"));
                None
            }
            None => {
                self.wrong(key, value, &wanted);
                None
            }
        }
    }

    /// A duration, or `default` when the key is missing.
    pub(crate) fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        let Some(value) = self.value(key) else { return default };
        match word_of(value) {
            Some(word) => self.duration_of(key, word).unwrap_or(default),
            None => {
                self.wrong(key, value, "a duration in quotes, as in \"5s\", \"2m\" or \"1h\"");
                default
            }
        }
    }

    pub(crate) fn duration_of(&mut self, key: &str, word: Word<'_>) -> Option<Duration> {
        let read = read_duration(word.text);
        if read.is_none() {
            let message = format!("\"{}\" is no duration for \"{key}\"", word.text);
            self.complain(word.at, message, "write a number and s, m or h, from \"1s\" to \"24h\"");
        }
        read
    }

    /// Where the step leads by this key.
    pub(crate) fn target(&mut self, key: &'static str, pace: Pace) -> Option<Target> {
        let word = self.text(key)?;
        Some(self.target_of(word, pace))
    }

    /// Where the step leads by this key, which must be there.
    pub(crate) fn needed_target(&mut self, key: &'static str, pace: Pace) -> Option<Target> {
        if !self.has(key) {
            self.asked.push(key);
            self.missing(key, &format!("add {key} = \"…\" with the name of the step that comes next"));
            return None;
        }
        self.target(key, pace)
    }

    pub(crate) fn target_of(&mut self, word: Word<'_>, pace: Pace) -> Target {
        let target = Target::read(word.text);
        self.refer(word.at, Referent::Target(target.clone(), pace));
        target
    }

    pub(crate) fn refer(&mut self, at: usize, to: Referent) {
        self.page.references.push(Reference { from: self.step.clone(), at, to });
    }

    /// The prompts of this key, in order. Whether they exist depends on the language and is checked later.
    pub(crate) fn prompts(&mut self, key: &'static str) -> Option<Vec<PromptId>> {
        let words = self.texts(key)?;
        Some(words.into_iter().map(|word| self.prompt_of(word)).collect())
    }

    pub(crate) fn prompt_of(&mut self, word: Word<'_>) -> PromptId {
        let prompt = PromptId::new(word.text);
        self.refer(word.at, Referent::Prompt(prompt.clone()));
        prompt
    }

    /// Whether `word` is among the known things of its kind; complains if it is not.
    pub(crate) fn known<'k>(
        &mut self,
        what: &str,
        word: Word<'_>,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> bool {
        let found = known.clone().any(|name| name == word.text);
        if !found {
            let message = format!("there is no {what} \"{}\"", word.text);
            self.complain(word.at, message, cure(word.text, known));
        }
        found
    }

    /// A table inside this one.
    pub(crate) fn table(&mut self, key: &'static str) -> Option<Reader<'_, 'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => {
                let title = format!("\"{key}\" of {}", self.title);
                let step = self.step.clone();
                Some(Reader { step, ..Reader::new(self.page, table, value.span().start, title) })
            }
            _ => {
                self.wrong(key, value, &format!("{key}.… = …, one line for each"));
                None
            }
        }
    }

    /// The entries of a table whose keys are the operator's own, in the file's order.
    pub(crate) fn entries(&self) -> Vec<(Word<'r>, &'r Spanned<DeValue<'a>>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| (Word { text: key.get_ref().as_ref(), at: key.span().start }, value))
            .collect();
        entries.sort_by_key(|(key, _)| key.at);
        entries
    }

    /// The text of an entry.
    pub(crate) fn entry_text(&mut self, key: Word<'_>, value: &'r Spanned<DeValue<'a>>) -> Option<Word<'r>> {
        let word = word_of(value);
        if word.is_none() {
            self.wrong(key.text, value, "a text in quotes");
        }
        word
    }

    /// What the step does on a key or on one of `words`. Words not among them are complained of.
    pub(crate) fn branches(
        &mut self,
        words: &'static [(&'static str, Pace)],
        keys: Option<Pace>,
    ) -> Branches {
        let mut branches = Branches::default();
        let Some(mut on) = self.table("on") else { return branches };
        for (key, value) in on.entries() {
            let known = words.iter().find(|(word, _)| *word == key.text);
            let digit = single(key.text).filter(|digit| keys.is_some() && KEYS.contains(*digit));
            let pace = known.map(|(_, pace)| *pace).or_else(|| digit.and(keys));
            let Some(pace) = pace else {
                on.page.lost_ways = true;
                let message = format!("{} has the unknown word \"{}\"", on.title, key.text);
                let help = unknown_branch(key.text, words, keys.is_some());
                on.complain(key.at, message, help);
                continue;
            };
            let Some(word) = on.entry_text(key, value) else { continue };
            let target = on.target_of(word, pace);
            match (known, digit) {
                (Some((word, _)), _) => _ = branches.words.insert(word, target),
                (None, Some(digit)) => _ = branches.keys.insert(digit, target),
                (None, None) => {}
            }
        }
        branches
    }

    /// Complains of a name that could not be told from other things where it is used.
    pub(crate) fn check_name(&mut self, what: &str, word: Word<'_>) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if word.text.is_empty() || word.text.len() > NAME_MAX || !word.text.chars().all(plain) {
            let message = format!("\"{}\" is no name for {what}", word.text);
            self.complain(word.at, message, format!("use up to {NAME_MAX} letters, digits, - and _"));
        }
    }
}

/// Where a step leads, by what happens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branches {
    pub(crate) words: BTreeMap<&'static str, Target>,
    pub(crate) keys: BTreeMap<char, Target>,
}

/// How to cure an unknown word below `on`.
fn unknown_branch(word: &str, words: &[(&str, Pace)], keys: bool) -> String {
    let mut known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return format!("did you mean \"{near}\"?");
    }
    if keys {
        known.push("the keys 0 to 9, * and #");
    }
    format!("known are {}", known.join(", "))
}

fn single(text: &str) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|_| letters.next().is_none())
}

pub(crate) fn word_of<'r>(value: &'r Spanned<DeValue<'_>>) -> Option<Word<'r>> {
    value.get_ref().as_str().map(|text| Word { text, at: value.span().start })
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The longest duration in a file.
const DURATION_MAX: u64 = 24 * 3600;

/// `5s`, `2m`, `1h`: from one second to a day.
fn read_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    // A plus sign would be read as part of the number.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(factor)?;
    (1..=DURATION_MAX).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in [
            ("1s", Some(1)),
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("24h", Some(86_400)),
            ("25h", None),
            ("0s", None),
            ("5", None),
            ("s", None),
            ("", None),
            ("-5s", None),
            ("+5s", None),
            ("5ms", None),
            ("5 s", None),
            ("5é", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(read_duration(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
