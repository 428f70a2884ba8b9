//! Via: where a request came by, and so where its answer goes. RFC 3261 §20.42, RFC 3581.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use bytes::Bytes;

use crate::error::Malformed;
use crate::host::{Host, HostPort};
use crate::name_addr::SliceRefOf;
use crate::params::{self, Params};
use crate::scan;

/// The transport named in a Via.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// RFC 3261.
    Udp,
    /// RFC 3261.
    Tcp,
    /// RFC 3261: TLS over TCP.
    Tls,
    /// RFC 4168.
    Sctp,
    /// RFC 7118: WebSocket.
    Ws,
    /// RFC 7118: WebSocket over TLS.
    Wss,
    /// Any other token, as written.
    Other(Box<str>),
}

impl Transport {
    /// Reads a transport, whatever its case.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        const KNOWN: [Transport; 6] =
            [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Sctp, Transport::Ws, Transport::Wss];
        if let Some(known) =
            KNOWN.into_iter().find(|known| known.as_str().as_bytes().eq_ignore_ascii_case(bytes))
        {
            Ok(known)
        } else if scan::is_token(bytes) {
            Ok(Self::Other(scan::text(bytes).into()))
        } else {
            Err(Malformed::Character)
        }
    }

    /// The name as a Via writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(other) => other,
        }
    }

    /// Whether the transport delivers by itself, so that nothing is retransmitted above it.
    pub fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp | Self::Other(_))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One Via value.
#[derive(Clone, PartialEq, Eq)]
pub struct Via {
    transport: Transport,
    host: Bytes,
    port: Option<u16>,
    params: Params,
}

/// The parts of the text, found without copying.
pub(crate) struct Shape<'a> {
    transport: &'a [u8],
    pub(crate) host: &'a [u8],
    pub(crate) port: Option<u16>,
    pub(crate) params: &'a [u8],
}

impl<'a> Shape<'a> {
    /// Takes one value apart: `SIP / 2.0 / UDP host:port ;params`, white space wherever RFC 4475 puts it. The
    /// parameters are not yet checked.
    pub(crate) fn read(value: &'a [u8]) -> Result<Self, Malformed> {
        let rest = match value.strip_prefix(b"SIP/2.0/") {
            Some(rest) => scan::trim_start(rest),
            None => Self::read_protocol(value)?,
        };
        let (transport, rest) = token(rest)?;
        let host = scan::trim_start(rest);
        if host.len() == rest.len() {
            return Err(Malformed::Host);
        }
        let HostPort { host, port, rest } = Host::split(host, true)?;
        Ok(Self { transport, host, port, params: scan::trim(rest) })
    }

    /// `SIP / 2.0 /` in any spelling; returns what follows.
    fn read_protocol(value: &[u8]) -> Result<&[u8], Malformed> {
        let (name, rest) = token(scan::trim(value))?;
        let (version, rest) = token(slash(rest)?)?;
        if !name.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return Err(Malformed::Version);
        }
        slash(rest)
    }
}

#[inline]
fn token(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    match scan::split_run(bytes, scan::TOKEN) {
        ([], _) => Err(Malformed::Empty),
        found => Ok(found),
    }
}

#[inline]
fn slash(bytes: &[u8]) -> Result<&[u8], Malformed> {
    match scan::trim_start(bytes) {
        [b'/', rest @ ..] => Ok(scan::trim_start(rest)),
        _ => Err(Malformed::Version),
    }
}

impl Via {
    /// What every branch of RFC 3261 begins with (§8.1.1.7).
    pub const COOKIE: &'static str = "z9hG4bK";

    /// Reads one value.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let shape = Shape::read(value)?;
        params::check(shape.params)?;
        let transport = Transport::parse(shape.transport)?;
        let all = Bytes::copy_from_slice(value);
        Ok(Self {
            transport,
            host: all.slice_ref_of(value, shape.host),
            port: shape.port,
            params: Params::from_checked(all.slice_ref_of(value, shape.params)),
        })
    }

    /// A Via of our own. Ask for `rport` (RFC 3581) with [`Via::with_rport`].
    pub fn new(
        transport: Transport,
        host: Host<'_>,
        port: Option<u16>,
        branch: &str,
    ) -> Result<Self, Malformed> {
        let host = host.to_string();
        Host::parse(host.as_bytes())?;
        let mut params = Params::default();
        params.set("branch", Some(branch))?;
        Ok(Self { transport, host: host.into(), port, params })
    }

    /// The same, asking the peer to answer to the port the request came from. RFC 3581 §3.
    pub fn with_rport(mut self) -> Self {
        // A fixed token cannot be refused.
        let set = self.params.set("rport", None);
        debug_assert!(set.is_ok());
        self
    }

    /// The transport.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The host of sent-by.
    pub fn host(&self) -> Host<'_> {
        Host::parse(&self.host).unwrap_or(Host::Domain(""))
    }

    /// The port of sent-by, where one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The parameters, to change them.
    pub fn params_mut(&mut self) -> &mut Params {
        &mut self.params
    }

    /// The branch, cookie included.
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch names the transaction: the cookie and something behind it. RFC 3261 §17.2.3; without it
    /// the rules of RFC 2543 apply (RFC 4475 §3.2.1).
    pub fn has_unique_branch(&self) -> bool {
        self.branch().is_some_and(Self::is_unique)
    }

    /// The same of a branch by itself.
    pub fn is_unique(branch: &str) -> bool {
        branch.len() > Self::COOKIE.len()
            && branch.as_bytes()[..Self::COOKIE.len()].eq_ignore_ascii_case(Self::COOKIE.as_bytes())
    }

    /// The address the next hop saw, with or without brackets. RFC 5118 §4.5.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.value("received")?;
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        bare.parse().ok()
    }

    /// Whether the sender asks for the answer at the port it sent from, filled in or not.
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// The port the next hop saw.
    pub fn rport(&self) -> Option<u16> {
        self.params.value("rport")?.parse().ok()
    }

    /// The `maddr` parameter.
    pub fn maddr(&self) -> Option<&str> {
        self.params.value("maddr")
    }

    /// Notes where the request really came from: `received` when it differs from sent-by or rport was asked for, and
    /// `rport` when asked for. RFC 3261 §18.2.1, RFC 3581 §4.
    pub fn stamp(&mut self, source: IpAddr, port: u16) {
        let wants = self.wants_rport();
        if wants || self.host().address() != Some(source) {
            // Both texts are addresses and digits, which cannot be refused.
            let set = self.params.set("received", Some(&source.to_string()));
            debug_assert!(set.is_ok());
        }
        if wants {
            let set = self.params.set("rport", Some(&port.to_string()));
            debug_assert!(set.is_ok());
        }
    }

    /// Writes the value.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"SIP/2.0/");
        out.extend_from_slice(self.transport.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(&self.host);
        if let Some(port) = self.port {
            out.push(b':');
            out.extend_from_slice(port.to_string().as_bytes());
        }
        scan::write_clean(self.params.as_bytes(), out);
    }
}

impl FromStr for Via {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.write_str(&scan::display(&text))
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Via({self})")
    }
}
