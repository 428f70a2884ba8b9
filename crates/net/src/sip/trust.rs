//! Whom we believe when we open an encrypted connection: the machine's own authorities, and those in a file of the
//! operator's. There is no way to believe everybody.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Why nobody can be believed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The operator's file cannot be read.
    #[error("the file of authorities {file} cannot be read: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The operator's file holds something else.
    #[error("{file} holds no certificate in PEM form")]
    NotPem {
        /// The file.
        file: PathBuf,
    },
    /// The operator's file holds a certificate that is none of an authority.
    #[error("{file} holds a certificate that cannot be used: {source}")]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The library refuses.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The authorities believed. A clone is another handle on the same.
#[derive(Clone)]
pub struct Trust(Arc<Inner>);

struct Inner {
    own: Option<PathBuf>,
    config: RwLock<Arc<ClientConfig>>,
}

impl Trust {
    /// Reads the machine's authorities and those in `own`, a PEM file.
    pub fn load(own: Option<PathBuf>) -> Result<Self, TrustError> {
        let config = RwLock::new(read(own.as_deref())?);
        Ok(Self(Arc::new(Inner { own, config })))
    }

    /// Reads them anew. Connections that are open stay; after an error everything is as it was.
    pub fn reload(&self) -> Result<(), TrustError> {
        let config = read(self.0.own.as_deref())?;
        *self.0.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0.config.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("own", &self.0.own).finish_non_exhaustive()
    }
}

fn read(own: Option<&Path>) -> Result<Arc<ClientConfig>, TrustError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(system.certs);
    if taken == 0 {
        tracing::info!(errors = ?system.errors, "the machine has no certificate authorities of its own");
    }
    if let Some(file) = own {
        let bytes =
            std::fs::read(file).map_err(|source| TrustError::File { file: file.to_owned(), source })?;
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|found: &Vec<_>| !found.is_empty())
            .ok_or_else(|| TrustError::NotPem { file: file.to_owned() })?;
        for certificate in certificates {
            roots
                .add(certificate)
                .map_err(|source| TrustError::Unusable { file: file.to_owned(), source })?;
        }
    }
    // The provider is named, so that it does not matter which one another part of the program installed.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
