//! The trace that an event belongs to, as a receiver's tools read it (W3C Trace Context), from how AWS writes it.

/// `X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1` is
/// `00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01`. Without a parent, `span` is one. `None` where the text is no
/// trace.
pub fn traceparent(amazon: &str, span: u64) -> Option<String> {
    let part = |name: &str| amazon.split(';').find_map(|part| part.trim().strip_prefix(name));
    let root = part("Root=1-")?;
    let (seconds, random) = root.split_once('-')?;
    let trace = format!("{seconds}{random}");
    let is_hex = |text: &str, len: usize| {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == len && text.bytes().all(lower) && text.bytes().any(|byte| byte != b'0')
    };
    if seconds.len() != 8 || !is_hex(&trace, 32) {
        return None;
    }
    let parent = part("Parent=").filter(|parent| is_hex(parent, 16)).map(str::to_owned);
    let parent = parent.unwrap_or_else(|| format!("{:016x}", span.max(1)));
    let sampled = if part("Sampled=") == Some("1") { "01" } else { "00" };
    Some(format!("00-{trace}-{parent}-{sampled}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_amazons_form() {
        let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
        let trace = "00-5759e988bd862e3fe1be46a994272793";
        for (amazon, expected) in [
            (format!("{root};Parent=53995c3f42cd8ad8;Sampled=1"), Some(format!("{trace}-53995c3f42cd8ad8-01"))),
            (format!("Self=1-2-3; {root}; Sampled=0"), Some(format!("{trace}-0000000000000007-00"))),
            (root.to_owned(), Some(format!("{trace}-0000000000000007-00"))),
            (format!("{root};Parent=none"), Some(format!("{trace}-0000000000000007-00"))),
            (String::new(), None),
            ("Root=1-5759e988".to_owned(), None),
            ("Root=1-00000000-000000000000000000000000".to_owned(), None),
            ("Root=1-5759E988-bd862e3fe1be46a994272793".to_owned(), None),
            ("Root=1-5759e988b-d862e3fe1be46a994272793".to_owned(), None),
        ] {
            assert_eq!(traceparent(&amazon, 7), expected, "{amazon}");
        }
    }
}
