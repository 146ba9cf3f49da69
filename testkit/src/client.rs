//! A client of the API, as an application would write one.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{Feed, File, TestUpload};

/// How long a stream may go on: as long as a test.
const LONG: Duration = Duration::from_mins(5);

/// A client with one API key, or none.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: Option<String>,
}

/// What the API answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body, if it was JSON.
    pub body: Value,
}

impl Answer {
    /// The answer, which must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The problem's code, where the answer is a problem of this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        answer.text("code").to_owned()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A text of the body.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text '{field}' in {}", self.body))
    }
}

impl Client {
    /// A client of the API at this URL.
    pub fn new(url: &str, key: Option<&str>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("the client's settings are valid");
        Self { http, url: url.trim_end_matches('/').to_owned(), key: key.map(str::to_owned) }
    }

    /// Sends a request, as JSON if there is a body.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("the API answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("the whole answer arrives");
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Opens a stream of uploads. One that is refused is an answer like any other.
    pub async fn watch(&self, query: &str, headers: &[(&str, &str)]) -> Result<Feed, Answer> {
        self.watch_at(&format!("/v1/uploads/events{query}"), headers).await
    }

    /// Opens the stream at this path.
    pub async fn watch_at(&self, path: &str, headers: &[(&str, &str)]) -> Result<Feed, Answer> {
        let mut request = self.http.get(format!("{}{path}", self.url)).timeout(LONG);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("the API answers");
        if response.status().is_success() {
            return Ok(Feed::new(response));
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("the whole answer arrives");
        Err(Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
    }

    /// Opens a stream and waits until it has begun.
    pub async fn watching(&self, query: &str) -> Feed {
        let mut feed = self.watch(query, &[]).await.expect("the stream is opened");
        feed.begun().await;
        feed
    }

    /// Opens a stream behind an event.
    pub async fn watching_behind(&self, query: &str, id: &str) -> Feed {
        self.watch(query, &[("last-event-id", id)]).await.expect("the stream is opened")
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Posts JSON to a path.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// Posts nothing to a path.
    pub async fn call(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None, &[]).await
    }

    /// Deletes a path.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// Declares a file with its name, type and size.
    pub async fn declare(&self, file: &File) -> TestUpload {
        self.declare_as(&json!({"filename": file.name, "content_type": file.content_type, "size": file.bytes.len()}))
            .await
    }

    /// Declares an upload in these words.
    pub async fn declare_as(&self, declaration: &Value) -> TestUpload {
        let created = self.post("/v1/uploads", declaration).await.expect(201);
        TestUpload::new(self.clone(), created.body)
    }
}
