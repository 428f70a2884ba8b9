//! Conferences: every port hears all others and not itself.
//!
//! Each member's packets are decoded into a [`Lane`], which puts them in the order of their timestamps and holds them
//! back by [`HOLD_BACK`], so that packets a little late still arrive in time. Every 20 ms a frame of each lane is taken
//! and added up; a listener gets the sum less its own share. There is no concealment: what did not come is silence.

use crate::Law;
use rtp::RtpTime;

/// The samples in one frame of 20 ms.
pub const FRAME: usize = 160;

/// How long a lane holds sound back, in samples: 40 ms.
pub const HOLD_BACK: i32 = 320;

/// The samples a lane has room for; what lies farther ahead moves the lane.
const ROOM: usize = 2_048;

/// How many packets in a row may come too late before the lane follows them.
const LATE_MAX: u8 = 4;

/// One frame of samples.
pub type Samples = [i16; FRAME];

/// The sound of one member on its way into the mix.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Whether the others hear this member.
    pub speaks: bool,
    /// Whether this member hears the others.
    pub listens: bool,
    ring: Box<[i16; ROOM]>,
    /// Where the next frame begins in the ring.
    read: usize,
    /// The timestamp of that frame, once something came, and the generation it belongs to.
    time: Option<(RtpTime, u32)>,
    late: u8,
    /// The frame of this tick.
    frame: Samples,
}

impl Lane {
    /// An empty lane.
    pub fn new(speaks: bool, listens: bool) -> Self {
        Self { speaks, listens, ring: Box::new([0; ROOM]), read: 0, time: None, late: 0, frame: [0; FRAME] }
    }

    /// Lays down the sound of one packet.
    pub fn push(&mut self, timestamp: RtpTime, generation: u32, law: Law, payload: &[u8]) {
        let ahead = self
            .time
            .filter(|(_, current)| *current == generation)
            .map(|(time, _)| timestamp.distance_from(time));
        let room = ROOM as i32 - (payload.len().min(ROOM) as i32);
        let fits = ahead.filter(|ahead| (-(ROOM as i32)..room).contains(ahead));
        self.late = if fits.is_some_and(|ahead| ahead < 0) { self.late + 1 } else { 0 };
        let ahead = match fits {
            Some(ahead) if self.late <= LATE_MAX => ahead,
            _ => {
                // The stream is new, has jumped or has drifted out of reach: begin anew with some room before it.
                self.ring.fill(0);
                self.time = Some((timestamp.plus(-HOLD_BACK), generation));
                self.late = 0;
                HOLD_BACK
            }
        };
        for (at, byte) in payload.iter().enumerate().take(ROOM - HOLD_BACK as usize) {
            // What should have been heard already is left out.
            let Ok(at) = usize::try_from(ahead + at as i32) else { continue };
            self.ring[(self.read + at) % ROOM] = law.decode(*byte);
        }
    }

    /// Moves on by one frame.
    pub fn advance(&mut self) {
        for (at, sample) in self.frame.iter_mut().enumerate() {
            *sample = core::mem::take(&mut self.ring[(self.read + at) % ROOM]);
        }
        self.read = (self.read + FRAME) % ROOM;
        if let Some((time, _)) = &mut self.time {
            *time = time.plus(FRAME as i32);
        }
    }

    /// Adds this member's frame to the sum, if it speaks.
    pub fn add_to(&self, sum: &mut [i32; FRAME]) {
        if self.speaks {
            for (sum, sample) in sum.iter_mut().zip(self.frame) {
                *sum += i32::from(sample);
            }
        }
    }

    /// Takes the frame of this tick from elsewhere: a member whose packets are decoded in their order has an ear for it.
    pub fn take(&mut self, frame: &Samples) {
        self.frame = *frame;
    }

    /// What this member hears of the sum.
    pub fn hear(&self, sum: &[i32; FRAME]) -> Samples {
        let mut heard = [0; FRAME];
        for ((heard, sum), own) in heard.iter_mut().zip(sum).zip(self.frame) {
            let own = if self.speaks { i32::from(own) } else { 0 };
            let all = if self.listens { sum - own } else { 0 };
            *heard = all.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        }
        heard
    }
}

/// The ports of one conference, by their places.
#[derive(Clone, Debug, Default)]
pub struct Conference {
    /// In the order of joining.
    pub members: Vec<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone;

    #[test]
    fn sound_comes_out_in_the_order_of_its_timestamps() {
        let mut lane = Lane::new(true, true);
        let sound = tone::sine(440.0, 8_000, 0, 1_600);
        let order = [0, 1, 3, 2, 5, 4, 6, 7, 8, 9];
        let mut heard = vec![];
        for number in order {
            push(&mut lane, number, &sound);
            lane.advance();
            heard.extend(lane.frame);
        }
        assert!(heard[..320].iter().all(|sample| *sample == 0), "held back by 40 ms");
        for (heard, sent) in heard[320..].iter().zip(&sound) {
            assert!((heard - sent).abs() < 300);
        }
    }

    #[test]
    fn a_stream_that_falls_behind_is_followed() {
        let mut lane = Lane::new(true, true);
        let sound = tone::sine(440.0, 8_000, 0, 8_000);
        push(&mut lane, 0, &sound);
        // Ten frames pass without a packet: the clocks differ, or the network held all packets back.
        for _ in 0..10 {
            lane.advance();
        }
        let mut heard = vec![];
        for number in 1..30 {
            push(&mut lane, number, &sound);
            lane.advance();
            heard.extend(lane.frame);
        }
        assert!(tone::share(&heard[1_600..3_200], 440.0) > 0.9);
    }

    #[test]
    fn a_member_hears_the_others_and_not_itself() {
        let mut lanes = [440.0, 660.0, 880.0].map(|frequency| {
            let mut lane = Lane::new(true, true);
            push(&mut lane, 0, &tone::sine(frequency, 8_000, 0, 320));
            for _ in 0..3 {
                lane.advance();
            }
            lane
        });
        lanes[2].speaks = false;
        let mut sum = [0; FRAME];
        for lane in &lanes {
            lane.add_to(&mut sum);
        }
        let shares = lanes.map(|lane| {
            let samples = lane.hear(&sum);
            [440.0, 660.0, 880.0].map(|frequency| tone::share(&samples, frequency) > 0.3)
        });
        assert_eq!(shares, [[false, true, false], [true, false, false], [true, true, false]]);
    }

    fn push(lane: &mut Lane, number: usize, sound: &[i16]) {
        let mut bytes = [0; FRAME];
        Law::Mu.encode_slice(&sound[number * FRAME..][..FRAME], &mut bytes);
        lane.push(RtpTime((number * FRAME) as u32), 1, Law::Mu, &bytes);
    }
}
