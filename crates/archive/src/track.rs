//! The sound on its way from the pieces of an unfinished recording into a file.
//!
//! It goes through a window of some seconds, in which frames find their places whatever order they came in; what nobody
//! said is silence. So an hour takes no more memory than a minute.

use crate::ArchiveError;
use crate::finish::SoundOut;
use crate::manifest::Spoke;
use crate::peaks::{Outline, Peaks};
use crate::speech::Speech;
use crate::wav::SAMPLES_PER_SECOND;
use media::Side;

/// How far apart in the file sound may lie that belongs to the same moment. Media lets frames be at most two seconds
/// late.
pub const WINDOW_SAMPLES: u64 = 8 * SAMPLES_PER_SECOND;
/// The longest recording. What lies behind is left out, so that a position gone mad cannot fill the disk with silence.
pub const LENGTH_MAX_SAMPLES: u64 = 24 * 3600 * SAMPLES_PER_SECOND;

/// A track and what is found out on the way.
pub(crate) struct Track {
    out: Box<dyn SoundOut>,
    stereo: bool,
    /// Samples that are in the file already.
    written: u64,
    /// Where the sound laid down so far ends.
    end: u64,
    /// The samples from `written` on, left and right side by side; as long as the sound reaches.
    window: Vec<[i16; 2]>,
    outlines: [Outline; 2],
    speech: [Speech; 2],
}

/// A track that is whole.
pub(crate) struct Laid {
    pub(crate) samples: u64,
    pub(crate) peaks: Peaks,
    pub(crate) spoke: Spoke,
}

impl Track {
    pub(crate) fn new(out: Box<dyn SoundOut>, stereo: bool) -> Self {
        Self {
            out,
            stereo,
            written: 0,
            end: 0,
            window: Vec::new(),
            outlines: Default::default(),
            speech: Default::default(),
        }
    }

    /// Puts sound of one side where it belongs.
    pub(crate) fn lay(
        &mut self,
        side: Side,
        at: u64,
        sound: impl ExactSizeIterator<Item = i16>,
    ) -> Result<(), ArchiveError> {
        let Some(end) = at.checked_add(sound.len() as u64).filter(|end| *end <= LENGTH_MAX_SAMPLES) else {
            return Ok(());
        };
        self.reach(end)?;
        let channel = match side {
            Side::Left => 0,
            Side::Right => 1,
        };
        // What comes later than the window allows is left out rather than laid where it does not belong.
        let late = self.written.saturating_sub(at) as usize;
        let begin = at.saturating_sub(self.written) as usize;
        for (frame, sample) in self.window[begin..].iter_mut().zip(sound.skip(late)) {
            frame[channel] = sample;
        }
        Ok(())
    }

    /// Lets the track be at least `end` samples long.
    pub(crate) fn reach(&mut self, end: u64) -> Result<(), ArchiveError> {
        let end = end.min(LENGTH_MAX_SAMPLES);
        while self.end < end {
            // A long silence goes through the window piece by piece.
            let step = (end - self.end).min(WINDOW_SAMPLES);
            self.end += step;
            self.window.resize((self.end - self.written) as usize, [0; 2]);
            // Two windows are gathered before one is written, so that what stays is seldom moved.
            if self.window.len() as u64 >= 2 * WINDOW_SAMPLES {
                self.write(self.window.len() - WINDOW_SAMPLES as usize)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, count: usize) -> Result<(), ArchiveError> {
        let sound = &self.window[..count];
        self.out.write(sound)?;
        for frame in sound {
            for (channel, sample) in frame.iter().enumerate() {
                self.outlines[channel].hear(*sample);
                self.speech[channel].hear(*sample);
            }
        }
        self.window.drain(..count);
        self.written += count as u64;
        Ok(())
    }

    pub(crate) fn close(mut self) -> Result<Laid, ArchiveError> {
        self.write(self.window.len())?;
        self.out.close()?;
        let sides = if self.stereo { 2 } else { 1 };
        let [left, right] = self.speech.map(Speech::spans);
        Ok(Laid {
            samples: self.end,
            peaks: Peaks { sides: self.outlines.into_iter().take(sides).map(Outline::values).collect() },
            spoke: Spoke { left, right },
        })
    }
}
