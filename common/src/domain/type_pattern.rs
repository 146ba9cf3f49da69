//! Which types a line of a policy means.

use super::MediaType;

/// A type, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypePattern {
    /// This type alone.
    Type(MediaType),
    /// `image/*`: all of the group but what a browser would run, which must be named.
    Group(String),
}

impl TypePattern {
    /// Types that a browser or a server would run, which no group takes in.
    const RUN: &[&str] = &[
        "image/svg+xml",
        "text/ecmascript",
        "text/html",
        "text/javascript",
        "text/x-bat",
        "text/x-jsp",
        "text/x-perl",
        "text/x-php",
        "text/x-python",
        "text/x-ruby",
        "text/x-shellscript",
        "text/xml",
    ];

    /// Reads `image/png` or `image/*`.
    ///
    /// # Errors
    /// A sentence saying which groups there are, or what a type looks like.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_suffix("/*") {
            Some(group) if ["image", "audio", "video", "font", "text"].contains(&group) => {
                Ok(Self::Group(group.to_owned()))
            }
            Some(_) => Err("the groups are image/*, audio/*, video/*, font/* and text/*".to_owned()),
            None => MediaType::parse(text).map(Self::Type).map_err(|why| why.to_string()),
        }
    }

    /// Whether a type is meant.
    pub(super) fn means(&self, media_type: &MediaType) -> bool {
        match self {
            Self::Type(own) => own == media_type,
            Self::Group(group) => media_type.is_a(group) && !Self::RUN.contains(&media_type.as_str()),
        }
    }
}
