//! Saying the place in the queue with recorded words.

use model::Prompt;

/// The words for a place in the queue.
pub(crate) fn place(position: u32, language: &str) -> Vec<Prompt> {
    let words = match position {
        0 | 1 => vec!["queue-next".to_owned()],
        2..=20 => framed([format!("number-{position}")]),
        21..=99 if position.is_multiple_of(10) => framed([format!("number-{position}")]),
        21..=99 => framed([format!("number-{}", position / 10 * 10), format!("number-{}", position % 10)]),
        // So far back that the number would not console anybody.
        _ => vec!["all-busy".to_owned()],
    };
    words
        .iter()
        .map(String::as_str)
        .chain(["please-wait"])
        .map(|word| Prompt { prompt: word.into(), language: language.to_owned() })
        .collect()
}

fn framed<const N: usize>(number: [String; N]) -> Vec<String> {
    let mut words = vec!["queue-position".to_owned()];
    words.extend(number);
    words.push("queue-position-end".to_owned());
    words
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn places_are_said_in_recorded_words() {
        let said = |position| {
            let words = place(position, "en");
            words.iter().map(|word| word.prompt.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(said(1), "queue-next please-wait");
        assert_eq!(said(7), "queue-position number-7 queue-position-end please-wait");
        assert_eq!(said(40), "queue-position number-40 queue-position-end please-wait");
        assert_eq!(said(42), "queue-position number-40 number-2 queue-position-end please-wait");
        assert_eq!(said(100), "all-busy please-wait");
    }
}
