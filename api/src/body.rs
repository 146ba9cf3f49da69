//! The JSON of requests and answers.

use std::sync::Arc;

use crate::json::{self, NotJson};
use crate::problem::{FieldError, INVALID_BODY, Problem, UNSUPPORTED_MEDIA_TYPE};
use crate::service::Service;
use crate::shape;
use bytes::Bytes;
use http::header;
use poem::error::ReadBodyError;
use poem::{IntoResponse, Request, RequestBody, Response};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// The longest body of a request, in bytes: a list of 10,000 parts with their etags, generously spaced.
const MAX_LENGTH: usize = 1024 * 1024;

/// The media type of all JSON but problems. JSON has no charset to name.
const CONTENT_TYPE: &str = "application/json";

/// The body of a request.
pub struct Body<T>(pub T);

/// The body of a request that may do without one.
pub struct OptionalBody<T>(pub Option<T>);

/// The body of an answer.
pub struct Json<T>(pub T);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: CONTENT_TYPE, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        must_be_json(request)?;
        Ok(parse(&read(request, body).await?).map(Self)?)
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        Body::<T>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let bytes = read(request, body).await?;
        // Whatever its type is said to be: clients name one out of habit.
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        must_be_json(request)?;
        Ok(parse(&bytes).map(|value| Self(Some(value)))?)
    }
}

/// Reads a body to its end, for as long as a client may take.
async fn read(request: &Request, body: &mut RequestBody) -> poem::Result<Bytes> {
    let length = request.header(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    // Nobody waits for what is said to be too much.
    if length.is_some_and(|length| length > MAX_LENGTH as u64) {
        return Err(ReadBodyError::PayloadTooLarge.into());
    }
    let service: &Arc<Service> = request.data().expect("the server puts the service next to every request");
    Ok(service.hands.read(body.take()?.into_bytes_limit(MAX_LENGTH)).await??)
}

fn must_be_json(request: &Request) -> poem::Result<()> {
    let content_type = request.content_type().ok_or(ContentTypeError::ExpectContentType)?;
    if !is_json(content_type) {
        return Err(ContentTypeError::NotSupported { content_type: content_type.to_owned() }.into());
    }
    if names_another_charset(content_type) {
        let detail = "JSON is UTF-8: send it so, and leave the charset out of the content type.".to_owned();
        return Err(Problem::new(UNSUPPORTED_MEDIA_TYPE).with(detail).into());
    }
    Ok(())
}

/// Whether the bytes are said to be no UTF-8. ASCII is some.
fn names_another_charset(content_type: &str) -> bool {
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.any(|(_, charset)| {
        let charset = charset.trim().trim_matches('"');
        !["utf-8", "utf8", "us-ascii"].iter().any(|known| known.eq_ignore_ascii_case(charset))
    })
}

fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(CONTENT_TYPE))
}

/// Reads a body, or says everything that is wrong with its shape.
fn parse<T: ParseFromJSON>(bytes: &[u8]) -> Result<T, Problem> {
    let refusal = |detail: String| Problem::new(INVALID_BODY).with(detail);
    if bytes.is_empty() {
        return Err(refusal("The body is empty.".to_owned()));
    }
    let value = json::read(bytes).map_err(unread)?;
    T::parse_from_json(Some(value.clone())).map_err(|_| match shape::errors::<T>(&value) {
        // The shape is right, and yet the type refuses it: only a bound of a number is left.
        errors if errors.is_empty() => refusal(INVALID_BODY.meaning.to_owned()),
        errors => Problem::new(INVALID_BODY).with(errors),
    })
}

fn unread(why: NotJson) -> Problem {
    let refusal = Problem::new(INVALID_BODY);
    match why {
        NotJson::Syntax(why) => refusal.with(format!("The body is not JSON: {why}.")),
        NotJson::Twice(place) => {
            let detail = format!("{} is there twice.", shape::subject(&place));
            refusal.with(vec![FieldError::new(place, "duplicate_field", detail)])
        }
        NotJson::OutOfRange(place) => {
            let detail = format!("{} is too large a number.", shape::subject(&place));
            refusal.with(vec![FieldError::new(place, "out_of_range", detail)])
        }
    }
}

impl<T: Type> Payload for Json<T> {
    const CONTENT_TYPE: &'static str = CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        is_json(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON + Send> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        Response::builder().content_type(CONTENT_TYPE).body(self.0.to_json_string())
    }
}

/// The errors of one place, for tests of other modules.
#[cfg(test)]
pub fn errors_of<T: ParseFromJSON>(body: &str) -> Vec<(String, String)> {
    use poem_openapi::types::ToJSON as _;
    use serde_json::Value;

    let Err(problem) = parse::<T>(body.as_bytes()) else { return Vec::new() };
    let told = crate::problem::ProblemBody::new(problem, "").to_json().expect("an object");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = |error: &Value| (text(&error["pointer"]), text(&error["code"]));
    told["errors"].as_array().map(|errors| errors.iter().map(pairs).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_as_utf_8_and_as_nothing_else() {
        for content_type in
            ["application/json", "application/json; charset=UTF-8", "application/json;charset=\"utf8\";a=b"]
        {
            assert!(is_json(content_type) && !names_another_charset(content_type), "{content_type}");
        }
        for charset in ["utf-16", "\"utf-16\"", "iso-8859-1", "", "utf-8, utf-16"] {
            assert!(names_another_charset(&format!("application/json; x=y; Charset={charset}")), "{charset}");
        }
    }
}
