//! Making an offer, and reading the answer to it: RFC 3264 §5, §7 and §8.

use crate::browser::{self, MID, Setup, is_dtls};
use crate::format::{EVENTS, telephone_event};
use crate::negotiated::{
    Negotiated, PTIME_MS, PTIME_MS_MAX, PTIME_MS_MIN, PayloadTypes, Theirs, Unusable, is_secure,
};
use crate::session::{Attribute, Connection, Media, Origin, Session};
use crate::{BrowserError, Codec, Crypto, CryptoError, Direction, Opus, OurBrowserSide, Sealed, Srtp};
use std::net::SocketAddr;
use thiserror::Error;

/// Our side of a description.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Where we receive RTP. RTCP is received one port above.
    pub address: SocketAddr,
    /// Names our session; it stays the same for the whole dialog.
    pub session_id: u64,
    /// The edition of our description; see [`Session::following`].
    pub version: u64,
    /// What we speak, best first.
    pub codecs: &'a [Codec],
    /// The codec to choose whenever the peer speaks it too, whatever the order: that of the other leg, or of the
    /// call so far.
    pub preferred: Option<Codec>,
    /// Whose order counts in an answer when nothing is preferred.
    pub order: Order,
    /// How much sound we want in a packet, in milliseconds; held to what can be sent.
    pub ptime_ms: u16,
    /// How many bits a second of Opus we want at most.
    pub opus_bitrate: u32,
    /// Who shall send, seen from us.
    pub direction: Direction,
    /// Whether sound is sealed, and with which keys.
    pub srtp: Srtp<'a>,
    /// What a browser is told, if the peer may be one: an offer is for a browser then, and an answer if the offer was a
    /// browser's.
    pub browser: Option<OurBrowserSide<'a>>,
}

/// Whose order of codecs counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The peer's, who made the offer.
    Theirs,
    /// Ours.
    Ours,
}

/// How many bits a second of Opus far ends may send us: 24 000 carry speech in wideband, and a third more is what redundancy for lost
/// packets takes (docs/quality.md).
pub const OPUS_BITRATE: u32 = 32_000;

impl Local<'static> {
    /// A side that speaks what every phone speaks, both ways.
    pub const fn new(address: SocketAddr, session_id: u64) -> Self {
        Self {
            address,
            session_id,
            version: 1,
            codecs: &Codec::PLAIN,
            preferred: None,
            order: Order::Theirs,
            ptime_ms: PTIME_MS,
            opus_bitrate: OPUS_BITRATE,
            direction: Direction::SendRecv,
            srtp: Srtp::Off,
            browser: None,
        }
    }
}

/// Why an answer does not fit the offer. The call cannot be heard; whoever made the offer hangs up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// The offer held no audio stream.
    #[error("nothing was offered")]
    NothingOffered,
    /// The answer has no such stream.
    #[error("the answer has fewer streams than the offer")]
    Missing,
    /// The stream of the answer is of another kind than that of the offer.
    #[error("the answer has another kind of stream in that place")]
    AnotherKind,
    /// The stream was refused.
    #[error("the stream was refused")]
    Refused,
    /// The answer is for a transport that was not offered.
    #[error("the answer has another transport")]
    Transport,
    /// The address is missing, a name, a group, or of another family than ours.
    #[error("the answer has no address that can be sent to")]
    Address,
    /// None of the keys offered was taken, although sound has to be sealed, or one that was not offered.
    #[error("the answer has no key for what was offered: {0}")]
    Crypto(CryptoError),
    /// It is a browser's, and not as it can be had.
    #[error("the browser's answer cannot be had: {0}")]
    Browser(BrowserError),
    /// Nothing in it was in the offer.
    #[error("the answer has no codec of the offer")]
    Codecs,
}

