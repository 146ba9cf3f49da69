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
    /// It is a token, and the call is an operator's.
    KeyAlone,
    /// The operator's session is not known, or it has ended.
    Session,
    /// What they came with stopped working while they waited.
    Ended,
    /// It is a JWT, and no identity provider is set up.
    NoProvider,
    /// The JWT can't be read.
    UnreadableToken,
    /// The JWT's header can't be read, or names what is not taken.
    Algorithm,
    /// The JWT was not signed with any key of the provider.
    UnknownSigner,
    /// The JWT's signature is not that of its key.
    Signature,
    /// The JWT's time is over.
    ExpiredToken,
    /// The JWT's time has not come.
    EarlyToken,
    /// The JWT is somebody else's.
    Issuer,
    /// The JWT is for somebody else.
    Audience,
    /// The JWT lacks what every token must say.
    Claims,
    /// The JWT names no tenant.
    NoTenant,
    /// What the JWT names is no tenant.
    BadTenant,
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
            Self::KeyAlone => "Only an API key is taken here.",
            Self::Session => "The session has ended.",
            Self::Ended => "What the request came with has stopped working since.",
            Self::NoProvider => "This is a JWT, and this service knows no identity provider.",
            Self::UnreadableToken => "The token can not be read.",
            Self::Algorithm => "The header of the token can not be read, or it is not signed with what is taken here.",
            Self::UnknownSigner => "The token was not signed with a key that the identity provider publishes.",
            Self::Signature => "The signature of the token is wrong.",
            Self::ExpiredToken => "The token has expired.",
            Self::EarlyToken => "The token is not valid yet.",
            Self::Issuer => "The token is not from the identity provider of this service.",
            Self::Audience => "The token is not for this service: its audience is another.",
            Self::Claims => "The token lacks exp, iss or aud, or one of them or nbf can not be read.",
            Self::NoTenant => "The token names no tenant.",
            Self::BadTenant => "What the token names is no tenant: 1 to 40 of a-z, 0-9 and -.",
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
