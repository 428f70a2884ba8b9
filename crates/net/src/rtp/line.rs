//! Lines to programs: frames between a media thread and whoever carries them to a program, through two bounded rings.
//!
//! ```text
//!  media thread                                 whoever carries sound to the program
//!  give_to_line ──▶ heard, one second ───────▶ LineEnd::hear     full: the oldest frame is lost, and counted
//!  take_from_line ◀── said, a fifth of one ◀── LineEnd::say      full: it is told, and comes again
//! ```
//!
//! The thread neither allocates nor locks nor wakes anybody: the other end looks every few milliseconds. Nothing that a
//! program does can make a call wait.

use crossbeam_queue::ArrayQueue;
use media::SampleRate;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many frames of 20 ms wait for a program to hear them: a second. A further one takes the place of the oldest.
pub const HEARD_FRAMES_MAX: usize = 50;

/// How many frames of 20 ms wait to be said. Whoever has more keeps it.
pub const SAID_FRAMES_MAX: usize = 10;

/// The most samples in 20 ms.
pub const FRAME_SAMPLES_MAX: usize = 320;

#[derive(Clone, Copy)]
struct Frame {
    samples: [i16; FRAME_SAMPLES_MAX],
    length: u16,
}

impl Frame {
    fn new(sound: &[i16]) -> Self {
        let length = sound.len().min(FRAME_SAMPLES_MAX);
        let mut samples = [0; FRAME_SAMPLES_MAX];
        samples[..length].copy_from_slice(&sound[..length]);
        Self { samples, length: length as u16 }
    }

    fn copy_to(&self, out: &mut [i16]) -> usize {
        let length = usize::from(self.length).min(out.len());
        out[..length].copy_from_slice(&self.samples[..length]);
        length
    }
}

struct Rings {
    heard: ArrayQueue<Frame>,
    said: ArrayQueue<Frame>,
    lost: AtomicU64,
    is_closed: AtomicBool,
}

/// A new line: the end for the program, and the one for the media thread.
pub(super) fn line(rate: SampleRate) -> (LineEnd, ThreadEnd) {
    let rings = Arc::new(Rings {
        heard: ArrayQueue::new(HEARD_FRAMES_MAX),
        said: ArrayQueue::new(SAID_FRAMES_MAX),
        lost: AtomicU64::new(0),
        is_closed: AtomicBool::new(false),
    });
    (LineEnd { rings: Arc::clone(&rings), rate }, ThreadEnd { rings })
}

/// The program's end of a line. Dropping it does not close the line: [`media::Command::Close`] does.
pub struct LineEnd {
    rings: Arc<Rings>,
    rate: SampleRate,
}

impl LineEnd {
    /// The rate of what is heard and said, 8 or 16 kHz.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes the next 20 ms that were heard; how many samples they have, or `None` if nothing is there yet.
    pub fn hear(&self, out: &mut [i16]) -> Option<usize> {
        self.rings.heard.pop().map(|frame| frame.copy_to(out))
    }

    /// Says 20 ms, when those before them have been said; `false` when too many wait.
    pub fn say(&self, frame: &[i16]) -> bool {
        self.rings.said.push(Frame::new(frame)).is_ok()
    }

    /// How many frames wait to be said.
    pub fn unsaid(&self) -> usize {
        self.rings.said.len()
    }

    /// Forgets what waits to be said.
    pub fn clear(&self) {
        while self.rings.said.pop().is_some() {}
    }

    /// How many frames were lost so far because nobody heard them in time.
    pub fn lost(&self) -> u64 {
        self.rings.lost.load(Ordering::Relaxed)
    }

    /// Whether the line is closed: nothing will be heard any more.
    pub fn is_closed(&self) -> bool {
        self.rings.is_closed.load(Ordering::Acquire)
    }
}

impl core::fmt::Debug for LineEnd {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "LineEnd({:?}, {} heard, {} unsaid)", self.rate, self.rings.heard.len(), self.unsaid())
    }
}

/// The media thread's end.
pub(super) struct ThreadEnd {
    rings: Arc<Rings>,
}

impl ThreadEnd {
    /// Lets the program hear.
    pub(super) fn give(&self, frame: &[i16]) {
        if self.rings.heard.force_push(Frame::new(frame)).is_some() {
            // There is one writer.
            self.rings.lost.store(self.rings.lost.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
    }

    /// Takes what the program says next, 20 ms at the line's rate; `false` if it says nothing.
    pub(super) fn take(&self, out: &mut [i16]) -> bool {
        let Some(frame) = self.rings.said.pop() else { return false };
        let length = frame.copy_to(out);
        out[length..].fill(0);
        true
    }
}

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        self.rings.is_closed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_program_loses_the_oldest_frames_and_is_told_how_many() {
        let (program, thread) = line(SampleRate::Narrow);
        for number in 0..HEARD_FRAMES_MAX as i16 + 3 {
            thread.give(&[number; 160]);
        }
        assert_eq!(program.lost(), 3);
        let mut frame = [0; FRAME_SAMPLES_MAX];
        assert_eq!((program.hear(&mut frame), frame[0]), (Some(160), 3));
        let heard = std::iter::from_fn(|| program.hear(&mut frame)).count();
        assert_eq!((heard, frame[159]), (HEARD_FRAMES_MAX - 1, HEARD_FRAMES_MAX as i16 + 2));
    }

    #[test]
    fn what_is_said_waits_for_its_turn_and_no_more_than_there_is_room_for() {
        let (program, thread) = line(SampleRate::Wide);
        let said = (0..20).filter(|number| program.say(&[*number; 320])).count();
        assert_eq!((said, program.unsaid()), (SAID_FRAMES_MAX, SAID_FRAMES_MAX));
        let mut frame = [1; 320];
        assert!(thread.take(&mut frame));
        assert_eq!(frame, [0; 320]);
        program.clear();
        assert!(!thread.take(&mut frame));
        // A frame that is too short is filled up.
        assert!(program.say(&[7; 100]) && thread.take(&mut frame));
        assert_eq!((frame[99], frame[100]), (7, 0));
    }

    #[test]
    fn a_program_sees_that_its_line_is_closed() {
        let (program, thread) = line(SampleRate::Wide);
        assert!(!program.is_closed());
        drop(thread);
        assert!(program.is_closed());
    }
}
