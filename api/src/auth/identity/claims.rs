//! What a token's claims say of the caller: whose uploads they reach, what they may do, and who they are.

use serde_json::{Map, Value};
use sluice_common::domain::Tenant;

use crate::auth::{Refusal, Scope};

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// The longest name of a caller that the timeline keeps, in characters.
const LONGEST_NAME: usize = 80;

/// Where to find a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(String);

impl Claim {
    /// Reads a claim's name, or the path of one within others: `tenant`, `org.slug`, `https://example.com/tenant`.
    ///
    /// # Errors
    /// A sentence that says how one is written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let is_written_well =
            text.split('.').all(|part| !part.is_empty()) && !text.contains(|c: char| c.is_control() || c == ' ');
        if is_written_well {
            Ok(Self(text.to_owned()))
        } else {
            Err("a claim is written as its name, or as names with dots between".to_owned())
        }
    }

    /// The claim of this very name, which may have dots in it, or else the one at the end of the path.
    fn of<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        claims.get(&self.0).or_else(|| {
            let mut parts = self.0.split('.');
            let first = claims.get(parts.next()?)?;
            parts.try_fold(first, |value, part| value.get(part))
        })
    }

    /// The tenant that it names.
    ///
    /// # Errors
    /// Where there is no such claim, or it is no tenant's name.
    pub fn tenant(&self, claims: &Claims) -> Result<Tenant, Refusal> {
        let name = self.of(claims).ok_or(Refusal::NoTenant)?.as_str().ok_or(Refusal::BadTenant)?;
        Tenant::parse(name).map_err(|_| Refusal::BadTenant)
    }

    /// The scopes that it names, as one text with spaces between or as an array. Those that we don't know are for others.
    pub fn scopes(&self, claims: &Claims) -> Vec<Scope> {
        match self.of(claims) {
            Some(Value::String(text)) => text.split(' ').filter_map(|name| name.parse().ok()).collect(),
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).filter_map(|name| name.parse().ok()).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The name by which the timeline knows the caller: never like the id of an API key, and plain and short whatever the provider
/// writes.
pub fn name(claims: &Claims) -> String {
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    match subject {
        "" => "token".to_owned(),
        subject => format!("token of {}", subject.chars().take(LONGEST_NAME).map(plain).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        value.as_object().expect("an object").clone()
    }

    fn claim(text: &str) -> Claim {
        Claim::parse(text).expect("written well")
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_by_its_path() {
        let claims = claims(json!({
            "tenant": "acme", "org": {"slug": "globex", "deep": {"er": "x1"}}, "https://a.example/t": "named", "org.slug": "dots",
        }));
        for (path, tenant) in
            [("tenant", "acme"), ("org.deep.er", "x1"), ("https://a.example/t", "named"), ("org.slug", "dots")]
        {
            assert_eq!(claim(path).tenant(&claims).expect(path).as_str(), tenant);
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a\tb"] {
            assert!(Claim::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_tenant_is_a_tenants_name_and_nothing_else() {
        for missing in [json!({}), json!({"org": "acme"}), json!({"org": null}), json!({"org": ["slug"]})] {
            assert_eq!(claim("org.slug").tenant(&claims(missing)), Err(Refusal::NoTenant));
        }
        for bad in [json!("Not A Tenant"), json!(""), json!("a/../b"), json!(7), json!(null), json!(["acme"])] {
            assert_eq!(claim("tenant").tenant(&claims(json!({"tenant": bad}))), Err(Refusal::BadTenant));
        }
    }

    #[test]
    fn scopes_come_as_a_text_or_as_an_array_and_strange_ones_are_passed_over() {
        let both = [Scope::UploadsRead, Scope::OperatorRead];
        for said in [json!("openid uploads:read  operator:read"), json!(["uploads:read", 7, "admin", "operator:read"])]
        {
            assert_eq!(claim("scope").scopes(&claims(json!({"scope": said}))), both);
        }
        for nothing in [json!(null), json!({}), json!(7), json!("uploads:read,uploads:write"), json!("UPLOADS:READ")] {
            assert_eq!(claim("scope").scopes(&claims(json!({"scope": nothing}))), []);
        }
    }

    #[test]
    fn a_callers_name_is_plain_and_short() {
        let of = |subject: Value| name(&claims(json!({"sub": subject})));
        assert_eq!(of(json!("auth0|12 3\n\u{202e}é")), "token of auth0|12_3___");
        assert_eq!(of(json!("x".repeat(1000))).len(), "token of ".len() + LONGEST_NAME);
        assert_eq!([of(json!("")), of(json!(7)), name(&Claims::new())], ["token", "token", "token"]);
    }
}
