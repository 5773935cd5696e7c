//! Whom TLS trusts. Services on `amazonaws.com`, ElastiCache among them, have certificates of Amazon Trust Services
//! (<https://www.amazontrust.com/repository/>): its five roots are compiled in. Reading the system's 140 instead costs
//! about 3 ms of every cold start. Other hosts, such as a private endpoint, are checked against the system's roots.

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2; the first to expire does so on 2037-12-31.
pub(crate) const AMAZON_PEM: &[u8] = include_bytes!("amazon_roots.pem");

pub(crate) fn is_amazon(host: &str) -> bool {
    host.ends_with(".amazonaws.com")
}

/// The partitions of China and of the secret regions have other names and may have other roots.
pub(crate) fn cover_region(region: &str) -> bool {
    !region.starts_with("cn-") && !region.contains("-iso")
}

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    #[test]
    fn the_five_roots_parse() {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_PEM) {
            store.add(certificate.expect("PEM")).expect("an X.509 certificate");
        }
        assert_eq!(store.len(), 5);
    }

    #[test]
    fn only_amazon_s_own_names() {
        assert!(is_amazon("cache-abc.serverless.euc1.cache.amazonaws.com"));
        for other in ["localhost", "amazonaws.com.example", "dynamodb.cn-north-1.amazonaws.com.cn", "evilamazonaws.com"]
        {
            assert!(!is_amazon(other), "{other}");
        }
        assert!(cover_region("eu-central-1") && cover_region("us-gov-west-1"));
        assert!(!cover_region("cn-north-1") && !cover_region("us-iso-east-1") && !cover_region("us-isob-east-1"));
    }
}
