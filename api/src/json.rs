//! Reading JSON more strictly than its parser does: no object has a field twice, and what is wrong is told with its place.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is no JSON that is taken.
#[derive(Debug, PartialEq, Eq)]
pub enum NotJson {
    /// It is not written as JSON is; a sentence says what is wrong.
    Syntax(String),
    /// The field at this place is there twice: readers don't agree on which of both counts.
    Twice(String),
    /// The number at this place is larger than any that is read.
    OutOfRange(String),
}

/// What the parser says of a number such as `1e400`.
const OUT_OF_RANGE: &str = "number out of range";

/// Reads a JSON text.
///
/// # Errors
/// Where it is none, or holds what is not taken.
pub fn read(text: &[u8]) -> Result<Value, NotJson> {
    let (mut walk, mut parser) = (Walk::default(), serde_json::Deserializer::from_slice(text));
    let read = Here(&mut walk).deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    read.map_err(|error| match error.to_string() {
        _ if walk.met_twice => NotJson::Twice(walk.pointer()),
        said if said.starts_with(OUT_OF_RANGE) => NotJson::OutOfRange(walk.pointer()),
        said => NotJson::Syntax(said),
    })
}

/// One piece of a JSON pointer (RFC 6901).
pub fn piece(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Where the reading is, or where it ended.
#[derive(Default)]
struct Walk {
    steps: Vec<Step>,
    met_twice: bool,
}

enum Step {
    Field(String),
    Entry(usize),
}

impl Walk {
    fn pointer(&self) -> String {
        let pieces = self.steps.iter().map(|step| match step {
            Step::Field(name) => format!("/{}", piece(name)),
            Step::Entry(place) => format!("/{place}"),
        });
        pieces.collect()
    }
}

/// Reads the value that is here.
struct Here<'a>(&'a mut Walk);

impl<'de> DeserializeSeed<'de> for Here<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Here<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            self.0.steps.push(Step::Entry(values.len()));
            let value = entries.next_element_seed(Here(self.0))?;
            self.0.steps.pop();
            let Some(value) = value else { return Ok(values.into()) };
            values.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let is_new = !fields.contains_key(&name);
            self.0.steps.push(Step::Field(name.clone()));
            if !is_new {
                self.0.met_twice = true;
                return Err(A::Error::custom("a field is there twice"));
            }
            fields.insert(name, entries.next_value_seed(Here(self.0))?);
            self.0.steps.pop();
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str) -> Result<Value, NotJson> {
        read(text.as_bytes())
    }

    #[test]
    fn what_is_json_is_read_as_it_is() {
        let text = r#"{"a": [1, -2, 0.5, 18446744073709551615, 1e30], "b": {"c": null, "": "\u00e9\n"}, "d": true}"#;
        assert_eq!(of(text).ok(), serde_json::from_str::<Value>(text).ok());
        assert_eq!(of(" 7 "), Ok(json!(7)));
    }

    #[test]
    fn a_field_that_is_there_twice_is_named_by_its_place() {
        let twice = |pointer: &str| Err(NotJson::Twice(pointer.to_owned()));
        assert_eq!(of(r#"{"a": 1, "b": 2, "a": 1}"#), twice("/a"));
        assert_eq!(of(r#"{"a": 1, "\u0061": 2}"#), twice("/a"));
        assert_eq!(of(r#"{"uploads": [{"a": 1}, {"a": 1, "m": {"x/y": "", "x/y": ""}}]}"#), twice("/uploads/1/m/x~1y"));
        assert_eq!(of(r#"[{"a": {"b": 1}}, {"a": {"b": 1}, "b": 1}]"#).map(drop), Ok(()));
    }

    #[test]
    fn a_number_beyond_all_others_is_named_by_its_place() {
        let out_of_range = |pointer: &str| Err(NotJson::OutOfRange(pointer.to_owned()));
        assert_eq!(of(r#"{"a": [0, -1e400]}"#), out_of_range("/a/1"));
        assert_eq!(of("1e999"), out_of_range(""));
    }

    #[test]
    fn what_is_no_json_is_refused_however_deep_it_goes() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "nul", "1 2", "\"\\ud800\"", "NaN", &"[".repeat(100_000)] {
            assert!(matches!(of(text), Err(NotJson::Syntax(_))), "{text:.20}");
        }
        assert!(matches!(read(b"\"\xff\""), Err(NotJson::Syntax(_))));
    }
}
