//! What the payload types of one stream mean: RFC 8866 §6.6 and §6.15, RFC 3551 §6, RFC 4733 §2.4.1.

use crate::session::Media;
use crate::{Codec, Opus};

/// The payload type we offer telephone-events under, on each clock that speech may have.
pub const fn telephone_event(clock_rate: u32) -> u8 {
    if clock_rate == 48_000 { 102 } else { 101 }
}

/// The events we send and understand: the sixteen keys.
pub const EVENTS: &str = "0-15";

/// The highest key that must be among the events for keys to be sent at all: `#`.
const LAST_KEY: u8 = 11;

/// Payload types are seven bits.
const PAYLOAD_TYPES: usize = 128;

/// What a payload type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Speech.
    Speech(Codec),
    /// Speech in Opus, and what is wished of it.
    Opus(Opus),
    /// Keys, on this clock.
    TelephoneEvent {
        /// In Hz; it should be that of the speech beside it.
        clock_rate: u32,
    },
}

/// The payload types of a stream that mean something to us, in its order of preference.
///
/// Costs one pass over the formats and one over the attributes. An `a=rtpmap` overrules a static payload type; of
/// two for the same payload type the first counts.
pub fn meanings(media: &Media) -> Vec<(u8, Meaning)> {
    let mut mapped: [Option<&str>; PAYLOAD_TYPES] = [None; PAYLOAD_TYPES];
    let mut described: [Option<&str>; PAYLOAD_TYPES] = [None; PAYLOAD_TYPES];
    for attribute in &media.attributes {
        let table = match attribute.name.as_str() {
            "rtpmap" => &mut mapped,
            "fmtp" => &mut described,
            _ => continue,
        };
        let parts = attribute.value.as_deref().and_then(|value| value.split_once([' ', '\t']));
        if let Some((number, rest)) = parts
            && let Ok(number) = number.parse::<usize>()
            && let Some(slot) = table.get_mut(number)
        {
            slot.get_or_insert(rest.trim());
        }
    }

    let mut seen = [false; PAYLOAD_TYPES];
    let mut found = Vec::new();
    for format in &media.formats {
        let Ok(payload_type) = format.parse::<u8>() else { continue };
        let Some(seen) = seen.get_mut(usize::from(payload_type)) else { continue };
        if core::mem::replace(seen, true) {
            continue;
        }
        let at = usize::from(payload_type);
        let meaning = match mapped[at] {
            Some(rtpmap) => meaning_of(rtpmap, described[at]),
            None => Codec::of_static(payload_type).map(Meaning::Speech),
        };
        found.extend(meaning.map(|meaning| (payload_type, meaning)));
    }
    found
}

impl Meaning {
    /// The codec, if it is speech.
    pub const fn codec(self) -> Option<Codec> {
        match self {
            Self::Speech(codec) => Some(codec),
            Self::Opus(_) => Some(Codec::Opus),
            Self::TelephoneEvent { .. } => None,
        }
    }
}

/// Reads `<name>/<clock>[/<channels>]`. We speak in one channel only.
fn meaning_of(rtpmap: &str, fmtp: Option<&str>) -> Option<Meaning> {
    let mut parts = rtpmap.split('/');
    let name = parts.next()?.trim();
    let clock_rate = parts.next()?.trim().parse().ok()?;
    let channels = parts.next().map(str::trim);
    if name.eq_ignore_ascii_case("telephone-event") {
        let keys = fmtp.is_none_or(has_every_key) && channels.is_none_or(|channels| channels == "1");
        return keys.then_some(Meaning::TelephoneEvent { clock_rate });
    }
    Codec::named(name, clock_rate, channels).map(|codec| match codec {
        Codec::Opus => Meaning::Opus(fmtp.map_or(Opus::SILENT, Opus::parse)),
        codec => Meaning::Speech(codec),
    })
}

