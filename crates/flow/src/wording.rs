//! What a prompt says, in words: spoken by an engine where there is no sound file of it.
//!
//! ```toml
//! [prompt.spring-sale]
//! text.en = "Everything is half the price until Sunday."
//! text.zh = "周日之前全场半价。"
//! ```
//!
//! A wording stands in any flow and is known to all of them. A sound file of the same name and language goes before it.

use crate::reader::{Reader, Word};
use crate::source::{MUSIC, Source, TONES};
use model::PromptId;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// Letters of one wording at most: some two minutes of speech.
pub const TEXT_MAX: usize = 2_000;

/// Prompts with a wording in one file at most.
pub const WORDINGS_MAX: usize = 500;

/// What one prompt says in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The prompt.
    pub prompt: PromptId,
    /// The language, as folders of sounds are named.
    pub language: String,
    /// The text.
    pub text: String,
}

impl Wording {
    /// Every wording that stands in the files, in their order. Whatever is wrong is left out here and told by
    /// [`crate::Flows::load`], which wants to know beforehand what prompts there are.
    pub fn all(files: &[Source]) -> Vec<Self> {
        let mut all = Vec::new();
        for file in files.iter().filter(|file| file.text.len() <= crate::load::SOURCE_BYTES_MAX) {
            let Ok(table) = DeTable::parse(&file.text) else { continue };
            let Some(prompts) = table.get_ref().get("prompt").and_then(|value| value.get_ref().as_table())
            else {
                continue;
            };
            for (prompt, value) in prompts.iter().take(WORDINGS_MAX) {
                let texts = value.get_ref().as_table().and_then(|table| table.get("text"));
                let Some(texts) = texts.and_then(|value| value.get_ref().as_table()) else { continue };
                for (language, text) in texts {
                    let (language, text) =
                        (language.get_ref().as_ref(), text.get_ref().as_str().unwrap_or(""));
                    if is_language(language) && is_text(text) {
                        all.push(Self {
                            prompt: PromptId::new(prompt.get_ref().as_ref()),
                            language: language.to_owned(),
                            text: text.to_owned(),
                        });
                    }
                }
            }
        }
        all
    }
}

/// The wordings of one file, with the places where they stand.
pub(crate) fn read(mut table: Reader<'_, '_>) -> Vec<(Wording, usize)> {
    let mut all = Vec::new();
    for (count, (prompt, value)) in table.entries().into_iter().enumerate() {
        if count == WORDINGS_MAX {
            table.complain(
                prompt.at,
                format!("more than {WORDINGS_MAX} prompts"),
                "move some to another file",
            );
            return all;
        }
        table.check_name("a prompt", prompt);
        let DeValue::Table(inner) = value.get_ref() else {
            let message = format!("\"{}\" is not a prompt", prompt.text);
            let help = format!("write [prompt.{}] and text.en = \"…\" below", prompt.text);
            table.complain(value.span().start, message, help);
            continue;
        };
        let mut reader = Reader::new(table.page, inner, prompt.at, format!("prompt {}", prompt.text));
        if !reader.has("text") {
            reader.missing("text", "add text.en = \"…\" with what is to be spoken");
        }
        if let Some(mut texts) = reader.table("text") {
            for (language, value) in texts.entries() {
                all.extend(text(&mut texts, prompt, language, value));
            }
        }
        reader.finish(&["text"]);
    }
    all
}

fn text<'r, 'a>(
    texts: &mut Reader<'r, 'a>,
    prompt: Word<'_>,
    language: Word<'_>,
    value: &'r toml::Spanned<DeValue<'a>>,
) -> Option<(Wording, usize)> {
    let text = texts.entry_text(language, value)?;
    if !is_language(language.text) {
        let message = format!("\"{}\" is no language", language.text);
        texts.complain(language.at, message, "write its short name, as en, zh or pt-br");
        return None;
    }
    if !is_text(text.text) {
        let message = format!("prompt {} has nothing to say in {}", prompt.text, language.text);
        texts.complain(text.at, message, format!("write 1 to {TEXT_MAX} letters without control characters"));
        return None;
    }
    let wording = Wording {
        prompt: PromptId::new(prompt.text),
        language: language.text.to_owned(),
        text: text.text.to_owned(),
    };
    Some((wording, text.at))
}

