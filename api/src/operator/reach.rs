//! What belongs to no tenant: only operators who reach all of them get at it.

use sluice_common::domain::Tenant;

use crate::auth::{Operator, with_challenge};
use crate::problem::{Kind, Problem};

/// The key is bound to its tenant.
pub const ALL_TENANTS_NEEDED: Kind = Kind {
    status: 403,
    code: "all_tenants_needed",
    meaning: "The queue and what lies in it belong to no tenant. This takes a key that reaches all tenants, made with \
              `sluice-api keys create --all-tenants`.",
};

/// Whose uploads are meant where an operator asks for a tenant's, or for none in particular: those of a tenant, or of all. `None`
/// where they don't reach it.
pub fn whose(operator: &Operator, wished: Option<&str>) -> Option<Option<Tenant>> {
    let Some(wished) = wished else { return Some(operator.tenant.clone()) };
    let wished = Tenant::parse(wished).ok()?;
    operator.reaches(&wished).then_some(Some(wished))
}

/// Lets operators pass who reach all tenants.
///
/// # Errors
/// The problem of all others.
pub fn all_tenants(operator: &Operator) -> Result<(), Problem> {
    if operator.tenant.is_none() { Ok(()) } else { Err(with_challenge(Problem::new(ALL_TENANTS_NEEDED))) }
}
