//! Opus (RFC 6716) in one channel, by libopus; and what its packets say of themselves (§3.1).
//!
//! libopus takes and gives sound at 8, 16 or 48 kHz, so nothing has to be resampled for its sake, and a narrow source
//! costs half of what a wide one does. How hard it works, and when it is redundant, was chosen by measuring three pieces of
//! speech at 24 kbit/s (segmental SNR of the round trip, time per 20 ms on one idle core of a two-core machine):
//!
//! ```text
//!  complexity          0      3      5      7     10
//!  µs at 8 kHz        45     90    114    130    145      with redundancy at 5: 154
//!  µs at 16 kHz       90    164    223    253    303      with redundancy at 5: 290
//!  dB              11.94  11.86  12.00  11.91  11.89      with redundancy at 5: 10.60
//! ```
//!
//! The figure in dB cannot tell the complexities apart, and ears tell those above 5 apart least of all: 5 is the default.
//! Redundancy for lost packets (§2.1.7) costs a third more time and a third more bits, so it is spoken only towards a far end that
//! can use it and reports loss. Without the bits libopus leaves it out below 6 % loss: PESQ at 5 % is 3.2 at 24 kbit/s with or
//! without it, and 3.8 with it and the bits (`docs/quality.md`).

use crate::{CodecError, SampleRate};

/// What an encoder is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How hard it looks for the best bits, 0 to 10.
    pub complexity: u8,
    /// Bits a second, 6 000 to 128 000.
    pub bitrate: u32,
    /// The most that the far end takes. Redundancy adds a third to the rate as far as this allows.
    pub bitrate_max: u32,
    /// Whether the far end can use redundancy; without it, its loss changes nothing.
    pub redundancy: bool,
}

impl Default for Settings {
    /// Complexity 5, 24 kbit/s, redundancy once there is loss: wideband speech that nobody complains of.
    fn default() -> Self {
        Self { complexity: 5, bitrate: 24_000, bitrate_max: BITRATE_MAX, redundancy: true }
    }
}

/// The loss, in percent, from which on redundancy is worth its bits.
pub const LOSS_WORTH_REDUNDANCY: u8 = 2;

/// The loss, in percent, that the encoder is told at least where the far end takes no higher rate. libopus keeps the redundancy
/// out of wideband at 24 kbit/s up to 5 percent, though it was asked for it; beyond, it gives up the upper band for it.
const LOSS_TOLD_MIN: u8 = 10;

/// The highest rate there is.
pub const BITRATE_MAX: u32 = 128_000;

/// The most that is said of loss to the encoder: beyond it hardly a bit would be left for the sound.
const LOSS_MAX: u8 = 30;

/// Samples to packets.
#[derive(Debug)]
pub struct Encoder {
    inner: opus::Encoder,
    may: bool,
    redundancy: bool,
    /// Bits a second without redundancy, and with it.
    bitrates: [i32; 2],
}

impl Encoder {
    /// An encoder of sound at `rate`. Costs an allocation of some 20 kB.
    ///
    /// # Errors
    ///
    /// Fails if libopus has no memory.
    pub fn new(rate: SampleRate, settings: Settings) -> Result<Self, CodecError> {
        let mut inner = opus::Encoder::new(rate.hz(), opus::Channels::Mono, opus::Application::Voip)?;
        inner.set_complexity(i32::from(settings.complexity.min(10)))?;
        let bitrate = settings.bitrate.clamp(6_000, BITRATE_MAX);
        let raised = (bitrate + bitrate / 3).min(settings.bitrate_max.clamp(bitrate, BITRATE_MAX));
        let bitrates = [bitrate, raised].map(|bitrate| bitrate as i32);
        inner.set_bitrate(opus::Bitrate::Bits(bitrates[0]))?;
        Ok(Self { inner, may: settings.redundancy, redundancy: false, bitrates })
    }

