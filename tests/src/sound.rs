//! What was heard: WAV files read, written and measured.
//!
//! A test never trusts that a call was set up; it asks whether the right tone is there and the wrong one is not. Reading
//! is lenient, because a phone that is still in the call has not finished its file's header yet.

use std::f64::consts::PI;
use std::fs;
use std::io;
use std::path::Path;

/// Below this a window counts as silence: about -61 dBFS, under the noise of G.711.
const SILENCE_RMS: f64 = 30.0;

/// A tone counts as present in a window that is louder than this (about -50 dBFS) …
const TONE_RMS: f64 = 100.0;

/// … and has at least this share of its energy at the frequency.
const TONE_SHARE: f64 = 0.1;

/// The window in which a tone is looked for.
const TONE_WINDOW_S: f64 = 0.2;

/// Sound as 16-bit samples, one row per channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    rate: u32,
    channels: Vec<Vec<i16>>,
}

/// Why a file is not a sound we can read.
#[derive(Debug)]
pub enum SoundError {
    /// The file could not be read.
    Io(io::Error),
    /// The bytes are not 16-bit PCM in a RIFF file; says what is wrong.
    Form(&'static str),
}

impl std::fmt::Display for SoundError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SoundError::Io(error) => write!(f, "the sound could not be read: {error}"),
            SoundError::Form(what) => write!(f, "not a 16-bit PCM WAV file: {what}"),
        }
    }
}

impl std::error::Error for SoundError {}

impl Sound {
    /// One channel of a pure tone at about -10 dBFS.
    pub fn tone(rate: u32, hz: f64, seconds: f64) -> Sound {
        let count = (f64::from(rate) * seconds) as usize;
        let sample = |i: usize| (10_000.0 * (2.0 * PI * hz * i as f64 / f64::from(rate)).sin()) as i16;
        Sound { rate, channels: vec![(0..count).map(sample).collect()] }
    }

    /// One channel of these samples.
    pub fn of(rate: u32, samples: Vec<i16>) -> Sound {
        Sound { rate, channels: vec![samples] }
    }

    /// Reads a WAV file, also one whose header has not been finished.
    pub fn read(path: &Path) -> Result<Sound, SoundError> {
        Sound::parse(&fs::read(path).map_err(SoundError::Io)?)
    }

