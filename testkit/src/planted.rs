//! Uploads that a test needs many of, and the keys of their objects.

use std::time::Duration;

use bytes::Bytes;
use sluice_common::db::uploads::{self, NewUpload};
use sluice_common::domain::{
    ByteCount, ContentType, Declaration, FileName, ObjectKey, Origin, Policies, Tenant, TenantLimits, UploadId,
};

use crate::{World, files};

/// How many are recorded with one statement.
const BATCH: usize = 1000;

impl World {
    /// Records this many pending uploads of a small picture, past the API. Gives the keys that their grants would write.
    pub async fn plant(&self, count: usize) -> Vec<String> {
        let new: Vec<NewUpload> = (0..count).map(|_| picture_of("acme")).collect();
        let db = self.db();
        for batch in new.chunks(BATCH) {
            uploads::insert(&db, &TenantLimits::default(), batch).await.expect("they are recorded");
        }
        new.into_iter().map(|upload| upload.grant_key.as_str().to_owned()).collect()
    }

    /// Puts that picture under these keys, past every grant, on the fake. Its events follow.
    pub fn deliver(&self, keys: &[String]) {
        let picture = Bytes::from(files::png().bytes);
        for key in keys {
            self.fake().put_object(self.localstack.bucket(), key, picture.clone());
        }
    }

    /// The key of an upload's grant, which clients only see as part of its URL.
    pub async fn key_of(&self, id: &str) -> String {
        self.query(&format!("SELECT grant_key FROM uploads WHERE id = '{id}'")).await[0].get(0)
    }

    /// How many uploads have this status.
    pub async fn uploads_that_are(&self, status: &str) -> i64 {
        self.count(&format!("SELECT count(*) FROM uploads WHERE status = '{status}'")).await
    }
}

/// A small picture that this tenant declares.
pub fn picture_of(tenant: &str) -> NewUpload {
    let (id, file) = (UploadId::generate(), files::png());
    let tenant = Tenant::parse(tenant).expect("a valid name");
    let policies = Policies::built_in();
    let policy = policies.find("images").expect("a built-in policy");
    let size = i64::try_from(file.bytes.len()).expect("it is small");
    NewUpload {
        id,
        grant_key: ObjectKey::lasting(policy, &tenant, id, ".png"),
        tenant,
        policy: policy.name.clone(),
        declared: Declaration {
            filename: FileName::parse(&file.name).expect("a valid name"),
            content_type: ContentType::parse(&file.content_type).expect("a valid type"),
            size: Some(ByteCount::new(size).expect("it is not negative")),
            sha256: None,
        },
        metadata: None,
        write_once: true,
        form: None,
        multipart: None,
        origin: Origin::V1,
        reserves: ByteCount::new(size).expect("it is not negative"),
        finish_within: Duration::from_hours(1),
        caller: "a test".to_owned(),
        idempotency: None,
    }
}
