//! The gateway's authorizer: a bearer token in, a policy and the caller's context out. One policy is good for every route of
//! the stage, so that the gateway may keep it for the token; what a caller may do is decided in the functions.

use domain::access::{Caller, Grant};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::telemetry::Invocation;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenRequest {
    #[serde(default)]
    authorization_token: String,
    method_arn: String,
}

/// The gateway turns exactly this message into its 401.
fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() }
}

/// `verify` says whose token it is, or why it is refused: a word for the log.
pub async fn run_authorizer<H>(verify: H) -> Result<(), lambda_runtime::Error>
where
    H: AsyncFn(&str) -> Result<Caller, String>,
{
    lambda_runtime::run(service_fn(async |event: LambdaEvent<TokenRequest>| {
        let mut line = Invocation::begin();
        let TokenRequest { authorization_token, method_arn } = event.payload;
        let result = match bearer(&authorization_token) {
            Some(token) => verify(token).await,
            None => Err("not a bearer token".to_owned()),
        };
        line.count("TokensRefused", usize::from(result.is_err()));
        match &result {
            Ok(caller) => line.field("tenant", caller.tenant.to_string()),
            Err(reason) => line.field("refused", reason.as_str()),
        }
        line.end();
        result.map(|caller| policy(&caller, &method_arn)).map_err(|_| unauthorized())
    }))
    .await
}

/// RFC 6750, section 2.1; the scheme's case does not matter (RFC 9110, section 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What the gateway tells the functions of a caller.
pub(crate) fn context(caller: &Caller) -> Value {
    let Caller { tenant, subject, session, grant, issued_at_seconds } = caller;
    let mut context = json!({
        "tenant": tenant.to_string(),
        "subject": subject,
        "issued_at": issued_at_seconds.to_string(),
    });
    if let Some(session) = session {
        context["session"] = session.to_string().into();
    }
    match grant {
        Grant::Role(role) => context["role"] = role.as_str().into(),
        Grant::Scopes(scopes) => context["scope"] = scopes.join(" ").into(),
    }
    context
}

fn policy(caller: &Caller, method_arn: &str) -> Value {
    json!({
        "principalId": caller.subject,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": every_route(method_arn) }],
        },
        "context": context(caller),
    })
}

/// `arn:aws:execute-api:region:account:api/stage/METHOD/path` with the method and path opened.
fn every_route(method_arn: &str) -> String {
    let stage: Vec<&str> = method_arn.splitn(3, '/').take(2).collect();
    format!("{}/*", stage.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer abc"), Some("abc"));
        for wrong in ["abc", "Basic abc", "Bearer", ""] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_policy_is_for_the_whole_stage_and_no_other() {
        let arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/api/GET/v1/orders";
        assert_eq!(every_route(arn), "arn:aws:execute-api:eu-central-1:123456789012:abc/api/*");
    }
}
