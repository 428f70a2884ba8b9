//! The grammar of `Authorization`, `WWW-Authenticate` and their proxy twins: a scheme, then `name=value` by commas.
//!
//! Values may be quoted; a backslash in quotes makes the next character plain. Linear time, never panics.

use std::borrow::Cow;

/// How many parameters one header may carry. Longer ones are refused.
const PARAMETERS_MAX: usize = 32;

/// The parameters of a header whose scheme is Digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    pairs: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Parameters<'a> {
    /// Reads a header value; `None` if it is of another scheme, malformed, or names a parameter twice.
    pub fn parse(value: &'a str) -> Option<Self> {
        let value = value.trim_matches(is_space);
        let (scheme, rest) = value.split_once(is_space)?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(10);
        let mut rest = rest.trim_start_matches(is_space);
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let name = name.trim_matches(is_space);
            if name.is_empty() || !name.bytes().all(is_token_byte) || pairs.len() >= PARAMETERS_MAX {
                return None;
            }
            let (value, after) = read_value(after.trim_start_matches(is_space))?;
            if pairs.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return None;
            }
            pairs.push((name, value));
            let after = after.trim_start_matches(is_space);
            rest = match after.strip_prefix(',') {
                Some(next) => next.trim_start_matches(|c| is_space(c) || c == ','),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        Some(Self { pairs })
    }

    /// The value of a parameter, unquoted.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

/// Reads one value from the front; returns it and what follows.
fn read_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c| c == ',' || is_space(c)).unwrap_or(text.len());
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let end = quoted.find(['"', '\\'])?;
    if quoted[end..].starts_with('"') {
        return Some((Cow::Borrowed(&quoted[..end]), &quoted[end + 1..]));
    }
    let mut plain = String::with_capacity(quoted.len());
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((Cow::Owned(plain), &quoted[at + 1..])),
            '\\' => plain.push(letters.next()?.1),
            _ => plain.push(letter),
        }
    }
    None
}

/// Writes `value` in quotes, with a backslash where one is needed.
pub fn write_quoted(value: &str, out: &mut String) {
    out.push('"');
    for letter in value.chars() {
        if matches!(letter, '"' | '\\') {
            out.push('\\');
        }
        // Control characters never stand in a header of ours.
        if !letter.is_control() {
            out.push(letter);
        }
    }
    out.push('"');
}

fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_found_in_any_case_and_order() {
        let text =
            "digest  username=\"1001\" ,Realm=\"hot \\\"line\\\"\",algorithm=MD5,, nc = 00000001,opaque=\"\"";
        let parameters = Parameters::parse(text).unwrap();
        assert_eq!(parameters.value("USERNAME"), Some("1001"));
        assert_eq!(parameters.value("realm"), Some("hot \"line\""));
        assert_eq!(parameters.value("algorithm"), Some("MD5"));
        assert_eq!(parameters.value("nc"), Some("00000001"));
        assert_eq!(parameters.value("opaque"), Some(""));
        assert_eq!(parameters.value("qop"), None);
    }

    #[test]
    fn what_is_not_digest_is_refused() {
        for text in [
            "",
            "Digest",
            "Basic dXNlcjpwYXNz",
            "NoOneKnowsThisScheme opaque-data=here",
            "Digest username",
            "Digest =x",
            "Digest a=\"open",
            "Digest a=\"b\" c=\"d\"",
            "Digest nonce=\"a\", nonce=\"b\"",
        ] {
            assert_eq!(Parameters::parse(text), None, "{text}");
        }
    }

    #[test]
    fn too_many_parameters_are_refused() {
        let text = (0..40).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join(",");
        assert_eq!(Parameters::parse(&format!("Digest {text}")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,200}") {
            let _ = Parameters::parse(&format!("Digest {text}"));
        }

        #[test]
        fn what_was_quoted_comes_back(value in "[^\\p{Cc}]{0,50}") {
            let mut text = String::from("Digest a=");
            write_quoted(&value, &mut text);
            text.push_str(", b=\"x\"");
            let parameters = Parameters::parse(&text).unwrap();
            prop_assert_eq!(parameters.value("a"), Some(value.as_str()));
            prop_assert_eq!(parameters.value("b"), Some("x"));
        }
    }
}
