//! One DTLS handshake (RFC 5764) with a browser that is known by the fingerprint of its certificate (RFC 8122 §6.2).
//!
//! The library is `dimpl`: DTLS 1.2 and 1.3 without sockets. It asks for the certificate of the browser and checks that the
//! browser has the key of it; whether it is the one of the description is checked here, before any key is handed out. A
//! browser without a certificate gets no keys either.
//!
//! Before there are keys, anybody who can forge the browser's address can forge its records. So an alert in the clear says
//! nothing and is not read, and most errors end one attempt only ([`HandshakeError::is_final`]); another one begins.

use super::identity::{Identity, fingerprint_of};
use base::{Duration, Instant};
use browser_peer::{Fingerprint, Role};
use dimpl::{Dtls, Output, SrtpProfile};
use srtp::{Profile, Sealing};
use std::sync::Arc;

/// The longest record that we send: what every way to a browser can carry.
const RECORD_BYTES_MAX: usize = 1_150;

/// How long we wait for the answer to a flight before it is sent again; doubled each time. A browser that has answered our
/// description is there, so that silence is a lost packet.
const FLIGHT_PATIENCE: Duration = Duration::from_millis(250);

/// How long a handshake may take.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(20);

/// What a handshake has brought.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing that anybody has to know.
    On,
    /// It is done, and these are the keys. Told once.
    Done(Sealing),
}

/// Why there are no keys, and never will be by this handshake.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("the browser's certificate is not that of its description")]
    Stranger,
    #[error("the handshake failed")]
    Failed(#[from] dimpl::Error),
    #[error("the browser ended the handshake")]
    Ended,
    #[error("the handshake exported keys that do not fit")]
    Keying(#[from] srtp::KeyingError),
    #[error("the handshake agreed on a profile that we do not have")]
    Profile,
}

impl HandshakeError {
    /// Whether there is no sense in another attempt: the browser is another one, or wants what we do not have, or the time is
    /// over. Everything else may be somebody else's doing.
    pub(super) const fn is_final(&self) -> bool {
        match self {
            Self::Stranger | Self::Profile | Self::Keying(_) | Self::Failed(dimpl::Error::Timeout(_)) => true,
            Self::Failed(_) | Self::Ended => false,
        }
    }
}

/// What all handshakes share.
#[derive(Clone)]
pub(crate) struct Terms {
    identity: Identity,
    config: Arc<dimpl::Config>,
    /// The library reckons with the system's clock; this is its name for the beginning of ours.
    began: std::time::Instant,
}

impl Terms {
    /// Terms under which our clock's zero is `began`.
    pub(super) fn new(identity: Identity, began: std::time::Instant) -> Result<Self, dimpl::Error> {
        let config = dimpl::Config::builder()
            .with_crypto_provider(dimpl::crypto::rust_crypto::default_provider())
            .mtu(RECORD_BYTES_MAX)
            .flight_start_rto(FLIGHT_PATIENCE)
            .flight_retries(6)
            .handshake_timeout(HANDSHAKE_PATIENCE)
            // Whoever gets here has proven its address by a signed check.
            .use_server_cookie(false)
            .build()?;
        Ok(Self { identity, config: Arc::new(config), began })
    }

    /// What our certificate is known by.
    pub(super) const fn fingerprint(&self) -> Fingerprint {
        self.identity.fingerprint
    }

    fn theirs(&self, now: Instant) -> std::time::Instant {
        self.began + Duration::from_micros(now.as_micros())
    }

    fn ours(&self, at: std::time::Instant) -> Instant {
        let since = at.saturating_duration_since(self.began);
        // Rounded up: a look too early changes nothing and would come again and again.
        Instant::from_micros(u64::try_from(since.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX))
    }
}

/// A handshake, and afterwards what answers the repetitions of its end.
pub(super) struct Handshake {
    dtls: Dtls,
    terms: Terms,
    expected: Fingerprint,
    role: Role,
    /// Whether the certificate was the expected one.
    is_known: bool,
    due: Option<Instant>,
}

impl Handshake {
    /// A handshake with the browser whose certificate has this fingerprint. If we begin it, what we say comes by
    /// [`Handshake::handle_timeout`], at once.
    pub(super) fn new(terms: &Terms, role: Role, expected: Fingerprint, now: Instant) -> Self {
        let certificate = terms.identity.certificate.clone();
        let mut dtls = Dtls::new_auto(Arc::clone(&terms.config), certificate, terms.theirs(now));
        dtls.set_active(role == Role::Active);
        Self { dtls, terms: terms.clone(), expected, role, is_known: false, due: Some(now) }
    }

    /// Takes a record of the browser's. An error is the end of it.
    pub(super) fn handle(
        &mut self,
        record: &[u8],
        now: Instant,
        send: impl FnMut(&[u8]),
    ) -> Result<Step, HandshakeError> {
        self.dtls.handle_timeout(self.terms.theirs(now))?;
        if !has_plain_alert(record) {
            self.dtls.handle_packet(record)?;
        }
        self.follow(send)
    }

    /// Time has passed.
    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        send: impl FnMut(&[u8]),
    ) -> Result<Step, HandshakeError> {
        self.dtls.handle_timeout(self.terms.theirs(now))?;
        self.follow(send)
    }

    /// When [`Handshake::handle_timeout`] is due.
    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    fn follow(&mut self, mut send: impl FnMut(&[u8])) -> Result<Step, HandshakeError> {
        let mut buffer = vec![0; 2 * RECORD_BYTES_MAX];
        let mut step = Step::On;
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(record) => send(record),
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::PeerCert(certificate) => {
                    self.is_known = fingerprint_of(certificate) == self.expected;
                    if !self.is_known {
                        return Err(HandshakeError::Stranger);
                    }
                }
                Output::KeyingMaterial(material, profile) => {
                    if !self.is_known {
                        return Err(HandshakeError::Stranger);
                    }
                    let we_began = self.role == Role::Active;
                    step = Step::Done(Sealing::exported(profile_of(profile)?, &material, we_began)?);
                }
                Output::CloseNotify => return Err(HandshakeError::Ended),
                Output::Timeout(at) => {
                    self.due = Some(self.terms.ours(at));
                    return Ok(step);
                }
                // Nothing but keys is wanted of it.
                Output::Connected | Output::ApplicationData(_) => {}
                _ => {}
            }
        }
    }
}

/// Whether an alert that is not encrypted is among the records of a datagram (RFC 9147 §4, RFC 6347 §4.1: a byte for what it is,
/// two for the version, two for the epoch, six for the number, two for the length). Those with the short head of DTLS 1.3
/// are encrypted, and the walk ends at the first of them.
fn has_plain_alert(datagram: &[u8]) -> bool {
    const HEAD: usize = 13;
    const ALERT: u8 = 21;
    let mut rest = datagram;
    while let [kind @ 20..=31, _, _, epoch_high, epoch_low, ..] = rest {
        if (*kind, *epoch_high, *epoch_low) == (ALERT, 0, 0) {
            return true;
        }
        let Some([high, low]) = rest.get(HEAD - 2..HEAD) else { return false };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(HEAD + length..).unwrap_or_default();
    }
    false
}

/// The profile in our words.
fn profile_of(profile: SrtpProfile) -> Result<Profile, HandshakeError> {
    match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Ok(Profile::AesCm128HmacSha1Tag80),
        SrtpProfile::AEAD_AES_128_GCM => Ok(Profile::AeadAes128Gcm),
        SrtpProfile::AEAD_AES_256_GCM => Ok(Profile::AeadAes256Gcm),
        _ => Err(HandshakeError::Profile),
    }
}

#[cfg(test)]
mod tests;
