//! Whatever a stranger sends, no operation fails, and each answer is one that the document has.

use std::collections::HashMap;

use jsonschema::Validator;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};
use serde_json::{Value, json};
use sluice_testkit::{World, files, seed};

use super::read::{Document, Operation, faults};

/// Names the seed, where it is to be another than ever: the same requests find again what was found.
const SEED: &str = "SLUICE_TEST_HOSTILE_SEED";

/// How many requests each operation gets.
const EACH: usize = 20;

/// Texts that have broken something somewhere.
const ODD: [&str; 16] = [
    "",
    " ",
    "\0",
    "null",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "NaN",
    "../../etc/passwd",
    "'; DROP TABLE uploads; --",
    "\u{202e}gnp.exe",
    "\u{fffd}\u{10ffff}",
    "%s%n",
    "{{7*7}}",
    "2026-13-45T99:99:99Z",
];

struct Stranger {
    rng: StdRng,
    id: String,
    key: String,
    operator: String,
}

impl Stranger {
    fn odds(&mut self, of: f64) -> bool {
        self.rng.random_bool(of)
    }

    fn text(&mut self) -> String {
        match self.rng.random_range(0..4) {
            0 => "a".repeat(self.rng.random_range(1..2000)),
            1 => (0..self.rng.random_range(0..20)).map(|_| self.rng.random::<char>()).collect(),
            2 => self.id.clone(),
            _ => (*ODD.choose(&mut self.rng).expect("some")).to_owned(),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.rng.random_range(0..200)).map(|_| self.rng.random()).collect()
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.rng.random_range(0..if depth > 3 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => self.rng.random::<bool>().into(),
            2 => self.rng.random::<i64>().into(),
            3 => self.rng.random::<f64>().into(),
            4 => self.text().into(),
            5 => (0..self.rng.random_range(0..4)).map(|_| self.json(depth + 1)).collect(),
            _ => (0..self.rng.random_range(0..4)).map(|_| (self.text(), self.json(depth + 1))).collect(),
        }
    }

    /// Puts something else into a good value.
    fn spoil(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) if !fields.is_empty() && self.odds(0.8) => {
                let name = fields.keys().nth(self.rng.random_range(0..fields.len())).expect("one").clone();
                self.spoil(&mut fields[&name]);
            }
            Value::Object(fields) if self.odds(0.5) => {
                fields.insert(self.text(), self.json(0));
            }
            Value::Array(values) if !values.is_empty() && self.odds(0.8) => {
                let place = self.rng.random_range(0..values.len());
                self.spoil(&mut values[place]);
            }
            other => *other = self.json(0),
        }
    }

    fn body(&mut self, example: Option<&Value>) -> Vec<u8> {
        match (self.rng.random_range(0..10), example) {
            (0, _) => self.bytes(),
            (1, _) => b"[".repeat(self.rng.random_range(1..20_000)),
            (2, Some(example)) => {
                let whole = example.to_string();
                whole.as_bytes()[..self.rng.random_range(0..whole.len())].to_vec()
            }
            (3, _) => self.json(0).to_string().into_bytes(),
            (_, Some(example)) => {
                let mut spoiled = example.clone();
                (0..self.rng.random_range(0..4)).for_each(|_| self.spoil(&mut spoiled));
                spoiled.to_string().into_bytes()
            }
            _ => Vec::new(),
        }
    }

    /// A path of the operation, with its parameters one segment long whatever they hold.
    fn url(&mut self, base: &str, operation: &Operation) -> Url {
        let mut url = Url::parse(base).expect("a URL");
        let parts: Vec<String> = operation
            .path
            .split('/')
            .skip(1)
            .map(|part| match part.strip_prefix('{') {
                Some(_) if self.odds(0.6) => self.id.clone(),
                // Those that URLs take for a way up are other paths.
                Some(_) => format!("x{}", self.text()),
                None => part.to_owned(),
            })
            .collect();
        url.path_segments_mut().expect("it has a path").clear().extend(parts);
        let parameters: Vec<Value> = operation.said["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
            if self.odds(0.3) {
                let value = self.text();
                url.query_pairs_mut().append_pair(parameter["name"].as_str().expect("a name"), &value);
            }
        }
        if self.odds(0.1) {
            let (name, value) = (self.text(), self.text());
            url.query_pairs_mut().append_pair(&name, &value);
        }
        if self.odds(0.05) {
            url.set_query(Some("%ff&=&&%00=%&limit"));
        }
        url
    }

    /// A value that HTTP lets through.
    fn header(&mut self) -> HeaderValue {
        let bytes = if self.odds(0.5) { self.text().into_bytes() } else { self.bytes() };
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte >= b' ' && *byte != 0x7f).take(500).collect();
        HeaderValue::from_bytes(&bytes).expect("such bytes may be sent")
    }

    fn request(
        &mut self,
        http: &reqwest::Client,
        base: &str,
        operation: &Operation,
        example: Option<&Value>,
    ) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
        let mut request = http.request(method, self.url(base, operation));
        let body = self.body(example);
        if example.is_some() || self.odds(0.1) {
            request = request.body(body);
        }
        if example.is_some() && self.odds(0.9) {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request = match self.rng.random_range(0..20) {
            0 => request,
            1 => request.header("authorization", self.header()),
            2 => request.bearer_auth(format!("sluice_upload_{}", "e30.".repeat(3))),
            _ if operation.is_of_operators() => request.bearer_auth(&self.operator),
            _ => request.bearer_auth(&self.key),
        };
        let parameters = operation.said["parameters"].as_array().cloned().unwrap_or_default();
        let named = parameters.iter().filter(|parameter| parameter["in"] == "header");
        let named = named.filter_map(|parameter| parameter["name"].as_str());
        for name in named.chain(["x-request-id", "content-type", "origin", "accept", "range"]) {
            // One that waits would only be slow.
            if self.odds(0.15) {
                request = request.header(HeaderName::try_from(name).expect("a name"), self.header());
            }
        }
        request
    }
}

