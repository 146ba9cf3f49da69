//! How a plain HTML form sends a file.

use super::NotA;

/// That an upload is sent by a form, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where the store leads the browser when it has taken the file.
    pub redirect_to: Option<RedirectUrl>,
}

/// An absolute URL of a page, written as URLs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUrl(String);

impl RedirectUrl {
    /// The longest one, in bytes.
    pub const MAX_LENGTH: usize = 1024;

    /// Reads a URL.
    ///
    /// # Errors
    /// A sentence saying what such a URL looks like.
    pub fn parse(url: &str) -> Result<Self, NotA> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if url.len() > Self::MAX_LENGTH {
            Err(NotA("a URL to lead to has at most 1,024 characters"))
        } else if host.is_empty() {
            Err(NotA("a URL to lead to begins with https:// or http:// and a host"))
        } else if !url.bytes().all(|b| b.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&b)) {
            Err(NotA("a URL holds no spaces and only characters that URLs may hold; encode the others"))
        } else {
            Ok(Self(url.to_owned()))
        }
    }

    /// One that was taken earlier, by the rules of its time.
    pub fn recorded(url: String) -> Self {
        Self(url)
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absolute_url_of_a_page_leads_somewhere() {
        for good in ["https://a.example/done?order=7#x", "http://localhost:3000", "https://a.example/%C3%BC"] {
            assert_eq!(RedirectUrl::parse(good).map(|url| url.as_str().to_owned()), Ok(good.to_owned()));
        }
        let long = format!("https://a.example/{}", "x".repeat(1024));
        for bad in ["", "/done", "//a.example", "javascript:alert(1)", "https://", "https:///x", "https://a b", &long] {
            assert!(RedirectUrl::parse(bad).is_err(), "{bad}");
        }
        for bad in ["https://a.example/ü", "https://a.example/${filename}", "https://a.example/\r\nx"] {
            assert!(RedirectUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
