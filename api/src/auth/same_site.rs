//! Whether a request that comes with a cookie was made by a page of ours (CSRF).

use http::{HeaderMap, Method, header};

use super::with_challenge;
use crate::problem::{Kind, Problem};

/// A page of somebody else sent it, or nobody can tell.
pub const CROSS_SITE: Kind = Kind {
    status: 403,
    code: "cross_site",
    meaning: "With an operator's cookie, methods other than GET are taken from pages of the API's own origin alone. A program \
              sends `X-Sluice-Operator: 1`, or an API key.",
};

/// What a program sends that is no browser: no page of another origin can, as the API allows none to.
const OWN_HEADER: &str = "x-sluice-operator";

/// Refuses what changes something and does not come from a page of ours.
///
/// Browsers say where a request comes from (`Sec-Fetch-Site`), and where they don't, from which origin. The cookie itself is
/// `SameSite=Strict`, which leaves out pages of other sites, but not those of a neighbouring host.
///
/// # Errors
/// The problem.
pub fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || is_own(headers) {
        return Ok(());
    }
    Err(with_challenge(Problem::new(CROSS_SITE)))
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            origin.split_once("://").is_some_and(|(_, host)| Some(host) == text(header::HOST.as_str()))
        }
        (None, None) => headers.contains_key(OWN_HEADER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), header::HeaderValue::from_static(value)));
        check(&method, &headers.collect()).is_ok()
    }

    #[test]
    fn only_a_page_of_ours_or_a_program_that_says_so_changes_anything() {
        for (headers, is_admitted) in [
            (&[][..], false),
            (&[("x-sluice-operator", "1")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site"), ("x-sluice-operator", "1")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://a.example"), ("host", "a.example")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "https://a.example"), ("host", "a.example")], true),
            (&[("origin", "https://b.example"), ("host", "a.example"), ("x-sluice-operator", "1")], false),
            (&[("origin", "null"), ("host", "a.example")], false),
            (&[("origin", "null")], false),
        ] {
            assert_eq!(admits(Method::POST, headers), is_admitted, "{headers:?}");
            assert_eq!(admits(Method::DELETE, headers), is_admitted, "{headers:?}");
            assert!(admits(Method::GET, headers) && admits(Method::HEAD, headers));
        }
    }
}