/// What checks the bodies of an operation's answers, by their status.
fn validators(document: &Document, operation: &Operation) -> HashMap<String, Validator> {
    let statuses = operation.statuses().filter_map(|status| Some((status, operation.answer(status)?)));
    statuses.map(|(status, media)| (status.to_owned(), document.validator(&media["schema"]))).collect()
}

async fn holds(operation: &Operation, validators: &HashMap<String, Validator>, asked: &str, answer: Response) {
    let status = answer.status();
    let told = format!("{} answered {status} to {asked}", operation.id);
    assert!(!status.is_server_error(), "{told}");
    assert!(operation.statuses().any(|known| known == status.as_str()), "{told}, which is not documented");
    assert!(answer.headers().contains_key("x-request-id"), "{told}");
    let content_type = answer.headers().get(CONTENT_TYPE).map(|value| value.to_str().expect("a text").to_owned());
    if status.is_client_error() {
        assert_eq!(content_type.as_deref(), Some("application/problem+json"), "{told}");
    }
    // A stream has no end.
    if content_type.as_deref() == Some("text/event-stream") {
        return;
    }
    if let Some(validator) = validators.get(status.as_str()) {
        let body: Value = answer.json().await.unwrap_or_else(|error| panic!("{told}: {error}"));
        assert_eq!(faults(validator, &body), [""; 0], "{told}: {body}");
    }
}

#[tokio::test]
async fn whatever_is_sent_no_operation_fails_and_every_answer_is_documented() {
    let world = World::build().without_worker().with("SLUICE_FILES_WAIT", "1").start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let key = world.key("acme", &["uploads:write", "uploads:read"]).await;
    let operator = world.key_of_all(&["operator", "operator:read"]).await;
    let mut stranger = Stranger { rng: StdRng::seed_from_u64(seed(SEED)), id: upload.id().to_owned(), key, operator };
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    let document = Document::committed();
    for operation in document.operations() {
        let validators = validators(&document, &operation);
        let example = operation.body().and_then(|media| document.example(media));
        for _ in 0..EACH {
            let request = stranger.request(&http, &world.url(), &operation, example).build().expect("a request");
            let asked = format!(
                "{request:?} with {:?}",
                request.body().and_then(reqwest::Body::as_bytes).map(String::from_utf8_lossy)
            );
            let answer = http.execute(request).await.expect("there is an answer");
            holds(&operation, &validators, &asked, answer).await;
        }
    }
    world.end().await;
}

#[tokio::test]
async fn what_leads_nowhere_is_a_problem_too() {
    let world = World::build().without_worker().start().await;
    let nobody = String::new;
    let mut stranger =
        Stranger { rng: StdRng::seed_from_u64(seed(SEED)), id: nobody(), key: nobody(), operator: nobody() };
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
    let document = Document::committed();
    let problem = document.validator(&json!({"$ref": "#/components/schemas/Problem"}));
    let starts = ["", "v1", "v1/uploads", "files", "problems", "docs", "openapi.json"];
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::POST,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::TRACE,
    ];
    for _ in 0..300 {
        let mut url = Url::parse(&world.url()).expect("a URL");
        let start = *starts.choose(&mut stranger.rng).expect("some");
        let rest: Vec<_> = (0..stranger.rng.random_range(0..3)).map(|_| stranger.text()).collect();
        url.path_segments_mut().expect("it has a path").clear().extend(start.split('/')).extend(rest);
        let method = methods.choose(&mut stranger.rng).expect("some").clone();
        let told = format!("{method} {url}");
        let answer = http.request(method.clone(), url).body(stranger.bytes()).send().await.expect("there is an answer");
        assert!(!answer.status().is_server_error(), "{told}: {}", answer.status());
        if answer.status().is_client_error() {
            assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json", "{told}");
            if method != Method::HEAD {
                assert_eq!(faults(&problem, &answer.json().await.expect("JSON")), [""; 0], "{told}");
            }
        }
    }
    world.end().await;
}
