//! How many requests each tenant may send to this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use governor::clock::Clock;
use governor::{DefaultDirectRateLimiter, Quota};
use http::{HeaderValue, header};
use sluice_common::domain::{Rate, Tenant, TenantLimits};

use crate::problem::{Problem, RATE_LIMITED};

/// Counts the requests of tenants who have a rate. A tenant is remembered from its first request on, until the process ends: those
/// with API keys, and those that the identity provider names in its JWTs. Nobody else can make one up.
pub struct Rates {
    limits: TenantLimits,
    seen: Mutex<HashMap<Tenant, Arc<DefaultDirectRateLimiter>>>,
}

impl Rates {
    /// Nobody has sent any yet.
    pub fn new(limits: TenantLimits) -> Self {
        Self { limits, seen: Mutex::default() }
    }

    /// Counts a request of this tenant.
    ///
    /// # Errors
    /// Where it is one too many: then it counts for nothing.
    pub fn admit(&self, tenant: &Tenant) -> Result<(), Problem> {
        let Some(rate) = self.limits.of(tenant).rate else { return Ok(()) };
        let limiter = self.limiter(tenant, rate);
        limiter.check().map_err(|refusal| {
            let wait = refusal.wait_time_from(governor::clock::DefaultClock::default().now());
            too_many(rate, wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        })
    }

    fn limiter(&self, tenant: &Tenant, rate: Rate) -> Arc<DefaultDirectRateLimiter> {
        let mut seen = self.seen.lock().expect("no holder of the lock panics");
        if let Some(limiter) = seen.get(tenant) {
            return Arc::clone(limiter);
        }
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let limiter = Arc::new(DefaultDirectRateLimiter::direct(quota));
        seen.insert(tenant.clone(), Arc::clone(&limiter));
        limiter
    }
}

fn too_many(rate: Rate, seconds: u64) -> Problem {
    let Rate { per_second, burst } = rate;
    Problem::new(RATE_LIMITED)
        .with(format!(
            "Your tenant may send {per_second} requests a second, and {burst} at once. Wait for {seconds} s."
        ))
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::num::NonZeroU32;

    use sluice_common::domain::Limits;

    use super::*;

    #[test]
    fn a_tenant_is_held_to_its_own_rate_and_holds_up_nobody_else() {
        let tenant = |name| Tenant::parse(name).expect("valid");
        let number = |number| NonZeroU32::new(number).expect("not zero");
        let rate = Some(Rate { per_second: number(1), burst: number(2) });
        let own = BTreeMap::from([(tenant("acme"), Limits { rate, ..Limits::default() })]);
        let rates = Rates::new(TenantLimits::new(Limits::default(), own));
        let admitted = |name, times| (0..times).filter(|_| rates.admit(&tenant(name)).is_ok()).count();
        assert_eq!((admitted("acme", 50), admitted("other", 50)), (2, 50));
        assert_eq!(rates.seen.lock().expect("no panic").len(), 1);
        let refusal = rates.admit(&tenant("acme")).expect_err("too many").into_response("");
        assert_eq!(refusal.headers()["retry-after"], "1");
    }
}
