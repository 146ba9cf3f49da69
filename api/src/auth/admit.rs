//! Who sends a request: by its API key or by an upload's token.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use poem::Request;

use super::{Caller, Holder, Operator, Scope, same_site, session, token};
use crate::problem::{Failure as _, Kind, Problem};
use crate::service::Service;

/// The key is missing, not known or no longer valid.
pub const UNAUTHORIZED: Kind = Kind {
    status: 401,
    code: "unauthorized",
    meaning: "Send a valid API key as `Authorization: Bearer …`, or where it is taken an upload's token. This one is missing, \
              not known, expired or revoked.",
};

/// The key may not be used for this.
pub const MISSING_SCOPE: Kind = Kind {
    status: 403,
    code: "missing_scope",
    meaning: "The API key has not got the scope that this operation needs.",
};

/// The caller of this request, if their key is valid and has the scope.
pub(super) async fn by_key(request: &Request, scope: Scope) -> Result<Caller, Problem> {
    let text = bearer(request.headers()).ok_or_else(|| unauthorized("Bearer"))?;
    let found = service(request).keys.find(text).await.map_err(|error| error.into_problem())?;
    let key = found.ok_or_else(invalid)?;
    if !key.scopes.iter().any(|name| name == scope.as_str()) {
        return Err(missing(scope));
    }
    Ok(Caller { tenant: key.tenant.clone(), id: key.id.to_string() })
}

/// The operator who sends this request with an API key that has the scope.
pub(super) async fn operator_by_key(request: &Request, scope: Scope) -> Result<Operator, Problem> {
    let text = bearer(request.headers()).ok_or_else(|| unauthorized("Bearer"))?;
    let found = service(request).keys.find(text).await.map_err(|error| error.into_problem())?;
    let key = found.ok_or_else(invalid)?;
    Operator::of_key(&key).filter(|operator| operator.has(scope)).ok_or_else(|| missing(scope))
}

/// The operator who sends this request with the cookie of a session, if it comes with one and with no key.
pub(super) async fn operator_by_session(request: &Request, scope: Scope) -> Result<Option<Operator>, Problem> {
    let headers = request.headers();
    if headers.contains_key(header::AUTHORIZATION) || !session::has_cookie(headers) {
        return Ok(None);
    }
    same_site::check(request.method(), headers)?;
    let found = service(request).sessions.find(headers).await.map_err(|error| error.into_problem())?;
    let operator = found.ok_or_else(invalid)?;
    if operator.has(scope) { Ok(Some(operator.as_ref().clone())) } else { Err(missing(scope)) }
}

/// Who holds the upload's token that this request comes with, if it comes with one.
pub(super) fn by_token(request: &Request) -> Result<Option<Holder>, Problem> {
    let Some(text) = bearer(request.headers()).filter(|text| token::is_written_like_one(text)) else { return Ok(None) };
    service(request).tokens.read(text).map(Some).ok_or_else(invalid)
}

fn service(request: &Request) -> &Arc<Service> {
    request.data().expect("the server puts the service next to every request")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The problem of a caller who is not known, with the challenge that RFC 6750 asks for.
pub fn unauthorized(challenge: &'static str) -> Problem {
    Problem::new(UNAUTHORIZED).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

/// Says that another key would do.
pub fn with_challenge(problem: Problem) -> Problem {
    problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn invalid() -> Problem {
    unauthorized("Bearer error=\"invalid_token\"")
}

fn missing(scope: Scope) -> Problem {
    let scope = scope.as_str();
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    let challenge = HeaderValue::from_str(&challenge).expect("a scope's name is plain ASCII");
    Problem::new(MISSING_SCOPE)
        .with(format!("The API key has not got the scope '{scope}', which this operation needs."))
        .with_header(header::WWW_AUTHENTICATE, challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<String> {
        let headers = [(header::AUTHORIZATION, value.parse().expect("a header value"))].into_iter().collect();
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_bearer_key_is_read_in_any_spelling_of_the_scheme() {
        assert_eq!(read("Bearer sluice_x"), Some("sluice_x".to_owned()));
        assert_eq!(read("bearer  sluice_x"), Some("sluice_x".to_owned()));
        assert_eq!(read("Basic eDp5"), None);
        assert_eq!(read("sluice_x"), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
