//! A relayed packet costs no allocation, nor does a transcoded, mixed or recorded one, nor any behind a move to another
//! engine: counted by the allocator itself.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use media::{
    Channel, Clip, ClipId, Codec, Command, Engine, Format, Keying, Keys, Outbox, PortId, Profile, Recorded,
    RecordingKey, Sealing,
};
use rtp::{Header, RtpTime, SeqNumber, Ssrc};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

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

#[derive(Default)]
struct Count {
    sent: u64,
    recorded: u64,
}

impl Outbox for Count {
    fn send(&mut self, _: PortId, _: Channel, _: SocketAddr, _: &[u8]) {
        self.sent += 1;
    }

    fn record(&mut self, _: &Recorded) -> bool {
        self.recorded += 1;
        true
    }
}

#[test]
fn relaying_recording_and_playing_allocate_nothing() {
    for sealed in [false, true] {
        relay_record_and_play(sealed);
    }
}

/// With `sealed`, the caller's packets come and go sealed.
fn relay_record_and_play(sealed: bool) {
    let sealing = [1, 2].map(|byte| Keying::new(Profile::AesCm128HmacSha1Tag80, &[byte; 30]).unwrap());
    let mut phone = srtp::Sealer::new(&sealing[1]);
    let [ours, theirs] = sealing;
    let sealing = Some(Sealing { ours, theirs }).filter(|_| sealed);
    let mut engine = Engine::new(IdSource::new(1));
    let mut other = used_engine();
    let mut now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };
    let mut out = Count::default();
    let [caller, agent, waiting] = [1, 2, 3].map(PortId::from_u64);
    let address = |port: PortId| SocketAddr::from(([127, 0, 0, port.as_u64() as u8], 4_000));
    for (port, codec) in [(caller, Codec::Pcmu), (agent, Codec::Pcma), (waiting, Codec::Pcmu)] {
        engine.handle_command(Command::Open { port }, now);
        let (remote, format) = (address(port), Format::of(codec));
        let command = Command::Configure {
            port,
            remote,
            format,
            telephone_event: Some(Keys::of(101)),
            send: true,
            receive: true,
            sealing: sealing.clone().filter(|_| port == caller),
            rtcp_mux: false,
        };
        engine.handle_command(command, now);
    }
    engine.handle_command(Command::Bridge { a: caller, b: agent }, now);
    let recording = RecordingKey::from_u64(1);
    engine.handle_command(Command::Record { recording, left: caller, right: Some(agent) }, now);
    let clips = vec![Arc::new(Clip::from_samples(ClipId(1), &[100; 1_000]))];
    engine.handle_command(Command::Play { port: waiting, play: 1, clips, repeat: true }, now);

    // The first packets tell `FirstPacket`, which makes the queue of events; they are let pass. It is polled as drivers do.
    let mut before = 0;
    for number in 0..10_000u16 {
        while engine.poll_event().is_some() {}
        if number == 100 {
            before = ALLOCATIONS.get();
        }
        if number == 5_000 {
            // A move may allocate; what the packets and ticks behind it do is counted on.
            let until = ALLOCATIONS.get() - before;
            other.adopt(engine.release(&[caller, agent, waiting], now), now);
            core::mem::swap(&mut engine, &mut other);
            assert!(other.is_empty());
            before = ALLOCATIONS.get() - until;
        }
        for (port, payload_type) in [(caller, 0), (agent, 8)] {
            let mut datagram = [0; 172 + srtp::SEAL_ROOM];
            datagram[..172].copy_from_slice(&packet(number, payload_type));
            let mut length = 172;
            if sealed && port == caller {
                length = phone.seal_rtp(&mut datagram, length).unwrap();
            }
            engine.handle_packet(port, address(port), &mut datagram[..length], now, &mut out);
        }
        now = now.after(Duration::from_millis(20));
        engine.handle_timeout(now, &mut out);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(before > 0, "the counter counts");
    assert_eq!(out.recorded, 20_000);
    assert!(out.sent >= 30_000, "both ways, and the music");
}

