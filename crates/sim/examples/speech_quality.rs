//! How speech sounds behind a bad network: sends a recording through the emulated network and the sound graph, by every codec,
//! at every loss, and writes down what the far end hears.
//!
//! ```text
//!  speech ─▶ encoder ─▶ Network ─▶ Engine: jitter buffer, decoder, concealment, encoder ─▶ decoder ─▶ WAV
//! ```
//!
//! `cargo run --release -p sim --example speech_quality -- SPEECH.wav FOLDER RUNS [WAY…]`, then
//! `python3 tests/bench/speech_quality.py FOLDER` (packages numpy, scipy, pesq) prints the table of `docs/quality.md`. Every run
//! follows from its number; only figures of the same speech compare.

#![allow(clippy::disallowed_methods, reason = "a program that reads and writes files")]

use base::{Duration, IdSource, Instant, Now, Timestamp};
use bytes::Bytes;
use codec::{Decoder, Encoder, Resampler, SampleRate};
use media::{Channel, Codec, Command, ConferenceKey, Engine, Format, Outbox, PortId, Recorded};
use rtp::{Header, Packet, RtpTime, SeqNumber, Ssrc};
use sim::network::Datagram;
use sim::weather::{Bursts, Delay, Loss};
use sim::{Network, Weather};
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

/// From one codec to another. The same on both sides meet in a conference, so that the sound is decoded and not passed on.
const WAYS: [(&str, Codec, Codec, bool); 8] = [
    ("PCMU", Codec::Pcmu, Codec::Pcmu, false),
    ("PCMA", Codec::Pcma, Codec::Pcma, false),
    ("G.722", Codec::G722, Codec::G722, false),
    ("Opus", Codec::Opus, Codec::Opus, false),
    ("Opus, redundant", Codec::Opus, Codec::Opus, true),
    ("PCMU to Opus", Codec::Pcmu, Codec::Opus, false),
    ("Opus to PCMU", Codec::Opus, Codec::Pcmu, false),
    ("Opus, redundant, to PCMU", Codec::Opus, Codec::Pcmu, true),
];

/// Percent, and how many are lost in a row in the mean.
const LOSSES: [(u8, u8); 10] =
    [(0, 1), (1, 1), (2, 1), (3, 1), (5, 1), (10, 1), (1, 3), (3, 3), (5, 3), (10, 3)];

/// The mean of the queue that packets go through, in milliseconds.
const JITTERS: [u64; 2] = [0, 15];

/// Silence before and behind the speech, in which the stream begins and ends.
const PAUSE: usize = 16_000;

const TICK: Duration = Duration::from_millis(20);
const SPEAKER: PortId = PortId::from_u64(1);
const LISTENER: PortId = PortId::from_u64(2);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [speech, folder, runs, wanted @ ..] = &arguments[..] else {
        return Err("speech_quality SPEECH.wav FOLDER RUNS [WAY…]".into());
    };
    let (folder, runs) = (Path::new(folder), runs.parse()?);
    std::fs::create_dir_all(folder)?;
    let mut sound = vec![0; PAUSE];
    sound.extend(read(speech)?);
    sound.extend([0; PAUSE]);
    write(&folder.join("reference.wav"), &sound, SampleRate::Wide)?;
    let mut index = std::fs::File::create(folder.join("index.tsv"))?;
    for (number, (way, from, to, redundant)) in WAYS.into_iter().enumerate() {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == way) {
            continue;
        }
        for jitter in JITTERS {
            for (percent, row) in LOSSES {
                // Without chance one run is as good as many.
                for run in 0..if percent == 0 && jitter == 0 { 1 } else { runs } {
                    let delay = match jitter {
                        0 => Delay::Even { least: TICK, most: TICK },
                        mean => Delay::Tail { least: TICK, mean: Duration::from_millis(mean) },
                    };
                    let share = f64::from(percent) / 100.0;
                    let loss = match row {
                        1 => Loss::Single(share),
                        row => Loss::Bursts(Bursts::of(share, row.into())),
                    };
                    let weather = Weather { delay, loss, is_queue: true, ..Weather::FAIR };
                    let expected = if redundant { percent } else { 0 };
                    let (heard, rate) = travel(&sound, from, to, expected, weather, run)?;
                    let file = format!("{number}-{percent}-{row}-{jitter}-{run}.wav");
                    write(&folder.join(&file), &heard, rate)?;
                    writeln!(index, "{file}\t{way}\t{percent}\t{row}\t{jitter}\t{run}")?;
                }
            }
        }
    }
    Ok(())
}

