//! The macro that makes an operation's list of problems, which is also its list of responses in the document.

use std::collections::BTreeMap;

use poem_openapi::registry::{MetaMediaType, MetaResponse};
use poem_openapi::types::Type;

use super::{CONTENT_TYPE, Kind, ProblemBody};

/// Declares the problems of one operation, next to its handler:
///
/// ```text
/// problems! {
///     /// Why a grant was not renewed.
///     pub enum RenewGrantProblem {
///         /// The upload is no longer pending.
///         409 not_pending => NotPending(detail: String),
///     }
/// }
/// ```
///
/// What any operation can meet (the database is away, the key has no such scope) becomes `Other` with `?`.
macro_rules! problems {
    (
        $(#[doc = $about:literal])+
        pub enum $name:ident {
            $( $(#[doc = $meaning:literal])+ $status:literal $code:ident => $variant:ident $(($what:ident: $particulars:ty))?, )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub enum $name {
            $( $(#[doc = $meaning])+ $variant $(($particulars))?, )*
            /// Something that any operation can meet.
            Other($crate::problem::Problem),
        }

        impl $name {
            /// The kinds of problems that are this operation's own.
            pub const KINDS: &'static [$crate::problem::Kind] = &[
                $( $crate::problem::Kind {
                    status: $status, code: stringify!($code), meaning: concat!($($meaning),+)
                }, )*
            ];
        }

        impl From<$name> for $crate::problem::Problem {
            fn from(problem: $name) -> Self {
                match problem {
                    $( $name::$variant $(($what))? => Self::new($crate::problem::Kind {
                        status: $status, code: stringify!($code), meaning: concat!($($meaning),+)
                    }) $(.with($what))?, )*
                    $name::Other(problem) => problem,
                }
            }
        }

        impl From<$name> for poem::Error {
            fn from(problem: $name) -> Self {
                $crate::problem::Problem::from(problem).into()
            }
        }

        impl<E> From<E> for $name where E: $crate::problem::Failure {
            fn from(failure: E) -> Self {
                Self::Other(failure.into_problem())
            }
        }

        impl poem_openapi::ApiResponse for $name {
            fn meta() -> poem_openapi::registry::MetaResponses {
                static BY_STATUS: std::sync::LazyLock<Vec<(u16, String)>> =
                    std::sync::LazyLock::new(|| $crate::problem::kinds_by_status($name::KINDS));
                let responses = BY_STATUS.iter().map(|(status, text)| $crate::problem::response(*status, text));
                poem_openapi::registry::MetaResponses { responses: responses.collect() }
            }

            fn register(registry: &mut poem_openapi::registry::Registry) {
                <$crate::problem::ProblemBody as poem_openapi::types::Type>::register(registry);
            }
        }
    };
}

pub(crate) use problems;

/// The statuses of these kinds, each with a text that names the codes behind it.
pub fn kinds_by_status(kinds: &[Kind]) -> Vec<(u16, String)> {
    let mut texts = BTreeMap::<u16, Vec<String>>::new();
    for kind in kinds {
        texts.entry(kind.status).or_default().push(format!("`{}`: {}", kind.code, kind.meaning.trim()));
    }
    texts.into_iter().map(|(status, lines)| (status, lines.join("\n\n"))).collect()
}

/// A response of the document that is a problem.
pub fn response(status: u16, description: &'static str) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: ProblemBody::schema_ref() }],
        headers: Vec::new(),
    }
}
