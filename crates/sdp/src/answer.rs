//! An answer from an offer: RFC 3264 §6.

use crate::browser::{self, Setup};
use crate::negotiated::{Negotiated, PayloadTypes, Theirs, Unusable};
use crate::offer::{Local, Order, add_keys, audio, describe};
use crate::session::{Attribute, Session};
use crate::{BrowserError, BrowserSide, CryptoError, OurBrowserSide, Sealed, Srtp};
use thiserror::Error;

/// The answer to send, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is sent.
    pub sdp: Session,
    /// What was agreed on by it.
    pub chosen: Negotiated,
}

/// Why nothing in an offer can be taken. SIP says it as 488 with a Warning (RFC 3261 §20.43).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no audio stream, or none that is not refused by itself.
    #[error("no audio is offered")]
    NoAudio,
    /// No audio stream is over a transport that we speak with this peer.
    #[error("no audio is offered over a transport spoken here")]
    Transport,
    /// Sound has to be sealed, and is offered in the clear only.
    #[error("audio has to be sealed (SRTP)")]
    Plain,
    /// Sound is offered sealed, and none of the keys can be used; this is said of the last one.
    #[error("no key of the offer can be used: {0}")]
    Crypto(CryptoError),
    /// Sound is offered by a browser, and not as it can be had.
    #[error("the browser's audio cannot be had: {0}")]
    Browser(BrowserError),
    /// No audio stream has an address that can be sent to: a name, a group, or of another family than ours.
    #[error("no audio is offered at an address that can be sent to")]
    Address,
    /// No audio stream has a codec we speak.
    #[error("no codec in common")]
    Codecs,
}

impl Refusal {
    /// The warning code of RFC 3261 §20.43 that says the same.
    pub const fn warning_code(self) -> u16 {
        match self {
            Self::NoAudio => 304,
            Self::Transport | Self::Plain => 302,
            Self::Crypto(_) | Self::Browser(_) => 399,
            Self::Address => 301,
            Self::Codecs => 305,
        }
    }
}

/// Answers an offer: takes the first audio stream that can be used and refuses all others.
///
/// One codec is answered, so that the peer cannot change it in mid-stream: the preferred one if it is offered, else
/// the first of the offer that we speak, or the first of ours that is offered, as [`Local::order`] says. Payload types are
/// those of the offer.
pub fn answer(offer: &Session, local: &Local<'_>) -> Result<Answer, Refusal> {
    let mut nearest = Unusable::NotAudio;
    for (place, media) in offer.media.iter().enumerate() {
        let taken =
            Theirs::read(offer, media, local.address.ip()).and_then(|theirs| take(place, &theirs, local));
        match taken {
            Ok(chosen) => return Ok(Answer { sdp: described(offer, local, &chosen), chosen }),
            Err(why) => nearest = nearest.max(why),
        }
    }
    Err(match nearest {
        Unusable::NotAudio | Unusable::Rejected => Refusal::NoAudio,
        Unusable::Transport => Refusal::Transport,
        Unusable::Plain => Refusal::Plain,
        Unusable::Crypto(why) => Refusal::Crypto(why),
        Unusable::Browser(why) => Refusal::Browser(why),
        Unusable::Address => Refusal::Address,
        Unusable::Codecs => Refusal::Codecs,
    })
}

