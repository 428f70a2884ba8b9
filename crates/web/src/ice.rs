//! Servers that help a page's phone to reach us: STUN and TURN, in the words of WebRTC's `RTCIceServer`.
//!
//! A page needs none of them to reach a center that has an address of its own. One whose network lets no UDP out comes by a
//! TURN server (RFC 8656), and that wants a name and a password. A password that every page is told is no secret, so there is
//! one for each page and for a limited time, as TURN servers know it (the "REST API" of draft-uberti-behave-turn-rest): the
//! name says until when it is good, and the password is a signature of the name by a secret that only we and the TURN
//! server have.

use base::{Duration, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha1::Sha1;
use std::fmt;
use utoipa::ToSchema;

/// The servers that pages are told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServers {
    /// `stun:HOST:PORT`.
    pub stun: Vec<String>,
    /// Those that pass packets on.
    pub turn: Vec<Turn>,
}

/// One TURN server, perhaps with several addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// `turn:HOST:PORT?transport=udp`, `turns:…`.
    pub urls: Vec<String>,
    /// What opens it.
    pub access: TurnAccess,
}

/// What opens a TURN server.
#[derive(Clone, PartialEq, Eq)]
pub enum TurnAccess {
    /// A secret that we share with it; pages get what is made of it.
    Shared {
        /// The secret.
        secret: String,
        /// For how long what is made of it is good. A call by TURN ends when its time is over.
        lifetime: Duration,
    },
    /// A name and a password that all pages get.
    Fixed {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
}

/// Shows no secret.
impl fmt::Debug for TurnAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared { lifetime, .. } => write!(f, "Shared(…, {lifetime:?})"),
            Self::Fixed { username, .. } => write!(f, "Fixed({username}, …)"),
        }
    }
}

/// A server as a page's `RTCPeerConnection` takes it.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IceServer {
    /// Where it is.
    #[schema(example = json!(["turn:turn.example.org:3478?transport=udp"]))]
    pub urls: Vec<String>,
    /// With TURN: who asks, and until when that is good, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1795000000:1001")]
    pub username: Option<String>,
    /// With TURN: the password of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// Shows no password.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceServer({:?}, {:?}, …)", self.urls, self.username)
    }
}

impl IceServers {
    /// What the page of a phone is told.
    pub fn told_to(&self, phone: &str, now: Timestamp) -> Vec<IceServer> {
        let stun = (!self.stun.is_empty()).then(|| IceServer {
            urls: self.stun.clone(),
            username: None,
            credential: None,
        });
        stun.into_iter().chain(self.turn.iter().map(|turn| turn.told_to(phone, now))).collect()
    }
}

impl Turn {
    fn told_to(&self, phone: &str, now: Timestamp) -> IceServer {
        let (username, credential) = match &self.access {
            TurnAccess::Fixed { username, password } => (username.clone(), password.clone()),
            TurnAccess::Shared { secret, lifetime } => {
                let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
                let expiry = (now.as_millis() / 1_000).saturating_add(lifetime);
                let username = format!("{expiry}:{phone}");
                let credential = signed(secret, &username);
                (username, credential)
            }
        };
        IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) }
    }
}

fn signed(secret: &str, username: &str) -> String {
    let mut hmac = match Hmac::<Sha1>::new_from_slice(secret.as_bytes()) {
        Ok(hmac) => hmac,
        Err(error) => unreachable!("a key of any length will do: {error}"),
    };
    hmac.update(username.as_bytes());
    STANDARD.encode(hmac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_is_told_is_good_for_a_limited_time_and_shows_no_secret() {
        let shared = TurnAccess::Shared { secret: "north".to_owned(), lifetime: Duration::from_secs(3_600) };
        let fixed = TurnAccess::Fixed { username: "pages".to_owned(), password: "open".to_owned() };
        let servers = IceServers {
            stun: vec!["stun:192.0.2.9".to_owned()],
            turn: vec![
                Turn { urls: vec!["turn:192.0.2.9:3478?transport=udp".to_owned()], access: shared },
                Turn { urls: vec!["turns:192.0.2.9:5349".to_owned()], access: fixed },
            ],
        };
        let told = servers.told_to("1001", Timestamp::from_millis(1_700_000_000_999));
        let said = |at: usize| (told[at].username.as_deref(), told[at].credential.as_deref());
        assert_eq!(said(0), (None, None));
        // What `printf 1700003600:1001 | openssl dgst -sha1 -hmac north -binary | base64` says.
        assert_eq!(said(1), (Some("1700003600:1001"), Some("6BMwxCcQmem9j2CqchAoA72tQPE=")));
        assert_eq!(said(2), (Some("pages"), Some("open")));
        let shown = format!("{servers:?} {told:?}");
        for secret in ["north", "\"open\"", told[1].credential.as_deref().expect("a password")] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
