//! Samples ⇄ payload: G.711, G.722 and Opus; resampling; concealing loss; comfort noise.
//!
//! Nothing here knows about packets' numbers or time; a frame is a slice of bytes, sound is a slice of 16-bit samples in
//! one channel. Everything is allocated when an encoder, decoder or resampler is made, nothing when it works. G.711 and
//! G.722 are our own; Opus is libopus, built in.
//!
//! Reading order: [`codec`](mod@codec), [`rate`], [`encoder`], [`decoder`]; the codecs [`g711`], [`g722`], [`opus`]; then
//! [`resample`], [`convert`](mod@convert), [`conceal`], [`shorten`](mod@shorten), [`comfort_noise`].

pub mod codec;
pub mod comfort_noise;
pub mod conceal;
pub mod convert;
pub mod decoder;
pub mod encoder;
pub mod error;
pub mod g711;
pub mod g722;
pub mod opus;
pub mod rate;
pub mod resample;
pub mod shorten;

mod pitch;
#[cfg(test)]
mod testing;

pub use codec::Codec;
pub use comfort_noise::ComfortNoise;
pub use convert::convert;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use error::CodecError;
pub use g711::Law;
pub use rate::SampleRate;
pub use resample::Resampler;
pub use shorten::shorten;
