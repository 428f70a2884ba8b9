//! G.711: companding of telephone speech, one byte a sample, 8 000 samples a second (ITU-T G.711, 11/88).
//!
//! The µ law packs 14 bits into 8, the A law 13 bits into 8; both do it with eight segments, each twice as coarse as
//! the one before. Sound here is 16 bits wide, so the lowest two (µ) or three (A) bits fall away, negative samples
//! rounding like positive ones after a one's complement, as ITU-T G.191's reference does it.
//!
//! Every direction is one look into a table: 256 entries to decode and to go from law to law, 16 384 to encode.
//! This is not the place for loss concealment (G.711 appendix I) or comfort noise (appendix II).

/// How many samples a second G.711 carries.
pub const SAMPLES_PER_SECOND: u32 = 8_000;

/// One of the two companding laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// µ law: North America and Japan; RTP payload type 0.
    Mu,
    /// A law: the rest of the world; RTP payload type 8.
    A,
}

impl Law {
    /// The byte that means silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xff,
            Self::A => 0xd5,
        }
    }

    /// The byte for one sample.
    pub fn encode(self, sample: i16) -> u8 {
        // The cast keeps the bits: negative samples stand in the upper half of the table.
        let at = usize::from(sample as u16 >> 2);
        match self {
            Self::Mu => MU_OF_SAMPLE[at],
            Self::A => A_OF_SAMPLE[at],
        }
    }

    /// The sample of one byte.
    pub fn decode(self, byte: u8) -> i16 {
        self.samples()[usize::from(byte)]
    }

    /// Encodes as many samples as both slices hold; returns how many.
    pub fn encode_slice(self, samples: &[i16], out: &mut [u8]) -> usize {
        for (sample, byte) in samples.iter().zip(out.iter_mut()) {
            *byte = self.encode(*sample);
        }
        samples.len().min(out.len())
    }

    /// Decodes as many bytes as both slices hold; returns how many.
    pub fn decode_slice(self, bytes: &[u8], out: &mut [i16]) -> usize {
        let table = self.samples();
        for (byte, sample) in bytes.iter().zip(out.iter_mut()) {
            *sample = table[usize::from(*byte)];
        }
        bytes.len().min(out.len())
    }

    /// Turns bytes of this law into bytes of `other` where they stand, without a detour over samples.
    pub fn convert_in_place(self, other: Self, bytes: &mut [u8]) {
        let table = match (self, other) {
            (Self::Mu, Self::A) => &A_OF_MU,
            (Self::A, Self::Mu) => &MU_OF_A,
            (Self::Mu, Self::Mu) | (Self::A, Self::A) => return,
        };
        for byte in bytes {
            *byte = table[usize::from(*byte)];
        }
    }

    const fn samples(self) -> &'static [i16; 256] {
        match self {
            Self::Mu => &SAMPLE_OF_MU,
            Self::A => &SAMPLE_OF_A,
        }
    }
}

/// What is added to the 14-bit magnitude so that every segment of the µ law begins at a power of two.
const MU_BIAS: u16 = 33;

/// The largest 14-bit magnitude the µ law can tell apart, bias included.
const MU_CEILING: u16 = 0x1fff;

/// A-law bytes travel with every second bit turned over.
const A_TOGGLE: u8 = 0x55;

static SAMPLE_OF_MU: [i16; 256] = samples_of(Law::Mu);
static SAMPLE_OF_A: [i16; 256] = samples_of(Law::A);
static MU_OF_SAMPLE: [u8; 1 << 14] = bytes_of(Law::Mu);
static A_OF_SAMPLE: [u8; 1 << 14] = bytes_of(Law::A);
static A_OF_MU: [u8; 256] = law_to_law(Law::Mu);
static MU_OF_A: [u8; 256] = law_to_law(Law::A);

const fn samples_of(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match law {
            Law::Mu => expand_mu(byte as u8),
            Law::A => expand_a(byte as u8),
        };
        byte += 1;
    }
    table
}

const fn bytes_of(law: Law) -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut high = 0;
    while high < 1 << 14 {
        // The lowest two bits of a sample never decide, so the table is read with the upper fourteen.
        let sample = ((high as u16) << 2) as i16;
        table[high] = match law {
            Law::Mu => compress_mu(sample),
            Law::A => compress_a(sample),
        };
        high += 1;
    }
    table
}

const fn law_to_law(from: Law) -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match from {
            Law::Mu => compress_a(expand_mu(byte as u8)),
            Law::A => compress_mu(expand_a(byte as u8)),
        };
        byte += 1;
    }
    table
}

/// The magnitude of a sample by one's complement, so that both signs have the same number of steps.
const fn magnitude(sample: i16) -> u16 {
    if sample < 0 { !sample as u16 } else { sample as u16 }
}

const fn compress_mu(sample: i16) -> u8 {
    let biased = (magnitude(sample) >> 2) + MU_BIAS;
    let biased = if biased > MU_CEILING { MU_CEILING } else { biased };
    // With the bias the topmost bit stands at 5 to 12: that is the segment, the four bits below it are the step.
    let segment = 10 - biased.leading_zeros() as u16;
    let step = (biased >> (segment + 1)) & 0x0f;
    let sign = if sample < 0 { 0x00 } else { 0x80 };
    // µ-law bytes travel inverted, sign and all.
    sign | (0x7f - ((segment << 4) | step) as u8)
}