#[test]
fn transcoding_mixing_and_recording_allocate_nothing_once_they_are_set_up() {
    for left in Codec::ALL {
        for right in Codec::ALL {
            for mixed in [false, true] {
                let mut engine = Engine::new(IdSource::new(1));
                let mut other = used_engine();
                let mut now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };
                let mut out = Count::default();
                let ports = [(1, left), (2, right)].map(|(number, codec)| (PortId::from_u64(number), codec));
                let address = |port: PortId| SocketAddr::from(([127, 0, 0, port.as_u64() as u8], 4_000));
                for (port, codec) in ports {
                    engine.handle_command(Command::Open { port }, now);
                    let (remote, format) = (address(port), Format::of(codec));
                    let telephone_event = Some(Keys { clock_rate: codec.clock_rate(), ..Keys::of(101) });
                    let command = Command::Configure {
                        port,
                        remote,
                        format,
                        telephone_event,
                        send: true,
                        receive: true,
                        sealing: None,
                        rtcp_mux: false,
                    };
                    engine.handle_command(command, now);
                }
                let [(a, _), (b, _)] = ports;
                if mixed {
                    for port in [a, b] {
                        let conference = media::ConferenceKey::from_u64(1);
                        engine.handle_command(
                            Command::Join { port, conference, speaks: true, listens: true },
                            now,
                        );
                    }
                } else {
                    engine.handle_command(Command::Bridge { a, b }, now);
                }
                let recording = RecordingKey::from_u64(1);
                engine.handle_command(Command::Record { recording, left: a, right: Some(b) }, now);

                let mut voices = ports.map(|(_, codec)| {
                    let rate = codec.sample_rate();
                    (codec::Encoder::new(codec, rate, codec::opus::Settings::default()).unwrap(), rate)
                });
                let mut before = 0;
                for number in 0..300u16 {
                    while engine.poll_event().is_some() {}
                    if number == 50 {
                        before = ALLOCATIONS.get();
                    }
                    if number == 150 {
                        // A move may allocate; what the packets and ticks behind it do is counted on.
                        let until = ALLOCATIONS.get() - before;
                        other.adopt(engine.release(&[a, b], now), now);
                        core::mem::swap(&mut engine, &mut other);
                        assert!(other.is_empty());
                        before = ALLOCATIONS.get() - until;
                    }
                    for ((port, codec), (encoder, rate)) in ports.iter().zip(&mut voices) {
                        let sound = [i16::try_from(number % 7).unwrap_or(0) * 900; 320];
                        let mut datagram = [0; 12 + 400];
                        let length = encoder.encode(&sound[..rate.samples_in(20)], &mut datagram[12..]);
                        let header = Header {
                            marker: false,
                            payload_type: Format::of(*codec).receive_type,
                            sequence: SeqNumber(number),
                            timestamp: RtpTime(u32::from(number) * codec.clock_rate() / 50),
                            ssrc: Ssrc(port.as_u64() as u32),
                        };
                        if let Some(fixed) = datagram.first_chunk_mut() {
                            header.write(fixed);
                        }
                        // Some are lost, and concealed.
                        if number % 10 != 3 {
                            engine.handle_packet(
                                *port,
                                address(*port),
                                &mut datagram[..12 + length],
                                now,
                                &mut out,
                            );
                        }
                    }
                    now = now.after(Duration::from_millis(20));
                    engine.handle_timeout(now, &mut out);
                }
                assert_eq!(ALLOCATIONS.get() - before, 0, "{left:?} {right:?}, mixed: {mixed}");
                assert!(out.sent > 450 && out.recorded > 450, "{} sent, {} recorded", out.sent, out.recorded);
            }
        }
    }
}

