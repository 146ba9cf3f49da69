//! Reading the caller from a request: the security scheme of the document.

use std::marker::PhantomData;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use sluice_common::db::api_keys::ApiKey;

use super::scope::Needs;
use super::{Caller, Scope};
use crate::problem::{Failure as _, Kind, Problem};
use crate::service::Service;

/// The key is missing, not known or no longer valid.
pub const UNAUTHORIZED: Kind = Kind {
    status: 401,
    code: "unauthorized",
    meaning: "Send a valid API key as `Authorization: Bearer …`. This one is missing, not known, expired or revoked.",
};

/// The key may not be used for this.
pub const MISSING_SCOPE: Kind = Kind {
    status: 403,
    code: "missing_scope",
    meaning: "The API key has not got the scope that this operation needs.",
};

/// The scheme's name in the document.
const SCHEME: &str = "api_key";

/// A caller whose API key has the scope that `S` names.
pub struct Key<S>(pub Caller, PhantomData<S>);

/// A caller who need not have an API key. A key that is sent is checked as ever.
pub struct MaybeKey<S>(pub Option<Caller>, PhantomData<S>);

impl<'a, S: Needs> ApiExtractor<'a> for Key<S> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(admit(request, S::SCOPE).await?, PhantomData))
    }
}

impl<'a, S: Needs> ApiExtractor<'a> for MaybeKey<S> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register_scheme(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(Self(None, PhantomData));
        }
        Ok(Self(Some(admit(request, S::SCOPE).await?), PhantomData))
    }
}

fn register_scheme(registry: &mut Registry) {
    registry.create_security_scheme(
        SCHEME,
        MetaSecurityScheme {
            ty: "http",
            description: Some(
                "An API key, as made by `sluice-api keys create`. It belongs to one tenant and has scopes: \
                 `uploads:write`, `uploads:read`, `operator`. A revoked key stops working within a second.",
            ),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        },
    );
}

/// The caller of this request, if their key is valid and has the scope.
async fn admit(request: &Request, scope: Scope) -> Result<Caller, Problem> {
    let service = request.data::<Arc<Service>>().expect("the server puts the service next to every request");
    let key = bearer(request.headers()).ok_or_else(|| unauthorized("Bearer"))?;
    let found = service.keys.find(key).await.map_err(|error| error.into_problem())?;
    let key = found.ok_or_else(|| unauthorized("Bearer error=\"invalid_token\""))?;
    if key.scopes.iter().any(|name| name == scope.as_str()) { Ok(caller(&key)) } else { Err(missing(scope)) }
}

fn caller(key: &ApiKey) -> Caller {
    Caller { tenant: key.tenant.clone(), id: key.id.to_string() }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The problem of a caller who is not known, with the challenge that RFC 6750 asks for.
pub fn unauthorized(challenge: &'static str) -> Problem {
    Problem::new(UNAUTHORIZED).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
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
