//! What a request comes with, told by how it is written and not by trying.

use http::{HeaderMap, header};

use super::{key, token};

/// What a request comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// Nothing, or nothing of the scheme `Bearer`.
    Nothing,
    /// What is written like an API key.
    ApiKey(&'a str),
    /// What is written like an upload's token.
    UploadToken(&'a str),
    /// What is written like a JWT: three parts, the first of which is a JSON object and so begins with `e`. Ours begin with
    /// `s`.
    Jwt(&'a str),
    /// Something else.
    Other,
}

impl<'a> Credential<'a> {
    /// What these headers hold.
    pub fn of(headers: &'a HeaderMap) -> Self {
        match bearer(headers) {
            None => Self::Nothing,
            Some(text) if text.starts_with(token::PREFIX) => Self::UploadToken(text),
            Some(text) if text.starts_with(key::PREFIX) => Self::ApiKey(text),
            Some(text) if text.starts_with('e') && text.bytes().filter(|byte| *byte == b'.').count() == 2 => {
                Self::Jwt(text)
            }
            Some(_) => Self::Other,
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, text) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        [(header::AUTHORIZATION, value.parse().expect("a header value"))].into_iter().collect()
    }

    #[test]
    fn a_credential_is_told_by_how_it_is_written() {
        for (value, credential) in [
            ("Bearer sluice_x", Credential::ApiKey("sluice_x")),
            ("bearer  sluice_x", Credential::ApiKey("sluice_x")),
            ("Bearer sluice_upload_e.y.z", Credential::UploadToken("sluice_upload_e.y.z")),
            ("Bearer eyJh.eyJz.c2ln", Credential::Jwt("eyJh.eyJz.c2ln")),
            ("Bearer eyJh.eyJz.", Credential::Jwt("eyJh.eyJz.")),
            ("Bearer eyJh.eyJz", Credential::Other),
            ("Bearer eyJh.eyJz.c.c.c", Credential::Other),
            ("Bearer ", Credential::Other),
            ("Basic eDp5", Credential::Nothing),
            ("sluice_x", Credential::Nothing),
        ] {
            assert_eq!(Credential::of(&headers(value)), credential, "{value}");
        }
        assert_eq!(Credential::of(&HeaderMap::new()), Credential::Nothing);
    }
}
