//! The certificate that browsers know us by: self-signed, made anew by each process (RFC 8827 §6.5). What vouches for it
//! is its fingerprint in our descriptions.

use browser_peer::Fingerprint;
use dimpl::DtlsCertificate;
use sha2::{Digest, Sha256};

/// Our certificate with its key.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(super) certificate: DtlsCertificate,
    pub(crate) fingerprint: Fingerprint,
}

/// Why there is no certificate: the machine gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no certificate for browsers could be made")]
pub(crate) struct IdentityError(#[from] rcgen::Error);

impl Identity {
    /// A new one. Its name says nothing of where it was made.
    pub(crate) fn generate() -> Result<Self, IdentityError> {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
        let mut named = rcgen::CertificateParams::default();
        named.distinguished_name = rcgen::DistinguishedName::new();
        named.distinguished_name.push(rcgen::DnType::CommonName, "hotline");
        let certificate = named.self_signed(&key)?.der().to_vec();
        let fingerprint = fingerprint_of(&certificate);
        let certificate = DtlsCertificate { certificate, private_key: key.serialize_der() };
        Ok(Self { certificate, fingerprint })
    }
}

/// The fingerprint of a certificate.
pub(super) fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    Sha256::digest(certificate).into()
}
