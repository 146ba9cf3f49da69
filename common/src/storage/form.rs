//! Signed forms: leave for a browser to post exactly one object.

use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{SignError, Signer};
use crate::domain::{ByteCount, Declaration, Form, ObjectKey};

/// A form that whoever has it may send until it expires, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedForm {
    /// Where to post it.
    pub url: String,
    /// Its fields; the file comes after all of them. They are as good as a password until the form expires.
    pub fields: Vec<(&'static str, String)>,
    /// When the store begins to refuse it.
    pub expires_at: Timestamp,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

impl Signer {
    /// Leave to post exactly what was declared at this key, of a size from the first to the last of `sizes`.
    ///
    /// # Errors
    /// Where there are no credentials.
    pub async fn post(
        &self,
        key: &ObjectKey,
        declared: &Declaration,
        sizes: (ByteCount, ByteCount),
        form: &Form,
        lifetime: Duration,
    ) -> Result<SignedForm, SignError> {
        let (credentials, now, lifetime) = self.terms(lifetime).await?;
        let broken = |error: jiff::Error| SignError::Broken(error.into());
        let today = Timestamp::try_from(now).map_err(broken)?;
        let expires_at = Timestamp::try_from(now + lifetime).map_err(broken)?;
        let region = &self.location.region;
        let scope = format!("{}/{}/{region}/s3/aws4_request", credentials.access_key_id(), today.strftime("%Y%m%d"));

        let mut fields = declared_fields(key, declared, form);
        fields.extend([
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", scope),
            ("x-amz-date", today.strftime("%Y%m%dT%H%M%SZ").to_string()),
        ]);
        if let Some(token) = credentials.session_token() {
            fields.push(("x-amz-security-token", token.to_owned()));
        }
        let policy = BASE64.encode(policy_document(&self.location.bucket, &fields, sizes, expires_at));
        let signature = signature(&policy, credentials.secret_access_key(), now, region);
        fields.extend([("policy", policy), ("x-amz-signature", signature)]);
        Ok(SignedForm { url: self.location.url(), fields, expires_at })
    }
}

fn declared_fields(key: &ObjectKey, declared: &Declaration, form: &Form) -> Vec<(&'static str, String)> {
    let mut fields = vec![("key", key.to_string()), ("Content-Type", declared.content_type.as_declared().to_owned())];
    if let Some(sha256) = declared.sha256 {
        fields.push(("x-amz-checksum-algorithm", "SHA256".to_owned()));
        fields.push(("x-amz-checksum-sha256", BASE64.encode(sha256.0)));
    }
    fields.push(match &form.redirect_to {
        Some(url) => ("success_action_redirect", url.as_str().to_owned()),
        None => ("success_action_status", "201".to_owned()),
    });
    fields
}

/// What the store compares a form with: each field must be there with exactly this value, and no other field.
fn policy_document(
    bucket: &str,
    fields: &[(&'static str, String)],
    (smallest, largest): (ByteCount, ByteCount),
    expires_at: Timestamp,
) -> String {
    let exactly = |(name, value): &(&'static str, String)| json!({*name: value});
    let mut conditions: Vec<Value> = vec![json!({"bucket": bucket})];
    conditions.extend(fields.iter().map(exactly));
    conditions.push(json!(["content-length-range", smallest.get(), largest.get()]));
    json!({"expiration": format!("{expires_at:.3}"), "conditions": conditions}).to_string()
}

/// A policy in Base64 is itself what is signed.
fn signature(policy: &str, secret: &str, now: SystemTime, region: &str) -> String {
    calculate_signature(generate_signing_key(secret, now, region, "s3"), policy.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::sign::tests::{declared, signer};
    use super::*;
    use crate::domain::RedirectUrl;

    async fn form(redirect_to: Option<&str>) -> SignedForm {
        let redirect_to = redirect_to.map(|url| RedirectUrl::parse(url).expect("valid"));
        let key = ObjectKey::recorded("incoming/i/x.png".to_owned());
        let sizes = (ByteCount::ZERO, ByteCount::new(3).expect("valid"));
        let signed = signer(None).post(&key, &declared(), sizes, &Form { redirect_to }, Duration::from_mins(10)).await;
        signed.expect("signed")
    }

    fn field<'a>(form: &'a SignedForm, name: &str) -> Option<&'a str> {
        form.fields.iter().find(|(this, _)| *this == name).map(|(_, value)| value.as_str())
    }

    /// The example of Amazon's "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
    #[test]
    fn the_signature_is_the_one_of_amazons_example() {
        let policy = "{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r\n  \"conditions\": [\r\n    \
            {\"bucket\": \"sigv4examplebucket\"},\r\n    [\"starts-with\", \"$key\", \"user/user1/\"],\r\n    \
            {\"acl\": \"public-read\"},\r\n    \
            {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r\n    \
            [\"starts-with\", \"$Content-Type\", \"image/\"],\r\n    {\"x-amz-meta-uuid\": \"14365123651274\"},\r\n    \
            {\"x-amz-server-side-encryption\": \"AES256\"},\r\n    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r\n\r\n    \
            {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r\n    \
            {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r\n    {\"x-amz-date\": \"20151229T000000Z\" }\r\n  ]\r\n}";
        let day = SystemTime::from("2015-12-29T00:00:00Z".parse::<Timestamp>().expect("valid"));
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            signature(&BASE64.encode(policy), secret, day, "us-east-1"),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[tokio::test]
    async fn every_field_is_a_condition_with_exactly_its_value() {
        let form = form(None).await;
        assert_eq!(form.url, "https://bucket.s3.eu-west-1.amazonaws.com");
        let policy = BASE64.decode(field(&form, "policy").expect("a policy")).expect("Base64");
        let policy: Value = serde_json::from_slice(&policy).expect("JSON");
        assert_eq!(policy["expiration"], format!("{:.3}", form.expires_at));
        let conditions = policy["conditions"].as_array().expect("conditions");
        let signed: Vec<_> =
            form.fields.iter().filter(|(name, _)| !["policy", "x-amz-signature"].contains(name)).collect();
        for (name, value) in &signed {
            assert!(conditions.contains(&json!({*name: value})), "{name}");
        }
        assert!(conditions.contains(&json!({"bucket": "bucket"})));
        assert!(conditions.contains(&json!(["content-length-range", 0, 3])));
        assert_eq!(conditions.len(), signed.len() + 2);
        assert_eq!(field(&form, "x-amz-security-token"), Some("session+token"));
        assert_eq!(field(&form, "x-amz-checksum-sha256"), Some("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="));
    }

    #[tokio::test]
    async fn a_form_leads_somewhere_or_answers_with_201() {
        let plain = form(None).await;
        assert_eq!(field(&plain, "success_action_status"), Some("201"));
        assert_eq!(field(&plain, "success_action_redirect"), None);
        let leading = form(Some("https://a.example/done")).await;
        assert_eq!(field(&leading, "success_action_redirect"), Some("https://a.example/done"));
        assert_eq!(field(&leading, "success_action_status"), None);
    }
}
