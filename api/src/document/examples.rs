//! The examples of answers that look otherwise from one operation than from another, though they are of one type.

use poem_openapi::types::{Example as _, ToJSON};
use serde_json::Value;
use sluice_common::db::timeline::{Change, Cursor};
use sluice_common::domain;

use super::clean::find_operation;
use crate::feed::{Filter, Tells, Told};
use crate::files::ConfirmedFile;
use crate::uploads::{MultipartGrant, Upload, examples};

/// Adds them to the document.
pub fn add_examples(document: &mut Value) {
    for (operation, status, example) in all() {
        let operation = find_operation(document, operation);
        let content = operation["responses"][status]["content"].as_object_mut();
        content.into_iter().flatten().for_each(|(_, media)| media["example"] = example.clone());
    }
}

fn all() -> [(&'static str, &'static str, Value); 7] {
    let upload = |upload: domain::Upload| written(&Upload::from(upload));
    let (in_parts, grant) = (examples::pending_in_parts(), MultipartGrant::example().into());
    [
        ("getUpload", "200", upload(examples::confirmed())),
        ("completeUpload", "200", upload(examples::confirmed())),
        ("cancelUpload", "200", upload(examples::canceled())),
        ("renewGrant", "200", written(&Upload::with_grant(in_parts, grant, Some(examples::token())))),
        ("streamUploads", "200", event(Tells::Upload).into()),
        ("watchUploads", "200", event(Tells::Change).into()),
        ("confirmFile", "202", written(&ConfirmedFile::pending(examples::id()))),
    ]
}

fn written(value: &impl ToJSON) -> Value {
    value.to_json().expect("an object")
}

/// An event as it is on the wire.
fn event(tells: Tells) -> String {
    let upload = examples::confirmed();
    let at = Cursor { xid: 800, id: 7 };
    let told = Told::from(Change { at, tenant: upload.tenant.to_string(), upload: Some(upload) });
    let block = told.passing(&Filter { tells, ..Filter::default() }).expect("nothing is filtered out");
    String::from_utf8(block.to_vec()).expect("it is text")
}
