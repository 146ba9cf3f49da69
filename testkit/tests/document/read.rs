//! The API document, as tests read it: in 3.1, whose schemas are those of JSON Schema.

use jsonschema::Validator;
use serde_json::{Value, json};

/// The document.
pub struct Document(Value);

/// One operation of it.
#[derive(Clone)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// Its method, in capitals.
    pub method: String,
    /// Its path, with parameters in braces.
    pub path: String,
    /// All that the document says of it.
    pub said: Value,
}

impl Document {
    /// The one that is committed, which is the one that is served.
    pub fn committed() -> Self {
        let text = include_str!("../../../api/openapi.3.1.json");
        Self(serde_json::from_str(text).expect("the document is JSON"))
    }

    /// All operations.
    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, methods)| {
            methods.as_object().expect("methods").iter().map(|(method, said)| Operation {
                id: said["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                said: said.clone(),
            })
        });
        operations.collect()
    }

    /// The operation of this id.
    pub fn operation(&self, id: &str) -> Operation {
        self.operations().into_iter().find(|operation| operation.id == id).expect("there is such an operation")
    }

    /// All named schemas.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["components"]["schemas"].as_object().expect("schemas").iter()
    }

    /// What checks values against this schema, which may refer to named ones.
    pub fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        whole["components"] = json!({"schemas": self.0["components"]["schemas"]});
        jsonschema::options().should_validate_formats(true).build(&whole).expect("the schema is valid")
    }

    /// The example of a body: its own, or else that of its type.
    pub fn example<'a>(&'a self, media: &'a Value) -> Option<&'a Value> {
        let of_type = || {
            let name = media["schema"]["$ref"].as_str()?.rsplit('/').next()?;
            self.0["components"]["schemas"][name]["examples"].get(0)
        };
        media.get("example").or_else(of_type)
    }
}

impl Operation {
    /// Whether it is one of operators.
    pub fn is_of_operators(&self) -> bool {
        self.said["tags"][0] == "Operator"
    }

    /// Its body, if it takes one, as the document describes it.
    pub fn body(&self) -> Option<&Value> {
        self.said["requestBody"]["content"].get("application/json")
    }

    /// The body of its answer of this status, if that has one, as the document describes it.
    pub fn answer(&self, status: &str) -> Option<&Value> {
        self.said["responses"][status]["content"].as_object()?.values().next()
    }

    /// The statuses of its answers.
    pub fn statuses(&self) -> impl Iterator<Item = &str> {
        self.said["responses"].as_object().expect("responses").keys().map(String::as_str)
    }
}

/// What a value does not keep of a schema, in a sentence each.
pub fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}
