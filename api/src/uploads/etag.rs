//! `ETag` and `If-None-Match` (RFC 9110): whether a client has an upload already as it would be answered.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromParameter, ParseResult, ToJSON as _, Type};
use sluice_common::domain::Sha256;

use super::wire::Upload;
use crate::scalars::inline_schema;

/// How much of the hash an etag holds, in bytes: two states of one upload never share as much.
const LENGTH: usize = 16;

/// The etag of an upload as it is answered, with its quotes.
pub fn of(upload: &Upload) -> String {
    let hash = Sha256::of(upload.to_json_string().as_bytes()).0;
    format!("\"{}\"", BASE64.encode(&hash[..LENGTH]))
}

/// The etags that a client has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IfNoneMatch(Option<String>);

impl IfNoneMatch {
    /// Whether the client has any, and so asks for what is another one.
    pub fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the client has this one. Ours have no comma inside, so whatever a list holds is told apart by commas.
    pub fn has(&self, etag: &str) -> bool {
        let is_it = |one: &str| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag;
        self.0.as_deref().is_some_and(|list| list.split(',').map(str::trim).any(is_it))
    }
}

// A header that may be left out.
inline_schema!(IfNoneMatch, MetaSchema::new("string"), false);

impl ParseFromParameter for IfNoneMatch {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        Ok(Self(Some(value.to_owned())))
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(headers: I) -> ParseResult<Self> {
        let lists: Vec<A> = headers.into_iter().collect();
        let lists: Vec<&str> = lists.iter().map(AsRef::as_ref).collect();
        Ok::<_, ParseError<Self>>(Self((!lists.is_empty()).then(|| lists.join(","))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uploads::examples;

    #[test]
    fn an_etag_is_that_of_the_answer_and_changes_with_it() {
        let pending = of(&examples::pending().into());
        assert_eq!(pending, of(&examples::pending().into()));
        assert_ne!(pending, of(&examples::confirmed().into()));
        assert!(pending.starts_with('"') && pending.ends_with('"') && pending.len() == 24, "{pending}");
    }

    #[test]
    fn an_etag_is_found_in_any_list_that_names_it() {
        let read = |headers: &[&str]| IfNoneMatch::parse_from_parameters(headers).expect("never refused");
        for headers in [&["\"a\""][..], &["W/\"a\""], &["*"], &["\"b\" , \"a\""], &["\"b\"", "\"a\""]] {
            assert!(read(headers).has("\"a\""), "{headers:?}");
        }
        for headers in [&[][..], &[""], &["a"], &["\"b\""], &["\"b\",\"aa\""]] {
            assert!(!read(headers).has("\"a\""), "{headers:?}");
        }
        assert!(!read(&[]).is_given());
    }
}
