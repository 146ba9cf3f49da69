//! The keys that objects are kept under.

use std::fmt;

use super::{Policies, Policy, Sha256, Tenant, UploadId};

/// The key of an object, made by the server and never by a client: only `a-z`, `0-9`, `-`, `/` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

/// Under this prefix lie the objects whose grants can be used more than once: they are copied away when they are confirmed,
/// and a lifecycle rule may expire whatever stays.
const INCOMING: &str = "incoming/";

impl ObjectKey {
    /// `{policy prefix}{tenant}/{id}{.ext}`: where the bytes of an upload stay.
    pub fn lasting(policy: &Policy, tenant: &Tenant, id: UploadId, extension: &str) -> Self {
        Self(format!("{}{tenant}/{id}{extension}", policy.key_prefix))
    }

    /// The same under `incoming/`: where a grant that can be used again writes.
    pub fn incoming(policy: &Policy, tenant: &Tenant, id: UploadId, extension: &str) -> Self {
        Self(format!("{INCOMING}{}", Self::lasting(policy, tenant, id, extension)))
    }

    /// Where an object with this etag is copied to when it is confirmed: no grant was ever signed for this key.
    ///
    /// The etag is part of it, so two workers that promote the same bytes write the same object, and two that saw
    /// different bytes never overwrite each other's copy.
    pub fn promoted(&self, etag: &str) -> Self {
        let (stem, extension) = self.stem_and_extension();
        let seen = &Sha256::of(etag.as_bytes()).to_hex()[..SEEN_LENGTH];
        Self(format!("{stem}-{seen}{extension}"))
    }

    /// A key that this service stored earlier.
    pub fn recorded(key: String) -> Self {
        Self(key)
    }

    /// The upload whose object lies under this key, if the key is one of ours.
    pub fn upload_id(key: &str) -> Option<UploadId> {
        let name = key.rsplit('/').next()?;
        let id = UploadId::parse(name.get(..Self::ID_LENGTH)?)?;
        let rest = &name[Self::ID_LENGTH..];
        (rest.is_empty() || rest.starts_with(['.', '-'])).then_some(id)
    }

    /// Whether objects of this grant's upload can lie under a key: what the grant writes, and copies that promoting it makes.
    /// Another application may well name its own objects after an upload.
    pub fn may_lead_to(&self, key: &str) -> bool {
        if key == self.0 {
            return true;
        }
        let (stem, extension) = self.stem_and_extension();
        let rest = key.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        rest.and_then(|rest| rest.strip_suffix(extension)).is_some_and(is_seen)
    }

    /// The upload of a key that this service makes under one of these policies, whether there is such an upload or not.
    pub fn made_under(policies: &Policies, key: &str) -> Option<UploadId> {
        let lasting = key.strip_prefix(INCOMING).unwrap_or(key);
        policies.key_prefixes().find_map(|prefix| {
            let (tenant, name) = lasting.strip_prefix(prefix)?.split_once('/')?;
            Tenant::parse(tenant).ok()?;
            let id = Self::upload_id(name).filter(|id| id.0.get_version_num() == 7)?;
            let rest = &name[Self::ID_LENGTH..];
            let (seen, extension) = rest.split_once('.').map_or((rest, None), |(seen, after)| (seen, Some(after)));
            let seen_fits = seen.is_empty() || seen.strip_prefix('-').is_some_and(is_seen);
            let lower = |text: &str| !text.is_empty() && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9'));
            (seen_fits && extension.is_none_or(lower)).then_some(id)
        })
    }

    /// The lasting key up to the upload's id, and what follows.
    fn stem_and_extension(&self) -> (&str, &str) {
        let lasting = self.0.strip_prefix(INCOMING).unwrap_or(&self.0);
        let stem_end = lasting.rfind('/').map_or(0, |slash| slash + 1) + Self::ID_LENGTH;
        lasting.split_at(stem_end.min(lasting.len()))
    }

