//! The quadrature mirror filters of G.722 §3.1 and §4.4: 24 taps that cut the band in two halves and join them again.
//!
//! Even and odd samples have a filter of twelve taps each; the halves are their sum and difference.

/// What both delay lines hold between two pairs of samples.
const BEFORE: usize = 22;

/// The taps of table 11/G.722 as they meet the samples in the order of time, even and odd ones in turns.
const TAPS: [i16; 24] = [
    3, -11, -11, 53, 12, -156, 32, 362, -210, -805, 951, 3876, 3876, 951, -805, -210, 362, 32, -156, 12, 53,
    -11, -11, 3,
];

/// The low half is the sum of what both filters give, the high half what the odd one gives less the even one.
const HIGH: [i16; 24] = times([-1, 1]);
const EVEN: [i16; 24] = times([1, 0]);
const ODD: [i16; 24] = times([0, 1]);

const fn times(even_and_odd: [i16; 2]) -> [i16; 24] {
    let mut taps = TAPS;
    let mut at = 0;
    while at < 24 {
        taps[at] *= even_and_odd[at % 2];
        at += 1;
    }
    taps
}

/// How many samples pass before the delay line is moved to its beginning again: rarely, since moving costs.
const ROOM: usize = 512;

/// The last 24 samples, kept in one piece.
#[derive(Clone, Debug)]
struct Line {
    samples: [i16; ROOM],
    end: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { samples: [0; ROOM], end: BEFORE }
    }
}

impl Line {
    fn push(&mut self, pair: [i16; 2]) -> &[i16; 24] {
        if self.end + 2 > ROOM {
            self.samples.copy_within(self.end - BEFORE..self.end, 0);
            self.end = BEFORE;
        }
        self.samples[self.end] = pair[0];
        self.samples[self.end + 1] = pair[1];
        self.end += 2;
        let from = self.end - 24;
        // The slice has 24 samples: `end` is never below 24 here.
        self.samples[from..].first_chunk().unwrap_or(&TAPS)
    }
}

/// The sum of all products.
fn filtered(line: &[i16; 24], taps: &[i16; 24]) -> i32 {
    line.iter().zip(taps).map(|(sample, tap)| i32::from(*sample) * i32::from(*tap)).sum()
}

/// Cuts the band.
#[derive(Clone, Debug, Default)]
pub(super) struct Analysis(Line);

impl Analysis {
    /// The low and the high half of two samples, each 15 bits wide.
    pub(super) fn split(&mut self, pair: [i16; 2]) -> (i32, i32) {
        let line = self.0.push(pair);
        (filtered(line, &TAPS) >> 14, filtered(line, &HIGH) >> 14)
    }
}

/// Joins the halves.
#[derive(Clone, Debug, Default)]
pub(super) struct Synthesis(Line);

impl Synthesis {
    /// The two samples of a low and a high half.
    pub(super) fn join(&mut self, low: i32, high: i32) -> [i16; 2] {
        // Both halves are held to 15 bits, so that the sum fits.
        let pair = [(low + high) as i16, (low - high) as i16];
        let line = self.0.push(pair);
        [&ODD, &EVEN].map(|taps| (filtered(line, taps) >> 11).clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }
}
