//! Reading a declaration: the request becomes a promise that a policy can take, or a list of all that is wrong with it.

use std::fmt::Display;

use poem_openapi::Object;
use poem_openapi::types::Example;
use sluice_common::domain::{ByteCount, ContentType, Declaration, FileName, Metadata, NotA, Policies, Policy, Sha256};

use super::examples;
use crate::maps;
use crate::problem::FieldError;
use crate::scalars::{ContentTypeText, DeclaredSize, FileNameText, PolicyName, Sha256Text};

/// What a client promises of a file that it is going to send. Whatever is declared is signed into the grant, and the store
/// refuses all else; so declare as much as you know.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none, example)]
pub struct NewUpload {
    /// The name that downloads are given: 1 to 255 characters, without control characters and path separators.
    pub filename: FileNameText,
    /// The content type, such as `image/png` or `text/csv; charset=utf-8`.
    pub content_type: ContentTypeText,
    /// The exact size in bytes. Some policies require it.
    pub size: Option<DeclaredSize>,
    /// The SHA-256 of the bytes as 64 hexadecimal digits. Some policies require it.
    pub sha256: Option<Sha256Text>,
    /// The name of the policy to judge by. Without one it is the first that takes the content type.
    pub policy: Option<PolicyName>,
    /// What to remember with the upload.
    pub metadata: Option<maps::Metadata>,
}

/// A declaration that a policy can take.
#[derive(Debug)]
pub struct Declared<'a> {
    /// What the client promises.
    pub declaration: Declaration,
    /// What it wants remembered.
    pub metadata: Option<Metadata>,
    /// What it will be judged by.
    pub policy: &'a Policy,
}

/// Reads a declaration.
///
/// # Errors
/// All that is wrong with it, field by field.
pub fn declare(new: NewUpload, policies: &Policies) -> Result<Declared<'_>, Vec<FieldError>> {
    let mut findings = Findings::default();
    let filename = findings.keep("/filename", "invalid_filename", FileName::parse(&new.filename.0));
    let content_type = findings.keep("/content_type", "invalid_content_type", ContentType::parse(&new.content_type.0));
    let policy = findings.policy(new.policy.as_ref(), content_type.as_ref(), policies);
    let size = findings.size(new.size, content_type.as_ref(), policy);
    let sha256 = findings.sha256(new.sha256.as_ref(), policy);
    let metadata =
        new.metadata.and_then(|entries| findings.keep("/metadata", "invalid_metadata", Metadata::new(entries.0)));
    match (filename, content_type, policy) {
        (Some(filename), Some(content_type), Some(policy)) if findings.0.is_empty() => {
            Ok(Declared { declaration: Declaration { filename, content_type, size, sha256 }, metadata, policy })
        }
        _ => Err(findings.0),
    }
}

/// What is wrong so far.
#[derive(Default)]
struct Findings(Vec<FieldError>);

impl Findings {
    fn note(&mut self, pointer: &str, code: &str, detail: impl Display) {
        self.0.push(FieldError::new(pointer, code, detail.to_string()));
    }

    /// The value, or a note that there is none and why.
    fn keep<T>(&mut self, pointer: &str, code: &str, read: Result<T, NotA>) -> Option<T> {
        read.map_err(|why| self.0.push(FieldError::unread(pointer, code, why))).ok()
    }

    fn policy<'a>(
        &mut self,
        name: Option<&PolicyName>,
        content_type: Option<&ContentType>,
        policies: &'a Policies,
    ) -> Option<&'a Policy> {
        let media_type = content_type.map(ContentType::media_type);
        let Some(PolicyName(name)) = name else {
            // Without a type there is nothing to choose by, and that was noted already.
            let found = policies.first_for(media_type?);
            if found.is_none() {
                self.note("/content_type", "type_not_allowed", format!("No policy takes {}.", media_type?));
            }
            return found;
        };
        let Some(policy) = policies.find(name) else {
            let names = policies.names().collect::<Vec<_>>().join(", ");
            self.note("/policy", "unknown_policy", format!("There is no such policy. There are: {names}."));
            return None;
        };
        if let Some(media_type) = media_type.filter(|media_type| !policy.allows(media_type)) {
            let detail = format!("The policy '{}' does not take {media_type}.", policy.name);
            self.note("/content_type", "type_not_allowed", detail);
        }
        Some(policy)
    }

    fn size(
        &mut self,
        size: Option<DeclaredSize>,
        content_type: Option<&ContentType>,
        policy: Option<&Policy>,
    ) -> Option<ByteCount> {
        let Some(DeclaredSize(bytes)) = size else {
            if let Some(policy) = policy.filter(|policy| policy.require_size) {
                let detail = format!("The policy '{}' requires the size to be declared.", policy.name);
                self.note("/size", "size_required", detail);
            }
            return None;
        };
        let Some(size) = ByteCount::new(bytes).ok().filter(|size| *size > ByteCount::ZERO) else {
            self.note("/size", "invalid_size", "A file has at least 1 byte.");
            return None;
        };
        let limit_of = |policy: &Policy| match content_type {
            Some(content_type) => policy.max_size_of(content_type.media_type()),
            None => policy.max_size,
        };
        if let Some(policy) = policy.filter(|policy| size > limit_of(policy)) {
            let (name, most) = (&policy.name, limit_of(policy));
            self.note("/size", "too_large", format!("The size is {size}; the policy '{name}' takes at most {most}."));
        }
        if let Some(Policy { name, min_size, .. }) = policy.filter(|policy| size < policy.min_size) {
            self.note(
                "/size",
                "too_small",
                format!("The size is {size}; the policy '{name}' takes at least {min_size}."),
            );
        }
        Some(size)
    }

    fn sha256(&mut self, sha256: Option<&Sha256Text>, policy: Option<&Policy>) -> Option<Sha256> {
        let Some(Sha256Text(digits)) = sha256 else {
            if let Some(policy) = policy.filter(|policy| policy.require_sha256) {
                let detail = format!("The policy '{}' requires the SHA-256 to be declared.", policy.name);
                self.note("/sha256", "sha256_required", detail);
            }
            return None;
        };
        self.keep("/sha256", "invalid_sha256", Sha256::parse_hex(digits))
    }
}

