//! The nearest known word to one that is not known.

/// Longer words are not compared: the cost grows with the square of the length.
const LETTERS_MAX: usize = 64;

/// The known word that was most likely meant, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.to_lowercase().chars().take(LETTERS_MAX + 1).collect();
    if letters.len() > LETTERS_MAX {
        return None;
    }
    let tolerance = 1 + letters.len() / 4;
    known
        .into_iter()
        .map(|candidate| (distance(&letters, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerance)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How to cure a word that is not known: the nearest one, or all there are.
pub(crate) fn cure<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => "there is none yet".to_owned(),
        None => format!("known are {}", list(&known)),
    }
}

/// How many words a sentence names before it says how many more there are.
const LISTED_MAX: usize = 12;

/// The words, with commas between them.
pub(crate) fn list(words: &[&str]) -> String {
    let shown = words.get(..LISTED_MAX).unwrap_or(words).join(", ");
    match words.len().saturating_sub(LISTED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// How many letters must be added, dropped, changed or swapped with their neighbor (optimal string alignment).
fn distance(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.to_lowercase().chars().take(LETTERS_MAX + 1).collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=candidate.len()).collect();
    for (i, letter) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in candidate.iter().enumerate() {
            let mut best = (last[j] + usize::from(letter != other)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && letter == &candidate[j - 1] && &word[i - 1] == other {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = core::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_the_word_that_was_meant() {
        for (typed, meant) in [
            ("welcom", Some("welcome")),
            ("WELCOME", Some("welcome")),
            ("qeueu", Some("queue")),
            ("otherwize", Some("otherwise")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, ["welcome", "queue", "otherwise"]), meant, "{typed}");
        }
    }

    #[test]
    fn what_is_like_nothing_is_answered_with_all_there_is() {
        assert_eq!(cure("zzz", ["ask", "say"]), "known are ask, say");
        assert_eq!(cure("zzz", []), "there is none yet");
        let many: Vec<String> = (0..20).map(|n| format!("word-{n}")).collect();
        assert!(cure("zzz", many.iter().map(String::as_str)).ends_with("word-11 and 8 more"));
    }
}
