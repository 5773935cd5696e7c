//! Answers. The security headers are on every one (OWASP REST Security Cheat Sheet).

use std::fmt::Display;

use app::Outcome;
use app::read::Shown;
use domain::idempotency::Answer;

use crate::{Problem, Request, Retirement};

const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Response {
    pub fn json(status: u16, body: String) -> Self {
        Self { status, headers: vec![("content-type", "application/json".to_owned())], body }
    }

    /// What is asked for is elsewhere, to be read with GET (RFC 9110, section 15.4.4).
    pub fn see_other(location: String) -> Self {
        Self { status: 303, headers: vec![("location", location)], body: String::new() }
    }

    pub fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: String::new() }
    }

    /// One resource, with its version as `ETag`.
    pub fn resource(shown: Shown) -> Self {
        let Shown { version, body } = shown;
        Self::tagged(version, body)
    }

    /// As [`Response::resource`], with more in the tag than `If-Match` looks at: what is shown beside the version, and changes
    /// without it.
    pub fn resource_beside(shown: Shown, beside: &str) -> Self {
        let Shown { version, body } = shown;
        Self::tagged(format_args!("{version}.{beside}"), body)
    }

    fn tagged(tag: impl Display, body: String) -> Self {
        Self::json(200, body).with_header("etag", format!("\"{tag}\""))
    }

    /// A page of a list; a next one is also linked (RFC 8288).
    pub fn list(request: &Request, items: &[String], next_cursor: Option<String>) -> Self {
        let response = Self::json(200, api::list(items, next_cursor.as_deref()));
        match next_cursor {
            Some(cursor) => response.with_link(next_link(request, &cursor)),
            None => response,
        }
    }

    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let mut headers = vec![("content-type", "application/problem+json".to_owned())];
        headers.extend(problem.headers.iter().cloned());
        if problem.code.status() == 401 {
            // RFC 9110, section 15.5.2: a 401 says how to authenticate.
            headers.push(("www-authenticate", "Bearer".to_owned()));
        }
        Self { status: problem.code.status(), headers, body: problem.body(request_id) }
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer of an earlier request, given again.
    #[must_use]
    pub fn replayed(self) -> Self {
        self.with_header("idempotent-replayed", "true")
    }

    /// What a read is answered with where the client has the same: 304 without a body, with the headers that a cache needs
    /// (RFC 9110, section 15.4.5).
    #[must_use]
    pub fn unless_known(self, request: &Request) -> Self {
        let is_read = request.method == "GET" && self.status == 200;
        let etag = self.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag);
        if !is_read || !etag.is_some_and(|etag| request.has(etag)) {
            return self;
        }
        let headers = self.headers.into_iter().filter(|(name, _)| *name != "content-type").collect();
        Self { status: 304, headers, body: String::new() }
    }

    /// One more of the links of an answer, in its one `Link` header (RFC 8288, section 3).
    #[must_use]
    pub fn with_link(mut self, link: String) -> Self {
        match self.headers.iter_mut().find(|(name, _)| *name == "link") {
            Some((_, links)) => {
                links.push_str(", ");
                links.push_str(&link);
                self
            }
            None => self.with_header("link", link),
        }
    }

    /// What an answer of a retired route carries.
    #[must_use]
    pub fn retired(self, retirement: Retirement) -> Self {
        let Retirement { deprecated_at, sunset_at, page } = retirement;
        self.with_header("deprecation", format!("@{}", deprecated_at.as_seconds()))
            .with_header("sunset", api::http_date(sunset_at))
            .with_link(format!("<{page}>; rel=\"deprecation\"; type=\"text/html\""))
    }

    /// What every answer carries.
    #[must_use]
    pub fn finished(mut self, request_id: &str) -> Self {
        for (name, value) in SECURITY_HEADERS {
            let has_its_own = self.headers.iter().any(|(present, _)| *present == name);
            if !has_its_own {
                self.headers.push((name, value.to_owned()));
            }
        }
        self.with_header("x-request-id", request_id)
    }
}

impl From<Outcome> for Response {
    fn from(outcome: Outcome) -> Self {
        let (answer, replayed) = match outcome {
            Outcome::Done(answer) => (answer, false),
            Outcome::Replayed(answer) => (answer, true),
        };
        let Answer { status, location, body } = answer;
        let mut response = Self::json(status, body);
        if let Some(location) = location {
            response = response.with_header("location", location);
        }
        if replayed { response.replayed() } else { response }
    }
}

fn next_link(request: &Request, cursor: &str) -> String {
    let kept = request.query.iter().filter(|(name, _)| name != "cursor");
    let pairs = kept.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value)));
    let query: String = pairs.chain([format!("cursor={}", encoded(cursor))]).collect();
    format!("</api{}?{query}>; rel=\"next\"", request.path)
}

/// Percent-encoding of all but the unreserved characters (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_linked_with_the_same_filters() {
        let query = [("status", "open"), ("cursor", "old"), ("customer", "a+b@c.example")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let request = Request { path: "/v1/orders".into(), query, ..Request::default() };
        let response = Response::list(&request, &["{}".into()], Some("ord_1".into()));
        let link = "</api/v1/orders?status=open&customer=a%2Bb%40c.example&cursor=ord_1>; rel=\"next\"";
        assert!(response.headers.contains(&("link", link.to_owned())), "{response:?}");
    }
}
