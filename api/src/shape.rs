//! What is wrong with the shape of a body, place by place: the framework's own words name neither place nor cure.

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde_json::{Map, Number, Value};

use crate::json::piece;
use crate::problem::FieldError;

/// How much of a client's name is told again, in characters.
pub const MOST_TOLD: usize = 40;

/// Everything in which this value differs from the documented shape of `T`. Only asked once `T` has refused the value, so
/// what is not documented is an error where nothing else is one.
pub fn errors<T: Type>(value: &Value) -> Vec<FieldError> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let schema = T::schema_ref();
    let walk = |about_unknown| {
        let mut walk = Walk { registry: &registry, about_unknown, found: Vec::new() };
        walk.look(&schema, value, "");
        walk.found
    };
    let found = walk(false);
    if found.is_empty() { walk(true) } else { found }
}

/// The most that is said of one body: it may hold hundreds of thousands of things that are wrong.
const MOST_FOUND: usize = 100;

struct Walk<'a> {
    registry: &'a Registry,
    about_unknown: bool,
    found: Vec<FieldError>,
}

impl<'a> Walk<'a> {
    fn look(&mut self, schema: &'a MetaSchemaRef, value: &Value, pointer: &str) {
        let schema = match schema {
            // A named type that a field describes once more comes first among both.
            MetaSchemaRef::Inline(schema) if !schema.all_of.is_empty() => {
                return self.look(&schema.all_of[0], value, pointer);
            }
            MetaSchemaRef::Inline(schema) => schema,
            MetaSchemaRef::Reference(name) => &self.registry.schemas[name],
        };
        match (schema.ty, value) {
            ("object", Value::Object(fields)) => self.look_into(schema, fields, pointer),
            ("array", Value::Array(items)) => {
                for (place, item) in items.iter().enumerate() {
                    if self.found.len() >= MOST_FOUND {
                        return;
                    }
                    let schema = schema.items.as_deref().expect("an array says what it holds");
                    self.look(schema, item, &format!("{pointer}/{place}"));
                }
            }
            ("string", Value::String(_)) if !schema.enum_items.is_empty() => self.look_among(schema, value, pointer),
            ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => {}
            ("integer", Value::Number(number)) if is_whole(number) => self.look_at_size(schema, number, pointer),
            (expected, _) => self.wrong_type(expected, pointer),
        }
    }

    fn look_into(&mut self, schema: &'a MetaSchema, fields: &Map<String, Value>, pointer: &str) {
        for name in &schema.required {
            if fields.get(*name).is_none_or(Value::is_null) {
                self.missing(name, pointer);
            }
        }
        for (name, value) in fields {
            if self.found.len() >= MOST_FOUND {
                return;
            }
            let place = format!("{pointer}/{}", piece(name));
            let property = schema.properties.iter().find(|(property, _)| property == name).map(|(_, schema)| schema);
            match property.or(schema.additional_properties.as_deref()) {
                // A property that is null is taken as left out; a member of a map has to be something.
                Some(_) if value.is_null() && property.is_some() => {}
                Some(expected) => self.look(expected, value, &place),
                None if self.about_unknown => self.unknown(name, place),
                None => {}
            }
        }
    }

    fn look_among(&mut self, schema: &MetaSchema, value: &Value, pointer: &str) {
        if !schema.enum_items.contains(value) {
            let values: Vec<_> = schema.enum_items.iter().filter_map(Value::as_str).collect();
            let detail = format!("{} must be one of: {}.", subject(pointer), values.join(", "));
            self.found.push(FieldError::new(pointer, "unknown_value", detail));
        }
    }

    fn look_at_size(&mut self, schema: &MetaSchema, number: &Number, pointer: &str) {
        let (bits, fits) = match (schema.format, number.as_i64()) {
            (Some("int32"), number) => (32, number.is_some_and(|number| i32::try_from(number).is_ok())),
            (_, number) => (64, number.is_some()),
        };
        if !fits {
            let detail = format!("{} is no number of {bits} bits.", subject(pointer));
            self.found.push(FieldError::new(pointer, "out_of_range", detail));
        }
    }

    fn missing(&mut self, name: &str, pointer: &str) {
        self.found.push(FieldError::new(format!("{pointer}/{name}"), "required", format!("'{name}' is required.")));
    }

    fn unknown(&mut self, name: &str, place: String) {
        let detail = format!("There is no field '{}'.", shortened(name));
        self.found.push(FieldError::new(place, "unknown_field", detail));
    }

    fn wrong_type(&mut self, expected: &str, pointer: &str) {
        let article = if expected.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
        let detail = format!("{} must be {article} {expected}.", subject(pointer));
        self.found.push(FieldError::new(pointer, "wrong_type", detail));
    }
}

/// Whether it is a whole number, be it larger than any that is taken. What is written as a fraction is none.
fn is_whole(number: &Number) -> bool {
    /// Two to the power of 63: such numbers have no fraction.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.abs() >= BEYOND)
}

/// What the value at this place is called.
pub fn subject(pointer: &str) -> String {
    let Some((before, name)) = pointer.rsplit_once('/') else { return "The body".to_owned() };
    let is_place = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    match before.rsplit('/').next() {
        Some(list) if is_place && !list.is_empty() => format!("'{}/{name}'", shortened(list)),
        _ if name.is_empty() => "The field without a name".to_owned(),
        _ => format!("'{}'", shortened(&name.replace("~1", "/").replace("~0", "~"))),
    }
}

/// As much of a name as is told.
fn shortened(name: &str) -> String {
    name.chars().take(MOST_TOLD).collect()
}
