//! Whether what the bytes show is what was declared.

use super::table;
use crate::domain::MediaType;

/// What the bytes show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// Exactly this type.
    Type(MediaType),
    /// One of these, the likeliest first; which one, the bytes that were read don't tell.
    OneOf(Vec<MediaType>),
    /// Text without a magic number. It fits these kinds of those that can be checked, the likeliest first, and any that can't.
    Text(Vec<MediaType>),
    /// A container of this type; what is in it was not seen.
    Container(MediaType),
    /// Nothing that is known.
    Unknown,
}

/// Whether a file is of the type that was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It is.
    Yes,
    /// It is another.
    No,
    /// The bytes don't tell.
    CannotTell,
}

impl Detected {
    /// Exactly this type, by its name.
    pub(super) fn known(name: &str) -> Self {
        Self::Type(MediaType::known(name))
    }

    /// One of these types, by their names.
    pub(super) fn one_of(names: &[&str]) -> Self {
        Self::OneOf(names.iter().map(|name| MediaType::known(name)).collect())
    }

    /// The type shown, or the likeliest of several.
    pub fn media_type(&self) -> Option<MediaType> {
        match self {
            Self::Type(shown) | Self::Container(shown) => Some(shown.clone()),
            Self::OneOf(kinds) => kinds.first().cloned(),
            Self::Text(kinds) => Some(kinds.first().cloned().unwrap_or_else(|| MediaType::known("text/plain"))),
            Self::Unknown => None,
        }
    }

    /// Whether a file that shows this is one of the declared type.
    pub fn fits(&self, declared: &MediaType) -> Fit {
        let shows = |shown: &MediaType| shown == declared || table::passes_for(shown, declared);
        match self {
            Self::Type(shown) if shows(shown) => Fit::Yes,
            Self::OneOf(kinds) if kinds.iter().any(shows) => Fit::Yes,
            Self::Text(kinds) if kinds.iter().any(shows) => Fit::Yes,
            Self::Container(shown) if table::is_kept_in(declared, shown) => Fit::CannotTell,
            Self::Text(_) if table::is_any_text(declared) => Fit::Yes,
            Self::Text(_) if !table::is_checked(declared) && !table::is_told(declared) => Fit::CannotTell,
            // Who declares nothing is believed only where there is nothing to be seen.
            Self::Unknown if declared.as_str() == "application/octet-stream" => Fit::Yes,
            Self::Unknown => Fit::CannotTell,
            _ => Fit::No,
        }
    }

    /// Whether it is a picture made of pixels.
    pub(super) fn is_picture(&self) -> bool {
        self.media_type().is_some_and(|shown| shown.is_a("image") && shown.as_str() != "image/svg+xml")
    }
}
