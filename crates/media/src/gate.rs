//! Who may send media to a port: the source rules (hardening: "RTP bleed", CVE-2017-14099, CVE-2025-53399).
//!
//! ```text
//!              packet from the signalled address
//!  Learning ───────────────────────────────────────▶ Signalled
//!     │  five packets of one stream from one other      ▲  ▲
//!     ├──────────────────────────────▶ Learned ─────────┘  │ packet from the signalled address
//!     │  five packets that disagree                        │
//!     └──────────────────────────────▶ Strict ─────────────┘
//! ```
//!
//! Media is taken only from the address that was signalled. A phone behind a NAT signals an address that its packets do
//! not come from; for it there is a window of [`LEARNING_PACKETS`] packets, of which none is heard and to whose source
//! nothing is sent. Only if all of them come from one address in one stream is that address believed. Where a NAT cannot
//! be in between (the signalled address is a loopback one, or a public one that is not even the sender's) there is no
//! window at all. One packet from the signalled address ends all doubt, at any time.
//!
//! Streams within an address are told apart in [`crate::incoming`].

use rtp::Ssrc;
use std::net::{IpAddr, SocketAddr};

/// How many packets the learning window lasts.
pub const LEARNING_PACKETS: u8 = 5;

/// The state of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has come, or up to four packets from elsewhere.
    Learning { seen: u8, candidate: Option<(SocketAddr, Ssrc)> },
    /// The signalled address has sent.
    Signalled,
    /// The port listens to this address in place of the signalled one.
    Learned(SocketAddr),
    /// The window is closed, only the signalled address will do.
    Strict,
}

/// The gate of one port.
#[derive(Clone, Debug)]
pub struct Gate {
    signalled: SocketAddr,
    state: State,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be heard.
    Admit,
    /// It is dropped.
    Refuse,
}

impl Gate {
    /// A gate for the signalled address.
    pub fn new(signalled: SocketAddr) -> Self {
        let state = if may_be_behind_nat(signalled) {
            State::Learning { seen: 0, candidate: None }
        } else {
            State::Strict
        };
        Self { signalled, state }
    }

    /// Judges a packet by its source.
    pub fn judge(&mut self, source: SocketAddr, ssrc: Ssrc) -> Verdict {
        if source == self.signalled {
            self.state = State::Signalled;
            return Verdict::Admit;
        }
        match self.state {
            State::Signalled | State::Strict => Verdict::Refuse,
            State::Learned(address) if address == source => Verdict::Admit,
            State::Learned(_) => Verdict::Refuse,
            State::Learning { .. } if !is_plausible(self.signalled, source) => Verdict::Refuse,
            State::Learning { seen, candidate } => {
                let seen = seen + 1;
                let agrees = candidate.is_none_or(|candidate| candidate == (source, ssrc));
                self.state = if !agrees {
                    State::Strict
                } else if seen >= LEARNING_PACKETS {
                    State::Learned(source)
                } else {
                    State::Learning { seen, candidate: Some((source, ssrc)) }
                };
                Verdict::Refuse
            }
        }
    }

    /// Whether there is any way that a packet from this source is admitted, now or soon. Asking changes nothing.
    pub fn may_admit(&self, source: SocketAddr) -> bool {
        source == self.signalled
            || match self.state {
                State::Signalled | State::Strict => false,
                State::Learned(address) => address == source,
                State::Learning { .. } => is_plausible(self.signalled, source),
            }
    }

    /// Where media for the far end goes: the address it was learned to send from, else the signalled one.
    pub fn destination(&self) -> SocketAddr {
        match self.state {
            State::Learned(address) => address,
            State::Learning { .. } | State::Signalled | State::Strict => self.signalled,
        }
    }

    /// The address that was signalled.
    pub fn signalled(&self) -> SocketAddr {
        self.signalled
    }

    /// Where reports go: the port above (RFC 3550 §11). `None` when there is none above.
    pub fn report_destination(&self) -> Option<SocketAddr> {
        let media = self.destination();
        media.port().checked_add(1).map(|port| SocketAddr::new(media.ip(), port))
    }

    /// Whether a report may be believed: from the host that media goes to. A NAT may have changed its port.
    pub fn admits_report(&self, source: SocketAddr) -> bool {
        source.ip() == self.destination().ip()
    }
}

/// Whether a phone that signals this address may really send from another one.
fn may_be_behind_nat(signalled: SocketAddr) -> bool {
    let ip = signalled.ip();
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast())
}

