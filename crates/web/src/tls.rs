//! Certificates: read for production, made for the demo.
//!
//! TLS 1.2 and 1.3 by rustls with ring. The demo makes an authority of its own once, and a certificate signed by it;
//! who wants to trust the demo trusts `ca.pem`.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use thiserror::Error;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

/// Why there is no encryption.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("the certificate file {file} cannot be used: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{file} holds no {what} in PEM form")]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// Certificate and key do not fit, or are of a kind we do not take.
    #[error("the certificate {certificate} cannot be used with the key {key}: {source}")]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The library refuses.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[source] rustls::Error),
    /// The demo's certificate cannot be made.
    #[error("the demo's certificate cannot be made: {0}")]
    Make(#[source] rcgen::Error),
}

/// Where certificate and key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authority to be trusted, for the demo.
    pub authority: Option<PathBuf>,
}

/// A certificate and its key, as listeners show them. They can be read anew while connections go on. A clone is another
/// handle on the same.
#[derive(Clone, Debug)]
pub struct Identity(Arc<Shown>);

#[derive(Debug)]
struct Shown {
    files: TlsFiles,
    certified: RwLock<Arc<CertifiedKey>>,
}

impl Identity {
    /// Reads certificate and key.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let certified = RwLock::new(certified(files)?);
        Ok(Self(Arc::new(Shown { files: files.clone(), certified })))
    }

    /// Reads both files anew. Connections that are open stay as they are; after an error everything is as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        let certified = certified(&self.0.files)?;
        *self.0.certified.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }

    /// What a listener needs that speaks one of `protocols` (ALPN); none for a listener that does not ask.
    pub fn server_config(&self, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.0) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The protocol of pages and API (ALPN).
pub const HTTP: &[u8] = b"http/1.1";

/// The provider is named, so that it does not matter which one another part of the program installed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certified(files: &TlsFiles) -> Result<Arc<CertifiedKey>, TlsError> {
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&read(&files.certificate)?)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|found: &Vec<_>| !found.is_empty())
            .ok_or_else(|| TlsError::NotPem { file: files.certificate.clone(), what: "certificate" })?;
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
        .map_err(|_| TlsError::NotPem { file: files.key.clone(), what: "private key" })?;
    // This also finds out whether one belongs to the other.
    let certified = CertifiedKey::from_der(certificates, key, &provider()).map_err(|source| {
        TlsError::Unusable { certificate: files.certificate.clone(), key: files.key.clone(), source }
    })?;
    Ok(Arc::new(certified))
}

/// The demo's certificate in `folder`, made the first time: for `names`, which are host names and addresses, signed by
/// an authority of the demo's own. Remove the folder to have new ones.
pub fn demo_certificate(folder: &Path, names: &[String]) -> Result<TlsFiles, TlsError> {
    let files = TlsFiles {
        certificate: folder.join("server.pem"),
        key: folder.join("server.key"),
        authority: Some(folder.join("ca.pem")),
    };
    let all = [Some(&files.certificate), Some(&files.key), files.authority.as_ref()];
    if all.iter().flatten().all(|file| file.exists()) {
        return Ok(files);
    }
    std::fs::create_dir_all(folder).map_err(|source| TlsError::File { file: folder.to_owned(), source })?;

    let authority_key = KeyPair::generate().map_err(TlsError::Make)?;
    let mut authority = CertificateParams::new(Vec::new()).map_err(TlsError::Make)?;
    authority.distinguished_name = named("hotline demo authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key).map_err(TlsError::Make)?;
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate().map_err(TlsError::Make)?;
    let mut server = CertificateParams::new(names.to_vec()).map_err(TlsError::Make)?;
    server.distinguished_name = named("hotline demo");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    server.use_authority_key_identifier_extension = true;
    let server_certificate = server.signed_by(&server_key, &issuer).map_err(TlsError::Make)?;

    // The authority's key is not kept: nothing else will ever be signed with it.
    write(&folder.join("ca.pem"), authority_certificate.pem().as_bytes(), 0o644)?;
    write(&files.key, server_key.serialize_pem().as_bytes(), 0o600)?;
    write(&files.certificate, server_certificate.pem().as_bytes(), 0o644)?;
    Ok(files)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|source| TlsError::File { file: file.to_owned(), source })
}

fn write(file: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(file)
        .and_then(|mut opened| opened.write_all(content))
        .map_err(|source| TlsError::File { file: file.to_owned(), source })
}