    /// Reads the bytes of a WAV file. A data chunk of length 0, or longer than the file, reaches to the end.
    pub fn parse(bytes: &[u8]) -> Result<Sound, SoundError> {
        if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
            return Err(SoundError::Form("no RIFF header"));
        }
        let mut at = 12;
        let mut form = None;
        while at + 8 <= bytes.len() {
            let length =
                u32::from_le_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]) as usize;
            let body = at + 8;
            match &bytes[at..at + 4] {
                b"fmt " if body + 16 <= bytes.len() => {
                    let u16_at = |i: usize| u16::from_le_bytes([bytes[body + i], bytes[body + i + 1]]);
                    let rate = u32::from_le_bytes([
                        bytes[body + 4],
                        bytes[body + 5],
                        bytes[body + 6],
                        bytes[body + 7],
                    ]);
                    if u16_at(14) != 16 {
                        return Err(SoundError::Form("not 16 bit"));
                    }
                    form = Some((rate, usize::from(u16_at(2))));
                }
                b"data" => {
                    let (rate, count) = form.ok_or(SoundError::Form("data before format"))?;
                    if rate == 0 || count == 0 {
                        return Err(SoundError::Form("no rate or no channels"));
                    }
                    let end =
                        if length == 0 { bytes.len() } else { bytes.len().min(body.saturating_add(length)) };
                    let mut channels = vec![Vec::new(); count];
                    for frame in bytes[body..end].chunks_exact(2 * count) {
                        for (channel, sample) in channels.iter_mut().zip(frame.chunks_exact(2)) {
                            channel.push(i16::from_le_bytes([sample[0], sample[1]]));
                        }
                    }
                    return Ok(Sound { rate, channels });
                }
                _ => {}
            }
            at = body.saturating_add(length).saturating_add(length % 2);
        }
        Err(SoundError::Form("no data"))
    }

    /// Writes a WAV file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let count = self.channels.len();
        let data_length = (self.frames() * count * 2) as u32;
        let mut bytes = Vec::with_capacity(44 + data_length as usize);
        bytes.extend_from_slice(b"RIFF");
        bytes.extend_from_slice(&(36 + data_length).to_le_bytes());
        bytes.extend_from_slice(b"WAVEfmt ");
        bytes.extend_from_slice(&16u32.to_le_bytes());
        bytes.extend_from_slice(&1u16.to_le_bytes());
        bytes.extend_from_slice(&(count as u16).to_le_bytes());
        bytes.extend_from_slice(&self.rate.to_le_bytes());
        bytes.extend_from_slice(&(self.rate * 2 * count as u32).to_le_bytes());
        bytes.extend_from_slice(&(2 * count as u16).to_le_bytes());
        bytes.extend_from_slice(&16u16.to_le_bytes());
        bytes.extend_from_slice(b"data");
        bytes.extend_from_slice(&data_length.to_le_bytes());
        for i in 0..self.frames() {
            for channel in &self.channels {
                bytes.extend_from_slice(&channel[i].to_le_bytes());
            }
        }
        fs::write(path, bytes)
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// How many channels there are.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The samples of one channel.
    pub fn channel(&self, number: usize) -> &[i16] {
        &self.channels[number]
    }

    /// One channel as a sound of its own.
    pub fn only(&self, channel: usize) -> Sound {
        Sound { rate: self.rate, channels: vec![self.channels[channel].clone()] }
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.rate)
    }

    /// The piece between two times; what lies outside of the sound is left out.
    pub fn between(&self, from_s: f64, to_s: f64) -> Sound {
        let at = |s: f64| ((s.max(0.0) * f64::from(self.rate)) as usize).min(self.frames());
        let (from, to) = (at(from_s), at(to_s).max(at(from_s)));
        Sound { rate: self.rate, channels: self.channels.iter().map(|c| c[from..to].to_vec()).collect() }
    }

    /// The last seconds.
    pub fn last(&self, seconds: f64) -> Sound {
        self.between(self.seconds() - seconds, self.seconds())
    }

    /// The share (0 to 1) of windows in which this tone is clearly there, in the first channel.
    pub fn tone_share(&self, hz: f64) -> f64 {
        let size = (TONE_WINDOW_S * f64::from(self.rate)) as usize;
        let windows: Vec<&[i16]> = self.channels[0].chunks_exact(size).collect();
        let hits = windows
            .iter()
            .filter(|w| rms(w) > TONE_RMS && energy_share_at(w, self.rate, hz) > TONE_SHARE)
            .count();
        hits as f64 / windows.len().max(1) as f64
    }

    /// Mean loudness of the first channel, below full scale.
    pub fn loudness_dbfs(&self) -> f64 {
        20.0 * (rms(&self.channels[0]).max(0.01) / 32_768.0).log10()
    }

    /// The first channel without what is silent in it: what is said, however often the machine stood still meanwhile.
    pub fn while_sounding(&self) -> Sound {
        let loud: Vec<i16> = self.pieces().filter(|p| rms(p) > 300.0).flatten().copied().collect();
        Sound { rate: self.rate, channels: vec![loud] }
    }

    /// Mean loudness of the 20 ms pieces that are not silent.
    pub fn loudness_while_sounding_dbfs(&self) -> f64 {
        self.while_sounding().loudness_dbfs()
    }

    /// How many seconds of the first channel are not silent.
    pub fn seconds_sounding(&self) -> f64 {
        self.pieces().filter(|piece| rms(piece) >= SILENCE_RMS).count() as f64 * 0.02
    }

    /// Where the first channel is silent for at least so long: (start, length) in seconds.
    pub fn gaps(&self, at_least_s: f64) -> Vec<(f64, f64)> {
        let mut gaps = Vec::new();
        let mut quiet = 0u32;
        let pieces = self.pieces().map(|piece| rms(piece) < SILENCE_RMS).chain([false]);
        for (i, is_quiet) in pieces.enumerate() {
            if is_quiet {
                quiet += 1;
            } else {
                let length = f64::from(quiet) * 0.02;
                if quiet > 0 && length >= at_least_s - 1e-9 {
                    gaps.push(((i - quiet as usize) as f64 * 0.02, length));
                }
                quiet = 0;
            }
        }
        gaps
    }

    fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    fn pieces(&self) -> impl Iterator<Item = &[i16]> {
        self.channels[0].chunks_exact((self.rate / 50) as usize)
    }
}

