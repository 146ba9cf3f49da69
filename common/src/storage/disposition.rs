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

/// `attachment`, with the name in ASCII for old clients (RFC 6266) and in full for all others (RFC 8187).
pub(super) fn attachment(filename: &str) -> String {
    let plain: String = filename
        .chars()
        .map(|c| if (' '..='~').contains(&c) && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    if plain == filename {
        format!("attachment; filename=\"{plain}\"")
    } else {
        format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(filename, ATTRIBUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_whole_and_breaks_out_of_nothing() {
        assert_eq!(attachment("photo (1).png"), "attachment; filename=\"photo (1).png\"");
        assert_eq!(attachment("März.pdf"), "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz.pdf");
        assert_eq!(
            attachment("a\";b%41.txt"),
            "attachment; filename=\"a_;b_41.txt\"; filename*=UTF-8''a%22%3Bb%2541.txt"
        );
    }
}
