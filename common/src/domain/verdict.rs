//! Whether an object keeps what was promised: the rules that decide an upload.

use super::{ByteCount, Declaration, Detected, MediaType, Policy, Sha256, UnknownType};

/// What was seen in the bucket with one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The whole size.
    pub size: ByteCount,
    /// The etag, opaque, with its quotes.
    pub etag: String,
    /// The version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The checksum, where the whole object was read. Of a larger one it is bound by the grant: the store checks it.
    pub sha256: Option<Sha256>,
    /// What the first bytes show.
    pub detected: Detected,
}

/// What is decided about an upload whose object is there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The object keeps what was promised.
    Accept,
    /// It does not, for all of these reasons.
    Reject(Vec<Reason>),
}

/// One thing that is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Which rule was broken.
    pub code: ReasonCode,
    /// The same for people.
    pub detail: String,
}

/// The rules that an object can break. The list is closed; clients and dashboards may match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// It has no bytes.
    Empty,
    /// It is smaller than the policy allows.
    TooSmall,
    /// It is larger than the policy allows.
    TooLarge,
    /// Its size is not the declared one.
    SizeMismatch,
    /// Its checksum is not the declared one.
    ChecksumMismatch,
    /// It is of a type that the policy does not take.
    TypeNotAllowed,
    /// It is of another type than declared.
    TypeMismatch,
    /// Its bytes don't show what it is.
    TypeUnknown,
}

impl ReasonCode {
    /// All of them, in the order in which a verdict gives them.
    pub const ALL: [Self; 8] = [
        Self::Empty,
        Self::TooSmall,
        Self::TooLarge,
        Self::SizeMismatch,
        Self::ChecksumMismatch,
        Self::TypeNotAllowed,
        Self::TypeMismatch,
        Self::TypeUnknown,
    ];

    /// The code, as it is stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::SizeMismatch => "size_mismatch",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::TypeMismatch => "type_mismatch",
            Self::TypeUnknown => "type_unknown",
        }
    }

    /// The reason of this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

/// Judges an object by its policy and by what was declared of it.
pub fn judge(policy: &Policy, declared: &Declaration, seen: &Inspection) -> Verdict {
    let mut reasons = Vec::new();
    let mut broken = |code, detail| reasons.push(Reason { code, detail });

    if seen.size == ByteCount::ZERO {
        broken(ReasonCode::Empty, "The file is empty.".to_owned());
    } else if seen.size < policy.min_size {
        broken(ReasonCode::TooSmall, format!("The file has {}; at least {} are required.", seen.size, policy.min_size));
    }
    if seen.size > policy.max_size {
        broken(ReasonCode::TooLarge, format!("The file has {}; at most {} are allowed.", seen.size, policy.max_size));
    }
    if let Some(size) = declared.size
        && size != seen.size
    {
        broken(ReasonCode::SizeMismatch, format!("{size} were declared; the file has {}.", seen.size));
    }
    if let (Some(promised), Some(found)) = (declared.sha256, seen.sha256)
        && promised != found
    {
        broken(
            ReasonCode::ChecksumMismatch,
            format!("SHA-256 {} was declared; the file's is {}.", promised.to_hex(), found.to_hex()),
        );
    }
    // An empty file shows no type, and saying so would only repeat that it is empty.
    if seen.size != ByteCount::ZERO {
        judge_type(policy, declared.content_type.media_type(), &seen.detected, broken);
    }
    if reasons.is_empty() { Verdict::Accept } else { Verdict::Reject(reasons) }
}