/// Whether `source` can be where packets of the phone at `signalled` come out of a NAT.
fn is_plausible(signalled: SocketAddr, source: SocketAddr) -> bool {
    if signalled.is_ipv4() != source.is_ipv4() || source.port() == 0 {
        return false;
    }
    // A public address has been through the NAT already; at most its port is another one. A program on our own host may
    // signal the host's address and send over the loopback interface.
    signalled.ip() == source.ip() || source.ip().is_loopback() || is_private(signalled.ip())
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // RFC 1918, RFC 3927, and the carriers' own NAT of RFC 6598.
            let carrier_grade = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_private() || ip.is_link_local() || carrier_grade
        }
        // RFC 4193 and RFC 4291 §2.5.6.
        IpAddr::V6(ip) => ip.segments()[0] & 0xfe00 == 0xfc00 || ip.segments()[0] & 0xffc0 == 0xfe80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "192.168.1.20:4000";
    const NAT: &str = "203.0.113.9:61000";
    const THIEF: &str = "198.51.100.66:5555";

    #[test]
    fn only_the_signalled_address_is_heard_once_it_has_sent() {
        let mut gate = gate(PHONE);
        assert_eq!(judge(&mut gate, PHONE, 1), Verdict::Admit);
        for _ in 0..20 {
            assert_eq!(judge(&mut gate, THIEF, 1), Verdict::Refuse);
        }
        assert_eq!(gate.destination(), at(PHONE));
        assert_eq!(judge(&mut gate, PHONE, 1), Verdict::Admit);
    }

    #[test]
    fn an_address_behind_a_nat_is_learned_after_five_packets_and_not_before() {
        let mut gate = gate(PHONE);
        for _ in 0..LEARNING_PACKETS {
            assert_eq!(gate.destination(), at(PHONE), "nothing goes to an address that is not yet believed");
            assert_eq!(judge(&mut gate, NAT, 7), Verdict::Refuse);
        }
        assert_eq!(judge(&mut gate, NAT, 7), Verdict::Admit);
        assert_eq!(gate.destination(), at(NAT));
        assert_eq!(judge(&mut gate, THIEF, 7), Verdict::Refuse);
    }

    #[test]
    fn the_first_packet_from_the_signalled_address_closes_the_window() {
        let mut gate = gate(PHONE);
        judge(&mut gate, THIEF, 7);
        assert_eq!(judge(&mut gate, PHONE, 1), Verdict::Admit);
        for _ in 0..20 {
            assert_eq!(judge(&mut gate, THIEF, 7), Verdict::Refuse);
        }
        assert_eq!(gate.destination(), at(PHONE));
    }

    #[test]
    fn the_signalled_address_takes_a_learned_ones_place() {
        let mut gate = gate(PHONE);
        for _ in 0..6 {
            judge(&mut gate, THIEF, 7);
        }
        assert_eq!(gate.destination(), at(THIEF));
        assert_eq!(judge(&mut gate, PHONE, 1), Verdict::Admit);
        assert_eq!(judge(&mut gate, THIEF, 7), Verdict::Refuse);
        assert_eq!(gate.destination(), at(PHONE));
    }

    #[test]
    fn sources_that_disagree_teach_nothing() {
        for (source, ssrc) in [(THIEF, 7), (NAT, 8)] {
            let mut gate = gate(PHONE);
            judge(&mut gate, NAT, 7);
            judge(&mut gate, source, ssrc);
            for _ in 0..20 {
                assert_eq!(judge(&mut gate, NAT, 7), Verdict::Refuse);
            }
            assert_eq!(judge(&mut gate, PHONE, 7), Verdict::Admit);
        }
    }

    #[test]
    fn where_no_nat_can_be_there_is_no_window() {
        for (signalled, source) in [
            ("127.0.0.1:4000", "127.0.0.1:5000"),
            ("203.0.113.9:4000", THIEF),
            ("0.0.0.0:4000", THIEF),
            ("[2001:db8::1]:4000", NAT),
        ] {
            let mut gate = gate(signalled);
            for _ in 0..20 {
                assert_eq!(judge(&mut gate, source, 7), Verdict::Refuse, "{signalled} {source}");
            }
            assert_eq!(gate.destination(), at(signalled));
        }
    }

    #[test]
    fn a_public_address_may_come_from_another_port() {
        let mut gate = gate("203.0.113.9:4000");
        for _ in 0..LEARNING_PACKETS {
            judge(&mut gate, NAT, 7);
        }
        assert_eq!(judge(&mut gate, NAT, 7), Verdict::Admit);
    }

    #[test]
    fn reports_come_from_the_host_of_the_media() {
        let gate = gate(PHONE);
        assert!(gate.admits_report(at("192.168.1.20:9")));
        assert!(!gate.admits_report(at(NAT)));
        assert_eq!(gate.report_destination(), Some(at("192.168.1.20:4001")));
        assert_eq!(Gate::new(at("192.168.1.20:65535")).report_destination(), None);
    }

    #[test]
    fn the_whole_table() {
        let learning = |seen| State::Learning { seen, candidate: (seen > 0).then(|| (at(NAT), Ssrc(7))) };
        let states = [
            ("Learning, nothing seen", learning(0)),
            ("Learning, one seen", learning(1)),
            ("Learning, four seen", learning(LEARNING_PACKETS - 1)),
            ("Signalled", State::Signalled),
            ("Learned the NAT", State::Learned(at(NAT))),
            ("Strict", State::Strict),
        ];
        let packets = [
            ("signalled address", PHONE, 1),
            ("the NAT", NAT, 7),
            ("the NAT, another stream", NAT, 8),
            ("a third address", THIEF, 7),
            ("an address that cannot be", "[2001:db8::1]:9", 7),
        ];
        let mut table = String::new();
        for (name, state) in states {
            table += &format!("{name}\n");
            for (from, source, ssrc) in packets {
                let mut gate = Gate { signalled: at(PHONE), state };
                let hopeless = !gate.may_admit(at(source));
                let verdict = judge(&mut gate, source, ssrc);
                assert!(!hopeless || verdict == Verdict::Refuse && gate.state == state, "{name}, {from}");
                let next = match gate.state {
                    State::Learning { seen, .. } => format!("Learning, {seen} seen"),
                    State::Signalled => "Signalled".into(),
                    State::Learned(address) => format!("Learned {address}"),
                    State::Strict => "Strict".into(),
                };
                table += &format!("    {from:<26} {verdict:?} -> {next}\n");
            }
        }
        insta::assert_snapshot!(table);
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn gate(signalled: &str) -> Gate {
        Gate::new(at(signalled))
    }

    fn judge(gate: &mut Gate, source: &str, ssrc: u32) -> Verdict {
        gate.judge(at(source), Ssrc(ssrc))
    }
}
