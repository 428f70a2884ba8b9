//! An encrypted connection whose other end has to prove that it has the address it was reached at.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, crypto,
};

/// Both versions there are.
pub const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Encrypts a connection; the handshake is made at the first word. The server has to prove its address to `authority`.
pub fn over(stream: TcpStream, authority: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    with(stream, authority, &VERSIONS)
}

/// The same with one of these versions.
pub fn with(
    stream: TcpStream,
    authority: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let pem = fs::read(authority).expect("the authority's file");
    roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::from(stream.peer_addr().expect("a peer").ip());
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).expect("a client"), stream)
}
