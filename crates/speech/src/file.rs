//! Sound files: WAV of any rate, width and number of channels, AIFF, FLAC, MP3, Ogg with Vorbis or Opus.
//!
//! What a file holds becomes one channel at 8 kHz, and at 16 kHz as well if there is more in it than 8 kHz can carry. Files
//! are read whole and have limits: [`FILE_BYTES_MAX`] and [`LENGTH_MAX`].

use codec::{SampleRate, opus};
use std::io::Cursor;
use std::panic::catch_unwind;
use std::time::Duration;
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{CODEC_TYPE_OPUS, CodecParameters, DecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;
use symphonia::core::probe::Hint;

/// The endings of files that are sounds.
pub const ENDINGS: [&str; 8] = ["wav", "mp3", "ogg", "opus", "oga", "flac", "aiff", "aif"];

/// The largest file that is read.
pub const FILE_BYTES_MAX: usize = 256 * 1_024 * 1_024;

/// The longest sound that is kept: an hour of music is 172 MB in memory, and several times as much
/// while it is read.
pub const LENGTH_MAX: Duration = Duration::from_secs(3_600);

/// The highest rate at which a sound may be as long as [`LENGTH_MAX`]; above it there are no more samples.
const RATE_USUAL: u32 = 48_000;

/// A packet of Opus that is longer than any.
const OPUS_SAMPLES_MAX: usize = SampleRate::Wide.samples_in(120);

/// One channel of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// At 8 kHz.
    pub narrow: Vec<i16>,
    /// At 16 kHz, if the file had more than 8 kHz can carry.
    pub wide: Option<Vec<i16>>,
}

/// Why a file is no sound.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// None of the kinds that are known.
    #[error("this is no sound file that is known here (WAV, MP3, Ogg, FLAC, AIFF)")]
    Unknown(#[source] Error),
    /// A known kind with something in it that is not.
    #[error("it is encoded in a way that is not known here")]
    Encoding(#[source] Error),
    /// It holds no sound.
    #[error("there is no sound in it")]
    Empty,
    /// It is larger than [`FILE_BYTES_MAX`].
    #[error("it is larger than {} MB", FILE_BYTES_MAX / 1_048_576)]
    Large,
    /// It plays longer than [`LENGTH_MAX`].
    #[error("it plays longer than {} minutes", LENGTH_MAX.as_secs() / 60)]
    Long,
    /// Its rate of samples is none that sound has.
    #[error("{0} samples a second are no sound")]
    Rate(u32),
    /// It is damaged.
    #[error("it is cut short or damaged")]
    Damaged(#[source] Error),
}

/// Reads a sound file; `ending` is that of its name, which helps to tell what it is.
///
/// # Errors
///
/// Fails if it is no sound file, is damaged from the beginning, or is too large. A file that is cut short is as long as it
/// is.
pub fn read(bytes: Vec<u8>, ending: &str) -> Result<Sound, FileError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(FileError::Large);
    }
    // The readers of these forms are other people's, and some assert what a damaged file does not hold to (a Vorbis code book
    // does). They have nothing but these bytes, so nothing is left half done.
    catch_unwind(|| parse(bytes, ending))
        .unwrap_or(Err(FileError::Damaged(Error::DecodeError("its reader gave up"))))
}

fn parse(bytes: Vec<u8>, ending: &str) -> Result<Sound, FileError> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut hint = Hint::new();
    hint.with_extension(ending);
    let format = FormatOptions { enable_gapless: true, ..FormatOptions::default() };
    let probed = symphonia::default::get_probe()
        .format(&hint, stream, &format, &MetadataOptions::default())
        .map_err(FileError::Unknown)?;
    let mut format = probed.format;
    let track = format.default_track().ok_or(FileError::Empty)?;
    let (track, params) = (track.id, track.codec_params.clone());
    let (samples, rate) = if params.codec == CODEC_TYPE_OPUS {
        (decode_opus(&mut *format, track, &params)?, SampleRate::Wide.hz())
    } else {
        decode(&mut *format, track, &params)?
    };
    if samples.is_empty() {
        return Err(FileError::Empty);
    }
    if !(codec::convert::RATE_MIN..=codec::convert::RATE_MAX).contains(&rate) {
        return Err(FileError::Rate(rate));
    }
    let at = |to: SampleRate| -> Vec<i16> {
        let sound = codec::convert(&samples, rate, to.hz());
        sound.iter().map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16).collect()
    };
    let wide = (rate > SampleRate::Narrow.hz()).then(|| at(SampleRate::Wide));
    Ok(Sound { narrow: at(SampleRate::Narrow), wide })
}

