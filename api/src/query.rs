//! The parameters of a query: one that the operation does not take is most likely a typing error, and one that comes twice means
//! two things. Both are refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;
use percent_encoding::percent_decode_str;
use poem::{Endpoint, Middleware, Request};
use serde_json::Value;

use crate::json::piece;
use crate::problem::{FieldError, INVALID_PARAMETER, Problem};
use crate::shape::MOST_TOLD;

/// Whether queries are checked at this path. The clients of the tutorial may add what they like.
pub fn is_strict(path: &str) -> bool {
    path.starts_with("/v1/")
}

/// Wraps the operations.
pub struct Queries(Arc<Vec<Operation>>);

/// The wrapped operations.
pub struct Wrapped<E> {
    inner: E,
    operations: Arc<Vec<Operation>>,
}

struct Operation {
    method: String,
    template: String,
    parameters: BTreeSet<String>,
}

impl Queries {
    /// Those of the document.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(template, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(|(method, operation)| Operation {
                method: method.to_ascii_uppercase(),
                template: template.clone(),
                parameters: query_parameters(operation),
            })
        });
        Self(Arc::new(operations.collect()))
    }
}

fn query_parameters(operation: &Value) -> BTreeSet<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let of_query = parameters.filter(|parameter| parameter["in"] == "query");
    of_query.filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned).collect()
}

impl<E: Endpoint> Middleware<E> for Queries {
    type Output = Wrapped<E>;

    fn transform(&self, inner: E) -> Wrapped<E> {
        Wrapped { inner, operations: Arc::clone(&self.0) }
    }
}

impl<E: Endpoint> Endpoint for Wrapped<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<E::Output> {
        if let Some(query) = request.original_uri().query()
            && let Some(operation) = find(&self.operations, request.method(), request.original_uri().path())
            && let Some(wrong) = wrong(operation, query)
        {
            return Err(Problem::new(INVALID_PARAMETER).with(vec![wrong]).into());
        }
        self.inner.call(request).await
    }
}

/// The operation at this path, if there is one and it is strict. A path without parameters goes before one with.
fn find<'a>(operations: &'a [Operation], method: &Method, path: &str) -> Option<&'a Operation> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let mut fitting =
        operations.iter().filter(|operation| operation.method == method && fits(&operation.template, path));
    fitting.clone().find(|operation| operation.template == path).or_else(|| fitting.next()).filter(|_| is_strict(path))
}

fn fits(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template.split('/').zip(path.split('/')).all(|(part, given)| part.starts_with('{') || part == given)
}

/// The first parameter that the operation does not take, or does not take again.
fn wrong(operation: &Operation, query: &str) -> Option<FieldError> {
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).filter(|name| !name.is_empty());
    let names = names.map(|name| percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned());
    let mut seen = BTreeSet::new();
    names.into_iter().find_map(|name| match () {
        () if !operation.parameters.contains(&name) => Some(unknown(operation, &name)),
        () if seen.contains(&name) => Some(duplicate(&name)),
        () => {
            seen.insert(name);
            None
        }
    })
}

fn unknown(operation: &Operation, name: &str) -> FieldError {
    let known: Vec<_> = operation.parameters.iter().map(String::as_str).collect();
    let name: String = name.chars().take(MOST_TOLD).collect();
    let detail = match &known[..] {
        [] => format!("There is no parameter '{name}': this operation takes none."),
        [only] => format!("There is no parameter '{name}', only '{only}'."),
        known => format!("There is no parameter '{name}'. There are: {}.", known.join(", ")),
    };
    let place = format!("/{}", piece(&name));
    FieldError::new(place, "unknown_parameter", detail)
}

fn duplicate(name: &str) -> FieldError {
    let detail = format!("The parameter '{name}' is there twice.");
    FieldError::new(format!("/{name}"), "duplicate_parameter", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of what is wrong, and its code.
    fn refused(method: Method, path: &str, query: &str) -> Option<(String, String)> {
        let Queries(operations) = Queries::of(&crate::document::document());
        wrong(find(&operations, &method, path)?, query).map(|error| (error.pointer, error.code))
    }

    #[test]
    fn a_parameter_is_taken_where_the_document_has_it() {
        for (method, path, query, name) in [
            (Method::GET, "/v1/uploads", "limit=1&status=pending&&cursor=x", None),
            (Method::GET, "/v1/uploads", "limit=1&Limit=1", Some("Limit")),
            (Method::HEAD, "/v1/uploads", "page=1", Some("page")),
            (Method::POST, "/v1/uploads", "limit=1", Some("limit")),
            (Method::GET, "/v1/uploads/events", "after=x", None),
            (Method::GET, "/v1/uploads/019b3f7e", "after=x", Some("after")),
            (Method::GET, "/v1/uploads/019b3f7e/parts", "%6cimit=1", None),
            (Method::GET, "/v1/uploads/019b3f7e/parts", "limit+=1&%ff", Some("limit ")),
            (Method::GET, "/v1/uploads/019b3f7e/nowhere", "a=b", None),
            (Method::GET, "/files/019b3f7e", "utm_source=mail", None),
        ] {
            let expected = name.map(|name| (format!("/{name}"), "unknown_parameter".to_owned()));
            assert_eq!(refused(method, path, query), expected, "{path}?{query}");
        }
    }

    #[test]
    fn a_parameter_is_taken_once() {
        let twice = Some(("/limit".to_owned(), "duplicate_parameter".to_owned()));
        for query in ["limit=1&limit=1", "limit=1&status=pending&%6cimit", "limit&limit=2"] {
            assert_eq!(refused(Method::GET, "/v1/uploads", query), twice, "{query}");
        }
        assert_eq!(refused(Method::GET, "/files/019b3f7e", "a=1&a=2"), None);
    }

    #[test]
    fn what_there_is_instead_is_said() {
        let Queries(operations) = Queries::of(&crate::document::document());
        let said = |method, path| {
            wrong(find(&operations, &method, path).expect("there is one"), "nope").expect("it is wrong").detail
        };
        assert_eq!(said(Method::GET, "/v1/usage"), "There is no parameter 'nope': this operation takes none.");
        assert_eq!(said(Method::DELETE, "/v1/operator/dead-events"), "There is no parameter 'nope', only 'up_to'.");
        assert!(said(Method::GET, "/v1/uploads").contains("There are: "));
    }
}
