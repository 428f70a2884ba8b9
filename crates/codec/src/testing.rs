//! Sounds for the tests of this crate, and figures of how near one sound is to another.

use core::f64::consts::TAU;

/// A sine.
pub(crate) fn sine(rate: u32, frequency: f64, amplitude: i16, samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|at| ((TAU * frequency * at as f64 / f64::from(rate)).sin() * f64::from(amplitude)) as i16)
        .collect()
}

/// Noise up to `amplitude`, the same each time, by integer arithmetic only.
pub(crate) fn noise(samples: usize, amplitude: i16) -> Vec<i16> {
    let mut state = 0x2545_f491u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((i64::from(state as i32) * i64::from(amplitude)) >> 31) as i16
        })
        .collect()
}

/// Two triangles beating against each other, by integer arithmetic only.
pub(crate) fn chord(samples: usize, amplitude: i16) -> Vec<i16> {
    let triangle = |at: usize, period: usize| {
        let at = (at % period) as i64 * 4 - 2 * period as i64;
        (at.abs() - period as i64) * i64::from(amplitude) / period as i64
    };
    (0..samples).map(|at| ((triangle(at, 37) + triangle(at, 141)) / 2) as i16).collect()
}

/// A spoken prompt at 8 kHz.
pub(crate) fn prompt() -> Vec<i16> {
    samples_of(include_bytes!("../../../media/en/menu-main.wav"))
}

/// The samples of a WAV file with 16-bit samples in one channel.
pub(crate) fn samples_of(wav: &[u8]) -> Vec<i16> {
    let data = wav.windows(4).position(|chunk| chunk == b"data").expect("a WAV file has data") + 8;
    wav[data..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// FNV-1a.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The share (0 to 1) of the energy that lies at one frequency.
pub(crate) fn share(samples: &[i16], rate: u32, frequency: f64) -> f64 {
    let (mut re, mut im, mut energy) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), TAU * frequency * at as f64 / f64::from(rate));
        re += sample * angle.cos();
        im += sample * angle.sin();
        energy += sample * sample;
    }
    2.0 * (re * re + im * im) / (energy.max(1.0) * samples.len() as f64)
}

/// How far the difference lies below the sound, in dB, in the mean over pieces of `piece` samples that can be heard; each
/// piece counts from −10 to 35 dB, as is usual for speech.
pub(crate) fn segmental_snr(wanted: &[i16], heard: &[i16], piece: usize) -> f64 {
    let figures: Vec<f64> = wanted
        .chunks_exact(piece)
        .zip(heard.chunks_exact(piece))
        .filter_map(|(wanted, heard)| {
            let energy: f64 = wanted.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            let difference: f64 =
                wanted.iter().zip(heard).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
            let audible = energy / piece as f64 > 100f64.powi(2);
            audible.then(|| (10.0 * (energy / difference.max(1.0)).log10()).clamp(-10.0, 35.0))
        })
        .collect();
    assert!(!figures.is_empty(), "nothing can be heard");
    figures.iter().sum::<f64>() / figures.len() as f64
}