const fn expand_mu(byte: u8) -> i16 {
    let code = !byte;
    let segment = (code >> 4) & 0x07;
    let step = (code & 0x0f) as i16;
    // Half a step up, into the middle of the interval.
    let magnitude = (((2 * step + 33) << segment) - 33) * 4;
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

const fn compress_a(sample: i16) -> u8 {
    let level = magnitude(sample) >> 4;
    // Segment 0 and 1 are equally fine; above, each segment is one bit coarser.
    let coarser = if level < 32 { 0 } else { 11 - level.leading_zeros() as u16 };
    let code = (coarser << 4) + (level >> coarser);
    let sign = if sample < 0 { 0x00 } else { 0x80 };
    (sign | code as u8) ^ A_TOGGLE
}

const fn expand_a(byte: u8) -> i16 {
    let code = byte ^ A_TOGGLE;
    let segment = (code >> 4) & 0x07;
    let step = (code & 0x0f) as i16;
    let magnitude = if segment == 0 { (2 * step + 1) << 3 } else { (2 * step + 33) << (segment + 2) };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Positive decision values x₁… of table 2a/G.711 (µ law): segments of 16 steps, each step twice the last
    /// segment's, the very first step half as wide; the last segment ends at 8159.
    fn decision_values_of_mu() -> Vec<i32> {
        let mut values = vec![1];
        for segment in 0..8 {
            let steps = if segment == 0 { 15 } else { 16 };
            for _ in 0..steps {
                values.push(values[values.len() - 1] + (2 << segment));
            }
        }
        values
    }

    /// Positive decision values x₁… of table 1a/G.711 (A law): two segments of step 2, then doubling, up to 4096.
    fn decision_values_of_a() -> Vec<i32> {
        let mut values = vec![];
        for segment in 0..8i32 {
            for _ in 0..16 {
                values.push(values.last().unwrap_or(&0) + (2 << (segment - 1).max(0)));
            }
        }
        values
    }

    /// The number of the interval in which a magnitude lies, as the tables of G.711 number them from 0.
    fn interval(decision_values: &[i32], magnitude: i32) -> usize {
        decision_values.iter().take(127).filter(|value| **value <= magnitude).count()
    }

    #[test]
    fn decision_values_end_where_the_recommendation_says() {
        assert_eq!(decision_values_of_mu().last(), Some(&8159));
        assert_eq!(decision_values_of_mu().len(), 128);
        assert_eq!(decision_values_of_a().last(), Some(&4096));
        assert_eq!(decision_values_of_a().len(), 128);
    }

    #[test]
    fn every_sample_falls_into_the_interval_of_table_2a_by_the_mu_law() {
        let values = decision_values_of_mu();
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(if sample < 0 { !sample } else { sample }) / 4;
            let interval = interval(&values, magnitude) as u8;
            let expected = if sample < 0 { 0x7f - interval } else { 0xff - interval };
            assert_eq!(Law::Mu.encode(sample), expected, "{sample}");
        }
    }

    #[test]
    fn every_sample_falls_into_the_interval_of_table_1a_by_the_a_law() {
        let values = decision_values_of_a();
        for sample in i16::MIN..=i16::MAX {
            let magnitude = i32::from(if sample < 0 { !sample } else { sample }) / 8;
            let interval = interval(&values, magnitude) as u8;
            let expected = (if sample < 0 { interval } else { 0x80 | interval }) ^ 0x55;
            assert_eq!(Law::A.encode(sample), expected, "{sample}");
        }
    }

    #[test]
    fn every_byte_decodes_to_the_middle_of_its_interval() {
        let (mu, a) = (decision_values_of_mu(), decision_values_of_a());
        for code in 0..128usize {
            // µ law: y₀ is 0, every other yₙ the mean of two decision values. Samples are 4 times as fine.
            let level = if code == 0 { 0 } else { (mu[code - 1] + mu[code]) * 2 };
            assert_eq!(i32::from(Law::Mu.decode(0xff - code as u8)), level);
            assert_eq!(i32::from(Law::Mu.decode(0x7f - code as u8)), -level);
            // A law: there is no zero, every yₙ is a mean. Samples are 8 times as fine.
            let below = if code == 0 { 0 } else { a[code - 1] };
            let level = (below + a[code]) * 4;
            assert_eq!(i32::from(Law::A.decode((0x80 | code as u8) ^ 0x55)), level);
            assert_eq!(i32::from(Law::A.decode(code as u8 ^ 0x55)), -level);
        }
    }

    #[test]
    fn a_byte_survives_decoding_and_encoding() {
        for byte in 0..=255 {
            assert_eq!(Law::A.encode(Law::A.decode(byte)), byte);
            // The µ law has two zeros; the negative one comes back as the positive one.
            let expected = if byte == 0x7f { 0xff } else { byte };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(byte)), expected);
        }
    }

    #[test]
    fn law_to_law_maps_are_decoding_and_encoding() {
        for byte in 0..=255 {
            for (from, to) in [(Law::Mu, Law::A), (Law::A, Law::Mu), (Law::A, Law::A), (Law::Mu, Law::Mu)] {
                let mut bytes = [byte];
                from.convert_in_place(to, &mut bytes);
                let expected = if from == to { byte } else { to.encode(from.decode(byte)) };
                assert_eq!(bytes, [expected], "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn silence_is_the_quietest_byte() {
        for law in [Law::Mu, Law::A] {
            assert_eq!(law.encode(0), law.silence());
            assert!(law.decode(law.silence()).abs() <= 8);
        }
    }

    #[test]
    fn slices_are_coded_as_far_as_both_reach() {
        let samples = [0, 1000, -1000, 32_000];
        let mut bytes = [0; 3];
        assert_eq!(Law::Mu.encode_slice(&samples, &mut bytes), 3);
        let mut back = [0; 8];
        assert_eq!(Law::Mu.decode_slice(&bytes, &mut back), 3);
        assert!((back[1] - 1000).abs() < 40 && (back[2] + 1000).abs() < 40);
        assert_eq!(back[3], 0);
    }
}
