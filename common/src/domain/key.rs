//! The keys that objects are kept under.

use std::fmt;

use super::{Policy, Sha256, Tenant, UploadId};

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
        let (stem, extension) = self.lasting_parts();
        let seen = &Sha256::of(etag.as_bytes()).to_hex()[..Self::SEEN_LENGTH];
        Self(format!("{stem}-{seen}{extension}"))
    }

    /// Whether an object under `key` can only be there because of the grant for this key: what the grant wrote, or a copy
    /// that a promotion made of it. All else in the bucket belongs to somebody else, whatever it is called.
    pub fn made(&self, key: &str) -> bool {
        let (stem, extension) = self.lasting_parts();
        let seen = key.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(extension));
        let is_copy = |seen: &str| seen.len() == Self::SEEN_LENGTH && seen.bytes().all(|b| b.is_ascii_hexdigit());
        key == self.0 || seen.is_some_and(is_copy)
    }

    /// What lasts of a grant's key, up to the upload's id and from its extension on.
    fn lasting_parts(&self) -> (&str, &str) {
        let lasting = self.0.strip_prefix(INCOMING).unwrap_or(&self.0);
        let stem_end = lasting.rfind('/').map_or(0, |slash| slash + 1) + Self::ID_LENGTH;
        lasting.split_at(stem_end.min(lasting.len()))
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

    /// The characters of a UUID as it is written in a key.
    const ID_LENGTH: usize = 36;
    /// The characters that tell one promoted copy from another.
    const SEEN_LENGTH: usize = 12;

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    fn what_a_grant_made_is_known_from_what_others_named_after_it() {
        let id = UploadId::generate();
        for extension in [".png", ""] {
            let incoming = ObjectKey::incoming(&policy(), &tenant(), id, extension);
            let lasting = ObjectKey::lasting(&policy(), &tenant(), id, extension);
            assert!(incoming.made(incoming.as_str()) && incoming.made(incoming.promoted("\"a\"").as_str()));
            assert!(lasting.made(lasting.as_str()) && !incoming.made(lasting.as_str()));
            for foreign in [
                format!("thumbs/{id}-small.png"),
                format!("backup/{lasting}"),
                format!("images/acme/{id}-small{extension}"),
                format!("images/acme/{id}-0123456789abc{extension}"),
                format!("images/acme/{id}-0123456789ab.webp"),
            ] {
                assert!(!incoming.made(&foreign) && !lasting.made(&foreign), "{foreign}");
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
}
