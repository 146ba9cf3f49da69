//! Signing the grant of an upload, in the way that the upload was declared to be sent.

use std::time::Duration;

use sluice_common::db::uploads::NewUpload;
use sluice_common::domain::{ByteCount, Declaration, Form, LARGEST_PART, ObjectKey, Policy, Upload};
use sluice_common::storage::{SignError, Signer};

use super::grant::Grant;

/// What a grant depends on of an upload, be it recorded or not.
pub struct Terms<'a> {
    key: &'a ObjectKey,
    declared: &'a Declaration,
    write_once: bool,
    form: Option<&'a Form>,
}

impl<'a> From<&'a NewUpload> for Terms<'a> {
    fn from(new: &'a NewUpload) -> Self {
        Self { key: &new.grant_key, declared: &new.declared, write_once: new.write_once, form: new.form.as_ref() }
    }
}

impl<'a> From<&'a Upload> for Terms<'a> {
    fn from(upload: &'a Upload) -> Self {
        let Upload { grant_key: key, declared, write_once, form, .. } = upload;
        Self { key, declared, write_once: *write_once, form: form.as_ref() }
    }
}

/// Signs leave to send exactly what was promised.
///
/// # Errors
/// Where there are no credentials to sign with.
pub async fn sign_grant(
    signer: &Signer,
    policy: &Policy,
    terms: Terms<'_>,
    lifetime: Duration,
) -> Result<Grant, SignError> {
    let Terms { key, declared, write_once, form } = terms;
    Ok(match form {
        Some(form) => signer.post(key, declared, sizes(policy, declared), form, lifetime).await?.into(),
        None => signer.put(key, declared, write_once, lifetime).await?.into(),
    })
}

/// The sizes that a form may have: the declared one, or all that the policy takes.
fn sizes(policy: &Policy, declared: &Declaration) -> (ByteCount, ByteCount) {
    let most = policy.max_size_of(declared.content_type.media_type()).min(one_request());
    declared.size.map_or((policy.min_size, most), |size| (size, size))
}

/// The most that a store takes in one request.
fn one_request() -> ByteCount {
    ByteCount::new(LARGEST_PART).expect("5 GiB are a size")
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::Policies;

    use super::*;
    use crate::uploads::examples;

    #[test]
    fn a_form_takes_the_declared_size_or_all_that_the_policy_takes() {
        let (policies, mut declared) = (Policies::built_in(), examples::pending().declared);
        let policy = policies.find("images").expect("it is built in");
        let size = declared.size.expect("the example has one");
        assert_eq!(sizes(policy, &declared), (size, size));
        declared.size = None;
        assert_eq!(sizes(policy, &declared), (policy.min_size, policy.max_size));
        let films = policies.find("video").expect("it is built in");
        assert_eq!(sizes(films, &declared), (films.min_size, one_request()));
    }
}
