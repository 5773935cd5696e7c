//! Where an endpoint is: an `https` URL with a host name. Narrower than the URL standard on purpose: what different parsers
//! might read differently is refused, and so is an address in place of a name, in any spelling.

use std::fmt;

use crate::card_number;
use crate::field::Invalid;

const LEN_MAX: usize = 2_048;
const HOST_LEN_MAX: usize = 253;
/// The one port below 1024 that a webhook goes to: those between are other services'.
const HTTPS_PORT: u16 = 443;
const FIRST_FREE_PORT: u16 = 1_024;
/// Names that lead nowhere but into a network (RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`).
const PRIVATE_SUFFIXES: [&str; 5] = ["localhost", "local", "internal", "home.arpa", "localdomain"];

/// How far webhooks of a deployment go. Loopback is for laptops, by a parameter of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Public,
    LoopbackToo,
}

impl Reach {
    /// As a deployment is told.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "public" => Some(Self::Public),
            "loopback_too" => Some(Self::LoopbackToo),
            _ => None,
        }
    }
}

/// It may hold a token of the receiver's in its path or query: its `Debug` shows the host alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookUrl(String);

/// What a URL leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    pub is_https: bool,
    pub host: &'a str,
    pub port: Option<u16>,
}

impl WebhookUrl {
    pub fn parse(text: &str, reach: Reach) -> Result<Self, Invalid> {
        if text.len() > LEN_MAX {
            return Err(Invalid::new("too_long", format!("must have at most {LEN_MAX} characters")));
        }
        let characters_fit = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte));
        if !characters_fit {
            let detail = "must be a URL of ASCII characters, percent-encoded where needed, without a fragment";
            return Err(Invalid::new("invalid_url", detail));
        }
        let target = split(text)
            .ok_or_else(|| Invalid::new("invalid_url", "must be a URL such as https://shop.example/hooks"))?;
        let is_laptop = reach == Reach::LoopbackToo && is_loopback(target.host);
        if !is_laptop {
            check_public(&target)?;
        }
        card_number::refuse(text)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is, without what may hold a token: `https://shop.example`, with the port where it has one.
    pub fn origin(&self) -> &str {
        let authority = self.0.find("://").map_or(0, |scheme| scheme + "://".len());
        let end = self.0[authority..].find(['/', '?']).map_or(self.0.len(), |end| authority + end);
        &self.0[..end]
    }

    pub fn target(&self) -> Option<Target<'_>> {
        split(&self.0)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({})", self.target().map_or("", |target| target.host))
    }
}

fn split(text: &str) -> Option<Target<'_>> {
    let (is_https, rest) = match text.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port_of(port)?)),
        None => (authority, None),
    };
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let fits = (1..=HOST_LEN_MAX).contains(&host.len()) && host.bytes().all(is_host);
    fits.then_some(Target { is_https, host, port })
}