/// A description with one audio stream that offers everything `local` speaks.
pub fn offer(local: &Local<'_>) -> Session {
    if let Some(ours) = local.browser {
        return offer_to_browser(local, ours);
    }
    let protocol = match local.srtp {
        Srtp::Required(_) => "RTP/SAVP",
        Srtp::Off | Srtp::Offered(_) | Srtp::Preferred(_) => "RTP/AVP",
    };
    let mut media = audio(local, protocol, &ours(local), &keys(local), local.direction);
    add_keys(&mut media, local.srtp.offered());
    describe(local, vec![media])
}

/// The same for a browser.
fn offer_to_browser(local: &Local<'_>, ours: OurBrowserSide<'_>) -> Session {
    let ours = OurBrowserSide { mid: Some(ours.mid.unwrap_or(MID)), ..ours };
    let mut media = audio(local, "UDP/TLS/RTP/SAVPF", &self::ours(local), &keys(local), local.direction);
    browser::dress(&mut media, &ours, Setup::Either);
    Session { attributes: browser::preface(&ours, true), ..describe(local, vec![media]) }
}

/// An offer that changes what was agreed: `sent` is the description we sent last, offer or answer, `accepted` the
/// place of its audio stream ([`Negotiated::media`]). Streams that were refused stay in their places, refused, as
/// RFC 3264 §8 wants it, and the version grows if anything changed.
pub fn reoffer(local: &Local<'_>, sent: &Session, accepted: usize) -> Session {
    let was = sent.media.get(accepted).filter(|media| is_dtls(&media.protocol));
    let browser =
        local.browser.zip(was).map(|(ours, was)| OurBrowserSide { mid: was.value_of("mid"), ..ours });
    let media = sent.media.iter().enumerate().map(|(place, media)| match place == accepted {
        true => {
            let mut audio = audio(local, &media.protocol, &ours(local), &keys(local), local.direction);
            if let Some(ours) = browser {
                browser::dress(&mut audio, &ours, Setup::Either);
                return audio;
            }
            // What was sealed stays so; and nothing else is to be where it is required.
            let is_secure = is_secure(&media.protocol) == Some(true);
            add_keys(&mut audio, if is_secure { local.srtp.keys() } else { local.srtp.offered() });
            audio
        }
        false => media.refused(),
    });
    let media = media.collect();
    let attributes = browser.map(|ours| browser::preface(&ours, browser::is_bundled(sent)));
    Session { attributes: attributes.unwrap_or_default(), ..describe(local, media) }.following(sent)
}

/// Reads the answer to an offer of ours.
///
/// The first codec of the answer that was offered is the one we send. Streams beyond those offered are read over.
pub fn accept(offer: &Session, answer: &Session) -> Result<Negotiated, AnswerError> {
    let (place, offered) = offer
        .media
        .iter()
        .enumerate()
        .find(|(_, media)| media.kind == "audio" && media.port != 0)
        .ok_or(AnswerError::NothingOffered)?;
    let Some(Connection::Ip(local)) = offer.connection_of(offered) else {
        return Err(AnswerError::NothingOffered);
    };
    let answered = answer.media.get(place).ok_or(AnswerError::Missing)?;
    let theirs = Theirs::read(answer, answered, *local).map_err(|why| match why {
        Unusable::NotAudio => AnswerError::AnotherKind,
        Unusable::Rejected => AnswerError::Refused,
        Unusable::Transport | Unusable::Plain => AnswerError::Transport,
        Unusable::Crypto(why) => AnswerError::Crypto(why),
        Unusable::Browser(why) => AnswerError::Browser(why),
        Unusable::Address => AnswerError::Address,
        Unusable::Codecs => AnswerError::Codecs,
    })?;

    let mine = Theirs::read(offer, offered, *local).map_err(|_| AnswerError::NothingOffered)?;
    let (codec, payload) = theirs
        .codecs()
        .find_map(|(send, codec)| {
            let (receive, _) = mine.codecs().find(|(_, offered)| *offered == codec)?;
            Some((codec, PayloadTypes { send, receive }))
        })
        .ok_or(AnswerError::Codecs)?;
    let (sealed, browser) = match (&mine.browser, &theirs.browser) {
        (Some(_), Some(said)) => (None, Some(said.answered().map_err(AnswerError::Browser)?)),
        (None, None) => (taken_key(&mine, &theirs)?, None),
        (Some(_), None) | (None, Some(_)) => return Err(AnswerError::Transport),
    };
    let keys = theirs.telephone_event(codec).and_then(|(send, clock_rate)| {
        let receive = mine.telephone_event_on(clock_rate)?;
        Some((PayloadTypes { send, receive }, clock_rate))
    });
    Ok(Negotiated {
        media: place,
        remote: theirs.remote,
        rtcp: theirs.rtcp,
        codec,
        payload,
        opus: theirs.opus(payload.send),
        telephone_event: keys.map(|(numbers, _)| numbers),
        telephone_event_clock: keys.map_or(codec.clock_rate(), |(_, clock_rate)| clock_rate),
        ptime_ms: theirs.ptime_ms,
        direction: theirs.our_direction(mine.direction),
        hold: theirs.holds(),
        sealed,
        rtcp_mux: mine.rtcp_mux && theirs.rtcp_mux,
        browser,
    })
}

