//! What the API refuses before it needs a database or a store: always as a problem, whoever refuses it.

use http::{HeaderMap, Method, StatusCode};
use poem::Request;
use serde_json::Value;
use sluice_common::settings::Reader;

use super::*;

/// An API whose database is away: nothing listens on port 1.
async fn api() -> impl Endpoint<Output = Response> {
    let variable = |name: &str| match name {
        "SLUICE_DATABASE_URL" => Some("postgres://sluice@127.0.0.1:1/sluice".to_owned()),
        "SLUICE_S3_BUCKET" => Some("uploads".to_owned()),
        "SLUICE_FILES_TENANT" => Some("demo".to_owned()),
        _ => None,
    };
    let settings = Settings::read(&Reader::new(&variable)).expect("usable");
    let db = Db::new(&settings.database.url, 1).expect("a URL");
    routes(&Arc::new(Service::new(db, settings).await))
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

async fn ask(
    api: &impl Endpoint<Output = Response>,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: String,
) -> Answer {
    let request =
        Request::builder().method(method).uri_str(path).header("host", "a").header(header.0, header.1).body(body);
    let response = api.get_response(request).await;
    let (parts, body) = response.into_parts();
    let text = body.into_string().await.expect("text");
    assert_eq!(parts.headers["content-type"], "application/problem+json", "{path}: {text}");
    Answer { status: parts.status, headers: parts.headers, body: serde_json::from_str(&text).expect("JSON") }
}

const JSON: (&str, &str) = ("content-type", "application/json");
const NOTHING: (&str, &str) = ("accept", "*/*");
const KEY: (&str, &str) = ("authorization", "Bearer sluice_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

#[tokio::test]
async fn whatever_is_refused_comes_as_a_problem_with_its_code() {
    let api = api().await;
    let long = format!("\"{}\"", "x".repeat(1_100_000));
    for (method, path, header, body, status, code) in [
        (Method::GET, "/nowhere", NOTHING, "", 404, "not_found"),
        (Method::GET, "/v1/uploads/", NOTHING, "", 404, "not_found"),
        (Method::GET, "/problems/none", NOTHING, "", 404, "not_found"),
        (Method::GET, "/files/%ff", NOTHING, "", 404, "not_found"),
        (Method::GET, "/files/no-id", NOTHING, "", 404, "file_not_found"),
        (Method::PUT, "/v1/uploads", NOTHING, "", 405, "method_not_allowed"),
        (Method::GET, "/v1/uploads", NOTHING, "", 401, "unauthorized"),
        (Method::GET, "/v1/uploads", KEY, "", 503, "unavailable"),
        (Method::POST, "/files/upload-url", NOTHING, "{}", 415, "unsupported_media_type"),
        (Method::POST, "/files/upload-url", ("content-type", "text/plain"), "{}", 415, "unsupported_media_type"),
        (
            Method::POST,
            "/files/upload-url",
            ("content-type", "application/json; charset=utf-16"),
            "{}",
            415,
            "unsupported_media_type",
        ),
        (Method::POST, "/files/upload-url", JSON, "", 400, "invalid_body"),
        (Method::POST, "/files/upload-url", JSON, "{", 400, "invalid_body"),
        (Method::POST, "/files/upload-url", JSON, "{}", 400, "invalid_body"),
        (Method::POST, "/files/upload-url", JSON, &long, 413, "body_too_large"),
        (Method::POST, "/files/upload-url", JSON, r#"{"filename": "", "mimeType": ""}"#, 400, "invalid_file"),
        (
            Method::POST,
            "/files/confirm",
            JSON,
            r#"{"key": "no key of ours", "filename": "a"}"#,
            404,
            "upload_not_found",
        ),
    ] {
        let answer = ask(&api, method.clone(), path, header, body.to_owned()).await;
        let got = (answer.status.as_u16(), answer.body["code"].as_str());
        assert_eq!(got, (status, Some(code)), "{method} {path}: {}", answer.body);
        assert_eq!(answer.body["request_id"], answer.headers["x-request-id"].to_str().expect("text"));
    }
}

#[tokio::test]
async fn a_refusal_says_in_its_headers_what_would_be_taken() {
    let api = api().await;
    let of = async |method, path, header| ask(&api, method, path, header, String::new()).await.headers;
    assert_eq!(of(Method::PATCH, "/v1/uploads/x", NOTHING).await["allow"], "DELETE, GET, HEAD");
    assert_eq!(of(Method::POST, "/healthz", NOTHING).await["allow"], "GET, HEAD");
    assert_eq!(of(Method::GET, "/v1/uploads", NOTHING).await["www-authenticate"], "Bearer");
    assert_eq!(of(Method::GET, "/v1/uploads", KEY).await["retry-after"], "2");
}

#[tokio::test]
async fn a_sane_request_id_is_kept_and_another_replaced() {
    let api = api().await;
    let long = "x".repeat(65);
    for (sent, kept) in [("my.id-1_2", true), ("two words", false), ("", false), (long.as_str(), false)] {
        let answer = ask(&api, Method::GET, "/nowhere", ("x-request-id", sent), String::new()).await;
        assert_eq!(answer.body["request_id"] == sent, kept, "{sent}");
    }
}
