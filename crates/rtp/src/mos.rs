//! How a call sounded, estimated: the E-model of ITU-T G.107, cut down to what RTP can tell.
//!
//! R = 93.2 − Id − Ie,eff, with the delay part Id = 0.024 d + 0.11 (d − 177.3) for d above 177.3 ms (the fit of Cole and
//! Rosenbluth, "Voice over IP performance monitoring", 2001, to G.107 §7.4) and the loss part
//! Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl) (G.107 §7.5 for random loss), where Ie is what a codec takes away by itself and
//! Bpl how well it bears loss. R becomes MOS by G.107 annex B.
//!
//! It is an estimate for reports and alarms: echo, noise and the phones themselves are not in it. All codecs are on the scale of
//! telephone speech, so that their figures compare; that wideband speech sounds richer is not in it either (the scale that
//! has it, of G.107.1, would put a perfect call by G.711 at 3.7).

/// How sound is encoded, as far as it matters for how it is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Coding {
    /// G.711 with the concealment that phones have today: Ie 0 and Bpl 25.1 (G.113 appendix I).
    #[default]
    G711,
    /// G.722 at 64 kbit/s: Ie 0 and Bpl 24.4, fitted to our own PESQ beside that of G.711 (`docs/quality.md`), as nothing is
    /// published on this scale.
    G722,
    /// Opus at 24 kbit/s: Ie 5, Bpl 31, and 82 where packets tell of the one before; fitted in the same way.
    Opus {
        /// The share of speech that was told twice, 0 to 1.
        redundant: f64,
    },
}

impl Coding {
    /// What it takes away by itself (Ie), and how well it bears loss (Bpl).
    fn impairment(self) -> (f64, f64) {
        match self {
            Self::G711 => (0.0, 25.1),
            Self::G722 => (0.0, 24.4),
            Self::Opus { redundant } => (5.0, 31.0 + (82.0 - 31.0) * redundant.clamp(0.0, 1.0)),
        }
    }
}

/// What a packet takes to be filled and a playout buffer to hold it beyond the jitter, in milliseconds.
const PACKET_AND_PLAYOUT_MS: f64 = 40.0;

/// What is known of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Packets that should have come.
    pub expected: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Jitter in microseconds.
    pub jitter_us: u64,
    /// Round trip in microseconds, if a report told it.
    pub round_trip_us: Option<u64>,
    /// What was lost, and how much that was.
    pub coding: Coding,
}

/// Estimates the mean opinion score times a hundred: 100 (bad) to 450 (as good as telephony gets). `None` when nothing
/// was to be heard.
pub fn estimate_x100(conditions: Conditions) -> Option<u16> {
    if conditions.expected == 0 {
        return None;
    }
    let loss_percent = 100.0 * conditions.lost.min(conditions.expected) as f64 / conditions.expected as f64;
    // A playout buffer has to hold about twice the mean jitter.
    let delay_ms = conditions.round_trip_us.unwrap_or(0) as f64 / 2_000.0
        + 2.0 * conditions.jitter_us as f64 / 1_000.0
        + PACKET_AND_PLAYOUT_MS;
    let delay_impairment = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let rating = 93.2 - delay_impairment - effective_impairment(conditions.coding, loss_percent);
    Some((score(rating) * 100.0).round() as u16)
}

/// Ie,eff: what coding and loss take away together.
fn effective_impairment(coding: Coding, loss_percent: f64) -> f64 {
    let (itself, robustness) = coding.impairment();
    itself + (95.0 - itself) * loss_percent / (loss_percent + robustness)
}

/// The opinion that belongs to a rating.
fn score(rating: f64) -> f64 {
    let rating = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_and_impairments_are_those_that_are_published() {
        // G.107 annex B, as tabulated in G.109: the best telephone call, and the limits of the five categories.
        for (rating, published) in
            [(93.2, 4.41), (90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)]
        {
            assert!((score(rating) - published).abs() < 0.011, "R {rating}: {}", score(rating));
        }
        // G.113 appendix I in its form of 2001, before there was a formula: G.711 with concealment, single losses.
        for (loss_percent, published) in
            [(0.0, 0.0), (1.0, 5.0), (2.0, 7.0), (3.0, 10.0), (5.0, 15.0), (7.0, 20.0), (10.0, 25.0)]
        {
            let found = effective_impairment(Coding::G711, loss_percent);
            assert!((found - published).abs() < 2.5, "{loss_percent} %: {found}");
        }
    }

    #[test]
    fn codecs_stand_to_each_other_as_in_our_pesq() {
        // What was measured (docs/quality.md) of the impairment at each loss, on the scale on which G.711's is the published one.
        let redundant = Coding::Opus { redundant: 1.0 };
        for (coding, measured) in [
            (Coding::G722, [0.3, 3.8, 7.4, 10.5, 16.3, 28.1]),
            (Coding::Opus { redundant: 0.0 }, [4.6, 6.8, 9.2, 11.3, 16.2, 28.4]),
            (redundant, [4.6, 6.7, 6.5, 8.3, 9.5, 14.3]),
        ] {
            for (loss_percent, measured) in [0.0, 1.0, 2.0, 3.0, 5.0, 10.0].into_iter().zip(measured) {
                let found = effective_impairment(coding, loss_percent);
                assert!((found - measured).abs() < 2.0, "{coding:?}, {loss_percent} %: {found}");
            }
        }
        let half = effective_impairment(Coding::Opus { redundant: 0.5 }, 5.0);
        assert!(half < effective_impairment(Coding::Opus { redundant: 0.0 }, 5.0));
        assert!(half > effective_impairment(redundant, 5.0));
        assert_eq!(
            effective_impairment(Coding::Opus { redundant: 7.0 }, 5.0),
            effective_impairment(redundant, 5.0)
        );
    }

    #[test]
    fn a_clean_call_is_toll_quality() {
        let mos = estimate_x100(Conditions { expected: 1_000, ..Conditions::default() });
        assert_eq!(mos, Some(439));
    }

    #[test]
    fn loss_jitter_and_delay_each_cost() {
        let clean = Conditions { expected: 1_000, ..Conditions::default() };
        let worse = [
            Conditions { lost: 20, ..clean },
            Conditions { jitter_us: 60_000, ..clean },
            Conditions { round_trip_us: Some(500_000), ..clean },
        ];
        for conditions in worse {
            assert!(estimate_x100(conditions) < estimate_x100(clean), "{conditions:?}");
        }
        // A tenth lost is what callers call a bad line.
        assert!(
            estimate_x100(Conditions { lost: 100, ..clean }).is_some_and(|mos| (300..360).contains(&mos))
        );
    }

    #[test]
    fn the_worst_line_is_a_one() {
        let worst = Conditions {
            expected: 10,
            lost: 10,
            jitter_us: u64::MAX / 4,
            round_trip_us: Some(u64::MAX),
            ..Conditions::default()
        };
        assert_eq!(estimate_x100(worst), Some(100));
    }

    #[test]
    fn silence_has_no_score() {
        assert_eq!(estimate_x100(Conditions::default()), None);
    }
}
