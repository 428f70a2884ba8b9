//! What a browser's description has beyond a phone's: ICE (RFC 8839), the fingerprint of its certificate (RFC 8122) and
//! who begins the handshake (RFC 8842), one pair of addresses for all (RFC 9143).
//!
//! We are the lite side of ICE: all our candidates stand in the description, and the browser's are not looked at, because
//! its checks show where it is. Sound is had with reports on the same port only; a fingerprint by anything else than
//! SHA-256 is none.

use crate::session::{Attribute, Media, Session};
use std::fmt;
use std::net::SocketAddr;
use thiserror::Error;

/// The name of our stream in an offer.
pub(crate) const MID: &str = "0";

/// The longest name of a stream that is repeated.
const MID_BYTES_MAX: usize = 64;

/// How much we want our candidate: the highest there is for one of our own addresses (RFC 8445 §5.1.2.2).
const PRIORITY: u32 = 2_130_706_431;

/// The same over TCP (RFC 6544 §4.2): a kind below UDP's, and it is the browser that opens the connection.
const PRIORITY_TCP: u32 = 1_520_435_199;

/// What we say to a browser.
#[derive(Clone, Copy, Debug)]
pub struct OurBrowserSide<'a> {
    /// Our name in its checks.
    pub ufrag: &'a str,
    /// What they are signed with.
    pub password: &'a str,
    /// What our certificate is known by.
    pub fingerprint: [u8; 32],
    /// Where the browser is to come to, over UDP or else over TCP. There are no others.
    pub address: SocketAddr,
    /// The name of the stream, if it has one: the same for the whole dialog.
    pub mid: Option<&'a str>,
}

/// What was agreed with a browser.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserSide {
    /// The browser's name. When it or the password changes, ICE begins anew.
    pub ufrag: String,
    /// Its password.
    pub password: String,
    /// What its certificate is known by.
    pub fingerprint: [u8; 32],
    /// Whether we begin the handshake.
    pub we_begin: bool,
    /// The name of the stream.
    pub mid: Option<String>,
}

/// Does not show the password.
impl fmt::Debug for BrowserSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ufrag, we_begin, mid, .. } = self;
        write!(f, "BrowserSide({ufrag}, …, we begin: {we_begin}, mid: {mid:?})")
    }
}

/// Why a browser's stream cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum BrowserError {
    /// Packets cannot find it.
    #[error("no ICE user and password")]
    Ice,
    /// It is a lite side itself: nobody would check.
    #[error("both sides are ICE-lite")]
    Lite,
    /// It wants a port of its own for reports.
    #[error("no rtcp-mux")]
    RtcpMux,
    /// Nobody could tell whose handshake it is.
    #[error("no SHA-256 fingerprint")]
    Fingerprint,
    /// Nobody would begin the handshake, or it is not said who.
    #[error("no role for the DTLS handshake")]
    Setup,
}

/// Who begins a handshake, in the words of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Active,
    Passive,
    Either,
}

/// What a description says of a browser's stream.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    ufrag: String,
    password: String,
    fingerprint: [u8; 32],
    setup: Setup,
    mid: Option<String>,
    is_lite: bool,
}

impl Said {
    /// Reads it; `None` if the stream is not for browsers at all.
    pub(crate) fn read(session: &Session, media: &Media) -> Option<Result<Self, BrowserError>> {
        let has_fingerprint = || found(session, media, "fingerprint").next().is_some();
        // Browsers of the first days leave the handshake out of the name of the transport.
        let is_for_browsers = is_dtls(&media.protocol)
            || matches!(media.protocol.as_str(), "RTP/SAVPF" | "RTP/SAVP") && has_fingerprint();
        is_for_browsers.then(|| Self::checked(session, media))
    }

    fn checked(session: &Session, media: &Media) -> Result<Self, BrowserError> {
        let ice = |name, least: usize| {
            let value = found(session, media, name).next()?.trim();
            let is_good = (least..=256).contains(&value.len())
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
            is_good.then(|| value.to_owned())
        };
        let (Some(ufrag), Some(password)) = (ice("ice-ufrag", 4), ice("ice-pwd", 22)) else {
            return Err(BrowserError::Ice);
        };
        if !media.has("rtcp-mux") {
            return Err(BrowserError::RtcpMux);
        }
        let fingerprint = found(session, media, "fingerprint").find_map(fingerprint);
        let setup = match found(session, media, "setup").next().map(str::trim) {
            Some("actpass") => Setup::Either,
            Some("active") | None => Setup::Active,
            Some("passive") => Setup::Passive,
            Some(_) => return Err(BrowserError::Setup),
        };
        let mid = media.value_of("mid").map(str::trim);
        Ok(Self {
            ufrag,
            password,
            fingerprint: fingerprint.ok_or(BrowserError::Fingerprint)?,
            setup,
            mid: mid.filter(|mid| is_token(mid)).map(str::to_owned),
            is_lite: session.attributes.iter().any(|attribute| attribute.name == "ice-lite"),
        })
    }

    /// What an offer of this comes to: the browser begins, unless it says that it does not.
    pub(crate) fn taken(&self) -> Result<BrowserSide, BrowserError> {
        self.agreed(self.setup == Setup::Passive)
    }

