//! Which checks of a browser have been heard: one counts once.
//!
//! A check is signed, and whoever sees it go by can send the same bytes again, from anywhere. Its number (RFC 8489 §6: chosen
//! at random for each transaction) tells a fresh one from one that was heard: only a fresh check shows where the browser is,
//! and that it consents to be sent to. The browser's own repetition of a check that was lost looks the same and is answered
//! where it is known to be, without any effect.
//!
//! What is remembered is limited. A check that was captured longer ago than that, and is sent again from elsewhere, can take
//! the sealed sound there until the browser checks again, which it does every few seconds.

use std::collections::VecDeque;

/// What tells one check from another.
pub type Transaction = [u8; 12];

/// How many checks of one browser are remembered: some twenty minutes of a browser that checks every 2.5 s, in 6 kB. The
/// oldest is forgotten when another one comes.
pub const HEARD_MAX: usize = 512;

/// The checks of one browser that were heard of late.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    recent: VecDeque<Transaction>,
}

impl Heard {
    /// Notes a check. `false` if it was heard before. Costs a look at all that are remembered.
    pub(crate) fn is_fresh(&mut self, transaction: Transaction) -> bool {
        if self.recent.contains(&transaction) {
            return false;
        }
        if self.recent.len() == HEARD_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(transaction);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_fresh_once_and_what_is_remembered_stays_small() {
        let mut heard = Heard::default();
        let number =
            |n: u32| -> Transaction { [&n.to_be_bytes()[..], &[7; 8]].concat().try_into().expect("12") };
        let count = u32::try_from(HEARD_MAX).expect("a few");
        for n in 0..count {
            assert!(heard.is_fresh(number(n)) && !heard.is_fresh(number(n)));
        }
        assert!(!heard.is_fresh(number(0)));
        assert!(heard.is_fresh(number(count)));
        assert_eq!(heard.recent.len(), HEARD_MAX);
        assert!(!heard.is_fresh(number(1)) && heard.is_fresh(number(0)), "the oldest was forgotten");
    }
}
