//! What a store can do, where stores differ: one table, of which a setting names the row.

/// What a store can do, where Sluice does otherwise with one that can't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Store {
    /// What the setting calls it.
    pub name: &'static str,
    /// The bucket's name is part of the path, not of the host. Else every bucket needs a name in the DNS.
    pub path_style: bool,
    /// It honours `If-None-Match: *` on a PUT. Else confirmed objects are copied to a key without a grant.
    pub write_once: bool,
    /// It compares `x-amz-checksum-sha256` with the bytes. Else no checksum can be declared.
    pub sha256: bool,
    /// It takes HTML forms with a signed policy. Else no policy can allow them.
    pub form_post: bool,
    /// It can send its events to an SQS queue. Else there need be no queue.
    pub events: bool,
}

/// The stores that the setting knows.
pub const STORES: &[Store] = &[
    Store { path_style: false, ..like_amazons("aws") },
    // Whether it compares the SHA-256 of a single PUT is not documented, and was not tried.
    Store { sha256: false, form_post: false, events: false, ..like_amazons("r2") },
    Store { events: false, ..like_amazons("minio") },
    Store { write_once: false, sha256: false, form_post: false, events: false, ..like_amazons("gcs") },
    Store { write_once: false, events: false, ..like_amazons("garage") },
    like_amazons("localstack"),
];

/// One that can do all that Amazon's can, and is reached as most others are.
const fn like_amazons(name: &'static str) -> Store {
    Store { name, path_style: true, write_once: true, sha256: true, form_post: true, events: true }
}

impl Store {
    /// The store of this name.
    pub fn find(name: &str) -> Option<Self> {
        STORES.iter().find(|store| store.name == name).copied()
    }
}