#[test]
fn listening_whispering_and_conferring_allocate_nothing_once_they_are_set_up() {
    use Codec::{G722, Opus, Pcmu};
    for codecs in [[Pcmu, Pcmu, Pcmu], [Pcmu, G722, Opus], [Opus, Opus, Pcmu]] {
        for confer in [false, true] {
            let mut engine = Engine::new(IdSource::new(1));
            let mut now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };
            let mut out = Count::default();
            let ports = [1, 2, 3].map(PortId::from_u64);
            let address = |port: PortId| SocketAddr::from(([127, 0, 0, port.as_u64() as u8], 4_000));
            for (port, codec) in ports.into_iter().zip(codecs) {
                engine.handle_command(Command::Open { port }, now);
                let (remote, format) = (address(port), Format::of(codec));
                let command = Command::Configure {
                    port,
                    remote,
                    format,
                    telephone_event: None,
                    send: true,
                    receive: true,
                    sealing: None,
                    rtcp_mux: false,
                };
                engine.handle_command(command, now);
            }
            let [caller, agent, supervisor] = ports;
            if confer {
                for port in ports {
                    let conference = media::ConferenceKey::from_u64(1);
                    engine
                        .handle_command(Command::Join { port, conference, speaks: true, listens: true }, now);
                }
            } else {
                engine.handle_command(Command::Bridge { a: caller, b: agent }, now);
                for (listener, speaker) in [(supervisor, caller), (supervisor, agent), (agent, supervisor)] {
                    engine.handle_command(Command::Hear { listener, speaker, on: true }, now);
                }
            }
            let mut voices = codecs.map(|codec| {
                let rate = codec.sample_rate();
                (codec::Encoder::new(codec, rate, codec::opus::Settings::default()).unwrap(), rate)
            });
            let mut before = 0;
            for number in 0..300u16 {
                while engine.poll_event().is_some() {}
                if number == 50 {
                    before = ALLOCATIONS.get();
                }
                if number == 150 && !confer {
                    // Commands may allocate; what the packets and ticks behind them do is counted on.
                    let until = ALLOCATIONS.get() - before;
                    let off = Command::Hear { listener: agent, speaker: supervisor, on: false };
                    engine.handle_command(off, now);
                    before = ALLOCATIONS.get() - until;
                }
                for ((port, codec), (encoder, rate)) in ports.iter().zip(codecs).zip(&mut voices) {
                    let sound = [i16::try_from(number % 7).unwrap_or(0) * 900; 320];
                    let mut datagram = [0; 12 + 400];
                    let length = encoder.encode(&sound[..rate.samples_in(20)], &mut datagram[12..]);
                    let header = Header {
                        marker: false,
                        payload_type: Format::of(codec).receive_type,
                        sequence: SeqNumber(number),
                        timestamp: RtpTime(u32::from(number) * codec.clock_rate() / 50),
                        ssrc: Ssrc(port.as_u64() as u32),
                    };
                    if let Some(fixed) = datagram.first_chunk_mut() {
                        header.write(fixed);
                    }
                    if number % 10 != 3 {
                        engine.handle_packet(
                            *port,
                            address(*port),
                            &mut datagram[..12 + length],
                            now,
                            &mut out,
                        );
                    }
                }
                now = now.after(Duration::from_millis(20));
                engine.handle_timeout(now, &mut out);
            }
            assert_eq!(ALLOCATIONS.get() - before, 0, "{codecs:?}, conference: {confer}");
            assert!(out.sent > 800, "{} sent", out.sent);
        }
    }
}

/// An engine without ports that has told something already, which made its queue of events.
fn used_engine() -> Engine {
    let mut engine = Engine::new(IdSource::new(2));
    let now = Now { mono: Instant::START, utc: Timestamp::from_millis(0) };
    let port = PortId::from_u64(9);
    engine.handle_command(Command::Open { port }, now);
    engine.handle_command(Command::Close { port }, now);
    engine.handle_timeout(now, &mut Count::default());
    assert!(engine.poll_event().is_some() && engine.is_empty());
    engine
}

fn packet(number: u16, payload_type: u8) -> [u8; 172] {
    let header = Header {
        marker: false,
        payload_type,
        sequence: SeqNumber(number),
        timestamp: RtpTime(u32::from(number) * 160),
        ssrc: Ssrc(7),
    };
    let mut datagram = [0x55; 172];
    if let Some(fixed) = datagram.first_chunk_mut() {
        header.write(fixed);
    }
    datagram
}
