//! Nothing here allocates once it is made: counted by the allocator itself. libopus is C and counts by `malloc`, which
//! its sources call nowhere but in its `create` functions.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use codec::opus::Settings;
use codec::{Codec, ComfortNoise, Decoder, Encoder, Resampler, SampleRate};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is handed to the system's allocator unchanged; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator, by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_frame_of_any_codec_allocates_nothing() {
    for codec in Codec::ALL {
        for rate in SampleRate::ALL {
            let mut encoder = Encoder::new(codec, rate, Settings::default()).unwrap();
            let mut decoder = Decoder::new(codec, rate).unwrap();
            let mut there = Resampler::new(decoder.rate(), rate);
            let mut noise = ComfortNoise::new();
            let (mut sound, mut other, mut bytes) = ([0; 5_760], [0; 5_760], [0; 1_500]);
            let before = ALLOCATIONS.get();
            for number in 0..100u8 {
                let frame = encoder.rate().samples_in(20);
                noise.update(&[40, number, 200]);
                noise.fill(&mut sound[..frame]);
                encoder.expect_loss(number);
                let length = encoder.encode(&sound[..frame], &mut bytes);
                let decoded = if number % 7 == 3 {
                    decoder.conceal(Some(&bytes[..length]), &mut sound[..frame]);
                    frame
                } else {
                    decoder.decode(codec, &bytes[..length], &mut sound)
                };
                assert!(decoded > 0);
                let left = codec::shorten(&mut sound[..decoded], decoder.rate());
                there.process(&sound[..left], &mut other);
            }
            assert_eq!(ALLOCATIONS.get() - before, 0, "{codec:?} {rate:?}");
        }
    }
}
