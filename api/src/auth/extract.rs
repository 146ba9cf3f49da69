//! Reading the caller from a request: what operations take, and the security schemes of the document.

use std::marker::PhantomData;

use http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::scope::Needs;
use super::{Caller, Holder, Scope, admit};
use crate::problem::Problem;

/// Who may come in: by what, and what is known of them then.
pub trait Door: Send + Sync {
    /// What is known of who came in.
    type Known: Send;
    /// The names of the schemes, any of which will do.
    const SCHEMES: &'static [&'static str];
    /// Whether one may come with nothing.
    const OPEN: bool = false;

    /// Whoever sends this request, if they may do what the scope says.
    fn admit(request: &Request, scope: Scope) -> impl Future<Output = Result<Self::Known, Problem>> + Send;
}

/// Whoever came in by the door `D` and has the scope that `S` names.
pub struct By<D: Door, S>(pub D::Known, PhantomData<S>);

/// A caller whose API key has the scope.
pub type Key<S> = By<WithKey, S>;
/// A caller who need not have an API key. A key that is sent is checked as ever.
pub type MaybeKey<S> = By<WithoutKey, S>;
/// A caller whose API key has the scope, or who holds an upload's token.
pub type KeyOrToken<S> = By<WithToken, S>;

/// Takes API keys.
pub struct WithKey;
/// Takes API keys, and callers without any.
pub struct WithoutKey;
/// Takes API keys and upload tokens.
pub struct WithToken;

const API_KEY: &str = "api_key";
const UPLOAD_TOKEN: &str = "upload_token";

impl Door for WithKey {
    type Known = Caller;
    const SCHEMES: &'static [&'static str] = &[API_KEY];

    async fn admit(request: &Request, scope: Scope) -> Result<Caller, Problem> {
        admit::caller(request, scope).await
    }
}

impl Door for WithoutKey {
    type Known = Option<Caller>;
    const SCHEMES: &'static [&'static str] = &[API_KEY];
    const OPEN: bool = true;

    async fn admit(request: &Request, scope: Scope) -> Result<Option<Caller>, Problem> {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        admit::caller(request, scope).await.map(Some)
    }
}

impl Door for WithToken {
    type Known = Holder;
    const SCHEMES: &'static [&'static str] = &[API_KEY, UPLOAD_TOKEN];

    async fn admit(request: &Request, scope: Scope) -> Result<Holder, Problem> {
        admit::holder(request, scope).await
    }
}

impl<'a, D: Door, S: Needs> ApiExtractor<'a> for By<D, S> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        D::SCHEMES.iter().for_each(|name| registry.create_security_scheme(name, scheme(name)));
    }

    fn security_schemes() -> Vec<&'static str> {
        D::SCHEMES.to_vec()
    }

    fn has_security_fallback() -> bool {
        D::OPEN
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(D::admit(request, S::SCOPE).await?, PhantomData))
    }
}

fn scheme(name: &str) -> MetaSecurityScheme {
    let description = match name {
        API_KEY => {
            "An API key, as made by `sluice-api keys create`. It belongs to one tenant and has scopes: \
             `uploads:write`, `uploads:read`, `operator`. A revoked key stops working within a second."
        }
        _ => {
            "An upload's token, from the answer of createUpload: for whoever sends the file, such as a browser, which \
             should never hold an API key. It is good for that upload alone, to read, watch, complete and renew it, \
             and to cancel it while it is pending, until the token expires."
        }
    };
    MetaSecurityScheme {
        ty: "http",
        description: Some(description),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}
