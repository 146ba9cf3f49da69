//! The responses that operations have in common: whatever takes a key, a body or a parameter can be refused for it.

use serde_json::{Map, Value, json};

use crate::auth::{CROSS_SITE, MISSING_SCOPE, OPERATOR_SESSION, UNAUTHORIZED};
use crate::problem::{
    BODY_TOO_LARGE, BODY_TOO_SLOW, CONTENT_TYPE, HEADERS_TOO_LARGE, INTERNAL_ERROR, INVALID_BODY, INVALID_PARAMETER,
    Kind, METHOD_NOT_ALLOWED, OVERLOADED, RATE_LIMITED, UNAVAILABLE, UNSUPPORTED_MEDIA_TYPE,
};
use crate::query::is_strict;

/// Adds to each operation the responses that it can give for what it takes.
pub fn add_common_responses(document: &mut Value) {
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        let operations = operations.as_object_mut().into_iter().flat_map(Map::values_mut);
        operations.for_each(|operation| add_to(operation, is_strict(path)));
    }
}

fn add_to(operation: &mut Value, is_strict: bool) {
    let has = |name: &str| operation.get(name).is_some();
    let of_body = [INVALID_BODY, BODY_TOO_SLOW, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE];
    let of_key = [UNAUTHORIZED, MISSING_SCOPE, RATE_LIMITED];
    let mut kinds = vec![METHOD_NOT_ALLOWED, HEADERS_TOO_LARGE, INTERNAL_ERROR, UNAVAILABLE, OVERLOADED];
    kinds.extend(of_body.into_iter().filter(|_| has("requestBody")));
    kinds.extend(of_key.into_iter().filter(|_| has("security")));
    kinds.extend(Some(CROSS_SITE).filter(|_| takes_session(operation)));
    kinds.extend(Some(INVALID_PARAMETER).filter(|_| is_strict || has_bounds(operation)));
    let responses = operation["responses"].as_object_mut().expect("an operation has responses");
    kinds.iter().for_each(|kind| add(responses, kind));
}

/// Whether an operator who has signed in may do it.
fn takes_session(operation: &Value) -> bool {
    let schemes = operation.get("security").and_then(Value::as_array);
    schemes.is_some_and(|schemes| schemes.iter().any(|scheme| scheme.get(OPERATOR_SESSION).is_some()))
}

/// Whether a parameter can be refused. Path parameters are texts that can be anything, and so are headers without a pattern.
fn has_bounds(operation: &Value) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let is_bound = |parameter: &Value| parameter["in"] == "query" || parameter["schema"].get("pattern").is_some();
    parameters.is_some_and(|parameters| parameters.iter().any(is_bound))
}

fn add(responses: &mut Map<String, Value>, kind: &Kind) {
    let line = format!("`{}`: {}", kind.code, kind.meaning);
    let response = responses.entry(kind.status.to_string()).or_insert_with(
        || json!({"description": "", "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}),
    );
    let said = response["description"].as_str().unwrap_or_default();
    // A key that lacks a scope is told so in a header; what else is forbidden has none.
    let is_always_there = said.is_empty() || kind.status != 403;
    response["description"] = if said.is_empty() { line } else { format!("{said}\n\n{line}") }.into();
    if let Some((name, description)) = header_of(kind) {
        let header = json!({"description": description, "required": is_always_there, "schema": {"type": "string"}});
        response["headers"][name] = header;
    }
}

fn header_of(kind: &Kind) -> Option<(&'static str, &'static str)> {
    match kind.status {
        401 | 403 => Some(("WWW-Authenticate", "What kind of key is asked for (RFC 6750).")),
        405 => Some(("Allow", "The methods that the path takes.")),
        429 | 503 => Some(("Retry-After", "After how many seconds to try again.")),
        _ => None,
    }
}