    /// The characters of a UUID as it is written in a key.
    const ID_LENGTH: usize = 36;

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The characters of the hash that tells one promoted object from another.
const SEEN_LENGTH: usize = 12;

/// Whether this is such a hash.
fn is_seen(text: &str) -> bool {
    text.len() == SEEN_LENGTH && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Policies;
    use super::*;

    fn policy() -> Policy {
        Policies::built_in().find("images").expect("a built-in policy").clone()
    }

    fn tenant() -> Tenant {
        Tenant::parse("acme").expect("a valid name")
    }

    #[test]
    fn a_key_names_its_upload_and_nothing_of_the_client() {
        let id = UploadId::generate();
        let key = ObjectKey::lasting(&policy(), &tenant(), id, ".png");
        assert_eq!(key.as_str(), format!("images/acme/{id}.png"));
        assert_eq!(ObjectKey::upload_id(key.as_str()), Some(id));
        assert!(key.as_str().bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'/' | b'.')));
    }

    #[test]
    fn a_promoted_key_differs_by_what_was_seen_and_keeps_the_upload_id() {
        let id = UploadId::generate();
        for extension in [".png", ""] {
            let incoming = ObjectKey::incoming(&policy(), &tenant(), id, extension);
            let promoted = incoming.promoted("\"a\"");
            assert_ne!(promoted, incoming.promoted("\"b\""));
            assert_eq!(promoted, incoming.promoted("\"a\""));
            assert!(
                promoted.as_str().starts_with(&format!("images/acme/{id}-")) && promoted.as_str().ends_with(extension)
            );
            assert_eq!(ObjectKey::upload_id(promoted.as_str()), Some(id));
            assert_eq!(ObjectKey::upload_id(incoming.as_str()), Some(id));
        }
    }

    #[test]
    fn only_what_a_grant_writes_and_its_promoted_copies_are_its_uploads_objects() {
        let id = UploadId::generate();
        for extension in [".png", ""] {
            let incoming = ObjectKey::incoming(&policy(), &tenant(), id, extension);
            let lasting = ObjectKey::lasting(&policy(), &tenant(), id, extension);
            for grants in [&incoming, &lasting] {
                assert!(grants.may_lead_to(grants.as_str()) && grants.may_lead_to(grants.promoted("\"a\"").as_str()));
            }
            assert!(!incoming.may_lead_to(lasting.as_str()));
            for foreign in [
                String::new(),
                format!("thumbs/{id}-small.png"),
                format!("exports/{id}.csv"),
                format!("backup/{lasting}"),
                format!("{lasting}.bak"),
                lasting.promoted("\"a\"").as_str().replace("images/", "thumbnails/"),
                format!("images/acme/{id}-small{extension}"),
                format!("images/acme/{id}-0123456789abc{extension}"),
                format!("images/acme/{id}-0123456789ab.webp"),
            ] {
                assert!(!incoming.may_lead_to(&foreign) && !lasting.may_lead_to(&foreign), "{foreign}");
            }
        }
    }

    #[test]
    fn a_foreign_key_names_no_upload() {
        let id = UploadId::generate();
        for key in
            ["", "a/b.png", "ключ", "images/acme/", &format!("images/acme/x{id}"), &format!("{id}x"), &"é".repeat(40)]
        {
            assert_eq!(ObjectKey::upload_id(key), None, "{key}");
        }
    }

    #[test]
    fn a_key_without_an_upload_is_ours_only_if_it_has_our_form_to_the_letter() {
        let policies = Policies::built_in();
        let id = UploadId::generate();
        let lasting = ObjectKey::lasting(&policy(), &tenant(), id, ".png");
        let incoming = ObjectKey::incoming(&policy(), &tenant(), id, "");
        for ours in [&lasting, &incoming, &lasting.promoted("\"a\""), &incoming.promoted("\"a\"")] {
            assert_eq!(ObjectKey::made_under(&policies, ours.as_str()), Some(id), "{ours}");
        }
        let random = "0b0e7a3c-5f0e-4b7e-9a64-2f5a4f3c9d11";
        for foreign in [
            format!("exports/acme/{id}.png"),
            format!("images/acme/more/{id}.png"),
            format!("images/ACME/{id}.png"),
            format!("images/acme/{random}.png"),
            format!("images/acme/{id}-small.png"),
            format!("images/acme/{id}.tar.gz"),
            format!("images/acme/{id}."),
            format!("images/{id}.png"),
            String::new(),
        ] {
            assert_eq!(ObjectKey::made_under(&policies, &foreign), None, "{foreign}");
        }
    }
}
