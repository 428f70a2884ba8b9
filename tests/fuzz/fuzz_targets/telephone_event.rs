//! Telephone-events: whatever comes, in whatever order, a key is counted no more often than packets came.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rtp::{EventDetector, RtpTime, TelephoneEvent};

fuzz_target!(|data: &[u8]| {
    let mut detector = EventDetector::new(8000);
    let mut counted = 0;
    let packets = data.chunks(8);
    let count = packets.len();
    for packet in packets {
        let Some((time, payload)) = packet.split_first_chunk::<4>() else { continue };
        let Some(event) = TelephoneEvent::parse(payload) else { continue };
        assert_eq!(TelephoneEvent::parse(&event.to_bytes()), Some(event));
        if let Some(detected) = detector.handle(RtpTime(u32::from_be_bytes(*time)), event) {
            counted += usize::from(detected.counted().is_some());
        }
    }
    assert!(counted <= count);
});