/// All samples of a track, its channels taken together, and their rate.
fn decode(
    format: &mut dyn FormatReader,
    track: u32,
    params: &CodecParameters,
) -> Result<(Vec<f32>, u32), FileError> {
    let mut decoder = symphonia::default::get_codecs()
        .make(params, &DecoderOptions::default())
        .map_err(FileError::Encoding)?;
    let (mut samples, mut rate) = (Vec::new(), params.sample_rate.unwrap_or(0));
    let mut damage = None;
    while let Some(packet) = next_packet(format, track)? {
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            // A damaged frame is left out, as every player does.
            Err(Error::DecodeError(what)) => {
                damage.get_or_insert(Error::DecodeError(what));
                continue;
            }
            Err(error) => return Err(FileError::Encoding(error)),
        };
        let spec = *decoded.spec();
        rate = spec.rate;
        if !(codec::convert::RATE_MIN..=codec::convert::RATE_MAX).contains(&rate) {
            return Err(FileError::Rate(rate));
        }
        let channels = spec.channels.count().max(1);
        let mut buffer = SampleBuffer::<f32>::new(decoded.capacity() as u64, spec);
        buffer.copy_interleaved_ref(decoded);
        samples.extend(
            buffer.samples().chunks_exact(channels).map(|all| all.iter().sum::<f32>() / channels as f32),
        );
        if samples.len() as u64 > LENGTH_MAX.as_secs() * u64::from(rate.min(RATE_USUAL)) {
            return Err(FileError::Long);
        }
    }
    match damage {
        Some(error) if samples.is_empty() => Err(FileError::Damaged(error)),
        _ => Ok((samples, rate)),
    }
}

/// The same of Opus, at 16 kHz, by the codec that calls are made with.
fn decode_opus(
    format: &mut dyn FormatReader,
    track: u32,
    params: &CodecParameters,
) -> Result<Vec<f32>, FileError> {
    let no_memory = || FileError::Encoding(Error::Unsupported("no memory for a decoder"));
    let mut decoder = opus::Decoder::new(SampleRate::Wide).map_err(|_| no_memory())?;
    let mut samples = Vec::new();
    while let Some(packet) = next_packet(format, track)? {
        let mut sound = [0; OPUS_SAMPLES_MAX];
        let length = decoder.decode(&packet.data, &mut sound);
        samples.extend(sound[..length].iter().map(|sample| f32::from(*sample) / 32_768.0));
        if samples.len() as u64 > LENGTH_MAX.as_secs() * u64::from(SampleRate::Wide.hz()) {
            return Err(FileError::Long);
        }
    }
    // The first samples only wind the decoder up (RFC 7845 §4.2); they are counted at 48 kHz.
    let skip = params.delay.unwrap_or(0) as usize / 3;
    samples.drain(..skip.min(samples.len()));
    Ok(samples)
}

/// The next packet of a track; `None` at the end, which may come early.
fn next_packet(
    format: &mut dyn FormatReader,
    track: u32,
) -> Result<Option<symphonia::core::formats::Packet>, FileError> {
    loop {
        match format.next_packet() {
            Ok(packet) if packet.track_id() == track => return Ok(Some(packet)),
            Ok(_) => {}
            Err(Error::IoError(_) | Error::ResetRequired) => return Ok(None),
            Err(error) => return Err(FileError::Damaged(error)),
        }
    }
}

#[cfg(test)]
mod tests;
