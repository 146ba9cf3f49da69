//! The pages for people: the document, its browser, and what problems mean.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use poem::endpoint::make_sync;
use poem::error::NotFoundError;
use poem::web::Path;
use poem::{Endpoint, PathPattern, Request, Response, Route, get, handler};

use crate::document::{self, Version};

const PROBLEMS: &str = include_str!("../../docs/problems.md");

/// The page holds all it needs, and the browser sees to it: it may ask nobody but this API, and be shown within no other page.
const NOTHING_FROM_OUTSIDE: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
    connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds the document, `/docs` and `/problems/{code}`.
pub fn add_to(route: Route) -> Route {
    let document = |version| {
        let json = document::text(version);
        get(make_sync(move |_| kept("application/json", json.clone())))
    };
    let page = docs_page();
    route
        .at("/openapi.json", document(Version::V3_0))
        .at("/openapi.3.1.json", document(Version::V3_1))
        .at("/docs", get(make_sync(move |_| kept("text/html; charset=utf-8", page.clone()))))
        .at("/problems/:code", get(problem))
}

/// Leads `/` to the pages, and all else on. The framework takes a route at `/` for a part of what is nested there.
pub async fn or_to_docs<E: Endpoint<Output = Response>>(inner: Arc<E>, request: Request) -> poem::Result<Response> {
    if request.uri().path() != "/" || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return inner.call(request).await;
    }
    // Relative, as the API may be served below a path of its own.
    let mut response = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, "docs").finish();
    response.set_data(PathPattern("/".into()));
    Ok(response)
}

/// A text that changes only with the service itself.
fn kept(content_type: &'static str, text: String) -> Response {
    Response::builder()
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "public, max-age=60")
        .header(header::CONTENT_SECURITY_POLICY, NOTHING_FROM_OUTSIDE)
        .body(text)
}

/// Swagger UI with our document in place of the framework's.
fn docs_page() -> String {
    let service = document::operations();
    // Inside a script, only this could end it early.
    let ours = document::text(Version::V3_0).replace("</", "<\\/");
    service.swagger_ui_html().replace(&service.spec(), &ours).replace("<title>Swagger UI", "<title>Sluice API")
}

/// What a problem means: its entry of the documentation.
#[handler]
fn problem(Path(code): Path<String>) -> poem::Result<Response> {
    let entry = entry(&code).ok_or(NotFoundError)?;
    Ok(kept("text/markdown; charset=utf-8", entry))
}

/// The entry of this code.
pub fn entry(code: &str) -> Option<String> {
    let mut entries = PROBLEMS.split("\n## ").skip(1);
    let entry = entries.find(|entry| entry.lines().next() == Some(code))?;
    Some(format!("# {}\n", entry.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_explained_under_its_code() {
        let text = entry("not_pending").expect("an entry");
        assert!(text.starts_with("# not_pending\n\n409.") && !text.contains("policy_removed"), "{text}");
        assert_eq!(entry("Problems"), None);
        assert_eq!(entry(""), None);
    }

    #[test]
    fn the_page_shows_our_document_and_asks_nobody_else() {
        let page = docs_page();
        assert!(page.contains("\"openapi\": \"3.0.3\"") && !page.contains("\"openapi\": \"3.0.0\""));
        for outside in ["<script src", "<link ", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
