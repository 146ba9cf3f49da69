//! What is at which path: its template for logs, and the methods it takes.

use std::collections::HashMap;

use http::HeaderValue;
use serde_json::Value;

/// The paths that are not operations of the document.
const OTHERS: [&str; 10] = [
    "/",
    "/docs",
    "/openapi.json",
    "/openapi.3.1.json",
    "/problems/:code",
    "/healthz",
    "/readyz",
    "/metrics",
    "/dashboard",
    "/dashboard/*path",
];

/// The paths that are asked by machines, every few seconds.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Whether this path is asked by machines: it is answered whatever else there is to do.
pub fn is_probe(path: &str) -> bool {
    PROBES.contains(&path)
}

/// A path that something is at.
pub struct Known {
    /// As the document writes it: `/v1/uploads/{upload_id}`.
    pub template: String,
    /// The methods it takes, for the header `Allow`.
    pub allow: HeaderValue,
    /// Whether it is asked all the time.
    pub is_probe: bool,
}

/// All of them, by the pattern that the framework calls them by.
pub struct Paths(HashMap<String, Known>);

impl Paths {
    /// The paths of the document, and the others.
    pub fn of(document: &Value) -> Self {
        let operations = document["paths"].as_object().into_iter().flatten();
        let operations = operations.map(|(template, methods)| {
            let methods = methods.as_object().into_iter().flat_map(|methods| methods.keys().map(String::as_str));
            (pattern(template), Known { template: template.clone(), allow: allow(methods), is_probe: false })
        });
        let others = OTHERS.map(|path| {
            let known = Known { template: path.to_owned(), allow: allow(["get"]), is_probe: is_probe(path) };
            (path.to_owned(), known)
        });
        Self(operations.chain(others).collect())
    }

    /// What is known of the path of this pattern.
    pub fn find(&self, pattern: Option<&str>) -> Option<&Known> {
        self.0.get(pattern?)
    }
}

/// The framework calls path parameters by their place.
fn pattern(template: &str) -> String {
    let mut place = 0..;
    let part = |part: &str| match part.strip_prefix('{') {
        Some(_) => format!(":param{}", place.next().expect("there is always another number")),
        None => part.to_owned(),
    };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whatever answers GET answers HEAD too.
fn allow<'a>(methods: impl IntoIterator<Item = &'a str>) -> HeaderValue {
    let mut methods: Vec<_> = methods.into_iter().map(str::to_ascii_uppercase).collect();
    if methods.iter().any(|method| method == "GET") {
        methods.push("HEAD".to_owned());
    }
    methods.sort();
    HeaderValue::from_str(&methods.join(", ")).expect("methods are plain ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_by_its_pattern_with_its_methods() {
        let paths = Paths::of(&crate::document::document());
        let upload = paths.find(Some("/v1/uploads/:param0")).expect("known");
        assert_eq!((upload.template.as_str(), &upload.allow), ("/v1/uploads/{upload_id}", &allow(["get", "delete"])));
        assert_eq!(upload.allow, "DELETE, GET, HEAD");
        assert_eq!(paths.find(Some("/v1/uploads/:param0/complete")).expect("known").allow, "POST");
        assert!(paths.find(Some("/readyz")).expect("known").is_probe);
        assert!(paths.find(Some("")).is_none());
    }
}
