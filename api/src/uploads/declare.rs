//! Reading a declaration: the request becomes a promise that a policy can take, or a list of all that is wrong with it.

use std::fmt::Display;

use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use sluice_common::domain::{
    ByteCount, ContentType, Declaration, FileName, Form, LARGEST_PART, Metadata, NotA, Parts, Policies, Policy,
    RedirectUrl, Sha256,
};
use sluice_common::storage::Store;

use super::examples;
use crate::maps;
use crate::problem::FieldError;
use crate::scalars::{ContentTypeText, DeclaredSize, FileNameText, PolicyName, RedirectText, Sha256Text};

/// What a client promises of a file that it is going to send. Whatever is declared is signed into the grant, and the store
/// refuses all else; so declare as much as you know.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, skip_serializing_if_is_none, example)]
pub struct NewUpload {
    /// The name that downloads are given: 1 to 255 characters, without control characters and path separators.
    pub filename: FileNameText,
    /// The content type, such as `image/png` or `text/csv; charset=utf-8`.
    pub content_type: ContentTypeText,
    /// The exact size in bytes. Some policies require it. A file that its policy takes in parts needs it: without a size the
    /// grant is for one PUT, of which no store takes more than 5 GiB.
    pub size: Option<DeclaredSize>,
    /// The SHA-256 of the bytes as 64 hexadecimal digits. Some policies require it; some stores can't take it. Not for a file
    /// that is sent in parts: no store can check it there.
    pub sha256: Option<Sha256Text>,
    /// Whether you are going to give the SHA-256 of each part when you ask for its URL, for the store to check, if the file
    /// is sent in parts. Then the first grant has no URLs yet.
    pub part_sha256: Option<bool>,
    /// The name of the policy to judge by. Without one it is the first that takes the content type.
    pub policy: Option<PolicyName>,
    /// What to remember with the upload.
    pub metadata: Option<maps::Metadata>,
    /// The kind of grant to give.
    pub grant: Option<GrantKind>,
    /// Where the store leads the browser when it has taken the form: an absolute `https://` or `http://` URL. The store adds
    /// the bucket, the key, which holds the upload's id, and the etag to its query. Only with the grant `post`.
    pub redirect_to: Option<RedirectText>,
}

/// A kind of grant to ask for: `put` unless you say `post`, which only some policies allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum GrantKind {
    /// One PUT.
    Put,
    /// A plain HTML form.
    Post,
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
    /// How a form is to send it, if one is.
    pub form: Option<Form>,
    /// Into which parts it is cut, if it is to be sent in parts.
    pub parts: Option<Parts>,
    /// Whether each of them is to be checked.
    pub part_sha256: bool,
}

/// Reads a declaration of what is to go into this store.
///
/// # Errors
/// All that is wrong with it, field by field.
pub fn declare(new: NewUpload, policies: &Policies, store: Store) -> Result<Declared<'_>, Vec<FieldError>> {
    let mut findings = Findings::default();
    let filename = findings.keep("/filename", "invalid_filename", FileName::parse(&new.filename.0));
    let content_type = findings.keep("/content_type", "invalid_content_type", ContentType::parse(&new.content_type.0));
    let by_form = new.grant == Some(GrantKind::Post);
    let policy = findings.policy(new.policy.as_ref(), content_type.as_ref(), by_form, policies);
    let redirect_to = findings.redirect_to(new.redirect_to.as_ref(), by_form);
    let size = findings.size(new.size, content_type.as_ref(), policy);
    let parts = size.zip(policy).filter(|_| !by_form).and_then(|(size, policy)| policy.parts(size));
    let sha256 = findings.sha256(new.sha256.as_ref(), policy, parts, store);
    if new.part_sha256 == Some(true) && !store.sha256 {
        findings.note("/part_sha256", "sha256_not_checked", NOT_CHECKED);
    }
    if by_form && size.is_some_and(|size| size.get() > LARGEST_PART) {
        findings.note("/size", "too_large", "A form sends 5 GiB at the most.");
    }
    let metadata =
        new.metadata.and_then(|entries| findings.keep("/metadata", "invalid_metadata", Metadata::new(entries.0)));
    match (filename, content_type, policy) {
        (Some(filename), Some(content_type), Some(policy)) if findings.0.is_empty() => {
            let declaration = Declaration { filename, content_type, size, sha256 };
            let (form, part_sha256) = (by_form.then_some(Form { redirect_to }), new.part_sha256.unwrap_or_default());
            Ok(Declared { declaration, metadata, policy, form, parts, part_sha256 })
        }
        _ => Err(findings.0),
    }
}

