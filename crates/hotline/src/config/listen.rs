//! Where the program listens, and where it keeps its things.

use super::{AddressList, CodePoint, CodecList, NameServerList, PortRange, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// `[sip]`: how phones and carriers reach us.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SipSection {
    /// The address to listen on, or a list of them.
    pub(crate) listen: AddressList,
    /// The port for UDP and TCP. 0 means any free one.
    pub(crate) port: u16,
    /// The port for TLS; without it there is none. 0 means any free one.
    pub(crate) tls_port: Option<u16>,
    /// The certificate and its chain, PEM. Needed for TLS.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's key, PEM. Needed for TLS.
    pub(crate) tls_key: Option<PathBuf>,
    /// Authorities believed besides the machine's own when we open TLS connections, PEM.
    pub(crate) tls_authorities: Option<PathBuf>,
    /// The address others reach us by, when it is not the one we listen on; or one of each family.
    pub(crate) advertise: AddressList,
    /// Whom to ask where carriers are, instead of the machine's own name servers.
    pub(crate) name_servers: NameServerList,
    /// The longest time a registration lasts.
    pub(crate) register_max: Span,
    /// How packets are marked for routers.
    pub(crate) dscp: CodePoint,
    /// Where phones may send their calls (3xx).
    pub(crate) redirects: RedirectsRule,
}

/// Where phones may send their calls: `"nowhere"`, `"inside"`, `"outside"`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RedirectsRule {
    /// The call counts as refused.
    Nowhere,
    /// To other phones of the center.
    #[default]
    Inside,
    /// Also outside, as far as the phone itself may call there.
    Outside,
}

impl From<RedirectsRule> for telephony::Redirects {
    fn from(rule: RedirectsRule) -> Self {
        match rule {
            RedirectsRule::Nowhere => Self::Nowhere,
            RedirectsRule::Inside => Self::Inside,
            RedirectsRule::Outside => Self::Outside,
        }
    }
}

impl Default for SipSection {
    fn default() -> Self {
        Self {
            listen: AddressList(vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)]),
            port: 5060,
            tls_port: None,
            tls_certificate: None,
            tls_key: None,
            tls_authorities: None,
            advertise: AddressList::default(),
            name_servers: NameServerList::default(),
            register_max: Span::seconds(3600),
            dscp: CodePoint(runtime::Dscp::SIGNALLING),
            redirects: RedirectsRule::default(),
        }
    }
}

/// `[media]`: sound.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MediaSection {
    /// The ports for RTP; each call leg takes two.
    pub(crate) ports: PortRange,
    /// Threads that carry sound; 0 means one for each core.
    pub(crate) threads: usize,
    /// How many legs of calls a thread gets before the next one gets any.
    pub(crate) legs_per_thread: usize,
    /// Where all browsers send their sound: this port, over UDP and TCP. 0: any free one.
    pub(crate) browser_port: u16,
    /// How packets are marked for routers.
    pub(crate) dscp: CodePoint,
    /// The address sound is sent to, when it is not the one of `[sip]`.
    pub(crate) advertise: Option<IpAddr>,
    /// The codecs spoken, best first.
    pub(crate) codecs: CodecList,
    /// Whether sound is sealed (SRTP): `"off"`, `"offered"` when the other side offers it, `"preferred"` when it can,
    /// `"required"` always.
    pub(crate) srtp: SrtpChoice,
}

/// Whether sound is sealed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SrtpChoice {
    /// Never.
    Off,
    /// When the other side offers it.
    #[default]
    Offered,
    /// When the other side can.
    Preferred,
    /// Always.
    Required,
}

impl From<SrtpChoice> for telephony::SrtpRule {
    fn from(choice: SrtpChoice) -> Self {
        match choice {
            SrtpChoice::Off => Self::Off,
            SrtpChoice::Offered => Self::Offered,
            SrtpChoice::Preferred => Self::Preferred,
            SrtpChoice::Required => Self::Required,
        }
    }
}

impl Default for MediaSection {
    fn default() -> Self {
        let codecs = CodecList(telephony::Codec::ALL.to_vec());
        let ports = PortRange { low: 20_000, high: 29_999 };
        Self {
            ports,
            threads: 0,
            legs_per_thread: runtime::MEDIA_LEGS_PER_THREAD,
            browser_port: 0,
            dscp: CodePoint(runtime::Dscp::EXPEDITED),
            advertise: None,
            codecs,
            srtp: SrtpChoice::default(),
        }
    }
}

/// `[speech]`: what speaks prompts that have no sound file.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SpeechSection {
    /// espeak-ng, by name or path.
    pub(crate) program: String,
    /// Its voice for a language, where it shall be another than the usual one.
    pub(crate) voices: BTreeMap<String, String>,
}

impl Default for SpeechSection {
    fn default() -> Self {
        Self { program: "espeak-ng".to_owned(), voices: BTreeMap::new() }
    }
}

/// `[http]`: the web pages and the API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpSection {
    /// The address to listen on.
    pub(crate) listen: IpAddr,
    /// The port for HTTP. 0 means any free one.
    pub(crate) port: u16,
    /// The port for HTTPS; without it there is none. 0 means any free one.
    pub(crate) tls_port: Option<u16>,
    /// The certificate and its chain, PEM. Needed for HTTPS.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's key, PEM. Needed for HTTPS.
    pub(crate) tls_key: Option<PathBuf>,
    /// A word that lets a program read /metrics; without it only administrators can.
    pub(crate) metrics_token: Option<String>,
    /// Whether passwords are taken over plain HTTP from other machines.
    pub(crate) plain_login: bool,
    /// Where other pages than ours come from that may open WebSockets here: `https://HOST`, with a port if it has one.
    pub(crate) origins: Vec<String>,
}

impl HttpSection {
    /// The first origin that is none.
    pub(crate) fn wrong_origin(&self) -> Option<&str> {
        let is_origin = |origin: &str| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ', '?', '#', '@']))
        };
        self.origins.iter().map(String::as_str).find(|origin| !is_origin(origin))
    }
}

impl Default for HttpSection {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 8080,
            tls_port: None,
            tls_certificate: None,
            tls_key: None,
            metrics_token: None,
            plain_login: false,
            origins: Vec::new(),
        }
    }
}

/// `[database]`: the library.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatabaseSection {
    /// `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`.
    pub(crate) url: String,
}

impl Default for DatabaseSection {
    fn default() -> Self {
        Self { url: "sqlite:hotline.db".to_owned() }
    }
}

/// `[folders]`: where files are.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FoldersSection {
    /// Recordings, journal, spool and ready.json.
    pub(crate) data: PathBuf,
    /// The dialplans.
    pub(crate) dialplans: PathBuf,
    /// Sounds of our own: LANGUAGE/NAME.wav, or .mp3, .ogg, .opus, .flac. They go before those in the program.
    pub(crate) media: Option<PathBuf>,
}

impl Default for FoldersSection {
    fn default() -> Self {
        Self { data: PathBuf::from("data"), dialplans: PathBuf::from("dialplans"), media: None }
    }
}

/// `[log]`: what is told on standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,sip=debug`.
    pub(crate) level: String,
    /// Whether each line is a JSON object.
    pub(crate) json: bool,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".to_owned(), json: false }
    }
}
