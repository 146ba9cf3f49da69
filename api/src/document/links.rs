//! Links: which operations an answer leads to, and what of it they take.

use serde_json::{Map, Value, json};

use super::clean::find_operation;

/// Adds them to the document.
pub fn add_links(document: &mut Value) {
    let id = "$response.body#/id";
    let of_upload = ["getUpload", "completeUpload", "renewGrant", "listParts", "getDownload", "cancelUpload"];
    for status in ["200", "201"] {
        link(document, "createUpload", status, &of_upload.map(|to| (to, parameter("upload_id", id))));
    }
    let first = "$response.body#/data/0/id";
    let to_first = ["getUpload", "getDownload"].map(|to| (to, parameter("upload_id", first)));
    link(document, "listUploads", "200", &to_first);
    let sent = json!({"key": "$response.body#/key", "filename": "$request.body#/filename"});
    link(document, "createUploadUrl", "200", &[("confirmFile", json!({"requestBody": sent}))]);
    link(document, "confirmFile", "201", &[("openFile", parameter("file_id", id))]);
}

fn parameter(name: &str, value: &str) -> Value {
    json!({"parameters": {name: value}})
}

fn link(document: &mut Value, from: &str, status: &str, to: &[(&str, Value)]) {
    let links: Map<String, Value> = to
        .iter()
        .map(|(operation, takes)| {
            let mut link = takes.clone();
            link["operationId"] = (*operation).into();
            ((*operation).to_owned(), link)
        })
        .collect();
    find_operation(document, from)["responses"][status]["links"] = links.into();
}
