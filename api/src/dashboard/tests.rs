//! What is at `/dashboard`, with the page and without it.

use http::Method;
use poem::{Endpoint as _, EndpointExt as _};

use super::*;

const STORE: &str = "https://uploads.s3.eu-west-1.amazonaws.com";

async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri_str(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    add_to(Route::new(), STORE).map_to_response().get_response(request.finish()).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.header(name).unwrap_or_default()
}

/// Whether this program was built with the page, which `./dev test` sees to.
fn is_built() -> bool {
    Built::get(PAGE).is_some()
}

#[tokio::test]
async fn every_address_shows_the_page_or_how_to_build_it() {
    for path in
        ["/dashboard", "/dashboard/", "/dashboard/uploads/0199a6b0-0000-7000-8000-000000000000", "/dashboard/a.b"]
    {
        let response = ask(Method::GET, path, &[]).await;
        assert_eq!(response.status(), if is_built() { 200 } else { 404 }, "{path}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        let text = response.into_body().into_string().await.expect("text");
        let expected = if is_built() { "<script type=\"module\"" } else { "npm run build" };
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_browser_may_load_nothing_from_elsewhere_but_pictures_from_the_store() {
    let response = ask(Method::GET, "/dashboard", &[]).await;
    let policy = header(&response, "content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "style-src 'self';",
        "connect-src 'self';",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        &format!("img-src 'self' {STORE};"),
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header(&response, "referrer-policy"), "no-referrer");
    let [(_, policy), ..] = told("https://x; script-src *");
    assert!(!policy.to_str().expect("text").contains('*'), "{policy:?}");
}

#[tokio::test]
async fn files_that_never_change_are_kept_for_ever_and_the_page_is_asked_for() {
    for name in Built::iter().filter(|name| !name.ends_with(".gz")) {
        let path = if name == PAGE { "/dashboard".to_owned() } else { format!("/dashboard/{name}") };
        let whole = ask(Method::GET, &path, &[]).await;
        let kept = header(&whole, "cache-control");
        assert_eq!(kept, if name == PAGE { "no-cache" } else { "public, max-age=31536000, immutable" }, "{name}");
        assert_ne!(header(&whole, "content-type"), "application/octet-stream", "{name}");
        let etag = header(&whole, "etag").to_owned();
        let again = ask(Method::GET, &path, &[("if-none-match", &format!("\"x\", {etag}"))]).await;
        assert_eq!((again.status(), header(&again, "etag")), (StatusCode::NOT_MODIFIED, etag.as_str()));
        let packed =
            ask(Method::GET, &path, &[("accept-encoding", "br;q=1, gzip;q=0.5"), ("if-none-match", &etag)]).await;
        assert_eq!(packed.status(), 200, "{name}: packed it is another representation");
        assert_eq!((header(&packed, "content-encoding"), header(&packed, "vary")), ("gzip", "accept-encoding"));
        let refused = ask(Method::GET, &path, &[("accept-encoding", "gzip;q=0")]).await;
        assert_eq!(header(&refused, "content-encoding"), "");
        let length = whole.into_body().into_vec().await.expect("bytes").len();
        let head = ask(Method::HEAD, &path, &[]).await;
        assert_eq!((head.status(), header(&head, "content-type")), (StatusCode::OK, header(&refused, "content-type")));
        assert_eq!(refused.into_body().into_vec().await.expect("bytes").len(), length);
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_the_page() {
    let response = ask(Method::GET, "/dashboard/assets/old-1234.js", &[]).await;
    assert_eq!(response.status(), 404);
    let is_page = header(&response, "content-type") == "text/html; charset=utf-8";
    assert_eq!(is_page, !is_built(), "without the page it is told how to build it");
    let above = ask(Method::GET, "/dashboard/assets/..%2f..%2fsrc%2fmain.tsx", &[]).await;
    assert_eq!(above.status(), 404);
}
