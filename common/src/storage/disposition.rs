//! The `content-disposition` of a download, so that a browser saves the file under the name its owner knows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 lets stand for itself, beside letters and digits.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What a browser does with a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// It is saved.
    Attachment,
    /// It is shown.
    Inline,
}

impl Disposition {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        }
    }
}

/// The header's value, with the name in ASCII for old clients (RFC 6266) and in full for all others (RFC 8187).
pub(super) fn header(disposition: Disposition, filename: &str) -> String {
    let kind = disposition.as_str();
    let plain: String = filename
        .chars()
        .map(|c| if (' '..='~').contains(&c) && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    if plain == filename {
        format!("{kind}; filename=\"{plain}\"")
    } else {
        format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(filename, ATTRIBUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_whole_and_breaks_out_of_nothing() {
        let attachment = |name| header(Disposition::Attachment, name);
        assert_eq!(header(Disposition::Inline, "photo (1).png"), "inline; filename=\"photo (1).png\"");
        assert_eq!(attachment("photo (1).png"), "attachment; filename=\"photo (1).png\"");
        assert_eq!(attachment("März.pdf"), "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz.pdf");
        assert_eq!(
            attachment("a\";b%41.txt"),
            "attachment; filename=\"a_;b_41.txt\"; filename*=UTF-8''a%22%3Bb%2541.txt"
        );
    }
}