/// Which of the keys offered the answer has taken (RFC 4568 §5.1.3, §7.1). What was offered sealed is not had in the clear:
/// somebody between us would have taken the keys away.
fn taken_key(mine: &Theirs, theirs: &Theirs) -> Result<Option<Sealed>, AnswerError> {
    let offered = || mine.keys.iter().filter_map(|key| key.as_ref().ok());
    if mine.is_secure && !theirs.is_secure || theirs.is_secure && offered().next().is_none() {
        return Err(AnswerError::Transport);
    }
    let answered = match theirs.keys.first() {
        Some(answered) => answered.as_ref().map_err(|why| AnswerError::Crypto(*why))?,
        None if theirs.is_secure => return Err(AnswerError::Crypto(CryptoError::Missing)),
        None => return Ok(None),
    };
    // Keys that nobody asked for mean nothing beside plain RTP.
    if offered().next().is_none() {
        return Ok(None);
    }
    let ours = offered()
        .find(|offered| offered.tag == answered.tag && offered.suite == answered.suite)
        .ok_or(AnswerError::Crypto(CryptoError::NotOffered))?;
    Ok(Some(Sealed {
        tag: ours.tag,
        suite: ours.suite,
        ours: ours.secret.clone(),
        theirs: answered.secret.clone(),
        is_beside_plain: !theirs.is_secure,
    }))
}

/// Puts keys into a stream of ours.
pub(crate) fn add_keys(media: &mut Media, keys: &[Crypto]) {
    media.attributes.extend(keys.iter().map(|key| Attribute::with("crypto", key)));
}

/// The codecs of an offer, the preferred one first.
fn ours(local: &Local<'_>) -> Vec<(u8, Codec)> {
    let mut codecs: Vec<Codec> = local.codecs.to_vec();
    codecs.sort_by_key(|codec| Some(*codec) != local.preferred);
    codecs.into_iter().map(|codec| (codec.payload_type(), codec)).collect()
}

/// The payload types of keys in an offer: one for each clock that speech may have, in the same order.
fn keys(local: &Local<'_>) -> Vec<(u8, u32)> {
    let mut keys: Vec<(u8, u32)> = Vec::new();
    for (_, codec) in ours(local) {
        let clock_rate = codec.clock_rate();
        if keys.iter().all(|(_, clock)| *clock != clock_rate) {
            keys.push((telephone_event(clock_rate), clock_rate));
        }
    }
    // Who answers with Opus may know keys on the old clock only.
    if keys.iter().all(|(_, clock)| *clock != 8000) {
        keys.push((telephone_event(8000), 8000));
    }
    keys
}