/// The three outcomes for a type: it is the declared one, it is another one, it can't be told.
fn judge_type(policy: &Policy, declared: &MediaType, detected: &Detected, mut broken: impl FnMut(ReasonCode, String)) {
    match detected {
        Detected::Type(found) if found == declared => {}
        // The head shows the container, and not what is in it.
        Detected::Type(found) if declared.is_kept_in(found) => {}
        Detected::Text if declared.is_text_without_magic() => {}
        Detected::Type(_) | Detected::Text => {
            let found = detected.media_type().expect("both show a type");
            if !policy.allows(&found) {
                broken(
                    ReasonCode::TypeNotAllowed,
                    format!("The file is {found}, which the policy '{}' does not take.", policy.name),
                );
            }
            broken(ReasonCode::TypeMismatch, format!("{declared} was declared; the file is {found}."));
        }
        Detected::Unknown => match policy.unknown_type {
            UnknownType::Accept => {}
            UnknownType::Reject => {
                let hint = if declared.is_text_without_magic() { " Text must be UTF-8." } else { "" };
                broken(
                    ReasonCode::TypeUnknown,
                    format!("{declared} was declared; the file's bytes don't show it.{hint}"),
                );
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ContentType, FileName, Policies};
    use super::*;

    const POLICIES: &str = r#"
        [[policy]]
        name = "images"
        types = ["image/png", "image/jpeg", "text/csv", "application/msword", "application/zip"]
        min_size = "10 B"
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "i/"

        [[policy]]
        name = "anything"
        types = ["image/png"]
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        key_prefix = "a/"
        unknown_type = "accept"
    "#;

    fn declared(content_type: &str) -> Declaration {
        Declaration {
            filename: FileName::parse("a").expect("valid"),
            content_type: ContentType::parse(content_type).expect("valid"),
            size: None,
            sha256: None,
        }
    }

    fn seen(size: i64, detected: Detected) -> Inspection {
        Inspection {
            size: ByteCount::new(size).expect("not negative"),
            etag: "\"e\"".to_owned(),
            version_id: None,
            sha256: Some(Sha256::of(b"found")),
            detected,
        }
    }

    fn codes(policy: &str, declared: &Declaration, seen: &Inspection) -> Vec<&'static str> {
        let policies = Policies::parse(POLICIES).expect("valid policies");
        match judge(policies.find(policy).expect("there"), declared, seen) {
            Verdict::Accept => Vec::new(),
            Verdict::Reject(reasons) => reasons.iter().map(|reason| reason.code.as_str()).collect(),
        }
    }

    fn is(name: &str) -> Detected {
        Detected::Type(MediaType::known(name))
    }

    #[test]
    fn each_rule_is_judged_on_its_own_and_all_that_apply_are_given() {
        let png = declared("image/png");
        let table: [(&str, i64, Detected, &[&str]); 16] = [
            ("image/png", 50, is("image/png"), &[]),
            ("image/png", 10, is("image/png"), &[]),
            ("image/png", 100, is("image/png"), &[]),
            ("image/jpg", 50, is("image/jpeg"), &[]),
            ("image/png", 0, Detected::Unknown, &["empty"]),
            ("image/png", 9, is("image/png"), &["too_small"]),
            ("image/png", 101, is("image/png"), &["too_large"]),
            ("image/png", 50, is("image/jpeg"), &["type_mismatch"]),
            ("image/png", 50, is("text/x-shellscript"), &["type_not_allowed", "type_mismatch"]),
            ("image/png", 50, Detected::Text, &["type_not_allowed", "type_mismatch"]),
            ("image/png", 50, Detected::Unknown, &["type_unknown"]),
            ("text/csv", 50, Detected::Text, &[]),
            ("application/msword", 50, is("application/x-ole-storage"), &[]),
            ("application/msword", 50, is("application/zip"), &["type_mismatch"]),
            ("application/zip", 50, is("application/msword"), &["type_mismatch"]),
            ("image/png", 9, is("text/html"), &["too_small", "type_not_allowed", "type_mismatch"]),
        ];
        for (content_type, size, detected, expected) in table {
            let seen = seen(size, detected);
            assert_eq!(codes("images", &declared(content_type), &seen), expected, "{content_type} {seen:?}");
        }
        assert_eq!(codes("anything", &png, &seen(50, Detected::Unknown)), Vec::<&str>::new());
    }

    #[test]
    fn a_declared_size_binds_to_the_byte() {
        let with_size =
            |size| Declaration { size: Some(ByteCount::new(size).expect("valid")), ..declared("image/png") };
        let seen = seen(50, is("image/png"));
        assert_eq!(codes("images", &with_size(50), &seen), Vec::<&str>::new());
        assert_eq!(codes("images", &with_size(49), &seen), ["size_mismatch"]);
        assert_eq!(codes("images", &with_size(51), &seen), ["size_mismatch"]);
    }

    #[test]
    fn a_declared_checksum_binds_wherever_the_object_shows_one() {
        let with_sum = |sum| Declaration { sha256: Some(sum), ..declared("image/png") };
        let shown = seen(50, is("image/png"));
        assert_eq!(codes("images", &with_sum(Sha256::of(b"found")), &shown), Vec::<&str>::new());
        assert_eq!(codes("images", &with_sum(Sha256::of(b"other")), &shown), ["checksum_mismatch"]);
        // The store enforced the signed checksum when it took the bytes; there is nothing to compare here.
        let hidden = Inspection { sha256: None, ..shown };
        assert_eq!(codes("images", &with_sum(Sha256::of(b"other")), &hidden), Vec::<&str>::new());
    }

    #[test]
    fn every_reason_is_found_under_its_own_code() {
        for reason in ReasonCode::ALL {
            assert_eq!(ReasonCode::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(ReasonCode::parse("ugly"), None);
    }
}
