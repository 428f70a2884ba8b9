//! How numbers are written on each side of a trunk: carriers want `+4930…` where our people dial `9030…`.

/// One rule: numbers that begin so are made to begin otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// What a number has to begin with; empty fits every number.
    pub from: String,
    /// What stands there instead.
    pub to: String,
}

/// Rules for one sort of number; the first that fits is the only one applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewriting(pub Vec<Prefix>);

impl Rewriting {
    /// The number as the other side writes it. One that no rule fits stays as it is.
    pub fn apply(&self, number: &str) -> String {
        let fits =
            |rule: &Prefix| number.strip_prefix(rule.from.as_str()).map(|rest| format!("{}{rest}", rule.to));
        self.0.iter().find_map(fits).unwrap_or_else(|| number.to_owned())
    }
}

/// The rules of a trunk, for the number called and the caller's number, out and in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbering {
    /// Called numbers, as they go out.
    pub dialed_out: Rewriting,
    /// Callers' numbers, as they go out.
    pub caller_out: Rewriting,
    /// Called numbers, as they come in.
    pub dialed_in: Rewriting,
    /// Callers' numbers, as they come in.
    pub caller_in: Rewriting,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_is_applied_and_no_other() {
        let rule = |from: &str, to: &str| Prefix { from: from.to_owned(), to: to.to_owned() };
        let rules = Rewriting(vec![rule("900", "+"), rule("90", "+49"), rule("9", ""), rule("00", "+")]);
        for (number, written) in [
            ("90044201234", "+44201234"),
            ("903012345", "+493012345"),
            ("9112", "112"),
            ("0044", "+44"),
            ("1001", "1001"),
            ("", ""),
        ] {
            assert_eq!(rules.apply(number), written, "{number}");
        }
        assert_eq!(Rewriting(vec![rule("", "+49")]).apply("30123"), "+4930123");
    }
}
