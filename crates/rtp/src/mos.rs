//! How a call sounded, estimated: the E-model of ITU-T G.107, cut down to what RTP can tell.
//!
//! R = 93.2 − Id − Ie,eff, with the delay part Id = 0.024 d + 0.11 (d − 177.3) for d above 177.3 ms (the fit of Cole and
//! Rosenbluth, "Voice over IP performance monitoring", 2001, to G.107 §7.4) and the loss part
//! Ie,eff = Ie + (95 − Ie) · Ppl / (Ppl + Bpl) (G.107 §7.5 for random loss). For G.711 Ie is 0, and Bpl is 25.1 with the
//! packet loss concealment that phones have today (G.113 appendix I, table I.4). R becomes MOS by G.107 annex B.
//!
//! It is an estimate for reports and alarms: echo, noise and the phones themselves are not in it.

/// Impairment of G.711 itself.
const CODEC_IMPAIRMENT: f64 = 0.0;

/// How well G.711 with concealment bears loss.
const LOSS_ROBUSTNESS: f64 = 25.1;

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
    let loss_impairment =
        CODEC_IMPAIRMENT + (95.0 - CODEC_IMPAIRMENT) * loss_percent / (loss_percent + LOSS_ROBUSTNESS);
    let rating = (93.2 - delay_impairment - loss_impairment).clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    Some((mos.clamp(1.0, 4.5) * 100.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let worst =
            Conditions { expected: 10, lost: 10, jitter_us: u64::MAX / 4, round_trip_us: Some(u64::MAX) };
        assert_eq!(estimate_x100(worst), Some(100));
    }

    #[test]
    fn silence_has_no_score() {
        assert_eq!(estimate_x100(Conditions::default()), None);
    }
}
