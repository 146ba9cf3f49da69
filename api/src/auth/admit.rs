//! Who sends a request, and whether they may do what it asks for.

use std::sync::Arc;

use http::{HeaderValue, header};
use poem::Request;

use super::credential::Credential;
use super::known::KnownKey;
use super::refusal::Refusal;
use super::{Caller, Holder, Operator, Scope, Stay, same_site, session};
use crate::problem::{Failure as _, Kind, Problem, unavailable};
use crate::service::Service;

/// The caller may not do this.
pub const MISSING_SCOPE: Kind = Kind {
    status: 403,
    code: "missing_scope",
    meaning: "The API key or token has not got the scope that this operation needs.",
};

/// What the timeline names as the caller where there is no API key.
const NOBODY: &str = "files";

/// Somebody who is known, and what they may do.
pub(super) struct Admitted {
    pub(super) caller: Caller,
    pub(super) scopes: Vec<Scope>,
}

impl From<KnownKey> for Admitted {
    fn from(KnownKey { key, hash, until }: KnownKey) -> Self {
        let scopes = key.scopes.iter().filter_map(|name| name.parse().ok()).collect();
        let stay = Stay::by_key(hash, until);
        Self { caller: Caller { tenant: key.tenant, id: key.id.to_string(), stay }, scopes }
    }
}

/// The caller of this request, if they have the scope and their tenant does not send too many.
pub(super) async fn caller(request: &Request, scope: Scope) -> Result<Caller, Problem> {
    let admitted = match Credential::of(request.headers()) {
        Credential::ApiKey(text) => by_key(request, text).await?,
        Credential::UploadToken(_) => return Err(Refusal::UploadTokenElsewhere.into()),
        Credential::Jwt(text) => by_identity(request, text).await?,
        Credential::Other => return Err(Refusal::Unreadable.into()),
        Credential::Nothing => return Err(Refusal::Nothing.into()),
    };
    service(request).rates.admit(&admitted.caller.tenant)?;
    if admitted.scopes.contains(&scope) { Ok(admitted.caller) } else { Err(missing(scope)) }
}

/// The same, or without a key the tenant that the tutorial's calls belong to then, if there is one.
pub(super) async fn files_caller(request: &Request, scope: Scope) -> Result<Caller, Problem> {
    if request.headers().contains_key(header::AUTHORIZATION) {
        return caller(request, scope).await;
    }
    let tenant = service(request).files.tenant.clone().ok_or(Refusal::Nothing)?;
    service(request).rates.admit(&tenant)?;
    Ok(Caller { tenant, id: NOBODY.to_owned(), stay: Stay::by_token(None) })
}

/// Who holds the upload's token that this request comes with, or else its caller, if they have the scope and their tenant does not
/// send too many.
pub(super) async fn holder(request: &Request, scope: Scope) -> Result<Holder, Problem> {
    let Credential::UploadToken(text) = Credential::of(request.headers()) else {
        return caller(request, scope).await.map(Holder::of_caller);
    };
    let holder = service(request).tokens.read(text).ok_or(Refusal::UploadToken)?;
    service(request).rates.admit(holder.tenant())?;
    Ok(holder)
}

async fn by_key(request: &Request, text: &str) -> Result<Admitted, Problem> {
    let found = service(request).keys.find(text).await;
    let known = found.map_err(|error| (*error).clone().into_problem())?;
    Ok(known?.into())
}

async fn by_identity(request: &Request, text: &str) -> Result<Admitted, Problem> {
    let identity = service(request).identity.as_ref().ok_or(Refusal::NoProvider)?;
    let judged = identity.admit(text).await.map_err(|error| unavailable(error))?;
    Ok(judged?)
}

/// The operator who sends this request with an API key that has the scope.
pub(super) async fn operator_by_key(request: &Request, scope: Scope) -> Result<Operator, Problem> {
    let text = match Credential::of(request.headers()) {
        Credential::ApiKey(text) => text,
        Credential::UploadToken(_) | Credential::Jwt(_) => return Err(Refusal::KeyAlone.into()),
        Credential::Other => return Err(Refusal::Unreadable.into()),
        Credential::Nothing => return Err(Refusal::Nothing.into()),
    };
    let found = service(request).keys.find(text).await;
    let known = found.map_err(|error| (*error).clone().into_problem())??;
    let operator = Operator::of_key(&known.key, Stay::by_key(known.hash, known.until));
    operator.filter(|operator| operator.has(scope)).ok_or_else(|| missing(scope))
}

/// The operator who sends this request with the cookie of a session, if it comes with one and with no key.
pub(super) async fn operator_by_session(request: &Request, scope: Scope) -> Result<Option<Operator>, Problem> {
    let headers = request.headers();
    if headers.contains_key(header::AUTHORIZATION) || !session::has_cookie(headers) {
        return Ok(None);
    }
    same_site::check(request.method(), headers)?;
    let found = service(request).sessions.find(headers).await.map_err(|error| error.into_problem())?;
    let operator = found.ok_or(Refusal::Session)?;
    if operator.has(scope) { Ok(Some(operator.as_ref().clone())) } else { Err(missing(scope)) }
}

fn service(request: &Request) -> &Arc<Service> {
    request.data().expect("the server puts the service next to every request")
}

/// Says that another key would do.
pub fn with_challenge(problem: Problem) -> Problem {
    problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn missing(scope: Scope) -> Problem {
    let scope = scope.as_str();
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    let challenge = HeaderValue::from_str(&challenge).expect("a scope's name is plain ASCII");
    Problem::new(MISSING_SCOPE)
        .with(format!("The API key or token has not got the scope '{scope}', which this operation needs."))
        .with_header(header::WWW_AUTHENTICATE, challenge)
}
