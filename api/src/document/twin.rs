//! The document once more as OpenAPI 3.1, for tools that read nothing older.

use serde_json::{Map, Value, json};

use crate::sorted::sorted;

/// How schemas of OpenAPI 3.1 are read where nobody says otherwise. Some tools want it said.
const DIALECT: &str = "https://spec.openapis.org/oas/3.1/dialect/base";

/// The same document in 3.1.
pub fn twin(mut document: Value) -> Value {
    document["openapi"] = "3.1.0".into();
    document["jsonSchemaDialect"] = DIALECT.into();
    identify_license(&mut document["info"]["license"]);
    let schemas = document["components"]["schemas"].as_object_mut();
    schemas.into_iter().flat_map(Map::values_mut).for_each(convert);
    convert_under(&mut document);
    sorted(document)
}

/// 3.0 can only name a license and link to a text of it; in 3.1 it is an expression of SPDX, and nothing else beside it.
fn identify_license(license: &mut Value) {
    if let Some(name) = license.get("name").cloned() {
        *license = json!({"name": name, "identifier": name});
    }
}

/// Converts what stands under `schema`, wherever that is but in an example.
fn convert_under(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| match name.as_str() {
            "schema" => convert(value),
            "schemas" | "example" | "examples" => {}
            _ => convert_under(value),
        }),
        Value::Array(values) => values.iter_mut().for_each(convert_under),
        _ => {}
    }
}

/// Makes a schema of 3.0 one of JSON Schema 2020-12, with all inside it.
fn convert(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    if let Some(example) = fields.remove("example") {
        fields.insert("examples".to_owned(), json!([example]));
    }
    take_null_as_a_type(fields);
    exclude(fields, "minimum", "exclusiveMinimum");
    exclude(fields, "maximum", "exclusiveMaximum");
    parts(fields).for_each(convert);
}

/// `nullable` goes with a `type`, and an `enum` beside it lists null only in 3.1.
fn take_null_as_a_type(fields: &mut Map<String, Value>) {
    if fields.remove("nullable") != Some(Value::Bool(true)) {
        return;
    }
    if let Some(kind) = fields.get_mut("type") {
        *kind = json!([kind, "null"]);
    }
    if let Some(values) = fields.get_mut("enum").and_then(Value::as_array_mut).filter(|it| !it.contains(&Value::Null)) {
        values.push(Value::Null);
    }
}

/// A bound was marked as excluded; now it is another bound.
fn exclude(fields: &mut Map<String, Value>, bound: &str, excluded: &str) {
    if fields.remove(excluded) == Some(Value::Bool(true))
        && let Some(value) = fields.remove(bound)
    {
        fields.insert(excluded.to_owned(), value);
    }
}

/// The schemas that a schema is made of.
fn parts(fields: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    fields.iter_mut().flat_map(|(name, value)| -> Vec<&mut Value> {
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().collect(),
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => schemas.iter_mut().collect(),
            ("items" | "additionalProperties" | "not", schema) => vec![schema],
            _ => Vec::new(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_3_1_writes_otherwise_is_written_so() {
        for (before, after) in [
            (json!({"type": "string", "example": "a"}), json!({"type": "string", "examples": ["a"]})),
            (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (json!({"type": "string", "nullable": false}), json!({"type": "string"})),
            (
                json!({"type": "string", "nullable": true, "enum": ["a"]}),
                json!({"type": ["string", "null"], "enum": ["a", null]}),
            ),
            (json!({"minimum": 1, "exclusiveMinimum": true}), json!({"exclusiveMinimum": 1})),
            (json!({"maximum": 9, "exclusiveMaximum": false}), json!({"maximum": 9})),
            (json!({"minimum": 1, "maximum": 9}), json!({"minimum": 1, "maximum": 9})),
            (json!({"items": {"example": 1}}), json!({"items": {"examples": [1]}})),
            (json!({"additionalProperties": {"example": 1}}), json!({"additionalProperties": {"examples": [1]}})),
            (json!({"additionalProperties": false}), json!({"additionalProperties": false})),
            (
                json!({"oneOf": [{"example": 1}, {"$ref": "#/a"}]}),
                json!({"oneOf": [{"examples": [1]}, {"$ref": "#/a"}]}),
            ),
        ] {
            let mut schema = before.clone();
            convert(&mut schema);
            assert_eq!(schema, after, "{before}");
        }
    }

    #[test]
    fn names_of_fields_and_what_examples_hold_are_left_alone() {
        let field = json!({"type": "object", "properties": {
            "example": {"type": "string"}, "nullable": {"type": "boolean"}, "schema": {"type": "string"},
        }});
        let mut schema = field.clone();
        convert(&mut schema);
        assert_eq!(schema, field);

        let media = json!({"schema": {"example": {"example": 1}}, "example": {"schema": {"nullable": true}}});
        let mut converted = media.clone();
        convert_under(&mut converted);
        assert_eq!(converted["schema"], json!({"examples": [{"example": 1}]}));
        assert_eq!(converted["example"], media["example"]);
    }

    #[test]
    fn a_license_is_named_by_its_identifier_alone() {
        let license = json!({"name": "MIT OR Apache-2.0", "url": "https://example.com"});
        let twin = twin(json!({"info": {"license": license}, "components": {"schemas": {}}}));
        assert_eq!(twin["info"]["license"], json!({"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}));
    }
}
