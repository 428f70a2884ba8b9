//! An engine, or several that give ports to each other, phones around them, and a clock that jumps.

use crate::ties::Ties;
use base::{Duration, IdSource, Instant, Now, Timestamp};
use codec::{Decoder, Encoder, Resampler, SampleRate};
use core::f64::consts::TAU;
use media::{
    Channel, Clip, ClipId, Codec, Command, Engine, Event, Format, Keys, Outbox, PortId, Quality, Recorded,
    Sealing, tone,
};
use rtp::{Header, Packet, RtpTime, SeqNumber, Ssrc, TelephoneEvent};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

/// The payload type of telephone-events on all phones.
pub(crate) const EVENTS: u8 = 101;

pub(crate) struct World {
    pub(crate) engine: Engine,
    /// Further engines. Ports are opened in the first one, and move when a command ties them to others elsewhere.
    pub(crate) others: Vec<Engine>,
    homes: BTreeMap<PortId, usize>,
    ties: Ties,
    moves: usize,
    pub(crate) now: Now,
    pub(crate) net: Net,
    pub(crate) events: Vec<Event>,
    pub(crate) measured: Vec<(PortId, Quality)>,
    phones: BTreeMap<PortId, Phone>,
}

/// What the engine sent, in order.
#[derive(Default)]
pub(crate) struct Net {
    pub(crate) sent: Vec<Sent>,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) is_ring_full: bool,
    /// What programs were given to hear.
    pub(crate) given: BTreeMap<PortId, Vec<i16>>,
    /// What each of them says.
    pub(crate) says: Option<Says>,
    at: Instant,
}

type Says = Box<dyn FnMut(&mut [i16])>;

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) port: PortId,
    pub(crate) channel: Channel,
    pub(crate) destination: SocketAddr,
    pub(crate) datagram: Vec<u8>,
}

impl Sent {
    pub(crate) fn header(&self) -> Header {
        Packet::parse(&self.datagram).expect("we send RTP").header
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.datagram[Packet::parse(&self.datagram).expect("we send RTP").payload]
    }
}

impl Outbox for Net {
    fn send(&mut self, port: PortId, channel: Channel, destination: SocketAddr, datagram: &[u8]) {
        self.sent.push(Sent { at: self.at, port, channel, destination, datagram: datagram.to_vec() });
    }

    fn take_from_line(&mut self, _: PortId, frame: &mut [i16]) -> bool {
        self.says.as_mut().map(|says| says(frame)).is_some()
    }

    fn give_to_line(&mut self, line: PortId, frame: &[i16]) {
        self.given.entry(line).or_default().extend(frame);
    }

    fn record(&mut self, recorded: &Recorded) -> bool {
        if !self.is_ring_full {
            self.recorded.push(recorded.clone());
        }
        !self.is_ring_full
    }
}

/// A far end: sends a tone, one packet every 20 ms while it talks, and hears what comes.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) address: SocketAddr,
    pub(crate) format: Format,
    pub(crate) keys: Keys,
    encoder: Encoder,
    decoder: Decoder,
    narrow: Resampler,
    widen: Resampler,
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) time: u32,
    pub(crate) frequency: f64,
    pub(crate) talks: bool,
    sample: u64,
    sealed: Option<Sealed>,
    pub(crate) rtcp_mux: bool,
}