/// What the listener hears of the sound.
fn travel(
    sound: &[i16],
    from: Codec,
    to: Codec,
    expected_loss: u8,
    weather: Weather,
    run: u64,
) -> Result<(Vec<i16>, SampleRate), Box<dyn Error>> {
    let mut now =
        Now { mono: Instant::from_micros(5_000_000), utc: Timestamp::from_millis(1_794_477_600_000) };
    let addresses = [1, 2].map(|host| SocketAddr::from(([10, 0, 0, host], 4_000)));
    let mut engine = Engine::new(IdSource::new(run));
    for (port, remote, codec) in [(SPEAKER, addresses[0], from), (LISTENER, addresses[1], to)] {
        engine.handle_command(Command::Open { port }, now);
        let configure = Command::Configure {
            port,
            remote,
            format: Format::of(codec),
            telephone_event: None,
            send: true,
            receive: true,
            sealing: None,
            rtcp_mux: false,
        };
        engine.handle_command(configure, now);
        if from == to {
            let conference = ConferenceKey::from_u64(1);
            engine.handle_command(Command::Join { port, conference, speaks: true, listens: true }, now);
        }
    }
    if from != to {
        engine.handle_command(Command::Bridge { a: SPEAKER, b: LISTENER }, now);
    }
    let mut network = Network::new(weather, IdSource::new(run * 1_000 + 17));
    let mut ear = FarEar::new(to)?;
    let mut packets = packets(sound, from, expected_loss)?.into_iter();
    let (mut next_packet, end) =
        (now.mono, now.mono + Duration::from_millis(sound.len() as u64 / 16 + 1_000));
    while now.mono < end {
        if now.mono >= next_packet {
            if let Some(bytes) = packets.next() {
                network.send(Datagram { from: addresses[0], to: addresses[1], bytes }, now.mono);
            }
            next_packet += TICK;
        }
        while let Some(datagram) = network.arrive(now.mono) {
            engine.handle_packet(SPEAKER, datagram.from, &mut datagram.bytes.to_vec(), now, &mut ear);
        }
        engine.handle_timeout(now, &mut ear);
        while engine.poll_event().is_some() {}
        let due = [Some(next_packet), network.next_arrival(), engine.poll_timeout()];
        let due = due.into_iter().flatten().min().unwrap_or(end).max(now.mono + Duration::from_micros(1));
        now = now.after(due.since(now.mono));
    }
    Ok((ear.heard, ear.decoder.rate()))
}

/// The packets of a phone that says this.
fn packets(sound: &[i16], codec: Codec, expected_loss: u8) -> Result<Vec<Bytes>, Box<dyn Error>> {
    let format = Format::of(codec);
    let mut encoder = Encoder::new(codec, codec.sample_rate(), format.opus)?;
    encoder.expect_loss(expected_loss);
    let sound = at_rate(sound, encoder.rate());
    let units = codec.clock_rate() / 50;
    let mut packets = Vec::new();
    for (number, frame) in sound.chunks_exact(encoder.rate().samples_in(20)).enumerate() {
        let header = Header {
            marker: number == 0,
            payload_type: format.payload_type,
            sequence: SeqNumber(number as u16),
            timestamp: RtpTime(number as u32 * units),
            ssrc: Ssrc(7),
        };
        let (mut head, mut payload) = ([0; 12], [0; 1_275]);
        header.write(&mut head);
        let length = encoder.encode(frame, &mut payload);
        packets.push(Bytes::from([&head[..], &payload[..length]].concat()));
    }
    Ok(packets)
}

fn at_rate(sound: &[i16], rate: SampleRate) -> Vec<i16> {
    if rate == SampleRate::Wide {
        return sound.to_vec();
    }
    let mut resampler = Resampler::new(SampleRate::Wide, rate);
    let mut narrow = vec![0; sound.len() / 2];
    for (wide, out) in sound.chunks_exact(320).zip(narrow.chunks_exact_mut(160)) {
        resampler.process(wide, out);
    }
    narrow
}

/// A listener to whom nothing is lost.
struct FarEar {
    codec: Codec,
    decoder: Decoder,
    began: Option<RtpTime>,
    heard: Vec<i16>,
}

impl FarEar {
    fn new(codec: Codec) -> Result<Self, Box<dyn Error>> {
        Ok(Self { codec, decoder: Decoder::new(codec, codec.sample_rate())?, began: None, heard: Vec::new() })
    }
}

impl Outbox for FarEar {
    fn send(&mut self, port: PortId, channel: Channel, _: SocketAddr, datagram: &[u8]) {
        let (LISTENER, Channel::Rtp, Ok(packet)) = (port, channel, Packet::parse(datagram)) else { return };
        let began = *self.began.get_or_insert(packet.header.timestamp);
        let units = packet.header.timestamp.distance_from(began).unsigned_abs() as usize;
        let at = units * self.decoder.rate().samples_in(1_000) / self.codec.clock_rate() as usize;
        let mut frame = [0; 1_920];
        let length = self.decoder.decode(self.codec, &datagram[packet.payload], &mut frame);
        self.heard.resize(self.heard.len().max(at + length), 0);
        self.heard[at..at + length].copy_from_slice(&frame[..length]);
    }

    fn record(&mut self, _: &Recorded) -> bool {
        true
    }
}

/// One channel at 16 kHz.
fn read(path: &str) -> Result<Vec<i16>, Box<dyn Error>> {
    let mut wav = hound::WavReader::open(path)?;
    let (rate, channels) = (wav.spec().sample_rate, usize::from(wav.spec().channels));
    let samples = wav.samples::<i16>().collect::<Result<Vec<_>, _>>()?;
    let one: Vec<f32> = samples.chunks(channels).map(|all| f32::from(all[0]) / 32_768.0).collect();
    let sound = codec::convert(&one, rate, SampleRate::Wide.hz());
    Ok(sound.iter().map(|sample| (sample * 32_767.0) as i16).collect())
}

fn write(path: &Path, sound: &[i16], rate: SampleRate) -> Result<(), Box<dyn Error>> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate.hz(),
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for sample in sound {
        wav.write_sample(*sample)?;
    }
    Ok(wav.finalize()?)
}
