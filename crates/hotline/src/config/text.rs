//! Values that are written as text: durations, port ranges, addresses.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use telephony::Codec;

/// A duration as people write it: `15s`, `2m`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        humantime::parse_duration(&text)
            .map(Self)
            .map_err(|_| format!("{text:?} is not a duration; write it like 15s, 2m or 1h 30m"))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        humantime::format_duration(span.0).to_string()
    }
}

/// A range of ports: `20000-29999`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PortRange {
    pub(crate) low: u16,
    pub(crate) high: u16,
}

impl std::str::FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ports = text.split_once('-').and_then(|(low, high)| {
            Some((low.trim().parse::<u16>().ok()?, high.trim().parse::<u16>().ok()?))
        });
        match ports {
            Some((low, high)) if low >= 1024 && high > low => Ok(Self { low, high }),
            _ => Err(format!(
                "{text:?} is not a range of ports; write LOW-HIGH like 20000-29999, from 1024 up, two ports at least"
            )),
        }
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PortRange> for String {
    fn from(range: PortRange) -> Self {
        format!("{}-{}", range.low, range.high)
    }
}

/// One address, or a list of them: `"0.0.0.0"`, `["0.0.0.0", "::"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "OneOrMany", into = "OneOrMany")]
pub(crate) struct AddressList(pub(crate) Vec<IpAddr>);

#[derive(Deserialize, Serialize)]
#[serde(untagged, expecting = "expected an address in quotes, or a list of them")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl TryFrom<OneOrMany> for AddressList {
    type Error = String;

    fn try_from(written: OneOrMany) -> Result<Self, String> {
        let texts = match written {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        let address = |text: &String| {
            text.parse().map_err(|_| format!("{text:?} is not an address such as 192.0.2.1, 0.0.0.0 or ::"))
        };
        texts.iter().map(address).collect::<Result<_, _>>().map(Self)
    }
}

impl From<AddressList> for OneOrMany {
    fn from(list: AddressList) -> Self {
        let mut texts: Vec<_> = list.0.iter().map(ToString::to_string).collect();
        if texts.len() == 1 { Self::One(texts.remove(0)) } else { Self::Many(texts) }
    }
}

/// Codecs by name, best first: `["opus", "g722", "pcmu", "pcma"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct CodecList(pub(crate) Vec<Codec>);

impl TryFrom<Vec<String>> for CodecList {
    type Error = String;

    fn try_from(names: Vec<String>) -> Result<Self, String> {
        let mut codecs = Vec::new();
        for name in &names {
            let codec = Codec::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name));
            let codec = codec.ok_or_else(|| {
                format!("{name:?} is no codec spoken here; there are pcmu, pcma, g722 and opus")
            })?;
            if codecs.contains(&codec) {
                return Err(format!("the codec {name} is there twice"));
            }
            codecs.push(codec);
        }
        Ok(Self(codecs))
    }
}

impl From<CodecList> for Vec<String> {
    fn from(list: CodecList) -> Self {
        list.0.iter().map(|codec| codec.name().to_ascii_lowercase()).collect()
    }
}

/// The port of name servers, unless another one is written.
const NAME_PORT: u16 = 53;

/// Name servers: `["192.0.2.53", "[2001:db8::53]:5353"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct NameServerList(pub(crate) Vec<SocketAddr>);

impl TryFrom<Vec<String>> for NameServerList {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let server = |text: &String| {
            let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, NAME_PORT));
            address.or_else(|_| text.parse::<SocketAddr>()).map_err(|_| {
                format!(
                    "{text:?} is not a name server's address; write it like 192.0.2.53 or [2001:db8::53]:5353"
                )
            })
        };
        texts.iter().map(server).collect::<Result<_, _>>().map(Self)
    }
}

impl From<NameServerList> for Vec<String> {
    fn from(list: NameServerList) -> Self {
        list.0.iter().map(ToString::to_string).collect()
    }
}

/// How packets are marked: a number of differentiated services.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "u64", into = "u64")]
pub(crate) struct CodePoint(pub(crate) runtime::Dscp);

impl TryFrom<u64> for CodePoint {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        let point = u8::try_from(number).ok().and_then(runtime::Dscp::new);
        point.map(Self).ok_or_else(|| {
            format!("{number} is no DSCP: they go from 0 (no mark) to 63; 46 is usual for sound, 24 for signalling")
        })
    }
}

impl From<CodePoint> for u64 {
    fn from(point: CodePoint) -> Self {
        point.0.number().into()
    }
}