/// The far end of a sealed port.
#[derive(Debug)]
struct Sealed {
    /// As the port is told it.
    sealing: Sealing,
    sealer: srtp::Sealer,
    opener: srtp::Opener,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Engine::new(IdSource::new(1)))
    }

    pub(crate) fn with(engine: Engine) -> Self {
        let now =
            Now { mono: Instant::from_micros(5_000_000), utc: Timestamp::from_millis(1_794_477_600_000) };
        Self {
            engine,
            others: vec![],
            homes: BTreeMap::new(),
            ties: Ties::default(),
            moves: 0,
            now,
            net: Net::default(),
            events: vec![],
            measured: vec![],
            phones: BTreeMap::new(),
        }
    }

    /// Opens port `number` towards a phone at 127.0.0.`number`, which talks at `frequency`.
    pub(crate) fn phone(&mut self, number: u8, codec: Codec, frequency: f64) -> PortId {
        self.phone_with(number, Format::of(codec), frequency)
    }

    /// The same with a phone that wants its packets so.
    pub(crate) fn phone_with(&mut self, number: u8, format: Format, frequency: f64) -> PortId {
        let port = PortId::from_u64(number.into());
        let address = SocketAddr::from(([127, 0, 0, number], 4_000));
        let (encoder, decoder, narrow) = voice(&format);
        let phone = Phone {
            address,
            format,
            keys: Keys { clock_rate: format.codec.clock_rate(), ..Keys::of(EVENTS) },
            encoder,
            decoder,
            narrow,
            widen: Resampler::new(SampleRate::Narrow, format.codec.sample_rate()),
            ssrc: 0x1000 + u32::from(number),
            sequence: 65_400 + u16::from(number),
            time: u32::MAX - 2_000 * u32::from(number),
            frequency,
            talks: frequency > 0.0,
            sample: 0,
            sealed: None,
            rtcp_mux: false,
        };
        self.phones.insert(port, phone);
        self.command(Command::Open { port });
        self.configure(port, true, true);
        port
    }

    /// Configures a port for its phone.
    pub(crate) fn configure(&mut self, port: PortId, send: bool, receive: bool) {
        let phone = &self.phones[&port];
        self.command(Command::Configure {
            port,
            remote: phone.address,
            format: phone.format,
            telephone_event: Some(phone.keys),
            send,
            receive,
            sealing: phone.sealed.as_ref().map(|sealed| sealed.sealing.clone()),
            rtcp_mux: phone.rtcp_mux,
        });
    }

    /// The phone of a port agrees on keys; with those it has already it goes on as it is.
    pub(crate) fn seal(&mut self, port: PortId, sealing: Sealing) {
        let phone = self.phone_of(port);
        if phone.sealed.as_ref().is_none_or(|sealed| sealed.sealing != sealing) {
            let (sealer, opener) = (srtp::Sealer::new(&sealing.theirs), srtp::Opener::new(&sealing.ours));
            phone.sealed = Some(Sealed { sealing, sealer, opener });
        }
        self.configure(port, true, true);
    }

    /// The phone of a port agrees on plain media.
    pub(crate) fn unseal(&mut self, port: PortId) {
        self.phone_of(port).sealed = None;
        self.configure(port, true, true);
    }

    /// The phone of a port changes to another codec, as a re-INVITE agrees it.
    pub(crate) fn speak_anew(&mut self, port: PortId, format: Format) {
        let phone = self.phone_of(port);
        let (encoder, decoder, narrow) = voice(&format);
        let keys = Keys { clock_rate: format.codec.clock_rate(), ..phone.keys };
        (phone.format, phone.keys) = (format, keys);
        (phone.encoder, phone.decoder, phone.narrow) = (encoder, decoder, narrow);
        phone.widen = Resampler::new(SampleRate::Narrow, format.codec.sample_rate());
        self.configure(port, true, true);
    }

    pub(crate) fn phone_of(&mut self, port: PortId) -> &mut Phone {
        self.phones.get_mut(&port).expect("the port has a phone")
    }

    pub(crate) fn command(&mut self, command: Command) {
        let home = self.gather(&command);
        let open: BTreeSet<_> = self.engines().flat_map(Engine::ports).collect();
        self.ties.follow(&command, |port| open.contains(&port));
        if let Command::Close { port } = command {
            self.homes.remove(&port);
        }
        let now = self.now;
        self.engine_at(home).handle_command(command, now);
        self.drain();
    }

    /// Brings those together whom a command ties, each with all that it is tied to, and says where they are.
    fn gather(&mut self, command: &Command) -> usize {
        let ports = self.ties.tied_by(command);
        let homes: Vec<_> = ports.iter().map(|port| self.homes.get(port).copied().unwrap_or(0)).collect();
        let Some(first) = homes.first().copied() else { return 0 };
        if homes.iter().all(|home| *home == first) {
            return first;
        }
        let to = self.moves % (1 + self.others.len());
        for port in ports {
            self.send_to(port, to);
        }
        to
    }

    /// Moves a port and all that it is tied to.
    pub(crate) fn send_to(&mut self, port: PortId, to: usize) {
        let from = self.homes.get(&port).copied().unwrap_or(0);
        if from == to || !self.engine_at(from).ports().any(|open| open == port) {
            return;
        }
        self.moves += 1;
        let now = self.now;
        let ports = self.ties.of(port);
        let parcel = self.engine_at(from).release(&ports, now);
        for moved in parcel.ports() {
            self.homes.insert(moved, to);
        }
        // What the engine has told of them before comes first.
        self.drain();
        self.engine_at(to).adopt(parcel, now);
        self.drain();
    }

    /// Takes note of where ports are that were opened without a word to the world.
    pub(crate) fn home_anchors(&mut self) {
        let there = self
            .engines()
            .enumerate()
            .flat_map(|(home, engine)| engine.ports().map(move |port| (port, home)));
        self.homes = there.collect();
    }

    pub(crate) fn engines(&self) -> impl Iterator<Item = &Engine> {
        core::iter::once(&self.engine).chain(&self.others)
    }

    pub(crate) fn engine_at(&mut self, home: usize) -> &mut Engine {
        match home.checked_sub(1) {
            None => &mut self.engine,
            Some(other) => &mut self.others[other],
        }
    }

    /// Lets time pass; phones that talk send.
    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now.mono + duration;
        let mut next_packets = self.now.mono;
        self.pass(Duration::ZERO);
        while self.now.mono < end {
            if self.now.mono >= next_packets {
                self.phones_talk();
                next_packets = self.now.mono + Duration::from_millis(20);
            }
            let wake = self.engines().filter_map(Engine::poll_timeout).min();
            let until = wake.unwrap_or(end).min(next_packets).min(end);
            self.pass(until.since(self.now.mono).max(Duration::from_micros(1)));
        }
    }

    /// Lets time pass without packets of the phones.
    pub(crate) fn pass(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
        self.net.at = self.now.mono;
        for engine in core::iter::once(&mut self.engine).chain(&mut self.others) {
            engine.handle_timeout(self.now, &mut self.net);
        }
        self.drain();
    }

    fn phones_talk(&mut self) {
        let talking: Vec<_> =
            self.phones.iter().filter(|(_, phone)| phone.talks).map(|(port, _)| *port).collect();
        for port in talking {
            let phone = self.phone_of(port);
            let datagram = phone.next_packet();
            let datagram = phone.seal(datagram);
            self.packet(port, datagram);
        }
    }

    /// A datagram arrives from the phone of `port`.
    pub(crate) fn packet(&mut self, port: PortId, datagram: Vec<u8>) {
        let source = self.phone_of(port).address;
        self.packet_from(source, port, datagram);
    }

    pub(crate) fn packet_from(&mut self, source: SocketAddr, port: PortId, mut datagram: Vec<u8>) {
        self.net.at = self.now.mono;
        let engine = match self.homes.get(&port) {
            None | Some(0) => &mut self.engine,
            Some(home) => &mut self.others[home - 1],
        };
        engine.handle_packet(port, source, &mut datagram, self.now, &mut self.net);
        self.drain();
    }

    /// A report arrives at the port's own socket for it.
    pub(crate) fn report_from(&mut self, source: SocketAddr, port: PortId, mut report: Vec<u8>) {
        let (home, now) = (self.homes.get(&port).copied().unwrap_or(0), self.now);
        self.engine_at(home).handle_rtcp(port, source, &mut report, now);
    }

    fn drain(&mut self) {
        for engine in core::iter::once(&mut self.engine).chain(&mut self.others) {
            while let Some(event) = engine.poll_event() {
                // How each port is comes again and again, and is nothing that happened.
                match event {
                    Event::Measured { port, quality } => self.measured.push((port, quality)),
                    event => self.events.push(event),
                }
            }
        }
    }

    /// Takes the media that was sent from `port` since this was last asked, telephone-events too; opened, if it is sealed.
    pub(crate) fn take_sent(&mut self, port: PortId) -> Vec<Sent> {
        let (mut taken, left): (Vec<Sent>, _) = core::mem::take(&mut self.net.sent)
            .into_iter()
            .partition(|sent| sent.port == port && sent.channel == Channel::Rtp);
        self.net.sent = left;
        taken.retain(|sent| !rtp::packet::is_rtcp(&sent.datagram));
        if let Some(sealed) = self.phones.get_mut(&port).and_then(|phone| phone.sealed.as_mut()) {
            for sent in &mut taken {
                let length = sealed.opener.open_rtp(&mut sent.datagram).expect("it is sealed for the phone");
                sent.datagram.truncate(length);
            }
        }
        taken
    }

    /// The payload types of what was sent from `port` and not taken yet.
    pub(crate) fn sent_types(&self, port: PortId) -> Vec<u8> {
        let sent = self.net.sent.iter().filter(|sent| sent.port == port && sent.channel == Channel::Rtp);
        sent.map(|sent| sent.header().payload_type).collect()
    }

    /// Takes what the phone of `port` heard since this was last asked, as samples at 8 kHz without regard to timestamps.
    pub(crate) fn take_heard(&mut self, port: PortId) -> Vec<i16> {
        let mut samples = vec![];
        for sent in self.take_sent(port) {
            let phone = self.phone_of(port);
            assert_eq!(sent.destination, phone.address);
            if sent.header().payload_type == phone.format.receive_type {
                let (mut sound, mut narrow) = ([0; 1_920], [0; 1_920]);
                let length = phone.decoder.decode(phone.format.codec, sent.payload(), &mut sound);
                assert!(length > 0, "it can be decoded");
                let length = phone.narrow.process(&sound[..length], &mut narrow);
                samples.extend_from_slice(&narrow[..length]);
            }
        }
        samples
    }

    /// The same at 16 kHz, for a phone that speaks wideband.
    pub(crate) fn take_wide(&mut self, port: PortId) -> Vec<i16> {
        let mut samples = vec![];
        for sent in self.take_sent(port) {
            let phone = self.phone_of(port);
            let mut sound = [0; 1_920];
            let length = phone.decoder.decode(phone.format.codec, sent.payload(), &mut sound);
            samples.extend_from_slice(&sound[..length]);
        }
        samples
    }

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }
}

