//! RTP packets: the payload lies in the datagram, and a relayed one reads as it was meant.

#![no_main]

use base::{Duration, Instant};
use libfuzzer_sys::fuzz_target;
use rtp::packet::{HEADER_BYTES, is_rtcp};
use rtp::{Header, Packet, Reception, RtpTime, SeqNumber, Ssrc};

fuzz_target!(|data: &[u8]| {
    let mut reception = Reception::new(8000);
    let mut now = Instant::START;
    // Datagrams, each with its length in front.
    let mut rest = data;
    while let Some((length, more)) = rest.split_first() {
        let (datagram, more) = more.split_at(more.len().min(usize::from(*length)));
        rest = more;
        let _ = is_rtcp(datagram);
        let Ok(packet) = Packet::parse(datagram) else { continue };
        assert!(packet.payload.start >= HEADER_BYTES && packet.payload.end <= datagram.len());
        let header = Header {
            payload_type: 8,
            sequence: SeqNumber(1),
            timestamp: RtpTime(2),
            ssrc: Ssrc(3),
            ..packet.header
        };
        let mut relayed = datagram.to_vec();
        let sent = packet.rewrite(&mut relayed, &header).to_vec();
        let read = Packet::parse(&sent).expect("a relayed packet");
        assert_eq!(read.header, header);
        assert_eq!(sent[read.payload], datagram[packet.payload]);
        now = now + Duration::from_millis(20);
        reception.arrived(packet.header.sequence, Some(packet.header.timestamp), now);
        let _ = (reception.lost(), reception.expected(), reception.jitter(), reception.fraction_lost());
    }
});
