//! The document is what it should be, and what is committed.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice_common::domain::{PartFaultCode, Quota, ReasonCode};

use super::clean::{TAGS, for_each_operation};
use super::{Version, document, text};
use crate::problem::Kind;

const COMMITTED: &str = include_str!("../../openapi.json");
const TWIN: &str = include_str!("../../openapi.3.1.json");
const PROBLEMS: &str = include_str!("../../../docs/problems.md");

#[test]
fn the_committed_documents_are_those_that_are_served() {
    assert!(
        COMMITTED == text(Version::V3_0) && TWIN == text(Version::V3_1),
        "the API has changed and what is committed has not. If that is meant, accept it with\n\n    \
         cargo run -p sluice-api -- openapi > api/openapi.json\n    \
         cargo run -p sluice-api -- openapi --version 3.1 > api/openapi.3.1.json\n"
    );
}

#[test]
fn every_operation_is_named_grouped_and_described() {
    let mut names = BTreeSet::new();
    for_each_operation(&mut document(), |operation| {
        let name = operation["operationId"].as_str().expect("an operationId").to_owned();
        for described in ["summary", "description"] {
            assert!(operation[described].as_str().is_some_and(|text| text.len() > 5), "{name} has no {described}");
        }
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            assert_ne!(status, "default", "{name}");
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{name} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
        }
        assert!(names.insert(name.clone()), "{name} is there twice");
    });
    assert_eq!(names.len(), 34);
}

#[test]
fn tags_come_in_the_order_in_which_they_are_wanted() {
    let tags = document()["tags"].take();
    let names: Vec<_> = tags.as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    assert_eq!(names, TAGS);
}

#[test]
fn success_has_one_body_type() {
    for_each_operation(&mut document(), |operation| {
        let responses = operation["responses"].as_object().expect("responses");
        let successes = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let schemas = |response: &Value| -> Vec<String> {
            let content = response["content"].as_object().into_iter().flatten();
            content.map(|(kind, media)| format!("{kind} {}", media["schema"])).collect()
        };
        let types: BTreeSet<_> = successes.map(|(_, response)| schemas(response)).collect();
        assert!(types.len() <= 1, "{}: {types:?}", operation["operationId"]);
    });
}

/// Calls `visit` with every object of the document, and the path to it.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&Value, &str)) {
    match value {
        Value::Object(fields) => {
            visit(value, path);
            fields.iter().for_each(|(name, value)| walk(value, &format!("{path}/{name}"), visit));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(place, value)| walk(value, &format!("{path}/{place}"), visit));
        }
        _ => {}
    }
}

#[test]
fn nothing_in_it_trips_a_generator() {
    walk(&document(), "", &mut |value, path| {
        let is_example = path.contains("/example");
        for unwanted in ["nullable", "default", "allOf", "anyOf", "explode"] {
            assert!(is_example || value.get(unwanted).is_none(), "{path} has {unwanted}");
        }
        if let Some(format) = value.get("format").and_then(Value::as_str) {
            assert!(["int32", "int64", "date-time", "uri", "uuid"].contains(&format), "{path}: {format}");
        }
        // An object or a map that is not a component has no name: each generator makes one up, and some give up.
        let is_component = path.strip_prefix("/components/schemas/").is_some_and(|name| !name.contains('/'));
        let is_map = value.get("additionalProperties").is_some_and(Value::is_object);
        let is_schema = value.get("type").is_some() && (value.get("properties").is_some() || is_map);
        assert!(!is_schema || is_component || is_example, "{path} is an unnamed schema");
    });
}

#[test]
fn every_field_is_described_or_of_a_type_that_is() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(schema["description"].is_string(), "{name}");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema.get("description").is_some() || schema.get("$ref").is_some(), "{name}.{field}");
        }
    }
}

/// The codes that descriptions of responses name, such as `not_pending`.
fn codes_of_operations() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for_each_operation(&mut document(), |operation| {
        let responses = operation["responses"].as_object().expect("responses");
        for response in
            responses.values().filter(|response| response["content"].get("application/problem+json").is_some())
        {
            let lines = response["description"].as_str().expect("a text").lines();
            codes.extend(lines.filter_map(|line| Some(line.strip_prefix('`')?.split_once("`:")?.0.to_owned())));
        }
    });
    codes
}

#[test]
fn every_problem_has_its_entry_in_the_documentation_and_no_entry_is_left_over() {
    let written: BTreeSet<_> =
        PROBLEMS.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect();
    let mut given = codes_of_operations();
    given.insert("not_found".to_owned());
    assert_eq!(written, given);
}

#[test]
fn a_code_has_one_status() {
    let mut statuses = std::collections::BTreeMap::new();
    for_each_operation(&mut document(), |operation| {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            for line in response["description"].as_str().expect("a text").lines() {
                let Some((code, _)) = line.strip_prefix('`').and_then(|line| line.split_once("`:")) else { continue };
                let earlier = statuses.insert(code.to_owned(), status.clone());
                assert!(earlier.is_none_or(|earlier| earlier == *status), "{code}");
            }
        }
    });
}

/// The codes that the sources give to what is wrong with a field: the text behind the place, wherever one is made.
fn codes_of_fields() -> BTreeSet<String> {
    let sources = sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let code = |made: &str| {
        let (_, behind) = made.split_once(',')?;
        let (code, _) = behind.trim_start().strip_prefix('"')?.split_once('"')?;
        Some(code.to_owned())
    };
    let made = ["FieldError::new(", "FieldError::unread(", ".note(", ".keep("];
    let of_source = |source: &String| -> Vec<String> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        made.iter().flat_map(|made| source.split(made).skip(1)).filter_map(code).collect()
    };
    sources.iter().flat_map(of_source).collect()
}

fn sources(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the sources are there");
    let paths = entries.map(|entry| entry.expect("it can be read").path()).filter(|path| !path.ends_with("tests.rs"));
    paths
        .flat_map(
            |path| if path.is_dir() { sources(&path) } else { std::fs::read_to_string(path).into_iter().collect() },
        )
        .collect()
}

#[test]
fn every_code_of_a_field_and_every_reason_is_explained_and_none_that_is_not_given() {
    let mut given = codes_of_fields();
    given.extend(ReasonCode::ALL.map(|code| code.as_str().to_owned()));
    given.extend(PartFaultCode::ALL.map(|code| code.as_str().to_owned()));
    given.extend(Quota::ALL.map(|quota| quota.as_str().to_owned()));
    let row = |line: &str| -> Vec<String> {
        let cell = line.strip_prefix("| `").and_then(|row| row.split_once(" |")).map(|(cell, _)| cell.to_owned());
        let codes = cell.iter().flat_map(|cell| cell.split(", ")).map(|code| code.trim_matches('`').to_owned());
        // A sentence is none.
        codes
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte)))
            .collect()
    };
    let explained: BTreeSet<_> = PROBLEMS.lines().flat_map(row).collect();
    assert_eq!(explained, given);
}

#[test]
fn the_type_of_every_problem_leads_to_its_entry() {
    let mut codes = codes_of_operations();
    codes.insert("not_found".to_owned());
    for code in codes {
        let kind = Kind { status: 400, code: code.leak(), meaning: "" };
        let page = kind.reference();
        let entry = page.strip_prefix("/problems/").and_then(crate::pages::entry).unwrap_or_else(|| panic!("{page}"));
        assert!(entry.starts_with(&format!("# {}\n", kind.code)), "{entry}");
    }
}