fn voice(format: &Format) -> (Encoder, Decoder, Resampler) {
    let best = format.codec.sample_rate();
    let decoder = Decoder::new(format.codec, best).unwrap();
    let narrow = Resampler::new(decoder.rate(), SampleRate::Narrow);
    (Encoder::new(format.codec, best, format.opus).unwrap(), decoder, narrow)
}

impl Phone {
    /// Another one that goes on with the same numbers.
    pub(crate) fn twin(&self) -> Self {
        let (encoder, decoder, narrow) = voice(&self.format);
        let widen = self.widen.clone();
        Self { encoder, decoder, narrow, widen, sealed: None, ..*self }
    }

    pub(crate) fn next_packet(&mut self) -> Vec<u8> {
        let rate = self.encoder.rate();
        let samples: Vec<i16> = (0..rate.samples_in(20) as u64)
            .map(|at| {
                let turns = self.frequency * (self.sample + at) as f64 / f64::from(rate.hz());
                ((turns.fract() * TAU).sin() * 8_000.0) as i16
            })
            .collect();
        let mut payload = [0; 1_500];
        let length = self.encoder.encode(&samples, &mut payload);
        let datagram = self.datagram(self.format.receive_type, self.time, &payload[..length]);
        self.sample += samples.len() as u64;
        self.time = self.time.wrapping_add(self.format.codec.clock_rate() / 50);
        datagram
    }

