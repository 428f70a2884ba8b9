//! What RTP carries, through the decoders: one codec, then packets with their lengths in front; an empty one is lost.

#![no_main]

use codec::codec::LONGEST_MS;
use codec::{Codec, ComfortNoise, Decoder, SampleRate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [what, rest @ ..] = data else { return };
    let codec = Codec::ALL[usize::from(what & 3)];
    let wanted = SampleRate::ALL[usize::from(what >> 2) % SampleRate::ALL.len()];
    let mut decoder = Decoder::new(codec, wanted).expect("a decoder");
    let mut out = vec![0; decoder.rate().samples_in(LONGEST_MS as usize)];
    let mut noise = ComfortNoise::new();
    let mut rest = rest;
    while let Some((length, more)) = rest.split_first() {
        let (payload, more) = more.split_at(more.len().min(usize::from(*length)));
        rest = more;
        if payload.is_empty() {
            decoder.conceal(Some(&rest[..rest.len().min(100)]), &mut out[..decoder.rate().samples_in(20)]);
            continue;
        }
        let units = codec.units(payload);
        let count = decoder.decode(codec, payload, &mut out);
        assert!(count <= out.len());
        if let Some(units) = units.filter(|_| count > 0) {
            // Both counted in milliseconds of the same sound, as far as the codec's own clock can be divided.
            let rate = u64::from(decoder.rate().hz());
            let lasts = u64::from(units) * rate / u64::from(codec.clock_rate());
            assert_eq!(count as u64, lasts, "{codec:?} {units}");
        }
        noise.update(payload);
        noise.fill(&mut out[..160]);
    }
});
