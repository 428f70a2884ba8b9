//! Comfort noise: RFC 3389, what a far end that keeps quiet wants to be heard instead of nothing.
//!
//! A packet says how loud the background is, in −dBov, and may say its color with up to [`ORDER_MAX`] reflection
//! coefficients. White noise of that level goes through the lattice they make. The noise is the same on every run: its
//! source is a counter, not chance. It is only made, never measured: we do not keep quiet ourselves.

/// How many reflection coefficients are used; more say nothing about a room (RFC 3389 §3.3 names 10 to 12).
pub const ORDER_MAX: usize = 12;

/// The loudest background that is believed, in −dBov: what is louder is no background.
const LEVEL_MIN: u8 = 30;

/// The quietest one; below it, it is silence.
const LEVEL_MAX: u8 = 78;

/// How far a sample may stand out of the level.
const PEAK: f32 = 5.0;

/// Noise that goes on until another packet comes.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    reflections: [f32; ORDER_MAX],
    order: usize,
    /// The level asked for, and the one reached: it moves slowly, or each packet would be heard as a step.
    target: f32,
    level: f32,
    lattice: [f32; ORDER_MAX + 1],
    counter: u32,
}

impl ComfortNoise {
    /// Silence.
    pub fn new() -> Self {
        Self {
            reflections: [0.0; ORDER_MAX],
            order: 0,
            target: 0.0,
            level: 0.0,
            lattice: [0.0; ORDER_MAX + 1],
            counter: 0x2545_f491,
        }
    }

    /// Takes in a packet's payload. An empty one changes nothing.
    pub fn update(&mut self, payload: &[u8]) {
        let Some((level, coefficients)) = payload.split_first() else { return };
        let below = (level & 0x7f).max(LEVEL_MIN);
        self.target = if below > LEVEL_MAX { 0.0 } else { 32_767.0 * 10f32.powf(-f32::from(below) / 20.0) };
        let before = (self.order, self.reflections);
        self.order = coefficients.len().min(ORDER_MAX);
        // RFC 3389 §3.2: k = 258 (N − 127) / 32768. Beyond ±1 a lattice would howl.
        for (reflection, quantized) in self.reflections.iter_mut().zip(coefficients) {
            *reflection = (258.0 * (f32::from(*quantized) - 127.0) / 32_768.0).clamp(-0.97, 0.97);
        }
        // What the old color left in the lattice could howl in the new one for as long as it rings.
        if before != (self.order, self.reflections) {
            self.lattice = [0.0; ORDER_MAX + 1];
        }
    }

    /// Whether there is anything to hear.
    pub fn is_silent(&self) -> bool {
        self.target == 0.0 && self.level < 0.5
    }

    /// Fills `out`. Costs some 2 ns a sample and coefficient.
    pub fn fill(&mut self, out: &mut [i16]) {
        // What the lattice adds is taken from what goes in, so that the level is the one asked for.
        let gain: f32 = self.reflections[..self.order].iter().map(|k| 1.0 - k * k).product::<f32>().sqrt();
        for sample in out {
            self.level += (self.target - self.level) * 0.002;
            // xorshift32; the sum of a triangle is near enough to what rooms sound like, and its deviation is 1/√6.
            let mut uniform = || {
                self.counter ^= self.counter << 13;
                self.counter ^= self.counter >> 17;
                self.counter ^= self.counter << 5;
                self.counter as i32 as f32 / 2_147_483_648.0
            };
            let noise = (uniform() + uniform()) * 0.5 * 6f32.sqrt();
            let mut forward = noise * gain * self.level;
            for at in (0..self.order).rev() {
                forward -= self.reflections[at] * self.lattice[at];
                self.lattice[at + 1] = self.lattice[at] + self.reflections[at] * forward;
            }
            // However it rings, it must not be heard as a bang.
            forward = forward.clamp(-PEAK * self.level, PEAK * self.level);
            self.lattice[0] = forward;
            *sample = forward.clamp(-32_768.0, 32_767.0) as i16;
        }
    }
}

impl Default for ComfortNoise {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_noise_is_as_loud_as_the_packet_says() {
        for below in [40u8, 50, 60, 70] {
            for color in [&[][..], &[200, 90, 140], &[10, 240, 127, 127, 100]] {
                let heard = made(&[&[below], color].concat());
                let level = 20.0 * (rms(&heard) / 32_767.0).log10();
                assert!(
                    (level + f64::from(below)).abs() < 1.5,
                    "asked for −{below} dBov, {color:?}: {level:.1}"
                );
            }
        }
    }

    #[test]
    fn a_color_is_heard() {
        // A first coefficient below zero couples neighbors: low sound; above zero, high sound.
        let by_neighbors = |heard: &[i16]| {
            let product: f64 = heard.windows(2).map(|pair| f64::from(pair[0]) * f64::from(pair[1])).sum();
            product / (rms(heard).powi(2) * heard.len() as f64)
        };
        assert!(by_neighbors(&made(&[45, 40])) > 0.5);
        assert!(by_neighbors(&made(&[45, 214])) < -0.5);
        assert!(by_neighbors(&made(&[45])).abs() < 0.1);
    }

    #[test]
    fn a_background_of_nothing_is_silence() {
        let mut noise = ComfortNoise::new();
        assert!(noise.is_silent());
        noise.update(&[40]);
        assert!(!noise.is_silent());
        noise.update(&[127]);
        noise.fill(&mut [0; 16_000]);
        assert!(noise.is_silent());
    }

    proptest! {
        #[test]
        fn no_packet_makes_it_howl(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20)) {
            let mut noise = ComfortNoise::new();
            let mut out = [0; 1_600];
            for packet in packets {
                noise.update(&packet);
                noise.fill(&mut out);
                prop_assert!(rms(&out) < 4_000.0);
            }
        }
    }

    fn made(packet: &[u8]) -> Vec<i16> {
        let mut noise = ComfortNoise::new();
        noise.update(packet);
        let mut out = vec![0; 32_000];
        noise.fill(&mut out);
        out.split_off(8_000)
    }

    fn rms(samples: &[i16]) -> f64 {
        (samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
    }
}
