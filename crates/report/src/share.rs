//! A part of a whole, and a mean: exact until they are shown.

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// So many.
    pub part: u64,
    /// Of so many.
    pub whole: u64,
}

impl Share {
    /// In percent; `None` of nothing, which is neither good nor bad.
    pub fn percent(self) -> Option<f64> {
        (self.whole > 0).then(|| self.part as f64 * 100.0 / self.whole as f64)
    }

    /// Whether it is at least `goal` percent, reckoned without rounding. Nothing reaches every goal.
    pub fn reaches(self, goal: u8) -> bool {
        u128::from(self.part) * 100 >= u128::from(self.whole) * u128::from(goal)
    }
}

/// The mean of a sum over a count, rounded to the nearest; `None` of nothing.
pub fn mean(sum: u64, count: u64) -> Option<u64> {
    let half = count / 2;
    Some(sum.checked_div(count)? + u64::from(sum.checked_rem(count)? > count - half - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_no_percentage() {
        assert_eq!(Share { part: 0, whole: 0 }.percent(), None);
        assert_eq!(Share { part: 1, whole: 8 }.percent(), Some(12.5));
    }

    #[test]
    fn a_goal_is_reached_exactly_or_not() {
        assert!(Share { part: 4, whole: 5 }.reaches(80));
        assert!(!Share { part: 799_999, whole: 1_000_000 }.reaches(80));
        assert!(Share::default().reaches(100));
    }

    #[test]
    fn means_are_rounded_to_the_nearest() {
        for (sum, count, expected) in [
            (0, 0, None),
            (10, 4, Some(3)),
            (9, 4, Some(2)),
            (11, 4, Some(3)),
            (5, 3, Some(2)),
            (4, 3, Some(1)),
        ] {
            assert_eq!(mean(sum, count), expected, "{sum} / {count}");
        }
        assert_eq!(mean(u64::MAX, 1), Some(u64::MAX));
    }
}