    /// Speaks as one that has been told of loss.
    pub(crate) fn expect_loss(&mut self, percent: u8) {
        self.encoder.expect_loss(percent);
    }

    /// Seals a packet if the phone has keys.
    pub(crate) fn seal(&mut self, mut datagram: Vec<u8>) -> Vec<u8> {
        if let Some(sealed) = &mut self.sealed {
            let length = datagram.len();
            datagram.resize(length + srtp::SEAL_ROOM, 0);
            let length = sealed.sealer.seal_rtp(&mut datagram, length).expect("it can be sealed");
            datagram.truncate(length);
        }
        datagram
    }

    /// Seals a report.
    pub(crate) fn seal_report(&mut self, mut report: Vec<u8>) -> Vec<u8> {
        let sealed = self.sealed.as_mut().expect("it has keys");
        let length = report.len();
        report.resize(length + srtp::SEAL_ROOM, 0);
        let length = sealed.sealer.seal_rtcp(&mut report, length).expect("it can be sealed");
        report.truncate(length);
        report
    }

    /// Opens a report.
    pub(crate) fn open_report(&mut self, mut report: Vec<u8>) -> Vec<u8> {
        let sealed = self.sealed.as_mut().expect("it has keys");
        let length = sealed.opener.open_rtcp(&mut report).expect("it is sealed for the phone");
        report.truncate(length);
        report
    }

