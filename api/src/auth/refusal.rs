//! Why somebody is not let in: what they are told, and nothing that helps to guess.

use http::{HeaderValue, header};

use crate::problem::{Kind, Problem};

/// Who calls is not known.
pub const UNAUTHORIZED: Kind = Kind {
    status: 401,
    code: "unauthorized",
    meaning: "Send a valid API key or your identity provider's token as `Authorization: Bearer …`, or where it is taken an \
              upload's token. `detail` says what is wrong with this one.",
};

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They came with nothing.
    Nothing,
    /// What they came with is written like nothing that is taken.
    Unreadable,
    /// There is no such API key.
    UnknownKey,
    /// The API key's time is over.
    ExpiredKey,
    /// The API key was revoked.
    RevokedKey,
    /// The upload's token was not signed by us, or its time is over.
    UploadToken,
    /// It is an upload's token, and the call reaches more than one upload.
    UploadTokenElsewhere,
}

impl Refusal {
    /// What they are told. It also goes into a header: plain ASCII, without quotes.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Nothing => "The request has no header Authorization: Bearer.",
            Self::Unreadable => "This is neither an API key nor a token.",
            Self::UnknownKey => "There is no such API key.",
            Self::ExpiredKey => "The API key has expired.",
            Self::RevokedKey => "The API key was revoked.",
            Self::UploadToken => "The upload token was not signed by this service, or it has expired.",
            Self::UploadTokenElsewhere => "An upload token is not taken here.",
        }
    }
}

impl From<Refusal> for Problem {
    /// The problem, with the challenge that RFC 6750 asks for: without an error where nothing was sent.
    fn from(refusal: Refusal) -> Self {
        let sentence = refusal.sentence();
        let challenge = match refusal {
            Refusal::Nothing => "Bearer".to_owned(),
            _ => format!("Bearer error=\"invalid_token\", error_description=\"{sentence}\""),
        };
        let challenge = HeaderValue::from_str(&challenge).expect("a sentence is plain ASCII");
        Self::new(UNAUTHORIZED).with(sentence.to_owned()).with_header(header::WWW_AUTHENTICATE, challenge)
    }
}