    /// Encodes 10, 20, 40 or 60 ms; returns how many bytes were written, 0 if they are not such a frame.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        self.inner.encode(samples, out).unwrap_or(0)
    }

    /// Takes note of how much the far end misses, in percent: redundancy begins and ends with it.
    pub fn expect_loss(&mut self, percent: u8) {
        if !self.may {
            return;
        }
        let redundancy = percent >= LOSS_WORTH_REDUNDANCY;
        // No setting can fail within these bounds.
        if redundancy != self.redundancy {
            self.redundancy = self.inner.set_inband_fec(redundancy).is_ok() && redundancy;
            let bitrate = self.bitrates[usize::from(self.redundancy)];
            let _ = self.inner.set_bitrate(opus::Bitrate::Bits(bitrate));
        }
        let has_room = self.bitrates[1] * 5 >= self.bitrates[0] * 6;
        let least = if redundancy && !has_room { LOSS_TOLD_MIN } else { 0 };
        let _ = self.inner.set_packet_loss_perc(i32::from(percent.clamp(least, LOSS_MAX)));
    }

    /// Whether lost packets can be made good from the next one.
    pub fn is_redundant(&self) -> bool {
        self.redundancy
    }
}

/// Whether a packet tells of the one before as well, so that a single loss can be made good: the bit behind those for activity of
/// its first frame (RFC 6716 §4.2.3, §4.2.4), which the range coder has put first, all at a chance of one half (§4.1.3.2).
/// Only SILK does so; of packets with more than two frames, which hardly anybody sends, it is not asked.
pub fn is_redundant(packet: &[u8]) -> bool {
    let Some(toc) = packet.first() else { return false };
    // §3.1, table 2: SILK has four lengths in each band, and both codecs together two.
    let silk_frames = match toc >> 3 {
        config @ 0..12 => [1, 1, 2, 3][usize::from(config % 4)],
        12..16 => 1,
        _ => return false,
    };
    let first_byte = match (toc & 3, packet.get(1)) {
        (0 | 1, first) => first,
        // The length of the first frame lies before it (§3.2.1).
        (2, Some(252..)) => packet.get(3),
        (2, _) => packet.get(2),
        _ => None,
    };
    first_byte.is_some_and(|byte| byte >> (7 - silk_frames) & 1 == 1)
}

/// Packets to samples.
#[derive(Debug)]
pub struct Decoder {
    inner: opus::Decoder,
    rate: SampleRate,
}

impl Decoder {
    /// A decoder that gives sound at `rate`. Costs an allocation of some 18 kB.
    ///
    /// # Errors
    ///
    /// Fails if libopus has no memory.
    pub fn new(rate: SampleRate) -> Result<Self, CodecError> {
        Ok(Self { inner: opus::Decoder::new(rate.hz(), opus::Channels::Mono)?, rate })
    }

    /// Decodes a packet; returns how many samples were written, 0 if it is none or `out` has no room for it.
    pub fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> usize {
        if packet.is_empty() {
            return 0;
        }
        self.inner.decode(packet, out, false).unwrap_or(0)
    }

    /// Fills `out` with what a lost packet could have been: by what the packet `after` it tells of it, or by guessing.
    pub fn conceal(&mut self, after: Option<&[u8]>, out: &mut [i16]) {
        // libopus conceals in steps of 2.5 ms; what is left over of less than one is repeated silence.
        let step = self.rate.hz() as usize / 400;
        let (whole, rest) = out.split_at_mut(out.len() / step * step);
        rest.fill(0);
        for piece in whole.chunks_mut(48 * step) {
            let told = after.filter(|packet| !packet.is_empty());
            let filled = match told {
                Some(packet) => self.inner.decode(packet, piece, true),
                None => self.inner.decode(&[], piece, false),
            };
            let filled = filled.unwrap_or(0).min(piece.len());
            piece[filled..].fill(0);
        }
    }
}

