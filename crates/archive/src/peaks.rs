//! The outline of a recording for the eye: the loudest sample in every 50 ms of each side, reckoned while the recording is
//! finished, so that nobody has to load an hour of sound to see it.
//!
//! ```text
//!  "HLPK\x01"  sides (1)  buckets (4, little endian)  left: a byte for each bucket  right: the same
//! ```

use crate::wav::SAMPLES_PER_SECOND;
use crate::{ArchiveError, folder};
use std::path::Path;

/// How its file ends.
pub(crate) const EXTENSION: &str = "peaks";
/// How long a bucket is.
pub const BUCKET_MS: u64 = 50;
const BUCKET: u64 = SAMPLES_PER_SECOND * BUCKET_MS / 1000;
const MAGIC: &[u8; 5] = b"HLPK\x01";
const HEAD_BYTES: usize = 5 + 1 + 4;

/// The outline: one list for each side, 255 is the loudest there can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// One or two sides, the left first, of equal length.
    pub sides: Vec<Vec<u8>>,
}

impl Peaks {
    /// The same in at most `points` values a side: each is the loudest of those it stands for.
    pub fn at_most(&self, points: usize) -> Self {
        let points = points.max(1);
        let side = |side: &Vec<u8>| {
            if side.len() <= points {
                return side.clone();
            }
            let bound = |point: usize| point * side.len() / points;
            (0..points)
                .map(|point| side[bound(point)..bound(point + 1)].iter().copied().max().unwrap_or(0))
                .collect()
        };
        Self { sides: self.sides.iter().map(side).collect() }
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), ArchiveError> {
        let buckets = self.sides.first().map_or(0, Vec::len);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + buckets * self.sides.len());
        bytes.extend_from_slice(MAGIC);
        bytes.push(self.sides.len() as u8);
        bytes.extend_from_slice(&u32::try_from(buckets).unwrap_or(u32::MAX).to_le_bytes());
        for side in &self.sides {
            bytes.extend_from_slice(side);
        }
        folder::write_whole(path, &bytes)
    }

    /// What was written; `None` if it is not that.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, values) = bytes.split_at_checked(HEAD_BYTES)?;
        let sides = usize::from(head[5]);
        let buckets = u32::from_le_bytes([head[6], head[7], head[8], head[9]]) as usize;
        if &head[..5] != MAGIC || !(1..=2).contains(&sides) || values.len() != buckets.checked_mul(sides)? {
            return None;
        }
        if buckets == 0 {
            return Some(Self { sides: vec![Vec::new(); sides] });
        }
        Some(Self { sides: values.chunks(buckets).map(<[u8]>::to_vec).collect() })
    }
}

/// Makes an outline of samples as they come.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    heard: u64,
    loudest: u16,
    values: Vec<u8>,
}

impl Outline {
    pub(crate) fn hear(&mut self, sample: i16) {
        self.loudest = self.loudest.max(sample.unsigned_abs());
        self.heard += 1;
        if self.heard.is_multiple_of(BUCKET) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.values.push((self.loudest >> 7).min(255) as u8);
        self.loudest = 0;
    }

    pub(crate) fn values(mut self) -> Vec<u8> {
        if !self.heard.is_multiple_of(BUCKET) {
            self.close();
        }
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_and_no_bytes_break_the_reader(
            left in proptest::collection::vec(any::<u8>(), 0..300),
            both in any::<bool>(),
            noise in proptest::collection::vec(any::<u8>(), 0..60),
            points in 0usize..400,
        ) {
            let sides = if both { vec![left.clone(), left.iter().rev().copied().collect()] } else { vec![left.clone()] };
            let peaks = Peaks { sides };
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("one.peaks");
            peaks.write(&path).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            prop_assert_eq!(Peaks::parse(&bytes), Some(peaks.clone()));
            let _ = Peaks::parse(&noise);
            let _ = Peaks::parse(&[&bytes[..], &noise].concat());
            let fewer = peaks.at_most(points);
            prop_assert_eq!(fewer.sides[0].iter().max(), left.iter().max());
            prop_assert!(fewer.sides[0].len() <= points.max(1));
        }
    }
}
