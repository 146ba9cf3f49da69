//! Making the framework's document a clean OpenAPI 3.0.3, as linters and generators like it.

use serde_json::{Map, Value};

use super::bounds::add_bounds;
use super::common::add_common_responses;
use super::examples::add_examples;
use super::links::add_links;
use crate::sorted::sorted;

/// The tags, in their order.
pub const TAGS: [&str; 4] = ["Uploads", "Usage", "Files", "Operator"];

/// The document, clean.
pub fn clean(mut document: Value) -> Value {
    document["openapi"] = "3.0.3".into();
    add_common_responses(&mut document);
    for_each_operation(&mut document, |operation| {
        operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut).for_each(rename_headers);
    });
    tidy(&mut document);
    order_tags(&mut document);
    add_examples(&mut document);
    add_links(&mut document);
    add_bounds(&mut document);
    sorted(document)
}

/// The operation of this id.
pub fn find_operation<'a>(document: &'a mut Value, id: &str) -> &'a mut Value {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let mut operations = paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    operations.find(|operation| operation["operationId"] == id).unwrap_or_else(|| panic!("there is no operation {id}"))
}

/// Does something to every operation.
pub fn for_each_operation(document: &mut Value, mut change: impl FnMut(&mut Value)) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut);
    operations.for_each(&mut change);
}

/// The framework puts tags in the order of the alphabet. Pages show them as they come: what most are here for goes first.
fn order_tags(document: &mut Value) {
    let place = |tag: &Value| TAGS.iter().position(|name| tag["name"] == *name);
    document["tags"].as_array_mut().into_iter().for_each(|tags| tags.sort_by_key(place));
}

/// The framework writes the names of response headers in capitals.
fn rename_headers(response: &mut Value) {
    let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) else { return };
    let renamed = std::mem::take(headers).into_iter().map(|(name, header)| (usual_case(&name), header));
    headers.extend(renamed);
}

/// `PREFERENCE-APPLIED` as `Preference-Applied`.
fn usual_case(name: &str) -> String {
    let word = |word: &str| {
        let mut word = word.to_ascii_lowercase();
        word[..1].make_ascii_uppercase();
        word
    };
    match name.to_ascii_lowercase().as_str() {
        "etag" => "ETag".to_owned(),
        "www-authenticate" => "WWW-Authenticate".to_owned(),
        other => other.split('-').map(word).collect::<Vec<_>>().join("-"),
    }
}

/// Removes noise and mends what is not quite 3.0, everywhere.
fn tidy(value: &mut Value) {
    if let Some(reference) = only_reference(value) {
        *value = reference;
    }
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !is_noise(name, value));
            if fields.contains_key("properties") {
                fields.remove("title");
            }
            for (name, value) in fields.iter_mut() {
                if matches!(name.as_str(), "minimum" | "maximum") {
                    make_integer(value);
                }
                tidy(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// A field of a named type that has a description of its own comes as a union of both, which generators turn into an unnamed
/// type. The named type is described where it is defined.
fn only_reference(value: &Value) -> Option<Value> {
    let all_of = value.get("allOf")?.as_array()?;
    let is_reference = |part: &&Value| part.get("$ref").is_some();
    let is_description =
        |part: &Value| part.as_object().is_some_and(|part| part.keys().all(|key| key == "description"));
    let reference = all_of.iter().find(is_reference)?;
    let rest_is_description = all_of.iter().filter(|part| !is_reference(part)).all(is_description);
    rest_is_description.then(|| reference.clone())
}

/// What says only what is so anyway. The names can't be those of fields: a schema's `properties` hold objects.
fn is_noise(name: &str, value: &Value) -> bool {
    match name {
        "explode" | "style" => !value.is_object(),
        "deprecated" => *value == Value::Bool(false),
        _ => false,
    }
}

/// The framework writes all bounds as floats.
fn make_integer(value: &mut Value) {
    if let Some(bound) = value.as_f64().filter(|bound| bound.fract() == 0.0) {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number, far below 2^53")]
        let whole = bound as i64;
        *value = whole.into();
    }
}