/// Wordings that contradict each other: the first of each and one that differs, by their numbers.
pub(crate) fn contradictions<'w>(all: impl Iterator<Item = &'w Wording>) -> Vec<(usize, usize)> {
    let mut first: BTreeMap<(&PromptId, &str), (usize, &str)> = BTreeMap::new();
    let mut found = Vec::new();
    for (number, wording) in all.enumerate() {
        let key = (&wording.prompt, wording.language.as_str());
        let (before, text) = *first.entry(key).or_insert((number, wording.text.as_str()));
        if text != wording.text {
            found.push((before, number));
        }
    }
    found
}

fn is_language(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_short =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_part = |part: &str| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    ![MUSIC, TONES].contains(&name) && parts.next().is_some_and(is_short) && parts.all(is_part)
}

fn is_text(text: &str) -> bool {
    let is_control = |letter: char| letter.is_control() && !letter.is_whitespace();
    !text.trim().is_empty() && text.chars().count() <= TEXT_MAX && !text.chars().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flows, World};

    const FLOW: &str = "name = \"sale\"\nentry = [\"tel:4005\"]\nlanguage = \"en\"\nstart = \"tell\"\n\n\
                        [step.tell]\nsay = \"spring-sale\"\nthen = \"bye\"\n\n[step.bye]\nend = \"self_served\"\n";

    #[test]
    fn a_prompt_with_a_wording_is_there() {
        let files = [source(
            "sale.toml",
            "[prompt.spring-sale]\ntext.en = \"Half the price.\"\ntext.zh = \"半价。\"\n",
        )];
        let all = Wording::all(&files);
        let told: Vec<_> =
            all.iter().map(|one| (one.prompt.as_str(), one.language.as_str(), one.text.as_str())).collect();
        assert_eq!(told, [("spring-sale", "en", "Half the price."), ("spring-sale", "zh", "半价。")]);
        let mut world = World::default();
        assert!(Flows::load(&files, &world).is_err(), "the world has to be told");
        for wording in &all {
            world.add_sound(&wording.language, wording.prompt.as_str());
        }
        assert_eq!(Flows::load(&files, &world).map(|_| ()), Ok(()));
    }

    #[test]
    fn what_is_wrong_with_a_wording_is_told_with_its_place() {
        let files = [source(
            "a.toml",
            "[prompt.spring-sale]\ntext.en = \"Half.\"\ntext.english = \"Half.\"\nvoice = \"anna\"\n\
                 [prompt.empty]\ntext.en = \" \"\n[prompt.none]\n[prompt]\nother = \"text\"\n",
        )];
        let mut world = World::default();
        world.add_sound("en", "spring-sale");
        let findings = Flows::load(&files, &world).expect_err("there is something wrong");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn two_wordings_of_one_prompt_must_agree() {
        let again = "name = \"other\"\nentry = [\"tel:4006\"]\nlanguage = \"en\"\nstart = \"bye\"\n[step.bye]\nend = \"self_served\"\n\
                     [prompt.spring-sale]\ntext.en = \"A third of the price.\"\n";
        let files = [
            source("sale.toml", "[prompt.spring-sale]\ntext.en = \"Half the price.\"\n"),
            Source { name: "other.toml".to_owned(), text: again.to_owned() },
        ];
        let mut world = World::default();
        world.add_sound("en", "spring-sale");
        let findings = Flows::load(&files, &world).expect_err("they differ");
        assert_eq!(
            findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "other.toml:8:11: prompt spring-sale says something else in en in sale.toml; let both say the same, or remove one"
            ]
        );
    }

    fn source(name: &str, more: &str) -> Source {
        Source { name: name.to_owned(), text: format!("{FLOW}{more}") }
    }
}
