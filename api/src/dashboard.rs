//! The operators' page: its files as the build has put them into this program, and what browsers are told of them.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use http::{HeaderName, HeaderValue, StatusCode, header};
use poem::endpoint::make_sync;
use poem::error::NotFoundError;
use poem::{IntoResponse as _, Request, Response, Route, get};
use poem_openapi::types::ParseFromParameter as _;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::uploads::IfNoneMatch;

/// What `./dev` builds from `api/dashboard/`. The program is whole without it.
#[derive(RustEmbed)]
#[folder = "dashboard/dist"]
#[allow_missing = true]
struct Built;

/// The page itself. It finds out by the address what to show, so it answers every address that no file has.
const PAGE: &str = "index.html";

/// The folder of the files whose names hold a hash of what is in them: these never change.
const ASSETS: &str = "assets/";

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// Said where the program was built without the page. Nothing in it needs a script or a style.
const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>Sluice: no dashboard</title>
<h1>The dashboard was not built</h1>
<p>This program was built without it. <code>./dev up</code> builds and starts everything. By hand, with Node.js 20.19 or newer:
<pre>cd api/dashboard
npm ci
npm run build
cargo build -p sluice-api</pre>
<p>Everything else works without it: the API is described at <a href=\"/docs\">/docs</a>.
</html>
";

/// Adds `/dashboard` and all below it. Pictures may come from this origin, the store's, as well.
pub fn add_to(route: Route, store: &str) -> Route {
    let headers = told(store);
    let page = move || {
        let headers = headers.clone();
        get(make_sync(move |request| answer(&request, &headers)))
    };
    route.at("/dashboard", page()).at("/dashboard/*path", page())
}

type Told = [(HeaderName, HeaderValue); 4];

/// What browsers are told with everything: what the page may load, where it may be shown, and what it tells others of itself.
fn told(store: &str) -> Told {
    // An origin that could say anything else in a policy is none.
    let is_origin = store.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(&byte));
    let store = if is_origin { store } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' {store}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("it is plain ASCII");
    [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ]
}

fn answer(request: &Request, told: &Told) -> poem::Result<Response> {
    let path = request.path_params::<String>().unwrap_or_default();
    let mut response = match find(&path) {
        Found::File(name, file) => whole_or_unchanged(request, &name, file),
        Found::Nothing => return Err(NotFoundError.into()),
        Found::NotBuilt => {
            Response::builder().status(StatusCode::NOT_FOUND).content_type("text/html; charset=utf-8").body(NOT_BUILT)
        }
    };
    response.headers_mut().extend(told.clone());
    Ok(response)
}

enum Found {
    File(String, EmbeddedFile),
    Nothing,
    NotBuilt,
}

fn find(path: &str) -> Found {
    let file = |name: &str| Built::get(name).map(|file| Found::File(name.to_owned(), file));
    match path {
        _ if Built::get(PAGE).is_none() => Found::NotBuilt,
        asset if asset.starts_with(ASSETS) => file(asset).unwrap_or(Found::Nothing),
        _ => file(PAGE).unwrap_or(Found::NotBuilt),
    }
}

/// The file, smaller if the browser can unpack it, or that what the browser has is still right.
fn whole_or_unchanged(request: &Request, name: &str, file: EmbeddedFile) -> Response {
    let packed = Built::get(&format!("{name}.gz")).filter(|_| takes_gzip(request));
    let is_packed = packed.is_some();
    let file = packed.unwrap_or(file);
    let etag = format!("\"{}\"", BASE64.encode(file.metadata.sha256_hash()));
    let mut response = if has(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut whole = Response::builder().content_type(content_type(name)).body(bytes_of(file.data));
        if is_packed {
            whole.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        whole
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("it is plain ASCII"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, if name.starts_with(ASSETS) { FOREVER } else { ASK_FIRST });
    response
}

fn bytes_of(content: Cow<'static, [u8]>) -> bytes::Bytes {
    match content {
        Cow::Borrowed(bytes) => bytes::Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn takes_gzip(request: &Request) -> bool {
    let mut lists = request.headers().get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    let is_gzip = |one: &str| match one.split_once(';') {
        None => one.trim() == "gzip",
        Some((name, weight)) => {
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            name.trim() == "gzip" && weight.is_some_and(|weight| weight > 0.0)
        }
    };
    lists.any(|list| list.split(',').any(is_gzip))
}

fn has(request: &Request, etag: &str) -> bool {
    let lists = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    IfNoneMatch::parse_from_parameters(lists).is_ok_and(|known| known.has(etag))
}

/// Of the kinds that the build makes. With `nosniff` a browser takes any other for what it is called here.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
