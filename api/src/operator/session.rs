//! openOperatorSession, getOperatorSession and closeOperatorSession: signing in, who one is, signing out.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};

use crate::auth::{KeyOrSession, Operator, OperatorKey, See, idle_seconds};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{TenantName, Time};
use crate::service::Service;

problems! {
    /// Why it is not said who one is: nothing but what any operation can meet.
    pub enum SessionProblem {}
}

/// Who an operator is, and how far they reach.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, example)]
pub struct OperatorSession {
    /// What people call the API key behind it.
    pub name: String,
    /// The only tenant whose uploads they see and touch. Absent where they reach all tenants.
    pub tenant: Option<TenantName>,
    /// Whether they reach all tenants, and with them the queue, the workers and the dead events.
    pub all_tenants: bool,
    /// Whether they may act. Otherwise they may look.
    pub may_act: bool,
    /// When it ends at the latest, if that is known.
    pub expires_at: Option<Time>,
    /// A session that nobody uses for so many seconds ends. Absent where the request came with an API key.
    pub idle_seconds: Option<i64>,
}

impl OperatorSession {
    /// Who this is, with a session or with an API key.
    pub fn of(operator: &Operator, is_session: bool) -> Self {
        Self {
            name: operator.name.clone(),
            tenant: operator.tenant.as_ref().map(|tenant| TenantName(tenant.to_string())),
            all_tenants: operator.tenant.is_none(),
            may_act: operator.may_act,
            expires_at: operator.expires_at.map(Time),
            idle_seconds: is_session.then(idle_seconds),
        }
    }
}

/// The answer to signing in.
#[derive(ApiResponse)]
pub enum OpenedSession {
    /// The session is open.
    #[oai(status = 200)]
    Opened(
        Json<OperatorSession>,
        /// The session's cookie, which no script can read.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// The answer that says who one is.
#[derive(ApiResponse)]
pub enum KnownSession {
    /// Who you are.
    #[oai(status = 200)]
    Known(Json<OperatorSession>),
}

/// The answer to signing out.
#[derive(ApiResponse)]
pub enum ClosedSession {
    /// The session is closed, if there was one.
    #[oai(status = 204)]
    Closed(
        /// Takes the cookie back.
        #[oai(header = "Set-Cookie")]
        String,
    ),
}

/// openOperatorSession.
pub struct OpenOperatorSession;

#[OpenApi]
impl OpenOperatorSession {
    /// Sign in
    ///
    /// Exchanges an operator's API key for a cookie, so that no page has to keep the key. The session ends after 12 hours,
    /// after 2 hours in which nobody uses it, when it is closed, and within a second when its key expires or is revoked.
    ///
    /// Needs the scope `operator` or `operator:read`; with the latter the session may only look.
    #[oai(path = "/v1/operator/session", method = "post", operation_id = "openOperatorSession", tag = "Tag::Operator")]
    async fn open(
        &self,
        service: Data<&Arc<Service>>,
        request: &Request,
        key: OperatorKey<See>,
    ) -> Result<OpenedSession, SessionProblem> {
        let opened = service.sessions.open(&key.0, request.headers()).await?;
        let operator = Operator { expires_at: Some(opened.expires_at), ..key.0 };
        Ok(OpenedSession::Opened(Json(OperatorSession::of(&operator, true)), opened.cookie))
    }
}

/// getOperatorSession.
pub struct GetOperatorSession;

#[OpenApi]
impl GetOperatorSession {
    /// Say who I am
    ///
    /// The operator behind the cookie or the API key that this request comes with.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/session", method = "get", operation_id = "getOperatorSession", tag = "Tag::Operator")]
    async fn get(&self, request: &Request, operator: KeyOrSession<See>) -> Result<KnownSession, SessionProblem> {
        let has_key = request.headers().contains_key(http::header::AUTHORIZATION);
        Ok(KnownSession::Known(Json(OperatorSession::of(&operator.0, !has_key))))
    }
}

/// closeOperatorSession.
pub struct CloseOperatorSession;

#[OpenApi]
impl CloseOperatorSession {
    /// Sign out
    ///
    /// Ends the session of the cookie that this request comes with.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(
        path = "/v1/operator/session",
        method = "delete",
        operation_id = "closeOperatorSession",
        tag = "Tag::Operator"
    )]
    async fn close(
        &self,
        service: Data<&Arc<Service>>,
        request: &Request,
        _operator: KeyOrSession<See>,
    ) -> Result<ClosedSession, SessionProblem> {
        Ok(ClosedSession::Closed(service.sessions.close(request.headers()).await?))
    }
}