fn rms(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
    (energy / samples.len().max(1) as f64).sqrt()
}

/// The share of a window's energy at one frequency: Goertzel's sum over a Hann window.
fn energy_share_at(samples: &[i16], rate: u32, hz: f64) -> f64 {
    let count = samples.len() as f64;
    let step = 2.0 * PI * hz / f64::from(rate);
    let (mut real, mut imaginary, mut energy) = (0.0, 0.0, 0.0);
    for (i, sample) in samples.iter().enumerate() {
        let hann = 0.5 - 0.5 * (2.0 * PI * i as f64 / count).cos();
        let value = f64::from(*sample) * hann;
        real += value * (step * i as f64).cos();
        imaginary += value * (step * i as f64).sin();
        energy += value * value;
    }
    if energy < 1.0 { 0.0 } else { 2.0 * (real * real + imaginary * imaginary) / (count * energy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_and_its_neighbors_are_not() {
        let sound = Sound::tone(8000, 440.0, 2.0);
        assert!(sound.tone_share(440.0) > 0.99);
        for hz in [400.0, 425.0, 480.0, 660.0, 880.0] {
            assert!(sound.tone_share(hz) < 0.01, "{hz} Hz");
        }
    }

    #[test]
    fn two_tones_in_one_sound_are_both_found() {
        let (a, b) = (Sound::tone(8000, 440.0, 1.0), Sound::tone(8000, 660.0, 1.0));
        let both = a.channels[0].iter().zip(&b.channels[0]).map(|(x, y)| x / 2 + y / 2).collect();
        let sound = Sound { rate: 8000, channels: vec![both] };
        assert!(sound.tone_share(440.0) > 0.99 && sound.tone_share(660.0) > 0.99);
    }

    #[test]
    fn silence_has_no_tone_and_one_gap() {
        let sound = Sound { rate: 8000, channels: vec![vec![0; 8000]] };
        assert_eq!(sound.tone_share(440.0), 0.0);
        assert_eq!(sound.gaps(0.1), vec![(0.0, 1.0)]);
        assert_eq!(sound.seconds_sounding(), 0.0);
    }

    #[test]
    fn a_gap_inside_a_tone_is_found_where_it_is() {
        let mut sound = Sound::tone(8000, 440.0, 2.0);
        sound.channels[0][4000..5600].fill(0);
        assert_eq!(sound.gaps(0.1), vec![(0.5, 0.2)]);
    }

    #[test]
    fn what_is_written_is_read_back_by_channel() {
        let stereo = Sound {
            rate: 8000,
            channels: vec![Sound::tone(8000, 440.0, 0.5).channels[0].clone(), vec![7; 4000]],
        };
        let file = tempfile::NamedTempFile::new().expect("a file");
        stereo.write(file.path()).expect("written");
        assert_eq!(Sound::read(file.path()).expect("read"), stereo);
    }

    #[test]
    fn an_unfinished_header_reads_to_the_end_of_the_file() {
        let sound = Sound::tone(8000, 440.0, 0.5);
        let file = tempfile::NamedTempFile::new().expect("a file");
        sound.write(file.path()).expect("written");
        let mut bytes = fs::read(file.path()).expect("read");
        for length in [0u32, u32::MAX] {
            bytes[40..44].copy_from_slice(&length.to_le_bytes());
            assert_eq!(Sound::parse(&bytes).expect("parsed"), sound);
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        for bytes in [&b""[..], b"RIFF", b"RIFFxxxxWAVE", b"RIFFxxxxWAVEdata\0\0\0\0"] {
            assert!(Sound::parse(bytes).is_err());
        }
    }
}
