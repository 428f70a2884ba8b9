//! The far end of a browser's sound that is neither a browser nor ours: the crate `webrtc` finds the way (ICE), agrees on keys
//! (DTLS 1.2) and seals (SRTP), and makes the descriptions. This file gives it a voice and an ear.
//!
//! It speaks one codec, with which it plays a tone from the moment that something is agreed. What it hears is kept as it
//! comes; what is lost is not made up for, because nothing is lost on the way from here to here. It knows nothing of SIP:
//! [`crate::web_phone`] does.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use codec::{Codec, Decoder, Encoder};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngineBuilder, StatsSelector,
};

use crate::patience;
use crate::sound::Sound;

/// What a packet lasts.
const PACKET_MS: usize = 20;

/// How long it may take to look for ways.
const LOOK: Duration = Duration::from_secs(10);

/// The number of its stream: "peer".
const SSRC: u32 = 0x7065_6572;

/// No number of a codec's: nothing is agreed yet.
const NOTHING_AGREED: u8 = u8::MAX;

/// What a peer is like.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// What it speaks and understands.
    pub codec: Codec,
    /// What it says.
    pub hz: f64,
    /// Whether it begins the handshake of a call that it is offered.
    pub begins: bool,
    /// Whether its descriptions name its ways. Without them nobody knows where it is until its checks come.
    pub names_ways: bool,
}

impl Manner {
    /// A peer as most are.
    pub fn speaking(codec: Codec, hz: f64) -> Manner {
        Manner { codec, hz, begins: true, names_ways: true }
    }
}

/// A peer that can be connected once. It is gone when it is dropped.
pub struct WebPeer {
    manner: Manner,
    runtime: Runtime,
    connection: Arc<dyn PeerConnection>,
    ear: Ear,
    agreed: Arc<AtomicU8>,
}

/// What the crate tells, and what came of it.
#[derive(Clone)]
struct Ear {
    codec: Codec,
    rate: u32,
    heard: Arc<Mutex<Vec<i16>>>,
    /// How often it has looked for all of its ways.
    looked: Arc<watch::Sender<u32>>,
    connection: Arc<Mutex<RTCPeerConnectionState>>,
}

impl WebPeer {
    /// A peer on this machine's own address.
    pub fn new(manner: Manner) -> WebPeer {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let agreed = Arc::new(AtomicU8::new(NOTHING_AGREED));
        let ear = Ear {
            codec: manner.codec,
            rate: manner.codec.sample_rate().hz(),
            heard: Arc::default(),
            looked: Arc::new(watch::Sender::new(0)),
            connection: Arc::default(),
        };
        let (connection, track) = runtime.block_on(connection(manner, ear.clone()));
        runtime.spawn(speak(manner, track, Arc::clone(&agreed)));
        WebPeer { manner, runtime, connection, ear, agreed }
    }

    /// Its offer of a call.
    pub fn offer(&self) -> String {
        self.offered(None)
    }

    /// Its offer to find another way for the same call: by another socket, as somebody who has come into another network.
    pub fn offer_another_way(&self) -> String {
        self.offered(Some(RTCOfferOptions { ice_restart: true }))
    }

    /// Takes the answer to its offer.
    pub fn take(&self, answer: &str) {
        self.runtime.block_on(async {
            let answer = RTCSessionDescription::answer(answer.to_owned()).expect("a description");
            self.connection.set_remote_description(answer).await.expect("an answer to what was offered");
        });
        self.agree_on(answer);
    }

    /// Its answer to an offer.
    pub fn answer(&self, offer: &str) -> String {
        let answer = self.runtime.block_on(async {
            let looked = self.ear.looked.subscribe();
            let offer = RTCSessionDescription::offer(offer.to_owned()).expect("a description");
            self.connection.set_remote_description(offer).await.expect("an offer that can be taken");
            let answer = self.connection.create_answer(None).await.expect("an answer");
            let early = answer.sdp.clone();
            self.connection.set_local_description(answer).await.expect("its own answer");
            self.told(looked, early).await
        });
        self.agree_on(&answer);
        answer
    }

    /// All that it has heard.
    pub fn heard(&self) -> Sound {
        Sound::of(self.ear.rate, self.ear.heard.lock().expect("no test panics while it holds this").clone())
    }

    /// Waits until it has heard this tone, and hardly anything else, for a second from now on.
    pub fn hears(&self, what: &str, within_s: u64, hz: f64) {
        let before = self.heard().seconds();
        let is_so = || {
            let heard = self.heard();
            heard.seconds() > before + 1.0 && heard.last(1.0).tone_share(hz) > 0.9
        };
        assert!(
            patience::until(within_s, || is_so().then_some(())).is_some(),
            "the peer does not hear {what} within {within_s} s; it heard {:.1} s, {:?}",
            self.heard().seconds() - before,
            self.state()
        );
    }

    /// How its connection is, by its own account: `dtlsRole`, `srtpCipher` and more.
    pub fn way(&self) -> Value {
        let stats = self.connection.get_stats(Instant::now(), StatsSelector::None);
        let report = self.runtime.block_on(stats);
        serde_json::to_value(report.transport().expect("a way")).expect("JSON")
    }

    /// Whether it is connected.
    pub fn state(&self) -> RTCPeerConnectionState {
        *self.ear.connection.lock().expect("no test panics while it holds this")
    }

