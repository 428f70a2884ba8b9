//! Speaks at a port: sound in frames of 20 ms, at 8 or 16 kHz, into packets of the codec and the length that the far end
//! wants.

use crate::Format;
use crate::ear::{FRAME_MS, FRAME_SAMPLES_MAX};
use crate::incoming::PAYLOAD_MAX;
use codec::{CodecError, Encoder, Resampler, SampleRate};

/// The longest packet of ours, in milliseconds.
const PACKET_MS_MAX: usize = 60;

/// The most samples that wait for a packet to be full: one packet, and a frame.
const ROOM: usize = SampleRate::Wide.samples_in(PACKET_MS_MAX) + FRAME_SAMPLES_MAX;

/// The mouth of one port. Costs some 30 kB with Opus, 5 kB without.
#[derive(Debug)]
pub struct Mouth {
    format: Format,
    source: SampleRate,
    encoder: Encoder,
    /// For sound of the other rate than the encoder's.
    resampler: Resampler,
    waiting: Box<[i16; ROOM]>,
    filled: usize,
}

impl Mouth {
    /// A mouth that speaks in `format`; `source` is the best rate of what it will be given.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for an encoder.
    pub fn new(format: Format, source: SampleRate) -> Result<Self, CodecError> {
        let encoder = Encoder::new(format.codec, source, format.opus)?;
        let other = match encoder.rate() {
            SampleRate::Narrow => SampleRate::Wide,
            SampleRate::Wide | SampleRate::Full => SampleRate::Narrow,
        };
        let resampler = Resampler::new(other, encoder.rate());
        Ok(Self { format, source, encoder, resampler, waiting: Box::new([0; ROOM]), filled: 0 })
    }

    /// Whether it is the mouth that would be made for these.
    pub fn suits(&self, format: Format, source: SampleRate) -> bool {
        self.format == format && self.source == source
    }

    /// The rate at which it likes best what it is to say.
    pub fn rate(&self) -> SampleRate {
        self.encoder.rate()
    }

    /// Says 20 ms of sound at `rate`; `send` gets each packet that is full, and how many units of the clock it lasts.
    pub fn speak(&mut self, frame: &[i16], rate: SampleRate, mut send: impl FnMut(&[u8], u32)) {
        let room = &mut self.waiting[self.filled..];
        let length = match rate == self.encoder.rate() {
            true => {
                let length = frame.len().min(room.len());
                room[..length].copy_from_slice(&frame[..length]);
                length
            }
            false => self.resampler.process(frame, room),
        };
        self.filled += length;
        let packet_ms = usize::from(self.format.packet_ms());
        let packet = self.encoder.rate().samples_in(packet_ms);
        let units = self.format.codec.clock_rate() / 1_000 * packet_ms as u32;
        let mut spoken = 0;
        while self.filled - spoken >= packet {
            let mut payload = [0; PAYLOAD_MAX];
            let length = self.encoder.encode(&self.waiting[spoken..spoken + packet], &mut payload);
            if length > 0 {
                send(&payload[..length], units);
            }
            spoken += packet;
        }
        self.waiting.copy_within(spoken..self.filled, 0);
        self.filled -= spoken;
    }

    /// Forgets what waits for a packet to be full: what comes next does not follow it.
    pub fn fall_silent(&mut self) {
        self.filled = 0;
    }

    /// Takes note of how much the far end misses, in percent.
    pub fn expect_loss(&mut self, percent: u8) {
        self.encoder.expect_loss(percent);
    }
}

/// The frame that mouths and ears have in common.
const _: () = assert!(FRAME_MS == 20, "the metronome's turns are 20 ms apart");
