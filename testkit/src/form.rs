//! A form as a browser sends it.

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::upload::{Refusal, refusal};

/// What browsers of one family put between the parts, with digits of its own each time.
const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// The form of a grant, to be changed and sent.
#[derive(Debug, Clone)]
pub struct TestForm {
    url: String,
    fields: Vec<(String, String)>,
}

impl TestForm {
    pub(crate) fn of(grant: &Value) -> Self {
        assert_eq!((&grant["kind"], &grant["method"]), (&"post".into(), &"POST".into()), "{grant}");
        let fields = grant["fields"].as_object().expect("fields").iter();
        let field =
            |(name, value): (&String, &Value)| (name.clone(), value.as_str().expect("a field's value").to_owned());
        Self { url: grant["url"].as_str().expect("a URL").to_owned(), fields: fields.map(field).collect() }
    }

    /// A field's value.
    pub fn field(&self, name: &str) -> &str {
        &self.fields.iter().find(|(this, _)| this == name).unwrap_or_else(|| panic!("there is no field {name}")).1
    }

    /// The same form with another value in a field, or with a field more.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut form = self.without(name);
        form.fields.push((name.to_owned(), value.to_owned()));
        form
    }

    /// The same form without a field.
    pub fn without(&self, name: &str) -> Self {
        let kept = self.fields.iter().filter(|(this, _)| this != name);
        Self { url: self.url.clone(), fields: kept.cloned().collect() }
    }

    /// Sends it with a file of these bytes. It must be taken.
    pub async fn send(&self, bytes: &[u8]) -> Response {
        self.try_send(bytes).await.expect("the store takes what was granted")
    }

    /// Sends it with a file of these bytes.
    ///
    /// # Errors
    /// The store's refusal.
    pub async fn try_send(&self, bytes: &[u8]) -> Result<Response, Refusal> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.expect("the client's settings are valid");
        let response = self.request(&http, bytes).send().await.expect("the store answers");
        match response.status() {
            StatusCode::SEE_OTHER => Ok(response),
            status if status.is_success() => Ok(response),
            _ => Err(refusal(response).await),
        }
    }

    /// What a browser would send.
    pub(crate) fn request(&self, http: &reqwest::Client, bytes: &[u8]) -> reqwest::RequestBuilder {
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        http.post(&self.url).header("content-type", content_type).body(self.body(bytes))
    }

    fn body(&self, bytes: &[u8]) -> Vec<u8> {
        let part = |name: &str, more: &str| {
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
        };
        let fields = self.fields.iter().map(|(name, value)| format!("{}{value}\r\n", part(name, "")));
        // A browser says of the file what it thinks of it, which is nobody's promise.
        let file = part("file", "; filename=\"C:\\fakepath\\a.png\"\r\nContent-Type: application/octet-stream");
        let head = fields.collect::<String>() + &file;
        [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
    }
}
