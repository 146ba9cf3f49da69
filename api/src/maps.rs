//! The maps of the wire. Each is a component with a name: some generators drop a type that holds an unnamed map.

use std::borrow::Cow;
use std::collections::BTreeMap;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::scalars::Text;

/// A map from texts to texts under its own name.
macro_rules! map {
    ($(#[doc = $doc:literal])+ $name:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name(pub BTreeMap<String, String>);

        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference(stringify!($name).to_owned())
            }

            fn register(registry: &mut Registry) {
                registry.create_schema::<Self, _>(stringify!($name).to_owned(), |_| MetaSchema {
                    description: Some(concat!($($doc),+).trim_ascii()),
                    additional_properties: Some(Box::new(Text::schema_ref())),
                    ..MetaSchema::new("object")
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                let entries = BTreeMap::<String, Text>::parse_from_json(value).map_err(ParseError::propagate)?;
                Ok(entries.into_iter().map(|(name, Text(value))| (name, value)).collect())
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                self.0.to_json()
            }
        }

        impl FromIterator<(String, String)> for $name {
            fn from_iter<Entries: IntoIterator<Item = (String, String)>>(entries: Entries) -> Self {
                Self(entries.into_iter().collect())
            }
        }
    };
}

map!(
    /// Headers to send, by name. Send exactly these, with the values given here.
    Headers
);
map!(
    /// Fields to send in a form, by name. Send exactly these, with the values given here, and the file after them.
    FormFields
);
map!(
    /// What is remembered with an upload: up to 32 entries, keys of 1 to 64 characters, values of up to 1,024. Sluice only
    /// keeps it.
    Metadata
);
