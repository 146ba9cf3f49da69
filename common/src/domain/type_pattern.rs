//! Which types a line of a policy means.

use std::fmt;

use super::MediaType;
use super::content::is_script;

/// A type, or a group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypePattern {
    /// This type alone.
    Type(MediaType),
    /// `image/*`: all of the group but what a browser would run, which must be named.
    Group(String),
}

impl TypePattern {
    /// Types that a browser or a server would run, beside scripts, which no group takes in.
    const RUN: &[&str] = &[
        "image/svg+xml",
        "text/html",
        "text/vbscript",
        "text/x-component",
        "text/x-jsp",
        "text/x-scriptlet",
        "text/x-server-parsed-html",
        "text/x-vbscript",
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
            Self::Group(group) => {
                let runs = Self::RUN.contains(&media_type.as_str()) || is_script(media_type);
                media_type.is_a(group) && !runs
            }
        }
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(own) => own.fmt(f),
            Self::Group(group) => write!(f, "{group}/*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_holds_what_runs() {
        let text = TypePattern::parse("text/*").expect("a group");
        for script in [
            "text/html",
            "text/javascript",
            "text/ecmascript",
            "text/jscript",
            "text/vbscript",
            "text/x-awk",
            "text/x-bat",
            "text/x-ecmascript",
            "text/x-jsp",
            "text/x-lua",
            "text/x-ms-regedit",
            "text/x-perl",
            "text/x-php",
            "text/x-python",
            "text/x-ruby",
            "text/x-shellscript",
            "text/x-tcl",
            "text/xml",
            "text/xsl",
        ] {
            assert!(!text.means(&MediaType::known(script)), "{script}");
        }
        for words in ["text/plain", "text/csv", "text/markdown", "text/x-c", "text/x-java"] {
            assert!(text.means(&MediaType::known(words)), "{words}");
        }
        assert!(!TypePattern::parse("image/*").expect("a group").means(&MediaType::known("image/svg+xml")));
    }

    #[test]
    fn the_list_holds_usual_names_only() {
        for name in TypePattern::RUN {
            assert_eq!(MediaType::known(name).as_str(), *name);
        }
    }
}
