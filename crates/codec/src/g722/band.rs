//! The two ADPCM coders of G.722 §3.2 to §3.6 and §4: quantizers that adapt their step, and one kind of predictor.
//!
//! Names in the comments are those of the recommendation's block diagrams.

/// Table 17/G.722: the thresholds of the six-bit quantizer; the first one stands for "below the first step".
const STEPS_6: [i32; 30] = [
    0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121,
    1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// The inverse six-bit quantizer (table 21): what each code means, in parts of the step.
const LEVELS_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
    -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
    -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856,
    7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
    -432, -136,
];

/// The inverse quantizer of the four upper bits (table 19), from which both sides predict.
const LEVELS_4: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];

/// How the step of the low half changes with each code of four bits (tables 18 and 22, joined).
const LOW_CHANGES: [i32; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// The inverse two-bit quantizer of the high half (table 20).
const LEVELS_2: [i32; 4] = [-7408, -1616, 7408, 1616];

/// How the step of the high half changes with each code (tables 23 and 24, joined).
const HIGH_CHANGES: [i32; 4] = [798, -214, 798, -214];

/// The one threshold of the two-bit quantizer (table 15).
const STEP_2: i32 = 564;

/// Thirty-two steps to each doubling (table 25).
const POWERS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// The largest logarithm of a step: LOGSCL and LOGSCH.
const LOW_LOG_MAX: i32 = 18_432;
const HIGH_LOG_MAX: i32 = 22_528;

fn saturate(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

/// LIMIT: what a decoder gives to the filter bank is 15 bits wide.
fn limit(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

/// SCALEL, SCALEH: from a logarithm to a step; `shift` is 8 for the low half and 10 for the high one.
fn step_of(log: i32, shift: i32) -> i32 {
    let power = POWERS[(log >> 6 & 31) as usize];
    let shift = shift - (log >> 11);
    (if shift < 0 { power << -shift } else { power >> shift }) << 2
}

/// What both halves expect next: a predictor with two poles and six zeros.
#[derive(Clone, Debug, Default)]
struct Predictor {
    /// The last six quantized differences, latest first, and their weights. Two more places, whose differences are always
    /// zero, make it eight, which processors reckon at once.
    differences: [i16; 8],
    zeros: [i16; 8],
    /// The last two reconstructed samples, and their weights.
    reconstructed: [i32; 2],
    poles: [i32; 2],
    /// The last two partial reconstructions, of which only the signs count.
    partial: [i32; 2],
    /// What the zeros expect, and what all expect.
    by_zeros: i32,
    expected: i32,
}

impl Predictor {
    /// Block 4: takes in the quantized difference and adapts.
    fn update(&mut self, difference: i32) {
        // RECONS, PARREC
        let reconstructed = saturate(self.expected + difference);
        let partial = saturate(self.by_zeros + difference);
        // UPPOL2
        let same = |other: i32| (partial ^ other) >= 0;
        let leaned = saturate(self.poles[0] << 2);
        let leaned = if same(self.partial[0]) { (-leaned).min(32_767) } else { leaned };
        let pull = if same(self.partial[1]) { 128 } else { -128 };
        let second = (pull + (leaned >> 7) + ((self.poles[1] * 32_512) >> 15)).clamp(-12_288, 12_288);
        // UPPOL1
        let pull = if same(self.partial[0]) { 192 } else { -192 };
        let bound = saturate(15_360 - second);
        let first = saturate(pull + ((self.poles[0] * 32_640) >> 15)).clamp(-bound, bound);
        // UPZERO. A weight leaks by 1/256: times 32640 and by 2¹⁵, as the recommendation has it, is that.
        let difference = difference as i16;
        let pull = if difference == 0 { 0 } else { 128 };
        for (weight, held) in self.zeros.iter_mut().zip(self.differences) {
            let pull = if (difference ^ held) >= 0 { pull } else { -pull };
            let leaked = *weight + (-i32::from(*weight) >> 8) as i16;
            *weight = leaked.saturating_add(pull);
        }
        // DELAYA, FILTEZ
        self.differences.copy_within(0..5, 1);
        self.differences[0] = difference;
        let by_zeros: i32 = self
            .zeros
            .iter()
            .zip(self.differences)
            .map(|(weight, held)| (i32::from(*weight) * i32::from(held.saturating_add(held))) >> 15)
            .sum();
        self.poles = [first, second];
        self.partial = [partial, self.partial[0]];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        // FILTEP, PREDIC
        let by_pole = |at: usize| (self.poles[at] * saturate(2 * self.reconstructed[at])) >> 15;
        let by_poles = saturate(by_pole(0) + by_pole(1));
        self.by_zeros = saturate(by_zeros);
        self.expected = saturate(by_poles + self.by_zeros);
    }
}

/// The low half: six bits a sample, of which four make the prediction.
#[derive(Clone, Debug)]
pub(super) struct LowBand {
    predictor: Predictor,
    step: i32,
    log: i32,
}

impl Default for LowBand {
    fn default() -> Self {
        Self { predictor: Predictor::default(), step: 32, log: 0 }
    }
}

impl LowBand {
    /// Six bits for a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        // SUBTRA, QUANTL
        let error = saturate(sample - self.predictor.expected);
        let magnitude = if error >= 0 { error } else { !error };
        // The thresholds grow, so the code is how many of them lie at or below the magnitude.
        let above = STEPS_6[1..].partition_point(|step| (step * self.step) >> 12 <= magnitude) as u8;
        let code = match (error < 0, above) {
            (true, 0..=1) => 63 - above,
            (true, _) => 33 - above,
            (false, _) => 61 - above,
        };
        self.adapt(code);
        code
    }

    /// The sample of six bits.
    pub(super) fn decode(&mut self, code: u8) -> i32 {
        // INVQBL, RECONS, LIMIT
        let difference = (self.step * LEVELS_6[usize::from(code & 63)]) >> 15;
        let sample = limit(self.predictor.expected + difference);
        self.adapt(code);
        sample
    }

    /// What both sides do after a code.
    fn adapt(&mut self, code: u8) {
        // INVQAL
        let upper = usize::from(code >> 2 & 15);
        let difference = (self.step * LEVELS_4[upper]) >> 15;
        // LOGSCL, SCALEL
        self.log = (((self.log * 127) >> 7) + LOW_CHANGES[upper]).clamp(0, LOW_LOG_MAX);
        self.step = step_of(self.log, 8);
        self.predictor.update(difference);
    }
}

/// The high half: two bits a sample.
#[derive(Clone, Debug)]
pub(super) struct HighBand {
    predictor: Predictor,
    step: i32,
    log: i32,
}

impl Default for HighBand {
    fn default() -> Self {
        Self { predictor: Predictor::default(), step: 8, log: 0 }
    }
}

impl HighBand {
    /// Two bits for a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        // SUBTRA, QUANTH
        let error = saturate(sample - self.predictor.expected);
        let magnitude = if error >= 0 { error } else { !error };
        let wide = magnitude >= (STEP_2 * self.step) >> 12;
        let code = match (error < 0, wide) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.adapt(code);
        code
    }

    /// The sample of two bits.
    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let expected = self.predictor.expected;
        limit(expected + self.adapt(code))
    }

    /// What both sides do after a code; returns the difference it stands for.
    fn adapt(&mut self, code: u8) -> i32 {
        // INVQAH
        let code = usize::from(code & 3);
        let difference = (self.step * LEVELS_2[code]) >> 15;
        // LOGSCH, SCALEH
        self.log = (((self.log * 127) >> 7) + HIGH_CHANGES[code]).clamp(0, HIGH_LOG_MAX);
        self.step = step_of(self.log, 10);
        self.predictor.update(difference);
        difference
    }
}