fn port_of(text: &str) -> Option<u16> {
    let is_plain = !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

fn is_loopback(host: &str) -> bool {
    ["localhost", "127.0.0.1"].contains(&host)
}

fn check_public(target: &Target<'_>) -> Result<(), Invalid> {
    let Target { is_https, host, port } = *target;
    if !is_https {
        return Err(Invalid::new("https_required", "must begin with https://"));
    }
    if port.is_some_and(|port| port != HTTPS_PORT && port < FIRST_FREE_PORT) {
        let detail = format!("must have the port {HTTPS_PORT} or one from {FIRST_FREE_PORT} on");
        return Err(Invalid::new("port_not_allowed", detail));
    }
    let not_a_name = || Invalid::new("private_address", "must have the name of a host on the public internet");
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &str| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
    // A last label that begins with a digit is how the URL standard tells an IPv4 address, be it 127.1, 0x7f.1 or 2130706433.
    let ends_in_a_number = labels.last().is_none_or(|last| last.starts_with(|first: char| first.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(|label| is_label(label)) || ends_in_a_number {
        return Err(not_a_name());
    }
    let is_private = |suffix: &str| host == suffix || host.ends_with(&format!(".{suffix}"));
    if PRIVATE_SUFFIXES.iter().any(|suffix| is_private(suffix)) {
        return Err(not_a_name());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str, reach: Reach) -> Option<&'static str> {
        WebhookUrl::parse(text, reach).err().map(|invalid| invalid.code)
    }

    #[test]
    fn names_on_the_public_internet() {
        for good in [
            "https://shop.example",
            "https://hooks.shop.example/coffer?token=a%20b&x=1",
            "https://shop.example:443/",
            "https://shop.example:8443/hooks",
            "https://xn--bcher-kva.example/",
            "https://3com.example/@user",
        ] {
            assert_eq!(code(good, Reach::Public), None, "{good}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for (bad, expected) in [
            ("http://shop.example/", "https_required"),
            ("ftp://shop.example/", "invalid_url"),
            ("HTTPS://shop.example/", "invalid_url"),
            ("https:shop.example", "invalid_url"),
            ("//shop.example", "invalid_url"),
            ("https://", "invalid_url"),
            ("https:///hooks", "invalid_url"),
            ("https://user@shop.example/", "invalid_url"),
            ("https://user:secret@shop.example/", "invalid_url"),
            ("https://shop.example\\@10.0.0.1/", "invalid_url"),
            ("https://shop.example/#part", "invalid_url"),
            ("https://shop.example/a b", "invalid_url"),
            ("https://shop.example/\n", "invalid_url"),
            ("https://shöp.example/", "invalid_url"),
            ("https://Shop.example/", "invalid_url"),
            ("https://shop%2eexample/", "invalid_url"),
            ("https://[::1]/", "invalid_url"),
            ("https://[::ffff:169.254.169.254]/", "invalid_url"),
            ("https://shop.example:/", "invalid_url"),
            ("https://shop.example:0443/", "invalid_url"),
            ("https://shop.example:99999/", "invalid_url"),
            ("https://shop.example:22/", "port_not_allowed"),
            ("https://shop.example:80/", "port_not_allowed"),
            ("https://127.0.0.1/", "private_address"),
            ("https://127.1/", "private_address"),
            ("https://2130706433/", "private_address"),
            ("https://0x7f.0.0.1/", "private_address"),
            ("https://0x7f000001/", "private_address"),
            ("https://0177.0.0.1/", "private_address"),
            ("https://169.254.169.254/latest/meta-data", "private_address"),
            ("https://8.8.8.8/", "private_address"),
            ("https://a.0x7f/", "private_address"),
            ("https://localhost/", "private_address"),
            ("https://x.localhost/", "private_address"),
            ("https://printer.local/", "private_address"),
            ("https://api.internal/", "private_address"),
            ("https://router.home.arpa/", "private_address"),
            ("https://intranet/", "private_address"),
            ("https://shop.example./", "private_address"),
            ("https://-shop.example/", "private_address"),
            ("https://shop..example/", "private_address"),
        ] {
            assert_eq!(code(bad, Reach::Public), Some(expected), "{bad}");
        }
        assert_eq!(code(&format!("https://shop.example/{}", "a".repeat(LEN_MAX)), Reach::Public), Some("too_long"));
    }

    #[test]
    fn a_laptop_may_name_itself_and_no_other_address() {
        for good in ["http://localhost:9000/hooks", "http://127.0.0.1:9000/", "https://shop.example/"] {
            assert_eq!(code(good, Reach::LoopbackToo), None, "{good}");
        }
        for (bad, expected) in [
            ("http://shop.example/", "https_required"),
            ("http://10.0.0.1/", "https_required"),
            ("https://10.0.0.1/", "private_address"),
            ("http://127.0.0.1@shop.example/", "invalid_url"),
            ("http://[::1]:9000/", "invalid_url"),
        ] {
            assert_eq!(code(bad, Reach::LoopbackToo), Some(expected), "{bad}");
        }
    }

    #[test]
    fn an_origin_has_no_path_and_no_query() {
        for (url, origin) in [
            ("https://shop.example/hooks?token=hidden", "https://shop.example"),
            ("https://shop.example?token=hidden/x", "https://shop.example"),
            ("https://shop.example:8443/", "https://shop.example:8443"),
            ("https://shop.example", "https://shop.example"),
        ] {
            assert_eq!(WebhookUrl::parse(url, Reach::Public).as_ref().map(WebhookUrl::origin), Ok(origin));
        }
    }

    #[test]
    fn debug_shows_the_host_alone() {
        let url = WebhookUrl::parse("https://shop.example/hooks?token=hidden", Reach::Public).expect("valid");
        assert_eq!(format!("{url:?}"), "WebhookUrl(shop.example)");
    }

    proptest! {
        #[test]
        fn what_is_taken_has_a_name_and_no_address(text in "https://[a-z0-9.:@/\\[\\]x-]{1,40}") {
            if let Ok(url) = WebhookUrl::parse(&text, Reach::Public) {
                let target = url.target().expect("a target");
                prop_assert!(target.is_https && target.host.contains('.'));
                prop_assert!(target.host.parse::<std::net::IpAddr>().is_err(), "{}", text);
                prop_assert!(target.host.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_err()));
            }
        }
    }
}