fn take(place: usize, theirs: &Theirs, local: &Local<'_>) -> Result<Negotiated, Unusable> {
    let (sealed, browser) = match (&theirs.browser, local.browser) {
        (Some(said), Some(_)) => (None, Some(said.taken().map_err(Unusable::Browser)?)),
        (Some(_), None) => return Err(Unusable::Transport),
        (None, _) => (seal(theirs, local.srtp)?, None),
    };
    let spoken = || theirs.codecs().filter(|(_, codec)| local.codecs.contains(codec));
    let ours = || match local.order {
        Order::Theirs => None,
        Order::Ours => local.codecs.iter().find_map(|wanted| spoken().find(|(_, codec)| codec == wanted)),
    };
    let (number, codec) = spoken()
        .find(|(_, codec)| Some(*codec) == local.preferred)
        .or_else(ours)
        .or_else(|| spoken().next())
        .ok_or(Unusable::Codecs)?;
    let keys = theirs.telephone_event(codec);
    Ok(Negotiated {
        media: place,
        remote: theirs.remote,
        rtcp: theirs.rtcp,
        codec,
        payload: PayloadTypes::both(number),
        opus: theirs.opus(number),
        telephone_event: keys.map(|(number, _)| PayloadTypes::both(number)),
        telephone_event_clock: keys.map_or(codec.clock_rate(), |(_, clock_rate)| clock_rate),
        ptime_ms: theirs.ptime_ms,
        direction: theirs.our_direction(local.direction),
        hold: theirs.holds(),
        sealed,
        rtcp_mux: theirs.rtcp_mux,
        browser,
    })
}

/// Takes the first key of an offer that can be used (RFC 4568 §5.1.2). Keys beside plain RTP are an offer to seal at best
/// effort, and taken as one.
fn seal(theirs: &Theirs, srtp: Srtp<'_>) -> Result<Option<Sealed>, Unusable> {
    if matches!(srtp, Srtp::Off) {
        return if theirs.is_secure { Err(Unusable::Transport) } else { Ok(None) };
    }
    let mut why = CryptoError::Missing;
    for key in &theirs.keys {
        match key {
            Ok(key) => match srtp.keys().iter().find(|ours| ours.suite == key.suite) {
                Some(ours) => {
                    return Ok(Some(Sealed {
                        tag: key.tag,
                        suite: key.suite,
                        ours: ours.secret.clone(),
                        theirs: key.secret.clone(),
                        is_beside_plain: !theirs.is_secure,
                    }));
                }
                None => why = CryptoError::Suite,
            },
            Err(error) => why = *error,
        }
    }
    match (theirs.is_secure, srtp) {
        (true, _) => Err(Unusable::Crypto(why)),
        (false, Srtp::Required(_)) => Err(Unusable::Plain),
        (false, _) => Ok(None),
    }
}