    /// What an answer of this comes to.
    pub(crate) fn answered(&self) -> Result<BrowserSide, BrowserError> {
        match self.setup {
            Setup::Active => self.agreed(false),
            Setup::Passive => self.agreed(true),
            Setup::Either => Err(BrowserError::Setup),
        }
    }

    fn agreed(&self, we_begin: bool) -> Result<BrowserSide, BrowserError> {
        let Self { ufrag, password, fingerprint, setup: _, mid, is_lite } = self.clone();
        if is_lite {
            return Err(BrowserError::Lite);
        }
        Ok(BrowserSide { ufrag, password, fingerprint, we_begin, mid })
    }
}

/// Whether an offer is a browser's: one of its audio streams wants keys by a handshake and the way by ICE. A desk phone that
/// knows ICE and nothing more is none, nor is one that offers a handshake and has no ICE.
pub fn is_browsers(offer: &Session) -> bool {
    let mut audio = offer.media.iter().filter(|media| media.kind == "audio" && media.port != 0);
    audio.any(|media| matches!(Said::read(offer, media), Some(Ok(_))))
}

/// Whether the transport names the handshake.
pub(crate) fn is_dtls(protocol: &str) -> bool {
    matches!(
        protocol,
        "UDP/TLS/RTP/SAVPF"
            | "UDP/TLS/RTP/SAVP"
            | "TCP/TLS/RTP/SAVPF"
            | "TCP/TLS/RTP/SAVP"
            | "TCP/DTLS/RTP/SAVPF"
    )
}

/// Makes a stream of ours one for browsers.
pub(crate) fn dress(media: &mut Media, ours: &OurBrowserSide<'_>, setup: Setup) {
    let mut add = |attribute| media.attributes.push(attribute);
    add(Attribute::flag("rtcp-mux"));
    if let Some(mid) = ours.mid {
        add(Attribute::with("mid", mid));
    }
    // Without a name of its own, the sound would belong to no stream in the browser's eyes.
    add(Attribute::with("msid", "hotline audio"));
    add(Attribute::with("ice-ufrag", ours.ufrag));
    add(Attribute::with("ice-pwd", ours.password));
    add(Attribute::with("fingerprint", format_args!("sha-256 {}", Colons(&ours.fingerprint))));
    add(Attribute::with(
        "setup",
        match setup {
            Setup::Active => "active",
            Setup::Passive => "passive",
            Setup::Either => "actpass",
        },
    ));
    let (ip, port) = (ours.address.ip().to_canonical(), ours.address.port());
    add(Attribute::with("candidate", format_args!("1 1 udp {PRIORITY} {ip} {port} typ host")));
    let tcp = format_args!("2 1 tcp {PRIORITY_TCP} {ip} {port} typ host tcptype passive");
    add(Attribute::with("candidate", tcp));
    add(Attribute::flag("end-of-candidates"));
    media.port = port;
}

/// What stands in front of all streams when one of them is a browser's: that we are the lite side, and which streams go over
/// one pair of addresses.
pub(crate) fn preface(ours: &OurBrowserSide<'_>, is_bundled: bool) -> Vec<Attribute> {
    let bundle = ours.mid.filter(|_| is_bundled);
    let bundle = bundle.map(|mid| Attribute::with("group", format_args!("BUNDLE {mid}")));
    std::iter::once(Attribute::flag("ice-lite")).chain(bundle).collect()
}

/// Whether streams are to go over one pair of addresses.
pub(crate) fn is_bundled(session: &Session) -> bool {
    let is_bundle = |value: &str| value.split_ascii_whitespace().next() == Some("BUNDLE");
    session
        .attributes
        .iter()
        .any(|attribute| attribute.name == "group" && attribute.value.as_deref().is_some_and(is_bundle))
}

/// The values of an attribute: those of the stream, and if it has none, those of the session.
fn found<'a>(session: &'a Session, media: &'a Media, name: &'a str) -> impl Iterator<Item = &'a str> {
    let values = move |attributes: &'a [Attribute]| {
        let named = attributes.iter().filter(move |attribute| attribute.name == name);
        named.filter_map(|attribute| attribute.value.as_deref())
    };
    let own = media.attributes.iter().any(|attribute| attribute.name == name);
    values(if own { &media.attributes } else { &session.attributes })
}

/// `sha-256` and 32 bytes with colons between them; nothing weaker, and nothing else.
fn fingerprint(value: &str) -> Option<[u8; 32]> {
    let (hash, digits) = value.trim().split_once(' ')?;
    if !hash.eq_ignore_ascii_case("sha-256") {
        return None;
    }
    let mut bytes = [0; 32];
    let mut words = digits.trim().split(':');
    for byte in &mut bytes {
        let word =
            words.next().filter(|word| word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(word, 16).ok()?;
    }
    words.next().is_none().then_some(bytes)
}

/// A name of a stream that can be repeated as it stands (RFC 8866 §9, `token`).
fn is_token(mid: &str) -> bool {
    (1..=MID_BYTES_MAX).contains(&mid.len()) && mid.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Bytes as RFC 8122 §5 writes them.
struct Colons<'a>(&'a [u8]);

impl fmt::Display for Colons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