impl Example for NewUpload {
    fn example() -> Self {
        let declared = examples::pending().declared;
        Self {
            filename: FileNameText(declared.filename.as_str().to_owned()),
            content_type: ContentTypeText(declared.content_type.as_declared().to_owned()),
            size: declared.size.map(|size| DeclaredSize(size.get())),
            sha256: declared.sha256.map(|sha256| Sha256Text(sha256.to_hex())),
            policy: Some(PolicyName("images".to_owned())),
            metadata: Some([("album".to_owned(), "Paris".to_owned())].into_iter().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::body::errors_of;

    const POLICIES: &str = r#"
        [[policy]]
        name = "images"
        types = ["image/png"]
        min_size = "10 B"
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "i/"

        [[policy]]
        name = "strict"
        types = ["image/png"]
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "s/"
        require_size = true
        require_sha256 = true
    "#;

    /// The example with some fields changed, or removed where they are null.
    fn refusals(changes: Value) -> Vec<(String, String)> {
        use poem_openapi::types::ParseFromJSON as _;
        let mut body = json!({"filename": "a.png", "content_type": "image/png"});
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        let new = NewUpload::parse_from_json(Some(body)).expect("the right shape");
        let policies = Policies::parse(POLICIES).expect("valid policies");
        let errors = declare(new, &policies).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn a_good_declaration_finds_its_policy() {
        let declared = declare(NewUpload::example(), &Policies::built_in().clone()).map(|d| d.policy.name.clone());
        assert_eq!(declared.expect("good"), "images");
        assert_eq!(refusals(json!({"size": 10, "sha256": "AB".repeat(32), "metadata": {"a": ""}})), []);
        assert_eq!(refusals(json!({"size": null, "policy": null})), []);
    }

    #[test]
    fn every_bad_field_is_named_with_its_own_code() {
        let long = "x".repeat(256);
        for (change, pointer, code) in [
            (json!({"filename": ""}), "/filename", "invalid_filename"),
            (json!({"filename": "a/b"}), "/filename", "invalid_filename"),
            (json!({"filename": long}), "/filename", "invalid_filename"),
            (json!({"content_type": "png"}), "/content_type", "invalid_content_type"),
            (json!({"content_type": "image/gif"}), "/content_type", "type_not_allowed"),
            (json!({"content_type": "image/gif", "policy": "images"}), "/content_type", "type_not_allowed"),
            (json!({"policy": "video"}), "/policy", "unknown_policy"),
            (json!({"size": -1}), "/size", "invalid_size"),
            (json!({"size": 0}), "/size", "invalid_size"),
            (json!({"size": 9}), "/size", "too_small"),
            (json!({"size": 101}), "/size", "too_large"),
            (json!({"sha256": "abc"}), "/sha256", "invalid_sha256"),
            (json!({"metadata": {"": "x"}}), "/metadata", "invalid_metadata"),
            (json!({"policy": "strict", "sha256": "00".repeat(32)}), "/size", "size_required"),
            (json!({"policy": "strict", "size": 1}), "/sha256", "sha256_required"),
        ] {
            assert_eq!(refusals(change.clone()), [(pointer.to_owned(), code.to_owned())], "{change}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let codes: Vec<_> = refusals(json!({"filename": "", "content_type": "x", "sha256": "x", "size": 0}))
            .into_iter()
            .map(|(_, code)| code)
            .collect();
        assert_eq!(codes, ["invalid_filename", "invalid_content_type", "invalid_size", "invalid_sha256"]);
    }

    #[test]
    fn a_body_of_another_shape_is_refused_place_by_place() {
        let pairs = |list: &[(&str, &str)]| {
            list.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect::<Vec<_>>()
        };
        for (body, expected) in [
            (
                r#"{"filename": 5, "size": "1"}"#,
                pairs(&[("/content_type", "required"), ("/filename", "wrong_type"), ("/size", "wrong_type")]),
            ),
            (r#"{"filename": null, "content_type": "a/b"}"#, pairs(&[("/filename", "required")])),
            (r#"{"filename": "a", "content_type": "a/b", "sha_256": "x"}"#, pairs(&[("/sha_256", "unknown_field")])),
            (
                r#"{"filename": "a", "content_type": "a/b", "metadata": {"a/b": 1}}"#,
                pairs(&[("/metadata/a~1b", "wrong_type")]),
            ),
            (
                r#"{"filename": "a", "content_type": "a/b", "metadata": {"a": null}}"#,
                pairs(&[("/metadata/a", "wrong_type")]),
            ),
            (r#"{"filename": "a", "content_type": "a/b", "size": 1.5}"#, pairs(&[("/size", "wrong_type")])),
            ("[]", pairs(&[("", "wrong_type")])),
            ("{", pairs(&[])),
        ] {
            assert_eq!(errors_of::<NewUpload>(body), expected, "{body}");
        }
    }
}