/// The answer's text: as many streams as the offer, one of them taken, and the offer's time (RFC 3264 §6).
fn described(offer: &Session, local: &Local<'_>, chosen: &Negotiated) -> Session {
    let browser = local.browser.zip(chosen.browser.as_ref());
    let browser: Option<(OurBrowserSide<'_>, &BrowserSide)> =
        browser.map(|(ours, theirs)| (OurBrowserSide { mid: theirs.mid.as_deref(), ..ours }, theirs));
    let media = offer.media.iter().enumerate().map(|(place, media)| match place == chosen.media {
        true => {
            let codecs = [(chosen.payload.receive, chosen.codec)];
            let keys = chosen.telephone_event.map(|keys| (keys.receive, chosen.telephone_event_clock));
            let mut audio = audio(local, &media.protocol, &codecs, keys.as_slice(), chosen.direction);
            add_keys(&mut audio, chosen.sealed.as_ref().map(Sealed::line).as_slice());
            if let Some((ours, theirs)) = &browser {
                let setup = if theirs.we_begin { Setup::Active } else { Setup::Passive };
                browser::dress(&mut audio, ours, setup);
            } else if chosen.rtcp_mux {
                audio.attributes.push(Attribute::flag("rtcp-mux"));
            }
            audio
        }
        false => media.refused(),
    });
    let media = media.collect();
    let attributes = browser.map(|(ours, _)| browser::preface(&ours, browser::is_bundled(offer)));
    Session {
        times: offer.times.clone(),
        attributes: attributes.unwrap_or_default(),
        ..describe(local, media)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codec, Crypto, Direction, Secret, Suite};

    fn local() -> Local<'static> {
        Local::new("192.0.2.1:9000".parse().unwrap(), 7)
    }

    /// Our keys: one for each suite, all of one letter.
    fn our_keys() -> Vec<Crypto> {
        Suite::ALL
            .into_iter()
            .zip(1..)
            .map(|(suite, tag)| Crypto { tag, suite, secret: Secret::new(suite, |secret| secret.fill(b'A')) })
            .collect()
    }

    fn offered(lines: &str) -> Session {
        Session::parse(format!("v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\n{lines}").as_bytes())
            .unwrap()
    }

    fn chosen(lines: &str) -> Negotiated {
        answer(&offered(lines), &local()).unwrap().chosen
    }

    /// The answer's text, with a line on what it means.
    fn check(offer: &str, local: &Local<'_>) -> String {
        match answer(&Session::parse(offer.as_bytes()).unwrap(), local) {
            Ok(Answer { sdp, chosen: agreed }) => {
                let keys =
                    agreed.telephone_event.map_or("no keys".to_owned(), |keys| format!("keys {}", keys.send));
                let Negotiated { remote, codec, payload, direction, .. } = agreed;
                let sdp = sdp.to_string().replace('\r', "");
                format!("{sdp}→ {codec:?} as {} to {remote}, {keys}, {}", payload.send, direction.as_str())
            }
            Err(refusal) => format!("488 Warning: {} {refusal}", refusal.warning_code()),
        }
    }

    #[test]
    fn the_offer_of_rfc_3264_10_1_is_answered_with_one_codec_and_no_video() {
        let offer = "v=0
o=alice 2890844526 2890844526 IN IP4 192.0.2.9
s=
c=IN IP4 192.0.2.9
t=0 0
m=audio 49170 RTP/AVP 0
a=rtpmap:0 PCMU/8000
m=video 51372 RTP/AVP 31
a=rtpmap:31 H261/90000
m=video 53000 RTP/AVP 32
a=rtpmap:32 MPV/90000
";
        insta::assert_snapshot!(check(offer, &local()), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 0
        a=rtpmap:0 PCMU/8000
        a=ptime:20
        a=sendrecv
        m=video 0 RTP/AVP 31
        m=video 0 RTP/AVP 32
        → Pcmu as 0 to 192.0.2.9:49170, no keys, sendrecv
        ");
    }

    #[test]
    fn the_offer_of_rfc_3264_10_2_is_answered_in_its_order_with_dynamic_numbers_for_the_rest() {
        let offer = "v=0
o=alice 2890844526 2890844526 IN IP4 192.0.2.9
s=
c=IN IP4 192.0.2.9
t=0 0
m=audio 62986 RTP/AVP 0 4 18
a=rtpmap:0 PCMU/8000
a=rtpmap:4 G723/8000
a=rtpmap:18 G729/8000
m=audio 62988 RTP/AVP 97
a=rtpmap:97 telephone-event/8000
";
        insta::assert_snapshot!(check(offer, &local()), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 0
        a=rtpmap:0 PCMU/8000
        a=ptime:20
        a=sendrecv
        m=audio 0 RTP/AVP 97
        → Pcmu as 0 to 192.0.2.9:62986, no keys, sendrecv
        ");
    }

    #[test]
    fn the_second_audio_stream_is_taken_when_the_first_cannot_be() {
        let offer = "v=0
o=- 1 1 IN IP6 2001:db8::2
s=-
t=3338481189 3370017201
m=audio 4000 RTP/SAVP 0
c=IN IP6 2001:db8::2
m=audio 4002 RTP/AVP 18 98 99
c=IN IP6 2001:db8::3
a=rtpmap:98 pcma/8000/1
a=rtpmap:99 Telephone-Event/8000
a=fmtp:99 0-16
a=sendonly
";
        insta::assert_snapshot!(check(offer, &Local::new("[2001:db8::1]:9000".parse().unwrap(), 7)), @r"
        v=0
        o=- 7 1 IN IP6 2001:db8::1
        s=-
        c=IN IP6 2001:db8::1
        t=3338481189 3370017201
        m=audio 0 RTP/SAVP 0
        m=audio 9000 RTP/AVP 98 99
        a=rtpmap:98 PCMA/8000
        a=rtpmap:99 telephone-event/8000
        a=fmtp:99 0-15
        a=ptime:20
        a=recvonly
        → Pcma as 98 to [2001:db8::3]:4002, keys 99, recvonly
        ");
    }

    #[test]
    fn the_preferred_codec_is_chosen_wherever_it_stands() {
        let offer = offered("m=audio 4000 RTP/AVP 0 8");
        assert_eq!(answer(&offer, &local()).unwrap().chosen.codec, Codec::Pcmu);
        let preferred = Local { preferred: Some(Codec::Pcma), ..local() };
        assert_eq!(answer(&offer, &preferred).unwrap().chosen.codec, Codec::Pcma);
        let only = Local { codecs: &[Codec::Pcma], ..local() };
        assert_eq!(answer(&offer, &only).unwrap().chosen.codec, Codec::Pcma);
        assert_eq!(answer(&offered("m=audio 4000 RTP/AVP 0"), &only), Err(Refusal::Codecs));
    }

    #[test]
    fn sealed_sound_is_answered_with_the_first_key_that_we_can_use() {
        let offer = "v=0
o=- 1 1 IN IP4 192.0.2.2
c=IN IP4 192.0.2.2
m=audio 4000 RTP/SAVP 0
a=crypto:1 F8_128_HMAC_SHA1_80 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC
a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC|2^20|1:4
a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC|2^31
a=crypto:8 AES_CM_128_HMAC_SHA1_80 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC
a=rtcp-mux
";
        let keys = our_keys();
        let sealing = Local { srtp: Srtp::Offered(&keys), ..local() };
        insta::assert_snapshot!(check(offer, &sealing), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/SAVP 0
        a=rtpmap:0 PCMU/8000
        a=ptime:20
        a=sendrecv
        a=crypto:7 AES_CM_128_HMAC_SHA1_32 inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB
        a=rtcp-mux
        → Pcmu as 0 to 192.0.2.2:4000, no keys, sendrecv
        ");
        let chosen = answer(&Session::parse(offer.as_bytes()).unwrap(), &sealing).unwrap().chosen;
        let sealed = chosen.sealed.unwrap();
        assert_eq!((sealed.tag, sealed.suite, chosen.rtcp_mux), (7, Suite::AesCm128HmacSha1Tag32, true));
        assert_eq!(
            (sealed.ours.as_bytes(), sealed.theirs.as_bytes()),
            ([b'A'; 30].as_slice(), [b'B'; 30].as_slice())
        );
        let again = answer(&Session::parse(offer.as_bytes()).unwrap(), &sealing).unwrap().chosen;
        assert_eq!(again.sealed, Some(sealed), "a re-INVITE keeps the keys");
    }

    #[test]
    fn what_is_sealed_is_what_both_sides_want() {
        let keys = our_keys();
        let key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";
        let mki = format!("{key}|2^31|1:1");
        let foreign = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:QkJC";
        let mut table = String::new();
        for (offer, lines) in [
            ("plain", "m=audio 4000 RTP/AVP 0".to_owned()),
            ("plain, with a key", format!("m=audio 4000 RTP/AVP 0\n{key}")),
            ("plain, with a key we cannot use", format!("m=audio 4000 RTP/AVP 0\n{foreign}")),
            ("sealed", format!("m=audio 4000 RTP/SAVP 0\n{key}")),
            ("sealed, with feedback", format!("m=audio 4000 RTP/SAVPF 0\n{key}")),
            ("sealed, without a key", "m=audio 4000 RTP/SAVP 0".to_owned()),
            ("sealed, with an MKI", format!("m=audio 4000 RTP/SAVP 0\n{mki}")),
            ("sealed, with a key we cannot use", format!("m=audio 4000 RTP/SAVP 0\n{foreign}")),
            ("sealed or plain", format!("m=audio 4000 RTP/SAVP 0\n{key}\nm=audio 4002 RTP/AVP 0")),
            ("plain or sealed", format!("m=audio 4002 RTP/AVP 0\nm=audio 4000 RTP/SAVP 0\n{key}")),
            ("by DTLS", "m=audio 4000 UDP/TLS/RTP/SAVP 0".to_owned()),
        ] {
            table += &format!("{offer}\n");
            for (name, srtp) in [
                ("off", Srtp::Off),
                ("offered", Srtp::Offered(&keys)),
                ("preferred", Srtp::Preferred(&keys)),
                ("required", Srtp::Required(&keys)),
            ] {
                let result = match answer(&offered(&lines), &Local { srtp, ..local() }) {
                    Ok(answer) => {
                        let taken = &answer.sdp.media[answer.chosen.media];
                        assert_eq!(answer.chosen.sealed.is_some(), taken.has("crypto"));
                        let how = if answer.chosen.sealed.is_some() { "sealed" } else { "in the clear" };
                        format!("{how} over {}", taken.protocol)
                    }
                    Err(refusal) => format!("{} {refusal}", refusal.warning_code()),
                };
                table += &format!("    {name:<10} {result}\n");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn the_order_is_theirs_or_ours_as_is_set() {
        let offer = offered("m=audio 4000 RTP/AVP 0 9 111\na=rtpmap:111 opus/48000/2");
        let ours = Local { codecs: &[Codec::Opus, Codec::G722, Codec::Pcmu], ..local() };
        let codec = |local: &Local<'_>| answer(&offer, local).unwrap().chosen.codec;
        assert_eq!(codec(&ours), Codec::Pcmu);
        assert_eq!(codec(&Local { order: Order::Ours, ..ours }), Codec::Opus);
        assert_eq!(codec(&Local { order: Order::Ours, preferred: Some(Codec::G722), ..ours }), Codec::G722);
        assert_eq!(codec(&local()), Codec::Pcmu, "nothing but G.711 is spoken unless it is said so");
    }

    #[test]
    fn an_answer_in_opus_says_what_we_wish_and_hears_what_they_wish() {
        let offer = "v=0
o=- 1 1 IN IP4 192.0.2.2
c=IN IP4 192.0.2.2
m=audio 4000 RTP/AVP 111 63 9 0 110 126
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
";
        let ours = Local { codecs: &Codec::ALL, ptime_ms: 40, ..local() };
        insta::assert_snapshot!(check(offer, &ours), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 111 110
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 maxplaybackrate=16000;maxaveragebitrate=32000;useinbandfec=1
        a=rtpmap:110 telephone-event/48000
        a=fmtp:110 0-15
        a=ptime:40
        a=sendrecv
        → Opus as 111 to 192.0.2.2:4000, keys 110, sendrecv
        ");
        let chosen = answer(&Session::parse(offer.as_bytes()).unwrap(), &ours).unwrap().chosen;
        let wishes = chosen.opus.unwrap();
        assert_eq!((wishes.bitrate_max, wishes.redundancy), (Some(20_000), true));
        assert_eq!(chosen.telephone_event_clock, 48_000);
    }

    #[test]
    fn a_phone_that_knows_keys_on_one_clock_only_keeps_its_keys_beside_opus() {
        let lines =
            "m=audio 4000 RTP/AVP 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000";
        let chosen = answer(&offered(lines), &Local { codecs: &Codec::ALL, ..local() }).unwrap().chosen;
        assert_eq!(chosen.codec, Codec::Opus);
        assert_eq!(
            (chosen.telephone_event, chosen.telephone_event_clock),
            (Some(PayloadTypes::both(101)), 8_000)
        );
    }

    #[test]
    fn hold_is_understood_in_both_styles() {
        for (lines, direction, hold) in [
            ("", Direction::SendRecv, false),
            ("a=recvonly", Direction::SendOnly, false),
            ("a=sendonly", Direction::RecvOnly, true),
            ("a=inactive", Direction::Inactive, true),
            ("c=IN IP4 0.0.0.0", Direction::RecvOnly, true),
            ("c=IN IP6 ::", Direction::RecvOnly, true),
            ("c=IN IP4 0.0.0.0\na=inactive", Direction::Inactive, true),
            ("c=IN IP4 0.0.0.0\na=recvonly", Direction::Inactive, true),
        ] {
            let agreed = chosen(&format!("m=audio 4000 RTP/AVP 0\n{lines}"));
            assert_eq!((agreed.direction, agreed.hold), (direction, hold), "{lines}");
        }
        assert_eq!(chosen("a=sendonly\nm=audio 4000 RTP/AVP 0").direction, Direction::RecvOnly);
        assert_eq!(chosen("a=sendonly\nm=audio 4000 RTP/AVP 0\na=sendrecv").direction, Direction::SendRecv);
        assert_eq!(chosen("m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0").rtcp, None);
    }

    #[test]
    fn keys_on_another_clock_than_the_speech_are_not_taken() {
        let lines = "m=audio 4000 RTP/AVP 0 96 97\na=rtpmap:96 telephone-event/48000";
        assert_eq!(chosen(lines).telephone_event, None);
        let lines = format!("{lines}\na=rtpmap:97 telephone-event/8000");
        assert_eq!(chosen(&lines).telephone_event, Some(PayloadTypes::both(97)));
    }

    #[test]
    fn the_nearest_miss_is_the_reason_of_a_refusal() {
        for (lines, refusal, code) in [
            ("", Refusal::NoAudio, 304),
            ("m=video 4000 RTP/AVP 31", Refusal::NoAudio, 304),
            ("m=audio 0 RTP/AVP 0", Refusal::NoAudio, 304),
            ("m=audio 4000 RTP/SAVP 0", Refusal::Transport, 302),
            ("m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1", Refusal::Address, 301),
            ("m=audio 4000 RTP/AVP 0\nc=IN IP4 phone.example", Refusal::Address, 301),
            ("m=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 18", Refusal::Codecs, 305),
            ("m=audio 4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000", Refusal::Codecs, 305),
        ] {
            let refused = answer(&offered(lines), &local()).unwrap_err();
            assert_eq!((refused, refused.warning_code()), (refusal, code), "{lines}");
        }
    }

    #[test]
    fn the_descriptions_of_rfc_5118_are_answered() {
        // §4.6: the description of an IPv6 caller whose only codec is one we do not speak.
        let v6 = Local::new("[2001:db8::1]:9000".parse().unwrap(), 7);
        let head = "v=0\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\ns=Live video feed for today's meeting\n";
        let media = "t=3338481189 3370017201\nm=audio 6000 RTP/AVP 2\na=rtpmap:2 G726-32/8000\nm=video 6024 RTP/AVP 107\na=rtpmap:107 H263-1998/90000\n";
        insta::assert_snapshot!(check(&format!("{head}c=IN IP6 2001:db8::20\n{media}"), &v6), @"488 Warning: 305 no codec in common");
        // §4.9: an IPv4 address written as IPv6 is an IPv4 address.
        insta::assert_snapshot!(check(&format!("{head}c=IN IP6 ::ffff:192.0.2.2\n{media}"), &local()), @"488 Warning: 305 no codec in common");
        assert_eq!(
            chosen("m=audio 6000 RTP/AVP 0\nc=IN IP6 ::ffff:192.0.2.7").remote,
            "192.0.2.7:6000".parse().unwrap()
        );
        // §4.8: each stream has an address of its own, of another family.
        let two = "v=0
o=bob 280744730 28977631 IN IP4 host.example.com
s=
t=0 0
m=audio 22334 RTP/AVP 0
c=IN IP4 192.0.2.1
m=video 6024 RTP/AVP 107
c=IN IP6 2001:db8::1
a=rtpmap:107 H263-1998/90000
";
        insta::assert_snapshot!(check(two, &local()), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 0
        a=rtpmap:0 PCMU/8000
        a=ptime:20
        a=sendrecv
        m=video 0 RTP/AVP 107
        → Pcmu as 0 to 192.0.2.1:22334, no keys, sendrecv
        ");
    }
}
