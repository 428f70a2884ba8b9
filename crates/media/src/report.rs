//! RTCP reports of one port: what we tell the far end, and what it tells us (RFC 3550 §6).
//!
//! A report goes out about every five seconds, at random between half and one and a half of that (§6.2, for two
//! parties), and a good-bye when the port closes. What the far end reports becomes part of [`crate::Quality`].

use crate::incoming::Incoming;
use crate::outgoing::Outgoing;
use base::{Duration, Instant, Now};
use rtp::Ssrc;
use rtp::rtcp::{Compound, ReportBlock, RtcpPacket, SenderInfo, Writer, ntp_of_millis};
use std::sync::Arc;

/// How long it is between two reports in the mean.
pub const REPORT_INTERVAL: Duration = Duration::from_secs(5);

/// The most bytes in a compound of ours: a sender report with one block, a short name and a good-bye.
pub const REPORT_BYTES_MAX: usize = 128;

/// How many packets of ours a far end may miss in a row before its reports mean that it hears nothing: five seconds.
pub const UNHEARD_PACKETS: u64 = 250;

/// The state of one port's reports.
#[derive(Clone, Debug)]
pub struct Reports {
    /// When the next one is due.
    due: Instant,
    /// Packets sent at the last report and at the one before.
    sent_before: [u64; 2],
    /// The middle of the NTP time of the far end's last sender report, and when it came.
    last_heard: Option<(u32, Instant)>,
    round_trip_us: Option<u64>,
    far_lost: Option<i32>,
    far_jitter_us: Option<u64>,
    far_loss_percent: u8,
    /// The highest number of ours that the far end has reported, and the packets sent when it did.
    far_highest: Option<u32>,
    sent_when_heard: u64,
    far_hears: bool,
    /// The name our streams are told by (RFC 7022). It goes where the port goes, as the SSRC that it belongs to does.
    cname: Arc<str>,
}

impl Reports {
    /// Nothing told, nothing heard; the first report is due a little later.
    pub fn new(now: Instant, ssrc: Ssrc, cname: Arc<str>) -> Self {
        Self {
            due: now + jittered(now, ssrc),
            cname,
            sent_before: [0; 2],
            last_heard: None,
            round_trip_us: None,
            far_lost: None,
            far_jitter_us: None,
            far_loss_percent: 0,
            far_highest: None,
            sent_when_heard: 0,
            far_hears: true,
        }
    }

    /// Whether a report is due; if so, the next one is set.
    pub fn is_due(&mut self, now: Instant, ssrc: Ssrc) -> bool {
        let due = now >= self.due;
        if due {
            self.due = now + jittered(now, ssrc);
        }
        due
    }

    /// Writes a compound.
    pub fn write<'a>(
        &mut self,
        incoming: &mut Incoming,
        outgoing: &Outgoing,
        goodbye: bool,
        now: Now,
        buffer: &'a mut [u8; REPORT_BYTES_MAX],
    ) -> &'a [u8] {
        let ssrc = outgoing.ssrc();
        // Who has sent nothing since the last two reports is a receiver only (§6.4).
        let info = (outgoing.packets() > self.sent_before[1]).then(|| SenderInfo {
            ntp: ntp_of_millis(now.utc.as_millis()),
            rtp_time: outgoing.time_at(now.mono).0,
            packets: outgoing.packets() as u32,
            octets: outgoing.octets() as u32,
        });
        self.sent_before = [outgoing.packets(), self.sent_before[0]];
        let block = incoming.ssrc().map(|heard| {
            let reception = incoming.reception_mut();
            let fraction_lost = reception.fraction_lost();
            ReportBlock {
                ssrc: heard,
                fraction_lost,
                lost: i32::try_from(reception.lost()).unwrap_or(i32::MAX),
                highest: reception.extended_highest(),
                jitter: reception.jitter(),
                last_report: self.last_heard.map_or(0, |(ntp, _)| ntp),
                delay_since: self.last_heard.map_or(0, |(_, at)| fractions(now.mono.since(at))),
            }
        });
        let mut writer = Writer::new(buffer);
        writer.report(ssrc, info, block.as_slice());
        let cname = self.cname.as_bytes();
        writer.name(ssrc, &cname[..cname.len().min(24)]);
        if goodbye {
            writer.goodbye(ssrc);
        }
        writer.finish()
    }

    /// Takes in a compound of the far end.
    pub fn hear(&mut self, datagram: &[u8], outgoing: &Outgoing, now: Now) {
        let (mut reports, mut highest) = (false, None);
        for packet in Compound::new(datagram) {
            let blocks = match packet {
                RtcpPacket::Sender { info, blocks, .. } => {
                    self.last_heard = Some((info.ntp_middle(), now.mono));
                    blocks
                }
                RtcpPacket::Receiver { blocks, .. } => blocks,
                // A good-bye ends no call: SIP does, or nobody.
                RtcpPacket::Name { .. } | RtcpPacket::Goodbye { .. } | RtcpPacket::Other { .. } => continue,
            };
            reports = true;
            for block in blocks.filter(|block| block.ssrc == outgoing.ssrc()) {
                highest = Some(block.highest);
                let ntp = (ntp_of_millis(now.utc.as_millis()) >> 16) as u32;
                self.round_trip_us = block.round_trip_us(ntp).or(self.round_trip_us);
                self.far_lost = Some(block.lost);
                self.far_jitter_us =
                    Some(u64::from(block.jitter) * 1_000 / u64::from(outgoing.units_in_ms().max(1)));
                self.far_loss_percent = (u16::from(block.fraction_lost) * 100 / 256) as u8;
            }
        }
        if !reports {
            return;
        }
        if highest.is_some() && highest != self.far_highest {
            (self.far_highest, self.sent_when_heard, self.far_hears) = (highest, outgoing.packets(), true);
        } else if outgoing.packets() >= self.sent_when_heard + UNHEARD_PACKETS {
            self.far_hears = false;
        }
    }

    /// Whether packets of ours arrive, as far as the far end reports at all.
    pub fn far_hears(&self) -> bool {
        self.far_hears
    }

    /// The last round trip, in microseconds.
    pub fn round_trip_us(&self) -> Option<u64> {
        self.round_trip_us
    }

    /// What the far end missed.
    pub fn far_lost(&self) -> Option<i32> {
        self.far_lost
    }

    /// How much of our last packets the far end missed, in percent.
    pub fn far_loss_percent(&self) -> u8 {
        self.far_loss_percent
    }

    /// The jitter that the far end saw, in microseconds.
    pub fn far_jitter_us(&self) -> Option<u64> {
        self.far_jitter_us
    }
}

/// Between half and one and a half of the interval. Reports must not be in step, and nobody gains by guessing when they
/// come: the random name of the stream and the time, well mixed (the last steps of MurmurHash3), are chance enough, and
/// go where the port goes.
fn jittered(now: Instant, ssrc: Ssrc) -> Duration {
    let mixed = now.since(Instant::START).as_micros() as u64 ^ (u64::from(ssrc.0) << 32);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    let unit = f64::from((mixed >> 32) as u32) / f64::from(u32::MAX);
    REPORT_INTERVAL.mul_f64(0.5 + unit)
}

/// A duration in 65 536ths of a second.
fn fractions(duration: Duration) -> u32 {
    u32::try_from((duration.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
}