    fn offered(&self, options: Option<RTCOfferOptions>) -> String {
        self.runtime.block_on(async {
            let looked = self.ear.looked.subscribe();
            let offer = self.connection.create_offer(options).await.expect("an offer");
            let early = offer.sdp.clone();
            self.connection.set_local_description(offer).await.expect("its own offer");
            self.told(looked, early).await
        })
    }

    /// What the far end is told: at once, or when all ways are known.
    async fn told(&self, mut looked: watch::Receiver<u32>, early: String) -> String {
        timeout(LOOK, looked.changed()).await.expect("it finds its ways").expect("it lives");
        let whole = self.connection.local_description().await.expect("its own description").sdp;
        assert!(whole.contains("\r\na=candidate:"), "{whole}");
        if self.manner.names_ways {
            return whole;
        }
        let is_way = |line: &str| line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates");
        early.split_inclusive("\r\n").filter(|line| !is_way(line)).collect()
    }

    /// From now on it speaks, by the number that the description has for its codec.
    fn agree_on(&self, description: &str) {
        let name = format!(" {}/", self.manner.codec.name());
        let is_ours = |line: &&str| line.starts_with("a=rtpmap:") && line.contains(&name);
        let line = description.lines().find(is_ours).unwrap_or_else(|| panic!("no{name}: {description}"));
        let number = line["a=rtpmap:".len()..].split(' ').next().and_then(|number| number.parse().ok());
        self.agreed.store(number.expect("a number"), Ordering::SeqCst);
    }
}

impl Drop for WebPeer {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.connection.close());
    }
}

async fn connection(manner: Manner, ear: Ear) -> (Arc<dyn PeerConnection>, Arc<dyn TrackLocal>) {
    let codec = RTCRtpCodec {
        mime_type: format!("audio/{}", manner.codec.name()),
        clock_rate: manner.codec.clock_rate(),
        channels: if manner.codec == Codec::Opus { 2 } else { 0 },
        ..RTCRtpCodec::default()
    };
    let payload_type = match manner.codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
    };
    let mut media = MediaEngine::default();
    let known = RTCRtpCodecParameters { rtp_codec: codec.clone(), payload_type };
    media.register_codec(known, RtpCodecKind::Audio).expect("a codec");
    let role = if manner.begins { RTCDtlsRole::Client } else { RTCDtlsRole::Server };
    let settings = SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_discard_local_candidates_during_ice_restart(true)
        .with_answering_dtls_role(role)
        .build();
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(media)
        .with_setting_engine(settings)
        .with_handler(Arc::new(ear))
        .with_udp_addrs(vec!["127.0.0.1:0"])
        .build()
        .await
        .expect("a connection");
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() },
        codec,
        ..Default::default()
    };
    let name = || "peer".to_owned();
    let track = MediaStreamTrack::new(name(), name(), name(), RtpCodecKind::Audio, vec![encoding]);
    let track: Arc<dyn TrackLocal> = Arc::new(TrackLocalStaticRTP::new(track));
    connection.add_track(Arc::clone(&track)).await.expect("a voice");
    (Arc::new(connection), track)
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Ear {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.looked.send_modify(|count| *count += 1);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        *self.connection.lock().expect("no test panics while it holds this") = state;
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        // What is told here must not wait for sound.
        tokio::spawn(self.clone().listen(track));
    }
}

impl Ear {
    async fn listen(self, track: Arc<dyn TrackRemote>) {
        let mut decoder = Decoder::new(self.codec, self.codec.sample_rate()).expect("a decoder");
        let mut samples = vec![0; decoder.rate().samples_in(codec::codec::LONGEST_MS as usize)];
        while let Some(event) = track.poll().await {
            let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
            let count = decoder.decode(self.codec, &packet.payload, &mut samples);
            self.heard.lock().expect("no test panics while it holds this").extend(&samples[..count]);
        }
    }
}

/// Says its tone for as long as it lives, from when something is agreed.
async fn speak(manner: Manner, track: Arc<dyn TrackLocal>, agreed: Arc<AtomicU8>) {
    let Manner { codec, hz, .. } = manner;
    let mut encoder = Encoder::new(codec, codec.sample_rate(), Default::default()).expect("an encoder");
    // One second, over and over: a whole number of waves, so that there is no seam.
    let tone = Sound::tone(encoder.rate().hz(), hz.round(), 1.0);
    let mut pieces = tone.channel(0).chunks_exact(encoder.rate().samples_in(PACKET_MS)).cycle();
    let units = codec.clock_rate() / 1_000 * PACKET_MS as u32;
    let mut bytes = vec![0; 1_500];
    let mut clock = interval(Duration::from_millis(PACKET_MS as u64));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for count in 0_u32.. {
        clock.tick().await;
        let payload_type = agreed.load(Ordering::SeqCst);
        let length = encoder.encode(pieces.next().expect("there is no end of them"), &mut bytes);
        if payload_type == NOTHING_AGREED {
            continue;
        }
        let header = rtp::header::Header {
            version: 2,
            payload_type,
            sequence_number: count as u16,
            timestamp: count.wrapping_mul(units),
            ssrc: SSRC,
            ..Default::default()
        };
        let payload = bytes[..length].to_vec().into();
        // Before there is a way nothing can be said, and at the end nothing more.
        let _ = track.write_rtp(rtp::Packet { header, payload }).await;
    }
}
