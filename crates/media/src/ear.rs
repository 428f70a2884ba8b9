//! Hears a port: its packets through a jitter buffer and a decoder into an even stream of sound, 20 ms at a time.
//!
//! What is missing is concealed, what the far end keeps quiet about becomes its comfort noise, and a stream that is held
//! longer than it need be is shortened by single periods of the voice. When nothing has come for [`SILENT_AFTER`], there is
//! nothing to hear, and whoever listens is sent nothing, as on the relay path.

use crate::{Codec, Format};
use base::{Duration, Instant};
use codec::{CodecError, ComfortNoise, Decoder, Resampler, SampleRate, shorten};
use rtp::{Header, JitterBuffer, Pull};

/// What is heard at once.
pub const FRAME_MS: usize = 20;

/// The most samples in 20 ms.
pub const FRAME_SAMPLES_MAX: usize = SampleRate::Wide.samples_in(FRAME_MS);

/// How long nothing may come before it is silence: longer than a concealed gap is heard.
pub const SILENT_AFTER: Duration = Duration::from_millis(200);

/// From this excess on every packet is shortened where it can be; below it, one in [`GENTLE`].
const HURRY: Duration = Duration::from_millis(80);

/// How many packets lie between two that are shortened.
const GENTLE: u8 = 4;

/// What waits to be heard, at most: the longest packet behind a frame that is not full.
const ROOM: usize = FRAME_SAMPLES_MAX + SampleRate::Wide.samples_in(codec::codec::LONGEST_MS as usize);

/// How comfort noise is marked in the buffer; sound is marked by its codec.
const NOISE: u8 = u8::MAX;

/// The ear of one port. Costs some 30 kB with Opus, half of it without.
#[derive(Debug)]
pub struct Ear {
    format: Format,
    wanted: SampleRate,
    buffer: JitterBuffer,
    decoder: Decoder,
    /// To 8 kHz from 16, or to 16 from 8.
    resampler: Resampler,
    noise: ComfortNoise,
    /// Whether the far end keeps quiet and has said how that sounds.
    is_quiet: bool,
    waiting: Box<[i16; ROOM]>,
    filled: usize,
    /// What was heard last, and whether there was anything; the same at the other rate, once somebody wanted it.
    heard: [i16; FRAME_SAMPLES_MAX],
    has_heard: bool,
    otherwise: [i16; FRAME_SAMPLES_MAX],
    has_otherwise: bool,
    nothing_for: Duration,
    since_shortened: u8,
}

impl Ear {
    /// An ear for what comes in `format`; `wanted` is the rate that its sound is used at.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for a decoder.
    pub fn new(format: Format, wanted: SampleRate) -> Result<Self, CodecError> {
        let decoder = Decoder::new(format.codec, wanted)?;
        let resampler = Resampler::new(decoder.rate(), other(decoder.rate()));
        Ok(Self {
            format,
            wanted,
            buffer: JitterBuffer::new(format.codec.clock_rate()),
            decoder,
            resampler,
            noise: ComfortNoise::new(),
            is_quiet: false,
            waiting: Box::new([0; ROOM]),
            filled: 0,
            heard: [0; FRAME_SAMPLES_MAX],
            has_heard: false,
            otherwise: [0; FRAME_SAMPLES_MAX],
            has_otherwise: false,
            // It has been silent for ever.
            nothing_for: SILENT_AFTER,
            since_shortened: 0,
        })
    }

    /// Whether it is the ear that would be made for these.
    pub fn suits(&self, format: Format, wanted: SampleRate) -> bool {
        // Only Opus is decoded at the rate that is wanted.
        self.format.codec.is_kin(format.codec) && (self.wanted == wanted || self.format.codec != Codec::Opus)
    }

    /// Whether it understands what comes in `format`.
    pub fn hears(&self, format: Format) -> bool {
        self.format.codec.is_kin(format.codec)
    }

    /// The rate of what is heard.
    pub fn rate(&self) -> SampleRate {
        self.decoder.rate()
    }

    /// Takes a packet of sound.
    pub fn push(&mut self, header: &Header, codec: Codec, payload: &[u8], generation: u32, now: Instant) {
        // What is no payload of its codec is as good as lost.
        if let Some(units) = codec.units(payload).filter(|_| self.decoder.understands(codec)) {
            let marked = Header { payload_type: codec as u8, ..*header };
            self.buffer.push(&marked, units, payload, generation, now);
        }
    }

    /// Takes a packet that says what the far end's background sounds like.
    pub fn push_noise(&mut self, header: &Header, payload: &[u8], generation: u32, now: Instant) {
        let marked = Header { payload_type: NOISE, ..*header };
        self.buffer.push(&marked, 0, payload, generation, now);
    }