/// Whether a list as in `0-15,66,70` holds the keys `0` to `9`, `*` and `#`.
///
/// A list that cannot be read means the keys, which is what RFC 4733 §2.4.1 says of a missing one.
fn has_every_key(list: &str) -> bool {
    let mut keys = [false; LAST_KEY as usize + 1];
    for range in list.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (Ok(first), Ok(last)) = (first.trim().parse::<u8>(), last.trim().parse::<u8>()) else {
            return true;
        };
        for key in first..=last.min(LAST_KEY) {
            keys[usize::from(key)] = true;
        }
    }
    keys.iter().all(|key| *key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Session;

    fn check(lines: &str) -> Vec<(u8, Meaning)> {
        let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.1\n{lines}");
        meanings(&Session::parse(text.as_bytes()).unwrap().media[0])
    }

    const PCMU: Meaning = Meaning::Speech(Codec::Pcmu);
    const PCMA: Meaning = Meaning::Speech(Codec::Pcma);
    const KEYS: Meaning = Meaning::TelephoneEvent { clock_rate: 8000 };

    #[test]
    fn static_payload_types_need_no_map_and_a_map_overrules_them() {
        assert_eq!(check("m=audio 1 RTP/AVP 8 0 3"), [(8, PCMA), (0, PCMU)]);
        assert_eq!(check("m=audio 1 RTP/AVP 0\na=rtpmap:0 PCMA/8000"), [(0, PCMA)]);
    }

    #[test]
    fn names_are_read_in_any_case_and_one_channel_may_be_said() {
        assert_eq!(check("m=audio 1 RTP/AVP 96\na=rtpmap:96 pcmu/8000/1"), [(96, PCMU)]);
        assert_eq!(check("m=audio 1 RTP/AVP 96\na=rtpmap:96 PCMU/8000/2"), []);
        assert_eq!(check("m=audio 1 RTP/AVP 96\na=rtpmap:96 PCMU/16000"), []);
    }

    #[test]
    fn opus_has_two_channels_and_wishes_and_g722_an_old_mistake_for_a_clock() {
        let opus = |fmtp: &str| check(&format!("m=audio 1 RTP/AVP 111\na=rtpmap:111 {fmtp}"));
        assert_eq!(opus("OPUS/48000/2"), [(111, Meaning::Opus(Opus::SILENT))]);
        assert_eq!(opus("opus/48000"), [(111, Meaning::Opus(Opus::SILENT))]);
        assert_eq!(opus("opus/48000/6"), []);
        assert_eq!(opus("opus/16000/2"), []);
        let wished = opus("opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=20000");
        let wishes = Opus { bitrate_max: Some(20_000), playback_rate_max: None, redundancy: true };
        assert_eq!(wished, [(111, Meaning::Opus(wishes))]);
        let g722 = Meaning::Speech(Codec::G722);
        assert_eq!(check("m=audio 1 RTP/AVP 9 96\na=rtpmap:96 G722/8000"), [(9, g722), (96, g722)]);
        assert_eq!(check("m=audio 1 RTP/AVP 96\na=rtpmap:96 G722/16000"), []);
    }

    #[test]
    fn telephone_events_count_when_they_hold_every_key() {
        for (fmtp, counts) in [
            ("", true),
            ("a=fmtp:101 0-15", true),
            ("a=fmtp:101 0-16", true),
            ("a=fmtp:101 0-11,16,70-75", true),
            ("a=fmtp:101 0,1,2,3,4,5,6,7,8,9,10,11", true),
            ("a=fmtp:101 16", false),
            ("a=fmtp:101 0-9", false),
            ("a=fmtp:101 15-0", false),
            ("a=fmtp:101 0-255", true),
            ("a=fmtp:101 events=0-15", true),
            ("a=fmtp:101", true),
        ] {
            let found = check(&format!("m=audio 1 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n{fmtp}"));
            assert_eq!(found == [(101, KEYS)], counts, "{fmtp}");
        }
    }

    #[test]
    fn formats_beyond_seven_bits_and_doubled_ones_are_read_over() {
        assert_eq!(check("m=audio 1 RTP/AVP 0 0 128 255 256 x"), [(0, PCMU)]);
        assert_eq!(check("m=audio 1 RTP/AVP 200\na=rtpmap:200 PCMU/8000"), []);
    }
}
