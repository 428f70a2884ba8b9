//! Plays clips one after the other, without a gap between them.

use crate::clip::duration_of_samples;
use crate::{Clip, Law};
use base::Duration;
use std::sync::Arc;

/// A row of clips and the place reached in it.
#[derive(Clone, Debug)]
pub struct Player {
    play: u64,
    clips: Vec<Arc<Clip>>,
    repeat: bool,
    /// Whether every clip has a wideband form.
    is_wide: bool,
    clip: usize,
    offset: usize,
    /// What waits beneath an announcement, to go on where it was; and how long it has still to play, where nobody counts
    /// its samples.
    beneath: Option<Box<Player>>,
    left: Option<Duration>,
}

impl Player {
    /// Stands at the beginning of the first clip. A row without a sample is over at once, even if it repeats.
    pub fn new(play: u64, clips: Vec<Arc<Clip>>, repeat: bool) -> Self {
        let is_wide = clips.iter().all(|clip| clip.wide().is_some());
        let mut player = Self { play, clips, repeat, is_wide, clip: 0, offset: 0, beneath: None, left: None };
        player.repeat &= player.clips.iter().any(|clip| clip.samples() > 0);
        player.skip_finished();
        player
    }

    /// Lays this play over another, which waits beneath it and has `left` to play. What waits beneath that one already, it
    /// takes over: an announcement gives way to the next one, and the music to neither.
    #[must_use]
    pub fn over(mut self, beneath: Self, left: Option<Duration>) -> Self {
        let (beneath, left) = match beneath {
            Self { beneath: Some(deeper), left, .. } => (*deeper, left),
            beneath => (beneath, left),
        };
        self.is_wide &= beneath.is_wide;
        self.beneath = Some(Box::new(beneath));
        self.left = left;
        self
    }

    /// What goes on when this play is over, and how long it has still to play.
    pub fn beneath(self) -> (Option<Self>, Option<Duration>) {
        (self.beneath.map(|beneath| *beneath), self.left)
    }

    /// The number given with the play.
    pub fn play(&self) -> u64 {
        self.play
    }

    /// Whether it is there to keep a stream going: silence without end.
    pub fn is_silence(&self) -> bool {
        self.repeat && self.beneath.is_none() && self.clips.iter().all(|clip| clip.is_silent())
    }

    /// Whether all has been played.
    pub fn is_over(&self) -> bool {
        self.clip >= self.clips.len()
    }

    /// How long one round takes; `None` if there is no end to it.
    pub fn duration(&self) -> Option<Duration> {
        let samples = self.clips.iter().map(|clip| clip.samples() as u64).sum();
        (!self.repeat).then(|| duration_of_samples(samples))
    }

    /// Fills `out` with what comes next; silence behind the end, or what waits beneath.
    pub fn fill(&mut self, law: Law, out: &mut [u8]) {
        let mut filled = 0;
        while filled < out.len() {
            let Some(clip) = self.clips.get(self.clip) else {
                match &mut self.beneath {
                    Some(beneath) => beneath.fill(law, &mut out[filled..]),
                    None => out[filled..].fill(law.silence()),
                }
                return;
            };
            let rest = clip.bytes(law).get(self.offset..).unwrap_or_default();
            let length = rest.len().min(out.len() - filled);
            out[filled..filled + length].copy_from_slice(&rest[..length]);
            filled += length;
            self.offset += length;
            self.skip_finished();
        }
    }

    /// Whether all of it can be had at 16 kHz.
    pub fn is_wide(&self) -> bool {
        self.is_wide
    }

    /// Fills `out` with what comes next at 16 kHz, an even number of samples; behind the end as at 8 kHz.
    pub fn fill_wide(&mut self, out: &mut [i16]) {
        let mut filled = 0;
        while filled < out.len() {
            let Some(wide) = self.clips.get(self.clip).and_then(|clip| clip.wide()) else {
                match &mut self.beneath {
                    Some(beneath) => beneath.fill_wide(&mut out[filled..]),
                    None => out[filled..].fill(0),
                }
                return;
            };
            let rest = wide.get(2 * self.offset..).unwrap_or_default();
            let length = rest.len().min(out.len() - filled);
            out[filled..filled + length].copy_from_slice(&rest[..length]);
            filled += length;
            self.offset += length / 2;
            self.skip_finished();
        }
    }

