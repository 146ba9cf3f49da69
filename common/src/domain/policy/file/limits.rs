//! The tables `[limits]` of the policy file, and all that can be wrong in them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Spanned;

use super::super::PolicyError;
use super::{count, line_of};
use crate::domain::{ByteCount, Limits, MOST_BYTES, Rate, Tenant, TenantLimits};

/// The most requests a second that can be allowed: more than one process answers.
const MOST_REQUESTS: u32 = 1_000_000;

/// Limits as they are written, of everybody or of one tenant.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    max_pending_uploads: Option<u32>,
    max_reserved_bytes: Option<ByteSize>,
    max_stored_bytes: Option<ByteSize>,
    requests_per_second: Option<u32>,
    burst: Option<u32>,
    #[serde(default)]
    tenants: BTreeMap<String, Spanned<Raw>>,
}

/// The limits of a file.
///
/// # Errors
/// A sentence that names the line which is wrong.
pub(super) fn check(raw: Spanned<Raw>, text: &str) -> Result<TenantLimits, PolicyError> {
    let refusal =
        |start: usize, of: &str, why: String| PolicyError(format!("line {}: {of}: {why}", line_of(text, start)));
    let start = raw.span().start;
    let mut everybody = raw.into_inner();
    let tenants = std::mem::take(&mut everybody.tenants);
    let own = tenants.into_iter().map(|(name, raw)| {
        let (start, of) = (raw.span().start, format!("limits.tenants.{name}"));
        let tenant = Tenant::parse(&name).map_err(|why| refusal(start, &of, why.to_string()))?;
        let limits = raw.into_inner().or(&everybody).check().map_err(|why| refusal(start, &of, why))?;
        Ok((tenant, limits))
    });
    let own = own.collect::<Result<_, _>>()?;
    Ok(TenantLimits::new(everybody.check().map_err(|why| refusal(start, "limits", why))?, own))
}

impl Raw {
    /// The same, and what is not written here as it is written there. A burst belongs to the rate that it is written with.
    fn or(self, other: &Self) -> Self {
        let burst = if self.requests_per_second.is_some() { None } else { other.burst };
        Self {
            max_pending_uploads: self.max_pending_uploads.or(other.max_pending_uploads),
            max_reserved_bytes: self.max_reserved_bytes.or(other.max_reserved_bytes),
            max_stored_bytes: self.max_stored_bytes.or(other.max_stored_bytes),
            requests_per_second: self.requests_per_second.or(other.requests_per_second),
            burst: self.burst.or(burst),
            tenants: self.tenants,
        }
    }

    fn check(&self) -> Result<Limits, String> {
        if !self.tenants.is_empty() {
            return Err("a tenant has no tenants of its own".to_owned());
        }
        Ok(Limits {
            pending_uploads: self.max_pending_uploads.map(i64::from),
            reserved_bytes: bytes("max_reserved_bytes", self.max_reserved_bytes)?,
            stored_bytes: bytes("max_stored_bytes", self.max_stored_bytes)?,
            rate: self.rate()?,
        })
    }

    fn rate(&self) -> Result<Option<Rate>, String> {
        let Some(per_second) = self.requests_per_second else {
            return match self.burst {
                Some(_) => Err("burst is how many requests may come at once: set requests_per_second, too".to_owned()),
                None => Ok(None),
            };
        };
        let burst = self.burst.unwrap_or(per_second);
        let within = |name: &str, number: u32| {
            let number = NonZeroU32::new(number).filter(|number| number.get() <= MOST_REQUESTS);
            number.ok_or_else(|| format!("{name} is between 1 and {MOST_REQUESTS}"))
        };
        Ok(Some(Rate { per_second: within("requests_per_second", per_second)?, burst: within("burst", burst)? }))
    }
}

fn bytes(name: &str, size: Option<ByteSize>) -> Result<Option<ByteCount>, String> {
    let within = |size: ByteSize| count(size).filter(|bytes| bytes.get() <= MOST_BYTES);
    size.map(|size| within(size).ok_or_else(|| format!("{name} ({size}) is above 1 EiB"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Policies;

    fn with(limits: &str) -> Result<Policies, String> {
        let policy = "[[policy]]\nname = \"p\"\ntypes = [\"image/png\"]\nmax_size = \"1 MiB\"\ngrant_lifetime = \"10m\"\nfinish_within = \"1h\"\n";
        Policies::parse(&format!("{policy}{limits}")).map_err(|error| error.to_string())
    }

    fn of(limits: &str, tenant: &str) -> Limits {
        with(limits).expect("valid").limits_of(&Tenant::parse(tenant).expect("valid"))
    }

    #[test]
    fn without_a_table_nothing_is_limited() {
        assert_eq!(of("", "acme"), Limits::default());
        assert_eq!(of("[limits]", "acme"), Limits::default());
    }

    #[test]
    fn a_tenant_has_the_limits_of_everybody_but_for_its_own() {
        let written = "[limits]\nmax_pending_uploads = 10\nmax_stored_bytes = \"1 GiB\"\nrequests_per_second = 5\nburst = 20\n\
            [limits.tenants.acme]\nmax_pending_uploads = 0\nmax_reserved_bytes = 7\nrequests_per_second = 50\n\
            [limits.tenants.other]\nburst = 6\n";
        let rate = |per_second, burst| {
            let number = |n| NonZeroU32::new(n).expect("not zero");
            Some(Rate { per_second: number(per_second), burst: number(burst) })
        };
        let bytes = |bytes| Some(ByteCount::new(bytes).expect("valid"));
        let everybody =
            Limits { pending_uploads: Some(10), reserved_bytes: None, stored_bytes: bytes(1 << 30), rate: rate(5, 20) };
        assert_eq!(of(written, "somebody"), everybody);
        let own = Limits { pending_uploads: Some(0), reserved_bytes: bytes(7), rate: rate(50, 50), ..everybody };
        assert_eq!(of(written, "acme"), own);
        assert_eq!(of(written, "other").rate, rate(5, 6));
    }

    #[test]
    fn a_bad_line_is_named_with_its_number_and_what_is_wrong() {
        for (limits, line, says) in [
            ("[limits]\nmax_pending_uploads = -1", 8, ""),
            ("[limits]\nmax_stored_bytes = \"much\"", 8, ""),
            ("[limits]\nmax_stored_bytes = \"2 EiB\"", 7, "limits: max_stored_bytes (2.0 EiB) is above 1 EiB"),
            ("[limits]\nrequests_per_second = 0", 7, "between 1 and"),
            ("[limits]\nburst = 5", 7, "set requests_per_second"),
            ("[limits]\nrequests_per_second = 5\nburst = 2000000", 7, "burst is between"),
            ("[limits]\ncolour = 1", 8, "colour"),
            ("[limits]\n\n[limits.tenants.Acme]", 9, "limits.tenants.Acme: a tenant's name"),
            ("[limits.tenants.acme]\nburst = 1", 7, "limits.tenants.acme: burst"),
            ("[limits.tenants.acme.tenants.b]", 7, "no tenants of its own"),
        ] {
            let error = with(limits).expect_err(limits);
            assert!(error.starts_with(&format!("line {line}:")) && error.contains(says), "{limits}: {error}");
        }
    }
}