    /// Hears the 20 ms that begin at `at`; returns whether there is anything to hear. [`Ear::frame`] has it.
    pub fn hear(&mut self, at: Instant) -> bool {
        self.has_otherwise = false;
        self.has_heard = self.fill(at);
        if self.has_heard {
            let frame = self.rate().samples_in(FRAME_MS);
            self.heard[..frame].copy_from_slice(&self.waiting[..frame]);
            self.waiting.copy_within(frame..self.filled, 0);
            self.filled -= frame;
        }
        self.has_heard
    }

    /// The packets of sound that are held, in their order. They stay where they are: others may hear them still.
    pub fn held(&self) -> impl Iterator<Item = (Header, Codec, &[u8])> + '_ {
        let packets = self.buffer.packets().filter(|(_, _, mark, _)| *mark != NOISE);
        packets.map(|(sequence, timestamp, mark, payload)| {
            let codec = codec_of(mark);
            (Header { sequence, timestamp, ..Header::default() }, codec, payload)
        })
    }

    /// Fills up a frame, from `at` on, and says whether there was anything to fill it with.
    fn fill(&mut self, at: Instant) -> bool {
        let frame = self.rate().samples_in(FRAME_MS);
        let hz = u64::from(self.rate().hz());
        while self.filled < frame {
            let ahead = Duration::from_micros(self.filled as u64 * 1_000_000 / hz);
            let room = &mut self.waiting[self.filled..];
            match self.buffer.pull(at + ahead) {
                Pull::Packet { payload_type: NOISE, payload, .. } => {
                    self.noise.update(payload);
                    self.is_quiet = true;
                    self.nothing_for = Duration::ZERO;
                }
                Pull::Packet { payload_type, payload, excess } => {
                    let mut length = self.decoder.decode(codec_of(payload_type), payload, room);
                    if length == 0 {
                        length = frame - self.filled;
                        self.decoder.conceal(None, &mut room[..length]);
                    }
                    self.is_quiet = false;
                    self.nothing_for = Duration::ZERO;
                    self.since_shortened = self.since_shortened.saturating_add(1);
                    if excess > HURRY || (!excess.is_zero() && self.since_shortened > GENTLE) {
                        let left = shorten(&mut room[..length], self.decoder.rate());
                        if left < length {
                            self.since_shortened = 0;
                        }
                        length = left;
                    }
                    self.filled += length;
                }
                Pull::Lost { length, after } => {
                    let length =
                        ((length.as_micros() as u64 * hz).div_ceil(1_000_000) as usize).clamp(1, frame);
                    let after = after.filter(|(payload_type, _)| *payload_type != NOISE);
                    self.decoder.conceal(after.map(|(_, payload)| payload), &mut room[..length]);
                    self.filled += length;
                }
                Pull::Nothing => {
                    if self.nothing_for >= SILENT_AFTER && !self.is_quiet {
                        self.filled = 0;
                        return false;
                    }
                    let room = &mut room[..frame - self.filled];
                    self.nothing_for += Duration::from_millis(FRAME_MS as u64);
                    if self.is_quiet {
                        self.noise.fill(room);
                    } else {
                        self.decoder.conceal(None, room);
                        self.buffer.concealed();
                    }
                    self.filled = frame;
                }
            }
        }
        true
    }

    /// Makes ready what was heard last at `rate`, 8 or 16 kHz, for [`Ear::frame`]. Costs nothing at the ear's own rate.
    pub fn provide(&mut self, rate: SampleRate) {
        if rate != self.rate() && self.has_heard && !self.has_otherwise {
            let frame = self.rate().samples_in(FRAME_MS);
            self.resampler.process(&self.heard[..frame], &mut self.otherwise);
            self.has_otherwise = true;
        }
    }

    /// What was heard last, at the ear's own rate or one that was provided; `None` if there was nothing.
    pub fn frame(&self, rate: SampleRate) -> Option<&[i16]> {
        let frame = if rate == self.rate() {
            self.has_heard.then_some(&self.heard)
        } else {
            self.has_otherwise.then_some(&self.otherwise)
        };
        frame.map(|frame| &frame[..rate.samples_in(FRAME_MS).min(FRAME_SAMPLES_MAX)])
    }

    /// The buffer, for its figures.
    pub fn buffer(&self) -> &JitterBuffer {
        &self.buffer
    }
}

/// The rate that somebody else may want.
fn other(rate: SampleRate) -> SampleRate {
    match rate {
        SampleRate::Narrow => SampleRate::Wide,
        SampleRate::Wide | SampleRate::Full => SampleRate::Narrow,
    }
}

/// What [`Ear::push`] marked.
fn codec_of(mark: u8) -> Codec {
    Codec::ALL.into_iter().find(|codec| *codec as u8 == mark).unwrap_or(Codec::Pcmu)
}
