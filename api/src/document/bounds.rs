//! What requests are held to beyond their types. The code knows and the framework does not write it.

use serde_json::{Value, json};

/// The types of requests that refuse fields which are not documented.
const CLOSED: [&str; 9] = [
    "ActionOrder",
    "CompletedParts",
    "GrantRequest",
    "NewUpload",
    "NewUploads",
    "RedriveOrder",
    "RequestedPart",
    "SentPart",
    "UploadFilter",
];

/// No control characters, no separators of paths, nothing that turns the direction of text.
const FILE_NAME: &str = r"^[^\u0000-\u001f\u007f-\u009f/\\\u200e\u200f\u2028-\u202e\u2066-\u2069]+$";

/// A type and a subtype in the characters of RFC 6838, and whatever parameters.
const CONTENT_TYPE: &str = r"^ *[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]*/[0-9A-Za-z][0-9A-Za-z!#$&^_.+-]* *(;[ -~]*)?$";

/// A URL of a host, in the characters that URLs may hold.
const WEB_PAGE: &str = r"^https?://[!$-.0-;=@-Z\[\]_a-z~][!#-;=?-Z\[\]_a-z~]*$";

/// Adds it to the document.
pub fn add_bounds(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    for name in CLOSED {
        schemas[name]["additionalProperties"] = Value::Bool(false);
    }
    for (name, field, bound, value) in bounds() {
        schemas[name]["properties"][field][bound] = value;
    }
    schemas["Metadata"]["maxProperties"] = json!(32);
}

fn bounds() -> [(&'static str, &'static str, &'static str, Value); 8] {
    [
        ("NewUpload", "filename", "pattern", FILE_NAME.into()),
        ("NewUpload", "content_type", "pattern", CONTENT_TYPE.into()),
        ("NewUpload", "redirect_to", "pattern", WEB_PAGE.into()),
        ("NewFile", "filename", "pattern", FILE_NAME.into()),
        ("NewFile", "mimeType", "pattern", CONTENT_TYPE.into()),
        ("NewUploads", "uploads", "minItems", json!(1)),
        ("NewUploads", "uploads", "maxItems", json!(100)),
        ("GrantRequest", "parts", "maxItems", json!(100)),
    ]
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::Metadata;

    use super::*;
    use crate::document::document;

    #[test]
    fn the_bounds_are_of_fields_that_are_there() {
        let document = document();
        for (name, field, ..) in bounds() {
            assert!(document["components"]["schemas"][name]["properties"][field]["type"].is_string(), "{name}.{field}");
        }
        for name in CLOSED {
            assert_eq!(document["components"]["schemas"][name]["type"], "object", "{name}");
        }
        assert_eq!(document["components"]["schemas"]["Metadata"]["maxProperties"], Metadata::MAX_ENTRIES);
    }
}
