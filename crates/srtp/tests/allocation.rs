//! Sealing and opening allocate nothing: counted by the allocator itself.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use srtp::{Keying, Opener, Profile, SEAL_ROOM, Sealer};
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
fn no_packet_costs_an_allocation() {
    for profile in Profile::ALL {
        let secret = vec![1; Keying::bytes(profile)];
        assert!(ALLOCATIONS.get() > 0, "the counter counts");
        let before = ALLOCATIONS.get();
        let keying = Keying::new(profile, &secret).unwrap();
        let (mut sealer, mut opener) = (Sealer::new(&keying), Opener::new(&keying));
        for number in 0..1_000u16 {
            let mut media = [0x80; 172 + SEAL_ROOM];
            media[0] = 0x80;
            media[2..4].copy_from_slice(&number.to_be_bytes());
            // Some from as many streams as there may be.
            media[11] = (number % 8) as u8;
            let length = sealer.seal_rtp(&mut media, 172).unwrap();
            if number % 7 == 3 {
                media[100] ^= 1;
                assert!(opener.open_rtp(&mut media[..length]).is_err(), "no more does a refused one");
            } else {
                assert_eq!(opener.open_rtp(&mut media[..length]), Ok(172));
            }
            let mut report = [0x80; 60 + SEAL_ROOM];
            let length = sealer.seal_rtcp(&mut report, 60).unwrap();
            assert_eq!(opener.open_rtcp(&mut report[..length]), Ok(60));
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{profile:?}, not even to make the two");
    }
}