/// How many units of the 48 kHz clock a packet lasts: its first byte names the length of a frame, and how many frames
/// there are (RFC 6716 §3.1 and §3.2).
pub fn units(packet: &[u8]) -> Option<u32> {
    let first = *packet.first()?;
    let frame = match first >> 3 {
        config @ 0..12 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        config @ 12..16 => [480, 960][usize::from(config & 1)],
        config => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    Some(frame * frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{prompt, segmental_snr};
    use proptest::prelude::*;

    #[test]
    fn redundancy_makes_good_what_guessing_cannot() {
        let sound = prompt();
        let quality = |reported: u8, use_next: bool| {
            let mut encoder = Encoder::new(SampleRate::Narrow, Settings::default()).unwrap();
            encoder.expect_loss(reported);
            assert_eq!(encoder.is_redundant(), reported >= LOSS_WORTH_REDUNDANCY);
            let packets: Vec<Vec<u8>> =
                sound.chunks_exact(160).map(|frame| encoded(&mut encoder, frame)).collect();
            let mut decoder = Decoder::new(SampleRate::Narrow).unwrap();
            let mut heard = vec![];
            for (number, packet) in packets.iter().enumerate() {
                let mut frame = [0; 160];
                if number % 5 == 4 {
                    let next = packets.get(number + 1).map(Vec::as_slice);
                    decoder.conceal(next.filter(|_| use_next), &mut frame);
                } else {
                    assert_eq!(decoder.decode(packet, &mut frame), 160);
                }
                heard.extend(frame);
            }
            // The codec is late by its look-ahead; the best shift is the one that counts.
            (0..160).map(|late| segmental_snr(&sound, &heard[late..], 160)).fold(f64::MIN, f64::max)
        };
        let (guessed, made_good) = (quality(20, false), quality(20, true));
        assert!(made_good > guessed + 0.5, "{guessed:.1} dB guessed, {made_good:.1} dB made good");
    }

    #[test]
    fn redundancy_is_in_the_packets_from_the_first_loss_it_is_worth() {
        let sound = prompt();
        let made_good = |bitrate_max: u32, reported: u8| {
            let settings = Settings { bitrate_max, ..Settings::default() };
            let mut encoder = Encoder::new(SampleRate::Wide, settings).unwrap();
            encoder.expect_loss(reported);
            // The prompt, twice as fast: what matters is that somebody speaks.
            let packets: Vec<_> = sound.chunks_exact(320).map(|frame| encoded(&mut encoder, frame)).collect();
            packets.iter().filter(|packet| is_redundant(packet)).count() * 100 / packets.len()
        };
        assert_eq!(made_good(BITRATE_MAX, 0), 0);
        for reported in [LOSS_WORTH_REDUNDANCY, 3, 5, 10] {
            for bitrate_max in [BITRATE_MAX, 24_000] {
                let share = made_good(bitrate_max, reported);
                assert!(share > 40, "{reported} % lost, {bitrate_max} bit/s: {share} % of the packets");
            }
        }
    }

    #[test]
    fn redundancy_is_found_in_packets_of_every_shape() {
        let shapes: [(&[u8], bool); 12] = [
            (&[], false),
            (&[0x48], false),
            (&[0x48, 0x40], true),
            (&[0x48, 0x80], false),
            // 40 and 60 ms have two and three bits for activity.
            (&[0x50, 0x20], true),
            (&[0x58, 0x10], true),
            (&[0x58, 0x60], false),
            // SILK and CELT together, and CELT alone.
            (&[0x78, 0x40], true),
            (&[0xf8, 0x40], false),
            // Two frames: equal ones, and such with lengths.
            (&[0x49, 0x40, 0, 0], true),
            (&[0x4a, 1, 0x40, 0], true),
            (&[0x4a, 252, 0, 0x40], true),
        ];
        for (packet, redundant) in shapes {
            assert_eq!(is_redundant(packet), redundant, "{packet:02x?}");
        }
    }

    #[test]
    fn a_packet_says_its_length_as_libopus_reads_it() {
        for first in 0..=255u8 {
            for second in [0u8, 1, 2, 3, 0x82, 0xc6] {
                let packet = [first, second];
                // libopus knows the clock as a rate of samples.
                let theirs = opus::packet::get_nb_samples(&packet, 48_000).ok().filter(|units| *units > 0);
                let ours = units(&packet).filter(|units| (1..=5_760).contains(units));
                assert_eq!(ours.map(|units| units as usize), theirs, "{first:#x} {second:#x}");
            }
        }
        assert_eq!(units(&[3]), None);
    }

    #[test]
    fn a_gap_is_filled_to_its_last_sample() {
        let mut decoder = Decoder::new(SampleRate::Wide).unwrap();
        for length in [0, 1, 40, 41, 320, 1_920, 3_000] {
            decoder.conceal(None, &mut vec![7; length]);
            decoder.conceal(Some(&[0x08, 1, 2]), &mut vec![7; length]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_bytes_are_decoded_or_refused(packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..8)) {
            let mut decoder = Decoder::new(SampleRate::Wide).unwrap();
            let mut out = vec![0; 1_920];
            for packet in packets {
                let _ = units(&packet);
                prop_assert!(decoder.decode(&packet, &mut out) <= out.len());
                decoder.conceal(Some(&packet), &mut out[..320]);
            }
        }
    }

    fn encoded(encoder: &mut Encoder, frame: &[i16]) -> Vec<u8> {
        let mut bytes = [0; 500];
        let length = encoder.encode(frame, &mut bytes);
        assert!(length > 0);
        bytes[..length].to_vec()
    }
}
