//! What belongs to no tenant: only operators who reach all of them get at it.

use crate::auth::{Operator, with_challenge};
use crate::problem::{Kind, Problem};

/// The key is bound to its tenant.
pub const ALL_TENANTS_NEEDED: Kind = Kind {
    status: 403,
    code: "all_tenants_needed",
    meaning: "The queue and what lies in it belong to no tenant. This takes a key that reaches all tenants, made with \
              `sluice-api keys create --all-tenants`.",
};

/// Lets operators pass who reach all tenants.
///
/// # Errors
/// The problem of all others.
pub fn all_tenants(operator: &Operator) -> Result<(), Problem> {
    if operator.tenant.is_none() { Ok(()) } else { Err(with_challenge(Problem::new(ALL_TENANTS_NEEDED))) }
}