const NOT_CHECKED: &str = "The store compares no checksums, so none can be declared.";

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
        by_form: bool,
        policies: &'a Policies,
    ) -> Option<&'a Policy> {
        let media_type = content_type.map(ContentType::media_type);
        let Some(PolicyName(name)) = name else {
            // Without a type there is nothing to choose by, and that was noted already.
            let media_type = media_type?;
            let mut taking = policies.iter().filter(|policy| policy.allows(media_type)).peekable();
            if taking.peek().is_none() {
                self.note("/content_type", "type_not_allowed", format!("No policy takes {media_type}."));
                return None;
            }
            let found = taking.find(|policy| policy.form_post || !by_form);
            if found.is_none() {
                self.note("/grant", "form_not_allowed", format!("No policy takes {media_type} from a form."));
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
        if by_form && !policy.form_post {
            self.note("/grant", "form_not_allowed", format!("The policy '{}' takes no forms.", policy.name));
        }
        Some(policy)
    }

    fn redirect_to(&mut self, url: Option<&RedirectText>, by_form: bool) -> Option<RedirectUrl> {
        let RedirectText(url) = url?;
        if !by_form {
            self.note("/redirect_to", "redirect_without_form", "Only a form leads anywhere: ask for the grant post.");
        }
        self.keep("/redirect_to", "invalid_redirect", RedirectUrl::parse(url))
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
            let of_type = content_type.map(ContentType::media_type).filter(|_| most < policy.max_size);
            let of_type = of_type.map(|media_type| format!(" of {media_type}")).unwrap_or_default();
            let detail = format!("The size is {size}; the policy '{name}' takes at most {most}{of_type}.");
            self.note("/size", "too_large", detail);
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

    fn sha256(
        &mut self,
        sha256: Option<&Sha256Text>,
        policy: Option<&Policy>,
        parts: Option<Parts>,
        store: Store,
    ) -> Option<Sha256> {
        let Some(Sha256Text(digits)) = sha256 else {
            if let Some(policy) = policy.filter(|policy| policy.require_sha256) {
                let detail = format!("The policy '{}' requires the SHA-256 to be declared.", policy.name);
                self.note("/sha256", "sha256_required", detail);
            }
            return None;
        };
        if parts.is_some() {
            let detail = "A file of this size is sent in parts, and stores check the SHA-256 of parts, not of what they \
                          make. Leave it out; with 'part_sha256' each part is checked.";
            self.note("/sha256", "sha256_of_parts_only", detail);
            return None;
        }
        // Nobody would notice a wrong one: a worker reads no more than the head of a file.
        if !store.sha256 {
            self.note("/sha256", "sha256_not_checked", NOT_CHECKED);
        }
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
            part_sha256: None,
            policy: Some(PolicyName("images".to_owned())),
            metadata: Some([("album".to_owned(), "Paris".to_owned())].into_iter().collect()),
            grant: None,
            redirect_to: None,
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

        [[policy]]
        name = "forms"
        types = ["image/png"]
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "f/"
        form_post = true

        [[policy]]
        name = "texts"
        types = ["text/plain"]
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"

        [[policy]]
        name = "parts"
        types = ["image/png"]
        max_size = "100 B"
        multipart_above = "50 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "p/"
    "#;

    /// The example with some fields changed, or removed where they are null.
    fn refusals(changes: Value) -> Vec<(String, String)> {
        refusals_of("aws", changes)
    }

    fn refusals_of(store: &str, changes: Value) -> Vec<(String, String)> {
        use poem_openapi::types::ParseFromJSON as _;
        let mut body = json!({"filename": "a.png", "content_type": "image/png"});
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        let new = NewUpload::parse_from_json(Some(body)).expect("the right shape");
        let policies = Policies::parse(POLICIES).expect("valid policies");
        let store = Store::find(store).expect("a store");
        let errors = declare(new, &policies, store).err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn a_good_declaration_finds_its_policy() {
        let (policies, store) = (Policies::built_in(), Store::find("aws").expect("a store"));
        let declared = declare(NewUpload::example(), &policies, store).map(|d| d.policy.name.clone());
        assert_eq!(declared.expect("good"), "images");
        assert_eq!(refusals(json!({"size": 10, "sha256": "AB".repeat(32), "metadata": {"a": ""}})), []);
        assert_eq!(refusals(json!({"size": null, "policy": null})), []);
        assert_eq!(refusals(json!({"size": 50, "policy": "parts", "sha256": "AB".repeat(32)})), [], "one PUT");
        assert_eq!(refusals(json!({"size": 51, "policy": "parts", "part_sha256": true})), []);
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
            (json!({"policy": "images", "grant": "post"}), "/grant", "form_not_allowed"),
            (json!({"content_type": "text/plain", "grant": "post"}), "/grant", "form_not_allowed"),
            (json!({"redirect_to": "https://a.example/"}), "/redirect_to", "redirect_without_form"),
            (json!({"grant": "put", "redirect_to": "https://a.example/"}), "/redirect_to", "redirect_without_form"),
            (json!({"grant": "post", "redirect_to": "/done"}), "/redirect_to", "invalid_redirect"),
            (json!({"policy": "parts", "size": 51, "sha256": "AB".repeat(32)}), "/sha256", "sha256_of_parts_only"),
        ] {
            assert_eq!(refusals(change.clone()), [(pointer.to_owned(), code.to_owned())], "{change}");
        }
    }

    #[test]
    fn who_asks_for_a_form_and_names_no_policy_gets_the_first_that_takes_one() {
        use poem_openapi::types::ParseFromJSON as _;
        let body = json!({"filename": "a.png", "content_type": "image/png", "grant": "post"});
        let new = NewUpload::parse_from_json(Some(body)).expect("the right shape");
        let policies = Policies::parse(POLICIES).expect("valid policies");
        let declared = declare(new, &policies, Store::find("aws").expect("a store")).expect("good");
        assert_eq!((declared.policy.name.as_str(), declared.form), ("forms", Some(Form { redirect_to: None })));
    }

    #[test]
    fn no_checksum_is_taken_that_the_store_would_not_compare() {
        let sha256 = json!({"sha256": "00".repeat(32)});
        assert_eq!(refusals_of("gcs", sha256.clone()), [("/sha256".to_owned(), "sha256_not_checked".to_owned())]);
        assert_eq!(refusals_of("garage", sha256), []);
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
            (
                r#"{"filename": "a", "content_type": "a/b", "part_sha256": "yes"}"#,
                pairs(&[("/part_sha256", "wrong_type")]),
            ),
            (r#"{"filename": "a", "content_type": "a/b", "grant": "form"}"#, pairs(&[("/grant", "unknown_value")])),
            (r#"{"filename": "a", "content_type": "a/b", "size": 1e30}"#, pairs(&[("/size", "out_of_range")])),
            (
                r#"{"filename": "a", "content_type": "a/b", "size": 9223372036854775808}"#,
                pairs(&[("/size", "out_of_range")]),
            ),
            (
                r#"{"filename": "a", "content_type": "a/b", "size": -9223372036854775809}"#,
                pairs(&[("/size", "out_of_range")]),
            ),
            (r#"{"filename": "a", "content_type": "a/b", "size": 1e400}"#, pairs(&[("/size", "out_of_range")])),
            (
                r#"{"filename": "a", "content_type": "a/b", "filename": "b"}"#,
                pairs(&[("/filename", "duplicate_field")]),
            ),
            ("[]", pairs(&[("", "wrong_type")])),
            ("{", pairs(&[])),
        ] {
            assert_eq!(errors_of::<NewUpload>(body), expected, "{body}");
        }
    }
}
