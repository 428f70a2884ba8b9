//! What is listened for at one port, beside keys: only what somebody asked for, and at no cost otherwise.

use crate::clipping::Clipping;
use crate::progress_tone::{ProgressTone, ProgressTones};
use crate::voice_activity::{Activity, VoiceActivity};

/// What to listen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listening {
    /// When speech begins and ends: silence, and what tells a person from an answering machine.
    pub speech: bool,
    /// Whether the sound is overdriven.
    pub clipping: bool,
    /// What a network plays instead of words.
    pub tones: bool,
}

impl Listening {
    /// For nothing.
    pub const NOTHING: Self = Self { speech: false, clipping: false, tones: false };
}

/// What was found in the sound of a far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Somebody began or stopped to speak.
    Speech(Activity),
    /// So many samples of a second were clipped.
    Clipped(u32),
    /// A tone of the network.
    Tone(ProgressTone),
}

/// The detectors of one port.
#[derive(Clone, Debug)]
pub struct Detectors {
    speech: Option<VoiceActivity>,
    clipping: Option<Clipping>,
    tones: Option<ProgressTones>,
}

impl Detectors {
    /// What is needed to listen so; what is there already goes on.
    pub fn listening(before: Option<Self>, wanted: Listening) -> Self {
        let before = before.unwrap_or(Self { speech: None, clipping: None, tones: None });
        Self {
            speech: wanted.speech.then(|| before.speech.unwrap_or_default()),
            clipping: wanted.clipping.then(|| before.clipping.unwrap_or_default()),
            tones: wanted.tones.then(|| before.tones.unwrap_or_default()),
        }
    }

    /// Takes sound at 8 kHz.
    pub fn push(&mut self, sound: &[i16], mut found: impl FnMut(Finding)) {
        if let Some(speech) = &mut self.speech {
            speech.push(sound, |activity| found(Finding::Speech(activity)));
        }
        if let Some(clipping) = &mut self.clipping {
            clipping.push(sound, |clipped| found(Finding::Clipped(clipped)));
        }
        if let Some(tones) = &mut self.tones {
            tones.push(sound, |tone| found(Finding::Tone(tone)));
        }
    }
}
