//! What readers of mails see who want no more: pages for people, as plain as can be. They need no login and have no script.

use domain::field::Invalid;
use domain::opt_out::OptOutToken;

use crate::{Problem, Query, Request, Response};

const TOKEN_LEN_MAX: usize = 200;

/// What the link carries; `None` where it is none of ours.
pub fn token(request: &Request) -> Result<Option<OptOutToken>, Problem> {
    let mut query = Query::new(request);
    let token = query.optional("token", |text| match text.len() {
        0..=TOKEN_LEN_MAX => Ok(text.parse().ok()),
        _ => Err(Invalid::new("too_long", format!("must have at most {TOKEN_LEN_MAX} characters"))),
    });
    query.finish()?;
    Ok(token.flatten())
}

/// Programs follow links of mails to look at them: nothing is done before somebody asks for it (RFC 8058, section 3.1).
pub fn ask() -> Response {
    page(
        200,
        "No more mail?",
        "<p>The shop that sent you this link will send nothing more to your address: no receipts, no word of refunds or of \
         payments that did not go through.</p>\n<form method=\"post\"><button>No more mail</button></form>",
    )
}

pub fn done() -> Response {
    page(
        200,
        "No more mail",
        "<p>The shop that sent you this link sends nothing more to your address. If that was a mistake, ask the shop to \
         begin again.</p>",
    )
}

pub fn unknown() -> Response {
    page(404, "Not found", "<p>This link is not complete, or was never ours. Nothing was changed.</p>")
}

fn page(status: u16, title: &str, content: &str) -> Response {
    let body = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{content}\n</body>\n</html>\n"
    );
    Response { status, headers: vec![("content-type", "text/html; charset=utf-8".to_owned())], body }
}
