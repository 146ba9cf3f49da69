//! Reading the caller from a request: what operations take, and the security schemes of the document.

use std::marker::PhantomData;

use http::header;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::scope::Needs;
use super::{Caller, Holder, Operator, Scope, admit};
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

/// A caller who has the scope, by their API key or by a token of the identity provider.
pub type Key<S> = By<WithKey, S>;
/// A caller who need not come with anything. What they come with is checked as ever.
pub type MaybeKey<S> = By<WithoutKey, S>;
/// A caller of the tutorial's calls, who need not come with anything: then they are served as the tenant that is set for them.
pub type FilesKey<S> = By<WithFilesKey, S>;
/// A caller who has the scope, or who holds an upload's token.
pub type KeyOrToken<S> = By<WithToken, S>;
/// An operator whose API key has the scope.
pub type OperatorKey<S> = By<WithOperatorKey, S>;
/// An operator whose API key has the scope, or who has signed in with such a key.
pub type KeyOrSession<S> = By<WithSession, S>;

/// Takes API keys and the identity provider's tokens.
pub struct WithKey;
/// Takes the same, and callers without any.
pub struct WithoutKey;
/// Takes the same, and knows whom callers without any are served as.
pub struct WithFilesKey;
/// Takes API keys, the identity provider's tokens and upload tokens.
pub struct WithToken;
/// Takes API keys of operators.
pub struct WithOperatorKey;
/// Takes API keys of operators, and the sessions that were opened with one.
pub struct WithSession;

const API_KEY: &str = "api_key";
const JWT: &str = "jwt";
const UPLOAD_TOKEN: &str = "upload_token";
/// The scheme of operators who have signed in.
pub const OPERATOR_SESSION: &str = "operator_session";

impl Door for WithKey {
    type Known = Caller;
    const SCHEMES: &'static [&'static str] = &[API_KEY, JWT];

    async fn admit(request: &Request, scope: Scope) -> Result<Caller, Problem> {
        admit::caller(request, scope).await
    }
}

impl Door for WithoutKey {
    type Known = Option<Caller>;
    const SCHEMES: &'static [&'static str] = &[API_KEY, JWT];
    const OPEN: bool = true;

    async fn admit(request: &Request, scope: Scope) -> Result<Option<Caller>, Problem> {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        admit::caller(request, scope).await.map(Some)
    }
}

impl Door for WithFilesKey {
    type Known = Caller;
    const SCHEMES: &'static [&'static str] = WithoutKey::SCHEMES;
    const OPEN: bool = true;

    async fn admit(request: &Request, scope: Scope) -> Result<Caller, Problem> {
        admit::files_caller(request, scope).await
    }
}

impl Door for WithToken {
    type Known = Holder;
    const SCHEMES: &'static [&'static str] = &[API_KEY, JWT, UPLOAD_TOKEN];

    async fn admit(request: &Request, scope: Scope) -> Result<Holder, Problem> {
        admit::holder(request, scope).await
    }
}

impl Door for WithOperatorKey {
    type Known = Operator;
    const SCHEMES: &'static [&'static str] = &[API_KEY];

    async fn admit(request: &Request, scope: Scope) -> Result<Operator, Problem> {
        admit::operator_by_key(request, scope).await
    }
}

impl Door for WithSession {
    type Known = Operator;
    const SCHEMES: &'static [&'static str] = &[API_KEY, OPERATOR_SESSION];

    async fn admit(request: &Request, scope: Scope) -> Result<Operator, Problem> {
        match admit::operator_by_session(request, scope).await? {
            Some(operator) => Ok(operator),
            None => admit::operator_by_key(request, scope).await,
        }
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
    let bearer = MetaSecurityScheme {
        ty: "http",
        description: Some(described(name)),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: (name == JWT).then_some("JWT"),
        flows: None,
        openid_connect_url: None,
    };
    match name {
        OPERATOR_SESSION => MetaSecurityScheme {
            ty: "apiKey",
            name: Some(super::session::COOKIE),
            key_in: Some("cookie"),
            scheme: None,
            ..bearer
        },
        _ => bearer,
    }
}

fn described(name: &str) -> &'static str {
    match name {
        API_KEY => {
            "An API key, as made by `sluice-api keys create`: it begins with `sluice_`. It belongs to one tenant and has \
             scopes: `uploads:write` makes, completes, renews and cancels uploads, `uploads:read` sees and downloads them, \
             `operator` and `operator:read` are for those who run the service. A revoked key stops working within a second, \
             one that expires in its moment."
        }
        JWT => {
            "A JWT of the application's own identity provider, where the service is set up for one (`SLUICE_JWT_…`). One \
             of its claims names the tenant, another the scopes, which are those of API keys. It is taken wherever an API key \
             is, but for operators' calls."
        }
        OPERATOR_SESSION => {
            "The cookie of an operator who has signed in with an API key, by openOperatorSession. On a loopback address \
             without TLS it is named `sluice_operator`. Other methods than GET are taken with it only from pages of the \
             API's own origin."
        }
        _ => {
            "An upload's token, from the answer of createUpload: for whoever sends the file, such as a browser, which \
             should never hold an API key. It is good for that upload alone, to read, watch, complete and renew it, \
             and to cancel it while it is pending, until the token expires."
        }
    }
}
