//! Samples to payload, whatever the codec.

use crate::{Codec, CodecError, Law, SampleRate, g722, opus};

/// One stream's encoder. Everything it needs is allocated when it is made.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    rate: SampleRate,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    G711(Law),
    G722(Box<g722::Encoder>),
    Opus(opus::Encoder),
}

impl Encoder {
    /// An encoder of sound at the codec's rate; `source` is the rate of what will be encoded, which Opus can take as it
    /// is. See [`Encoder::rate`] for what came of it.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for it.
    pub fn new(codec: Codec, source: SampleRate, settings: opus::Settings) -> Result<Self, CodecError> {
        let (rate, kind) = match codec {
            Codec::Pcmu => (SampleRate::Narrow, Kind::G711(Law::Mu)),
            Codec::Pcma => (SampleRate::Narrow, Kind::G711(Law::A)),
            Codec::G722 => (SampleRate::Wide, Kind::G722(Box::default())),
            Codec::Opus => {
                let rate = source.min(codec.sample_rate());
                (rate, Kind::Opus(opus::Encoder::new(rate, settings)?))
            }
        };
        Ok(Self { codec, rate, kind })
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The rate of the samples it takes.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Encodes one packet's samples; returns how many bytes were written, 0 if it cannot be done.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match &mut self.kind {
            Kind::G711(law) => law.encode_slice(samples, out),
            Kind::G722(encoder) => encoder.encode(samples, out),
            Kind::Opus(encoder) => encoder.encode(samples, out),
        }
    }

    /// Takes note of how much the far end misses, in percent. Only Opus can do something about it.
    pub fn expect_loss(&mut self, percent: u8) {
        if let Kind::Opus(encoder) = &mut self.kind {
            encoder.expect_loss(percent);
        }
    }
}
