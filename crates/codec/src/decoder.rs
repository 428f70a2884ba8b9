//! Payload to samples, whatever the codec, with a filling for what is missing.

use crate::conceal::Concealer;
use crate::{Codec, CodecError, Law, SampleRate, g722, opus};

/// One stream's decoder. Everything it needs is allocated when it is made.
#[derive(Debug)]
pub struct Decoder {
    rate: SampleRate,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A far end that speaks one law may change to the other.
    G711(Law, Concealer),
    G722(Box<g722::Decoder>, Concealer),
    Opus(opus::Decoder),
}

impl Decoder {
    /// A decoder; `wanted` is the rate that the sound is used at, which Opus can give as it is. See [`Decoder::rate`] for
    /// what came of it.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for it.
    pub fn new(codec: Codec, wanted: SampleRate) -> Result<Self, CodecError> {
        let g711 = |law| (SampleRate::Narrow, Kind::G711(law, Concealer::new(SampleRate::Narrow)));
        let (rate, kind) = match codec {
            Codec::Pcmu => g711(Law::Mu),
            Codec::Pcma => g711(Law::A),
            Codec::G722 => (SampleRate::Wide, Kind::G722(Box::default(), Concealer::new(SampleRate::Wide))),
            Codec::Opus => {
                let rate = wanted.min(codec.sample_rate());
                (rate, Kind::Opus(opus::Decoder::new(rate)?))
            }
        };
        Ok(Self { rate, kind })
    }

    /// The rate of the samples it gives.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Whether it decodes payload of this codec.
    pub fn understands(&self, codec: Codec) -> bool {
        match &self.kind {
            Kind::G711(..) => codec.law().is_some(),
            Kind::G722(..) => codec == Codec::G722,
            Kind::Opus(..) => codec == Codec::Opus,
        }
    }

    /// Decodes one packet; returns how many samples were written. 0 if it cannot be done: then it is as good as lost.
    pub fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> usize {
        match &mut self.kind {
            Kind::G711(law, concealer) => {
                *law = codec.law().unwrap_or(*law);
                let length = law.decode_slice(payload, out);
                concealer.hear(&mut out[..length]);
                length
            }
            Kind::G722(decoder, concealer) => {
                let length = decoder.decode(payload, out);
                concealer.hear(&mut out[..length]);
                length
            }
            Kind::Opus(decoder) => decoder.decode(payload, out),
        }
    }

    /// Fills `out` for what did not come; `after` is the packet behind it, if that is here already.
    pub fn conceal(&mut self, after: Option<&[u8]>, out: &mut [i16]) {
        match &mut self.kind {
            Kind::G711(_, concealer) | Kind::G722(_, concealer) => concealer.fill(out),
            Kind::Opus(decoder) => decoder.conceal(after, out),
        }
    }
}
