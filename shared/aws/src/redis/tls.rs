//! TLS to the cache. Made here and not by the redis crate, which reads all of the system's certificates for each connection.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::roots;

/// Reads certificates at the first connection; later ones resume the session.
pub(super) struct Tls {
    host: String,
    connector: OnceCell<TlsConnector>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), connector: OnceCell::new() }
    }

    pub(super) async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connector = self.connector.get_or_try_init(|| async { connector(&self.host) }).await?;
        connector.connect(name, stream).await
    }
}

fn connector(host: &str) -> io::Result<TlsConnector> {
    let mut trusted = RootCertStore::empty();
    if roots::is_amazon(host) {
        for certificate in CertificateDer::pem_slice_iter(roots::AMAZON_PEM) {
            trusted.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
    } else {
        let system = rustls_native_certs::load_native_certs();
        trusted.add_parsable_certificates(system.certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