    /// The next packet, with 20 ms of this sound at 8 kHz.
    pub(crate) fn packet_of(&mut self, sound: &[i16]) -> Vec<u8> {
        let mut samples = [0; 960];
        let length = self.widen.process(sound, &mut samples);
        let mut payload = [0; 1_500];
        let length = self.encoder.encode(&samples[..length], &mut payload);
        let datagram = self.datagram(self.format.receive_type, self.time, &payload[..length]);
        self.time = self.time.wrapping_add(self.format.codec.clock_rate() / 50);
        datagram
    }

    /// One packet of a telephone-event that began at `began`.
    pub(crate) fn key_packet(&mut self, began: u32, event: TelephoneEvent) -> Vec<u8> {
        self.datagram(EVENTS, began, &event.to_bytes())
    }

    pub(crate) fn datagram(&mut self, payload_type: u8, time: u32, payload: &[u8]) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type,
            sequence: SeqNumber(self.sequence),
            timestamp: RtpTime(time),
            ssrc: Ssrc(self.ssrc),
        };
        self.sequence = self.sequence.wrapping_add(1);
        let mut bytes = [0; 12];
        header.write(&mut bytes);
        [&bytes, payload].concat()
    }
}

/// A clip of a tone.
pub(crate) fn clip(frequency: f64, duration: Duration) -> Arc<Clip> {
    let samples = media::clip::samples_of_duration(duration) as usize;
    Arc::new(Clip::from_samples(ClipId(frequency as u32), &tone::sine(frequency, 8_000, 0, samples)))
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Asserts that sound consists of `frequency` and, of the others in use here, nothing.
pub(crate) fn assert_tone(samples: &[i16], frequency: f64) {
    assert!(samples.len() >= 800, "only {} samples", samples.len());
    for other in [440.0, 660.0, 880.0] {
        let share = tone::share(samples, other);
        assert!(
            if other == frequency { share > 0.9 } else { share < 0.01 },
            "{frequency} Hz: {share} at {other} Hz"
        );
    }
}
