//! RTCP compounds: walked to their end, and ours read back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rtp::Ssrc;
use rtp::rtcp::{Compound, RtcpPacket, Writer};

fuzz_target!(|data: &[u8]| {
    let packets: Vec<_> = Compound::new(data).collect();
    // Each has at least the four bytes of its own head.
    assert!(packets.len() <= data.len() / 4);
    for packet in packets {
        match packet {
            RtcpPacket::Sender { blocks, info, .. } => {
                let _ = info.ntp_middle();
                check(Some(info), &blocks.collect::<Vec<_>>());
            }
            RtcpPacket::Receiver { blocks, .. } => check(None, &blocks.collect::<Vec<_>>()),
            RtcpPacket::Name { cname, .. } => assert!(cname.len() <= 255),
            RtcpPacket::Goodbye { .. } | RtcpPacket::Other { .. } => {}
        }
    }
});

fn check(info: Option<rtp::rtcp::SenderInfo>, blocks: &[rtp::rtcp::ReportBlock]) {
    assert!(blocks.len() <= 31);
    for block in blocks {
        let _ = block.round_trip_us(block.last_report.wrapping_add(block.delay_since));
    }
    let mut buffer = [0; 1024];
    let mut writer = Writer::new(&mut buffer);
    writer.report(Ssrc(1), info, blocks);
    writer.name(Ssrc(1), b"c@h");
    let written = writer.finish();
    let read: Vec<_> = Compound::new(written).collect();
    let again: Vec<_> = match read.first() {
        Some(RtcpPacket::Sender { blocks, info: said, .. }) => {
            assert_eq!(Some(*said), info);
            blocks.collect()
        }
        Some(RtcpPacket::Receiver { blocks, .. }) => blocks.collect(),
        other => panic!("a report reads as {other:?}"),
    };
    assert_eq!(again, blocks);
}
