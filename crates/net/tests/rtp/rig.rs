//! Media threads and phones on the loopback interface.

use crossbeam_channel::{Receiver, bounded, unbounded};
use media::{Codec, Command, Event, Format, Law, PortId, Recorded, Side, tone};
use net::rtp::{Config, MediaThreads};
use rtp::{Header, Packet, RtpTime, SeqNumber, Ssrc};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How long anything may take on a machine that is busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Media threads, and what they tell.
pub(crate) struct Rig {
    pub(crate) threads: MediaThreads,
    pub(crate) events: Receiver<Event>,
    pub(crate) frames: Receiver<Recorded>,
}

impl Rig {
    /// One thread.
    pub(crate) fn start(bind: IpAddr, ports: RangeInclusive<u16>) -> Self {
        let mut config = Config::new(bind, [1; 32]);
        (config.threads, config.ports) = (1, ports);
        Self::with(config)
    }

    pub(crate) fn with(config: Config) -> Self {
        let (tell, events) = unbounded();
        let (ring, frames) = bounded(10_000);
        let tell = move |event| tell.send(event).unwrap_or_default();
        let record = move |recorded: &Recorded| ring.try_send(recorded.clone()).is_ok();
        let threads = MediaThreads::start(config, tell, record).unwrap();
        Self { threads, events, frames }
    }

    pub(crate) fn phone(&self, number: u64, here: IpAddr, codec: Codec, frequency: f64) -> Phone {
        self.phone_of(1, number, here, codec, frequency)
    }

    /// A phone in a group.
    pub(crate) fn phone_of(
        &self,
        group: u64,
        number: u64,
        here: IpAddr,
        codec: Codec,
        frequency: f64,
    ) -> Phone {
        let port = PortId::from_u64(number);
        let server = self.threads.open(port, group).unwrap();
        assert_eq!(server.port() % 2, 0);
        let socket = UdpSocket::bind((here, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (remote, format) = (socket.local_addr().unwrap(), Format::of(codec));
        self.command(Command::Configure {
            port,
            remote,
            format,
            telephone_event: None,
            send: true,
            receive: true,
            sealing: None,
            rtcp_mux: false,
        });
        Phone { port, server, socket, codec, frequency, ssrc: number as u32, packets: 0, heard: vec![] }
    }

    pub(crate) fn command(&self, command: Command) {
        self.threads.command(command).unwrap();
    }

    pub(crate) fn wait_for(&self, is_it: impl Fn(&Event) -> bool) -> Event {
        let until = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(until).expect("the event comes");
            if is_it(&event) {
                return event;
            }
        }
    }

    /// What the recorder got, left and right, in order.
    pub(crate) fn recorded(&self) -> [Vec<i16>; 2] {
        let mut sides = [vec![], vec![]];
        for recorded in self.frames.try_iter() {
            if let Recorded::Sound(frame) = recorded {
                let side = &mut sides[usize::from(frame.side == Side::Right)];
                side.extend(frame.payload().iter().map(|byte| frame.law.decode(*byte)));
            }
        }
        sides
    }
}

/// A far end.
pub(crate) struct Phone {
    pub(crate) port: PortId,
    pub(crate) server: SocketAddr,
    pub(crate) socket: UdpSocket,
    pub(crate) codec: Codec,
    pub(crate) frequency: f64,
    pub(crate) ssrc: u32,
    pub(crate) packets: u16,
    pub(crate) heard: Vec<i16>,
}

impl Phone {
    /// The same stream in other hands.
    pub(crate) fn twin(&self) -> Self {
        let socket = self.socket.try_clone().unwrap();
        Self { socket, heard: vec![], ..*self }
    }

    /// The phones here speak G.711.
    fn law(&self) -> Law {
        self.codec.law().unwrap()
    }

    pub(crate) fn talk(&mut self) {
        let packet = self.next_packet();
        self.socket.send_to(&packet, self.server).unwrap();
    }

    pub(crate) fn listen(&mut self) {
        let mut buffer = [0; 2_000];
        let (length, source) = self.socket.recv_from(&mut buffer).expect("a packet comes");
        assert_eq!(source, self.server);
        let packet = Packet::parse(&buffer[..length]).unwrap();
        assert_eq!(packet.header.payload_type, Format::of(self.codec).payload_type);
        let law = self.law();
        self.heard.extend(buffer[packet.payload].iter().map(|byte| law.decode(*byte)));
    }

    pub(crate) fn next_packet(&mut self) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type: Format::of(self.codec).payload_type,
            sequence: SeqNumber(self.packets),
            timestamp: RtpTime(u32::from(self.packets) * 160),
            ssrc: Ssrc(self.ssrc),
        };
        let mut datagram = vec![0; 172];
        header.write(datagram.first_chunk_mut().unwrap());
        let sound = tone::sine(self.frequency, 8_000, u64::from(self.packets) * 160, 160);
        self.law().encode_slice(&sound, &mut datagram[12..]);
        self.packets += 1;
        datagram
    }
}

pub(crate) fn assert_tone(samples: &[i16], frequency: f64) {
    assert!(samples.len() >= 1_600, "only {} samples", samples.len());
    for other in [440.0, 660.0, 880.0] {
        let share = tone::share(samples, other);
        assert!(
            if other == frequency { share > 0.9 } else { share < 0.01 },
            "{frequency} Hz: {share} at {other} Hz"
        );
    }
}
