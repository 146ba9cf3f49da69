//! getFilterValues: what uploads can be filtered by.

use std::collections::BTreeSet;
use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};
use sluice_common::db::{DbError, counting};
use sluice_common::domain;

use crate::auth::{KeyOrSession, Operator, See};
use crate::body::Json;
use crate::document::Tag;
use crate::problem::problems;
use crate::scalars::{PolicyName, TenantName};
use crate::service::Service;
use crate::uploads::ReasonCode;

problems! {
    /// Why it is not said what to filter by: nothing but what any operation can meet.
    pub enum GetFilterValuesProblem {}
}

/// The most tenants that are named.
const MOST_TENANTS: usize = 1000;

/// What uploads can be filtered by: for lists to choose from. Other values are taken, too.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(example)]
pub struct FilterValues {
    /// The tenants that have declared something, in their order and up to 1,000; of an operator of one tenant, that one.
    pub tenants: Vec<TenantName>,
    /// Whether there are more tenants than are named.
    pub has_more_tenants: bool,
    /// The policies that this API knows, in the order of their file. Older uploads may have others.
    pub policies: Vec<PolicyName>,
    /// The types and groups of types, such as `image/*`, that these policies take.
    pub types: Vec<String>,
    /// The reasons that a file can be rejected for.
    pub reasons: Vec<ReasonCode>,
}

/// The answer.
#[derive(ApiResponse)]
pub enum FilterValuesAnswer {
    /// What to filter by.
    #[oai(status = 200)]
    Values(Json<FilterValues>),
}

/// getFilterValues.
pub struct GetFilterValues;

#[OpenApi]
impl GetFilterValues {
    /// See what to filter by
    ///
    /// Tenants, policies, types and reasons, for lists to choose from. Its cost does not depend on how many uploads there are.
    ///
    /// Needs the scope `operator` or `operator:read`.
    #[oai(path = "/v1/operator/filter-values", method = "get", operation_id = "getFilterValues", tag = "Tag::Operator")]
    async fn get(
        &self,
        service: Data<&Arc<Service>>,
        operator: KeyOrSession<See>,
    ) -> Result<FilterValuesAnswer, GetFilterValuesProblem> {
        let tenants = tenants(&service, &operator.0).await?;
        Ok(FilterValuesAnswer::Values(Json(values(tenants, &service.policies))))
    }
}

/// The tenants that the operator reaches, and one more than are named where there are more.
async fn tenants(service: &Service, operator: &Operator) -> Result<Vec<String>, DbError> {
    match &operator.tenant {
        Some(own) => Ok(vec![own.to_string()]),
        None => counting::tenants(&service.db, i64::try_from(MOST_TENANTS + 1).unwrap_or(i64::MAX)).await,
    }
}

/// What to filter by.
pub fn values(mut tenants: Vec<String>, policies: &domain::Policies) -> FilterValues {
    let has_more_tenants = tenants.len() > MOST_TENANTS;
    tenants.truncate(MOST_TENANTS);
    let types: BTreeSet<String> = policies.iter().flat_map(|policy| &policy.types).map(ToString::to_string).collect();
    FilterValues {
        tenants: tenants.into_iter().map(TenantName).collect(),
        has_more_tenants,
        policies: policies.names().map(|name| PolicyName(name.to_owned())).collect(),
        types: types.into_iter().collect(),
        reasons: domain::ReasonCode::ALL.map(ReasonCode::from).into(),
    }
}
