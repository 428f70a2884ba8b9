//! Servers that help phones in browsers where their network lets no sound through.

use super::Span;
use base::Duration;
use serde::{Deserialize, Serialize};
use web::{IceServers, Turn, TurnAccess};

/// How many servers there may be of a kind, and addresses of one: a browser asks all of them for each call.
const SERVERS_MAX: usize = 8;

/// The shortest time a password for TURN is good, and the longest.
const LIFETIMES: core::ops::RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(7 * 86_400);

/// `[browsers]`: what pages that are phones are told of the world.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BrowsersSection {
    /// STUN servers: `stun:HOST:PORT`.
    pub(crate) stun: Vec<String>,
    /// TURN servers.
    pub(crate) turn: Vec<TurnSection>,
}

/// `[[browsers.turn]]`: one TURN server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TurnSection {
    /// Its addresses: `turn:HOST:PORT?transport=udp`, `turns:HOST:PORT`.
    pub(crate) urls: Vec<String>,
    /// What it shares with us. Each page gets a name and a password made of it.
    pub(crate) secret: Option<String>,
    /// For how long they are good.
    #[serde(default = "shift")]
    pub(crate) lifetime: Span,
    /// Instead of a secret: a name that all pages get,
    pub(crate) username: Option<String>,
    /// and its password.
    pub(crate) password: Option<String>,
}

/// As long as a call may last that begins when the page was told: a shift.
const fn shift() -> Span {
    Span::seconds(12 * 3_600)
}

impl BrowsersSection {
    /// The servers, or what is wrong with them.
    pub(crate) fn ice_servers(&self) -> Result<IceServers, String> {
        if self.stun.len().max(self.turn.len()) > SERVERS_MAX {
            return Err(format!("more than {SERVERS_MAX} servers of a kind would slow every call down"));
        }
        for url in &self.stun {
            checked(url, &["stun", "stuns"])?;
        }
        let turn = self.turn.iter().map(TurnSection::turn).collect::<Result<_, _>>()?;
        Ok(IceServers { stun: self.stun.clone(), turn })
    }
}

impl TurnSection {
    fn turn(&self) -> Result<Turn, String> {
        if self.urls.is_empty() || self.urls.len() > SERVERS_MAX {
            return Err(format!("a turn server has 1 to {SERVERS_MAX} urls"));
        }
        for url in &self.urls {
            checked(url, &["turn", "turns"])?;
        }
        let name = &self.urls[0];
        let access = match (&self.secret, &self.username, &self.password) {
            (Some(secret), None, None) if !secret.is_empty() => {
                let lifetime = self.lifetime.0;
                if !LIFETIMES.contains(&lifetime) {
                    return Err(format!("{name}: lifetime is not between 1 minute and 7 days"));
                }
                TurnAccess::Shared { secret: secret.clone(), lifetime }
            }
            (None, Some(username), Some(password)) if !username.is_empty() => {
                TurnAccess::Fixed { username: username.clone(), password: password.clone() }
            }
            _ => return Err(format!("{name}: give secret, or username and password")),
        };
        Ok(Turn { urls: self.urls.clone(), access })
    }
}

/// RFC 7064 and RFC 7065: `stun:HOST:PORT`, `turn:HOST:PORT?transport=udp`. A browser that is given something else makes no
/// connection at all.
fn checked(url: &str, schemes: &[&str]) -> Result<(), String> {
    let wrong = || {
        let scheme = schemes[0];
        let more = if scheme == "turn" { ", with ?transport=udp or ?transport=tcp behind it" } else { "" };
        format!("{url:?} is no server; write it like {scheme}:{scheme}.example.org:3478{more}")
    };
    let (scheme, rest) = url.split_once(':').ok_or_else(wrong)?;
    let (place, transport) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let host_and_port = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']').ok_or_else(wrong)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("3478")))
        }
        None => place.split_once(':').map_or((place, Some("3478")), |(host, port)| (host, Some(port))),
    };
    let (host, Some(port)) = host_and_port else { return Err(wrong()) };
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'));
    let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
    let is_transport = match transport {
        None => true,
        Some(query) => schemes[0] == "turn" && matches!(query, "transport=udp" | "transport=tcp"),
    };
    if schemes.contains(&scheme) && is_host && is_port && is_transport { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_server_is_one_that_browsers_take() {
        for url in [
            "turn:192.0.2.9",
            "turn:turn.example.org:3478?transport=udp",
            "turns:turn.example.org:5349?transport=tcp",
            "turn:[2001:db8::9]:3478",
            "turn:[2001:db8::9]",
        ] {
            assert_eq!(checked(url, &["turn", "turns"]), Ok(()), "{url}");
        }
        for url in [
            "",
            "turn",
            "turn:",
            "turn://host",
            "stun:host",
            "turn:host:0",
            "turn:host:99999",
            "turn:host?transport=sctp",
            "turn:[::1",
            "turn:[host]:1",
            "turn:a b",
        ] {
            assert!(checked(url, &["turn", "turns"]).is_err(), "{url}");
        }
        assert!(checked("stun:host?transport=udp", &["stun", "stuns"]).is_err());
    }
}