/// Our description around these streams.
pub(crate) fn describe(local: &Local<'_>, media: Vec<Media>) -> Session {
    let host = Connection::Ip(local.address.ip().to_canonical());
    Session {
        origin: Origin {
            user: "-".to_owned(),
            session_id: local.session_id.to_string(),
            version: local.version.to_string(),
            host: host.clone(),
        },
        name: "-".to_owned(),
        connection: Some(host),
        times: vec![(0, 0)],
        attributes: Vec::new(),
        media,
    }
}

/// Our audio stream with these codecs and these payload types and clocks for keys.
pub(crate) fn audio(
    local: &Local<'_>,
    protocol: &str,
    codecs: &[(u8, Codec)],
    keys: &[(u8, u32)],
    direction: Direction,
) -> Media {
    let mut attributes = Vec::new();
    for (number, codec) in codecs {
        let (name, clock_rate) = (codec.name(), codec.clock_rate());
        attributes.push(match codec.channels() {
            Some(channels) => {
                Attribute::with("rtpmap", format_args!("{number} {name}/{clock_rate}/{channels}"))
            }
            None => Attribute::with("rtpmap", format_args!("{number} {name}/{clock_rate}")),
        });
        if *codec == Codec::Opus {
            let wishes = Opus::ours(local.opus_bitrate);
            attributes.push(Attribute::with("fmtp", format_args!("{number} {wishes}")));
        }
    }
    for (number, clock_rate) in keys {
        attributes.push(Attribute::with("rtpmap", format_args!("{number} telephone-event/{clock_rate}")));
        attributes.push(Attribute::with("fmtp", format_args!("{number} {EVENTS}")));
    }
    attributes.push(Attribute::with("ptime", local.ptime_ms.clamp(PTIME_MS_MIN, PTIME_MS_MAX)));
    attributes.push(Attribute::flag(direction.as_str()));

    Media {
        kind: "audio".to_owned(),
        port: local.address.port(),
        ports: None,
        protocol: protocol.to_owned(),
        formats: codecs
            .iter()
            .map(|(number, _)| *number)
            .chain(keys.iter().map(|(number, _)| *number))
            .map(|n| n.to_string())
            .collect(),
        connection: None,
        attributes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, Suite, answer};
    use proptest::prelude::*;

    fn local() -> Local<'static> {
        Local::new("192.0.2.1:9000".parse().unwrap(), 7)
    }

    fn text(session: &Session) -> String {
        session.to_string().replace('\r', "")
    }

    fn theirs(lines: &str) -> Session {
        Session::parse(format!("v=0\no=- 1 1 IN IP4 192.0.2.2\nc=IN IP4 192.0.2.2\n{lines}").as_bytes())
            .unwrap()
    }

    #[test]
    fn an_offer_lists_all_we_speak_with_the_preferred_codec_first() {
        insta::assert_snapshot!(text(&offer(&Local { preferred: Some(Codec::Pcma), ..local() })), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 8 0 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendrecv
        ");
    }

    #[test]
    fn an_offer_of_several_codecs_has_keys_on_the_clock_of_each() {
        let local = Local { codecs: &[Codec::Opus, Codec::G722, Codec::Pcma], ..local() };
        insta::assert_snapshot!(text(&offer(&local)), @r"
        v=0
        o=- 7 1 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 9000 RTP/AVP 96 9 8 102 101
        a=rtpmap:96 opus/48000/2
        a=fmtp:96 maxplaybackrate=16000;maxaveragebitrate=32000;useinbandfec=1
        a=rtpmap:9 G722/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:102 telephone-event/48000
        a=fmtp:102 0-15
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendrecv
        ");
    }

    #[test]
    fn opus_is_received_under_our_number_and_sent_under_theirs() {
        let local = Local { codecs: &Codec::ALL, ..local() };
        let lines = "m=audio 5000 RTP/AVP 109 110 101\na=rtpmap:109 opus/48000/2\na=fmtp:109 useinbandfec=1";
        for (keys, clock_rate) in [("a=rtpmap:110 telephone-event/48000", 48_000), ("", 8_000)] {
            let answer = theirs(&format!("{lines}\n{keys}\na=rtpmap:101 telephone-event/8000"));
            let agreed = accept(&offer(&local), &answer).unwrap();
            assert_eq!(
                (agreed.codec, agreed.payload),
                (Codec::Opus, PayloadTypes { send: 109, receive: 96 })
            );
            assert_eq!(agreed.telephone_event_clock, clock_rate);
            let numbers = match clock_rate {
                48_000 => PayloadTypes { send: 110, receive: 102 },
                _ => PayloadTypes::both(101),
            };
            assert_eq!(agreed.telephone_event, Some(numbers));
            assert_eq!(agreed.opus, Some(Opus { redundancy: true, ..Opus::SILENT }));
        }
    }

    #[test]
    fn the_first_codec_of_the_answer_counts_and_each_side_receives_its_own_numbers() {
        let answer =
            theirs("m=audio 5000 RTP/AVP 98 0 97\na=rtpmap:98 PCMA/8000\na=rtpmap:97 telephone-event/8000");
        let agreed = accept(&offer(&local()), &answer).unwrap();
        assert_eq!(agreed.codec, Codec::Pcma);
        assert_eq!(agreed.payload, PayloadTypes { send: 98, receive: 8 });
        assert_eq!(agreed.telephone_event, Some(PayloadTypes { send: 97, receive: 101 }));
        assert_eq!(agreed.remote, "192.0.2.2:5000".parse().unwrap());
        assert_eq!(agreed.rtcp, Some("192.0.2.2:5001".parse().unwrap()));
        assert_eq!((agreed.direction, agreed.hold, agreed.ptime_ms), (Direction::SendRecv, false, 20));
    }

    #[test]
    fn an_answer_that_does_not_fit_says_why() {
        for (lines, error) in [
            ("", AnswerError::Missing),
            ("m=video 5000 RTP/AVP 0", AnswerError::AnotherKind),
            ("m=audio 0 RTP/AVP 0", AnswerError::Refused),
            ("m=audio 5000 RTP/SAVP 0", AnswerError::Transport),
            ("m=audio 5000 RTP/AVP 18", AnswerError::Codecs),
            ("m=audio 5000 RTP/AVP 0\nc=IN IP4 media.example.com", AnswerError::Address),
            ("m=audio 5000 RTP/AVP 0\nc=IN IP4 224.2.1.1/127", AnswerError::Address),
            ("m=audio 5000 RTP/AVP 0\nc=IN IP4 224.2.1.1", AnswerError::Address),
            ("m=audio 5000 RTP/AVP 0\nc=IN IP4 255.255.255.255", AnswerError::Address),
            ("m=audio 5000 RTP/AVP 0\nc=IN IP6 2001:db8::1", AnswerError::Address),
        ] {
            assert_eq!(accept(&offer(&local()), &theirs(lines)), Err(error), "{lines}");
        }
        assert_eq!(accept(&theirs(""), &theirs("")), Err(AnswerError::NothingOffered));
    }

    #[test]
    fn an_offer_has_keys_where_sealing_is_wanted() {
        let keys = our_keys();
        let protocols =
            [Srtp::Off, Srtp::Offered(&keys), Srtp::Preferred(&keys), Srtp::Required(&keys)].map(|srtp| {
                let offer = offer(&Local { srtp, ..local() });
                (offer.media[0].protocol.clone(), offer.media[0].values_of("crypto").count())
            });
        let [off, offered, preferred, required] = protocols;
        assert_eq!((off, offered), (("RTP/AVP".to_owned(), 0), ("RTP/AVP".to_owned(), 0)));
        assert_eq!((preferred, required), (("RTP/AVP".to_owned(), 2), ("RTP/SAVP".to_owned(), 2)));
    }

    #[test]
    fn the_answer_says_which_key_was_taken_and_a_downgrade_is_refused() {
        let keys = our_keys();
        let key = "inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC";
        let sealed_answer = format!("m=audio 5000 RTP/SAVP 0\na=crypto:2 AES_CM_128_HMAC_SHA1_32 {key}");
        let [required, preferred] = [Srtp::Required(&keys), Srtp::Preferred(&keys)];
        for (srtp, answer, wanted) in [
            (required, sealed_answer.clone(), Ok(Some(2))),
            (required, sealed_answer.replace("SAVP", "SAVPF"), Ok(Some(2))),
            (required, "m=audio 5000 RTP/AVP 0".to_owned(), Err(AnswerError::Transport)),
            (required, sealed_answer.replace("SAVP", "AVP"), Err(AnswerError::Transport)),
            (required, "m=audio 5000 RTP/SAVP 0".to_owned(), Err(AnswerError::Crypto(CryptoError::Missing))),
            (
                required,
                sealed_answer.replace(":2 ", ":1 "),
                Err(AnswerError::Crypto(CryptoError::NotOffered)),
            ),
            (
                required,
                sealed_answer.replace(":2 ", ":9 "),
                Err(AnswerError::Crypto(CryptoError::NotOffered)),
            ),
            (required, format!("{sealed_answer}|2^31|1:1"), Err(AnswerError::Crypto(CryptoError::Mki))),
            (preferred, "m=audio 5000 RTP/AVP 0".to_owned(), Ok(None)),
            (preferred, sealed_answer.replace("SAVP", "AVP"), Ok(Some(2))),
            (preferred, sealed_answer.clone(), Ok(Some(2))),
            (Srtp::Offered(&keys), sealed_answer.clone(), Err(AnswerError::Transport)),
            (Srtp::Offered(&keys), sealed_answer.replace("SAVP", "AVP"), Ok(None)),
        ] {
            let agreed = accept(&offer(&Local { srtp, ..local() }), &theirs(&answer));
            let tag = agreed.as_ref().map(|agreed| agreed.sealed.as_ref().map(|sealed| sealed.tag));
            assert_eq!(tag.map_err(|error| *error), wanted, "{answer}");
            if let Some(sealed) = agreed.ok().and_then(|agreed| agreed.sealed) {
                assert_eq!(sealed.ours.as_bytes(), [b'A'; 30]);
                assert_eq!(sealed.theirs.as_bytes(), [b'B'; 30]);
            }
        }
    }

    #[test]
    fn a_sealed_stream_stays_sealed_when_it_is_offered_anew() {
        let keys = our_keys();
        let sealing = Local { srtp: Srtp::Offered(&keys), ..local() };
        let came = theirs(
            "m=audio 5000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC",
        );
        let answered = answer(&came, &sealing).unwrap();
        let hold = Local { direction: Direction::SendOnly, ..sealing };
        let changed = reoffer(&hold, &answered.sdp, answered.chosen.media);
        assert_eq!(changed.media[0].protocol, "RTP/SAVP");
        assert_eq!(changed.media[0].values_of("crypto").count(), 2);
    }

    fn our_keys() -> Vec<Crypto> {
        [Suite::AesCm128HmacSha1Tag80, Suite::AesCm128HmacSha1Tag32]
            .into_iter()
            .zip(1..)
            .map(|(suite, tag)| Crypto { tag, suite, secret: Secret::new(suite, |secret| secret.fill(b'A')) })
            .collect()
    }

    #[test]
    fn a_changed_offer_keeps_refused_streams_in_their_places() {
        let came = theirs("m=video 4000 RTP/AVP 31\nm=audio 5000 RTP/AVP 0\nm=audio 5002 RTP/AVP 0");
        let answered = answer(&came, &local()).unwrap();
        let hold = Local { direction: Direction::SendOnly, codecs: &[Codec::Pcmu], ..local() };
        insta::assert_snapshot!(text(&reoffer(&hold, &answered.sdp, answered.chosen.media)), @r"
        v=0
        o=- 7 2 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=video 0 RTP/AVP 31
        m=audio 9000 RTP/AVP 0 101
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=ptime:20
        a=sendonly
        m=audio 0 RTP/AVP 0
        ");
    }

    #[test]
    fn a_repeated_offer_keeps_its_version() {
        let first = offer(&local());
        assert_eq!(reoffer(&local(), &first, 0), first);
    }

    #[test]
    fn packets_are_as_long_as_the_peer_wants_within_reason() {
        for (lines, ms) in [
            ("", 20),
            ("a=ptime:30", 30),
            ("a=ptime:0", 20),
            ("a=ptime:-20", 20),
            ("a=ptime:99999", 20),
            ("a=ptime:5", 10),
            ("a=ptime:200", 60),
            ("a=ptime:25", 20),
            ("a=maxptime:10", 10),
            ("a=ptime:40\na=maxptime:30", 30),
        ] {
            let answer = theirs(&format!("m=audio 5000 RTP/AVP 0\n{lines}"));
            assert_eq!(accept(&offer(&local()), &answer).unwrap().ptime_ms, ms, "{lines}");
        }
    }

    #[test]
    fn rtcp_goes_where_the_peer_says() {
        for (port, lines, rtcp) in [
            (5000, "", Some("192.0.2.2:5001")),
            (65535, "", None),
            (5000, "a=rtcp:53020", Some("192.0.2.2:53020")),
            (5000, "a=rtcp:53020 IN IP4 198.51.100.7", Some("198.51.100.7:53020")),
            (5000, "a=rtcp:53020 IN IP4 224.0.0.1", None),
            (5000, "a=rtcp:0", None),
            (5000, "a=rtcp:x", None),
        ] {
            let answer = theirs(&format!("m=audio {port} RTP/AVP 0\n{lines}"));
            let agreed = accept(&offer(&local()), &answer).unwrap();
            assert_eq!(agreed.rtcp, rtcp.map(|text| text.parse().unwrap()), "{lines}");
        }
    }

    fn a_direction() -> impl Strategy<Value = Direction> {
        (any::<bool>(), any::<bool>()).prop_map(|(sends, receives)| Direction::of(sends, receives))
    }

    proptest! {
        #[test]
        fn both_sides_of_an_exchange_agree(a in a_direction(), b in a_direction(), order in Just(Codec::ALL.to_vec()).prop_shuffle(), kept in 1usize..=4, six in any::<bool>()) {
            let (one, other) = if six { ("[2001:db8::1]:9000", "[2001:db8::2]:5000") } else { ("192.0.2.1:9000", "192.0.2.2:5000") };
            let codecs = &order[..kept];
            let offered = offer(&Local { direction: a, codecs: &Codec::ALL, ..Local::new(one.parse().unwrap(), 1) });
            let answered = answer(&offered, &Local { direction: b, codecs, ..Local::new(other.parse().unwrap(), 2) }).unwrap();
            let ours = accept(&offered, &answered.sdp).unwrap();
            let theirs = answered.chosen;
            prop_assert_eq!(ours.codec, theirs.codec);
            prop_assert_eq!(ours.payload.send, theirs.payload.receive);
            prop_assert_eq!(ours.payload.receive, theirs.payload.send);
            prop_assert_eq!(ours.telephone_event, theirs.telephone_event);
            prop_assert_eq!(ours.direction, theirs.direction.reversed());
            prop_assert_eq!((ours.remote, theirs.remote), (other.parse().unwrap(), one.parse().unwrap()));
        }

        #[test]
        fn no_answer_makes_it_panic(tail in "(m=audio [0-9]{1,4}(/[0-9]{1,4})? RTP/AVP( [0-9]{1,3}){1,4}\n(a=(rtpmap|fmtp|ptime|maxptime|rtcp|sendonly|inactive)(:[ -9a-z/]{0,20})?\n){0,6}){0,3}") {
            let answer = theirs(&tail);
            let _ = accept(&offer(&local()), &answer);
            let _ = crate::answer(&answer, &local());
        }
    }
}
