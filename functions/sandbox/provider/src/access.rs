//! Who may call: whoever has the API key. The sandbox's key guards nothing of value, but is handled as if it did.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use domain::secret::Secret;
use http_kit::Request;

use crate::refusal::Refusal;

/// `Authorization: Bearer <key>` (RFC 6750, section 2.1). Digests are compared, in constant time, so that neither the key
/// nor its length can be felt for.
pub(crate) fn check(api_key: &Secret, request: &Request) -> Result<(), Refusal> {
    let (scheme, given) = request.header("authorization").and_then(|header| header.split_once(' ')).unwrap_or_default();
    let hash = |text: &str| digest(&SHA256, text.as_bytes());
    let is_same = verify_slices_are_equal(hash(given).as_ref(), hash(api_key.reveal()).as_ref()).is_ok();
    if is_same && scheme.eq_ignore_ascii_case("bearer") {
        return Ok(());
    }
    Err(Refusal::new(401, "unauthorized", "Send the API key: Authorization: Bearer ..."))
}
