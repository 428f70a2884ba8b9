//! A line to a program outside: what a port without a network hears and says.
//!
//! Such a port has a program at its far end, which the driver knows. Every 20 ms it takes a frame of what the program says
//! from the [`Outbox`] and hands over a frame of what is to be heard; it stands in the matrix as any other port
//! ([`crate::Command::Hear`]). There are no packets, no codec and no jitter buffer: frames that wait for their turn wait at
//! the driver, which also loses them if the program is slow.

use crate::ear::{FRAME_MS, FRAME_SAMPLES_MAX};
use crate::{Outbox, PortId};
use codec::{Resampler, SampleRate};

/// The line of one port. Costs some 2 kB.
#[derive(Debug)]
pub(crate) struct Line {
    rate: SampleRate,
    /// What the program said last, and whether it said anything; the same at the other rate, once somebody wanted it.
    said: [i16; FRAME_SAMPLES_MAX],
    has_said: bool,
    otherwise: [i16; FRAME_SAMPLES_MAX],
    has_otherwise: bool,
    /// From the line's rate to the other one.
    outward: Resampler,
}

impl Line {
    /// A line at 8 or 16 kHz; what is asked for at any other rate is one at 16.
    pub(crate) fn new(rate: SampleRate) -> Self {
        let rate = if rate == SampleRate::Narrow { rate } else { SampleRate::Wide };
        let other = match rate {
            SampleRate::Narrow => SampleRate::Wide,
            SampleRate::Wide | SampleRate::Full => SampleRate::Narrow,
        };
        Self {
            rate,
            said: [0; FRAME_SAMPLES_MAX],
            has_said: false,
            otherwise: [0; FRAME_SAMPLES_MAX],
            has_otherwise: false,
            outward: Resampler::new(rate, other),
        }
    }

    /// The rate that its program speaks and hears at.
    pub(crate) fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Takes what the program says in the next 20 ms.
    pub(crate) fn listen(&mut self, id: PortId, out: &mut impl Outbox) {
        let frame = &mut self.said[..self.rate.samples_in(FRAME_MS)];
        self.has_said = out.take_from_line(id, frame);
        self.has_otherwise = false;
    }

    /// Makes ready what the program said last at `rate`.
    pub(crate) fn provide(&mut self, rate: SampleRate) {
        if rate != self.rate && self.has_said && !self.has_otherwise {
            let frame = self.rate.samples_in(FRAME_MS);
            self.outward.process(&self.said[..frame], &mut self.otherwise);
            self.has_otherwise = true;
        }
    }

    /// What the program said last, at the line's own rate or one that was provided; `None` if it said nothing.
    pub(crate) fn frame(&self, rate: SampleRate) -> Option<&[i16]> {
        let frame = if rate == self.rate {
            self.has_said.then_some(&self.said)
        } else {
            self.has_otherwise.then_some(&self.otherwise)
        };
        frame.map(|frame| &frame[..rate.samples_in(FRAME_MS).min(FRAME_SAMPLES_MAX)])
    }
}