    fn skip_finished(&mut self) {
        while self.clips.get(self.clip).is_some_and(|clip| self.offset >= clip.samples()) {
            self.offset = 0;
            self.clip += 1;
            if self.repeat && self.is_over() {
                self.clip = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClipId;

    #[test]
    fn clips_follow_each_other_without_gap_and_end_in_silence() {
        let mut player = Player::new(1, vec![clip(100, 3), clip(200, 0), clip(300, 4)], false);
        assert_eq!(player.duration(), Some(duration_of_samples(7)));
        assert_eq!(samples(&mut player, 5), [100, 100, 100, 300, 300]);
        assert!(!player.is_over());
        assert_eq!(samples(&mut player, 4), [300, 300, 0, 0]);
        assert!(player.is_over());
    }

    #[test]
    fn a_repeated_row_begins_anew_without_gap() {
        let mut player = Player::new(1, vec![clip(100, 2), clip(300, 1)], true);
        assert_eq!(player.duration(), None);
        assert_eq!(samples(&mut player, 7), [100, 100, 300, 100, 100, 300, 100]);
        assert!(!player.is_over());
    }

    #[test]
    fn nothing_is_over_at_once_even_if_it_repeats() {
        for clips in [vec![], vec![clip(1, 0)]] {
            let mut player = Player::new(1, clips, true);
            assert!(player.is_over());
            assert_eq!(samples(&mut player, 2), [0, 0]);
        }
    }

    #[test]
    fn music_goes_on_where_it_was_when_an_announcement_is_over() {
        let music = Player::new(1, vec![clip(100, 2), clip(200, 2), clip(300, 2)], true);
        let announcement = |play: u64, sample: i16| Player::new(play, vec![clip(sample, 3)], false);
        let mut player = music;
        assert_eq!(samples(&mut player, 3), [100, 100, 200]);
        let mut player = announcement(2, 700).over(player, None);
        assert_eq!(samples(&mut player, 2), [700, 700]);
        // Another one takes the first one's place.
        player = announcement(3, 900).over(player, None);
        assert_eq!((player.play(), player.is_over()), (3, false));
        assert_eq!(samples(&mut player, 5), [900, 900, 900, 200, 300], "without a gap");
        assert!(player.is_over());
        let (Some(mut music), None) = player.beneath() else { panic!("the music waits") };
        assert_eq!((music.play(), samples(&mut music, 3)), (1, vec![300, 100, 100]));
    }

    #[test]
    fn a_row_is_wideband_if_every_clip_is() {
        let wide = |sample: i16, length: usize| {
            let clip = Clip::from_samples(ClipId(0), &vec![sample; length]);
            Arc::new(clip.with_wide(&vec![sample; 2 * length]))
        };
        assert!(!Player::new(1, vec![wide(1, 3), clip(2, 3)], false).is_wide());
        let mut player = Player::new(1, vec![wide(100, 3), wide(200, 0), wide(300, 2)], false);
        assert!(player.is_wide());
        let mut heard = [7; 8];
        player.fill_wide(&mut heard);
        assert_eq!(heard, [100, 100, 100, 100, 100, 100, 300, 300]);
        assert_eq!(samples(&mut player, 2), [300, 0], "the same place at either rate");
        player.fill_wide(&mut heard);
        assert_eq!(heard, [0; 8]);
    }

    fn clip(sample: i16, length: usize) -> Arc<Clip> {
        Arc::new(Clip::from_samples(ClipId(0), &vec![sample; length]))
    }

    /// The next samples, rounded to what both laws keep.
    fn samples(player: &mut Player, count: usize) -> Vec<i16> {
        let mut bytes = vec![0; count];
        player.fill(Law::Mu, &mut bytes);
        bytes.iter().map(|byte| (Law::Mu.decode(*byte) + 20) / 100 * 100).collect()
    }
}
