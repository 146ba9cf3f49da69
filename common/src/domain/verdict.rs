//! Whether an object keeps what was promised: the rules that decide an upload.

use super::content::{Archive, Content, Dimensions, Fit};
use super::policy::{ActiveContent, PictureBounds};
use super::{ByteCount, Declaration, MediaType, Policy, Sha256, UnknownType};

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
    /// What the bytes that were read show.
    pub content: Content,
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
    /// It would do something by itself when it is opened.
    ActiveContent,
    /// Unpacked, it would be larger than the policy allows.
    ArchiveTooLarge,
    /// It is packed more tightly than the policy allows.
    TooCompressed,
    /// Its directory says what can't be, or what would do harm.
    ArchiveInvalid,
    /// It is wider or higher, or less so, than the policy allows.
    DimensionsNotAllowed,
    /// It has more pixels than the policy allows.
    TooManyPixels,
}

impl ReasonCode {
    /// All of them, in the order in which a verdict gives them.
    pub const ALL: [Self; 14] = [
        Self::Empty,
        Self::TooSmall,
        Self::TooLarge,
        Self::SizeMismatch,
        Self::ChecksumMismatch,
        Self::TypeNotAllowed,
        Self::TypeMismatch,
        Self::TypeUnknown,
        Self::ActiveContent,
        Self::ArchiveTooLarge,
        Self::TooCompressed,
        Self::ArchiveInvalid,
        Self::DimensionsNotAllowed,
        Self::TooManyPixels,
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
            Self::ActiveContent => "active_content",
            Self::ArchiveTooLarge => "archive_too_large",
            Self::TooCompressed => "too_compressed",
            Self::ArchiveInvalid => "archive_invalid",
            Self::DimensionsNotAllowed => "dimensions_not_allowed",
            Self::TooManyPixels => "too_many_pixels",
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
    let media_type = declared.content_type.media_type();
    // A wider name is no way round the limit of what the file is.
    let shown = seen.content.detected.media_type().map(|shown| policy.max_size_of(&shown));
    let max_size = policy.max_size_of(media_type).min(shown.unwrap_or(policy.max_size));
    if seen.size > max_size {
        broken(ReasonCode::TooLarge, format!("The file has {}; at most {max_size} are allowed.", seen.size));
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
        judge_content(policy, media_type, &seen.content, &mut broken);
    }
    if reasons.is_empty() { Verdict::Accept } else { Verdict::Reject(reasons) }
}

/// Judges what the bytes show. Of a file of another type it does not matter what else is wrong with it.
fn judge_content(
    policy: &Policy,
    declared: &MediaType,
    content: &Content,
    broken: &mut impl FnMut(ReasonCode, String),
) {
    let fit = content.detected.fits(declared);
    judge_type(policy, declared, content, fit, broken);
    if fit == Fit::No {
        return;
    }
    if policy.active_content == ActiveContent::Reject && !content.active.is_empty() {
        let what: Vec<_> = content.active.iter().map(|active| active.describe()).collect();
        broken(ReasonCode::ActiveContent, format!("The file holds {}.", what.join(" and ")));
    }
    if let Some(archive) = &content.archive {
        judge_archive(policy, archive, broken);
    }
    if policy.pictures.are_set() && declared.is_a("image") && declared.as_str() != "image/svg+xml" {
        judge_picture(policy, content.dimensions, broken);
    }
}

/// The three outcomes for a type: it is the declared one, it is another one, it can't be told.
fn judge_type(
    policy: &Policy,
    declared: &MediaType,
    content: &Content,
    fit: Fit,
    broken: &mut impl FnMut(ReasonCode, String),
) {
    match (fit, content.detected.media_type()) {
        (Fit::No, Some(found)) => {
            if !policy.allows(&found) {
                broken(
                    ReasonCode::TypeNotAllowed,
                    format!("The file is {found}, which the policy '{}' does not take.", policy.name),
                );
            }
            broken(ReasonCode::TypeMismatch, format!("{declared} was declared; the file is {found}."));
        }
        (Fit::CannotTell | Fit::No, _) if policy.unknown_type == UnknownType::Reject => {
            let hint = if declared.is_a("text") { " Text must be UTF-8." } else { "" };
            broken(ReasonCode::TypeUnknown, format!("{declared} was declared; the file's bytes don't show it.{hint}"));
        }
        (Fit::Yes | Fit::CannotTell | Fit::No, _) => {}
    }
}

/// Up to this size nobody is harmed by what an archive unpacks to, however tightly it is packed: 1 MiB.
const HARMLESS: u64 = 1024 * 1024;

/// Judges an archive by what its directory says.
fn judge_archive(policy: &Policy, archive: &Archive, broken: &mut impl FnMut(ReasonCode, String)) {
    let (unpacked, most) = (archive.unpacked, policy.max_unpacked_size);
    if i64::try_from(unpacked).map_or(true, |unpacked| unpacked > most.get()) {
        broken(
            ReasonCode::ArchiveTooLarge,
            format!("Unpacked, the file has {unpacked} bytes; at most {most} are allowed."),
        );
    } else if !archive.is_whole && policy.unknown_type == UnknownType::Reject {
        broken(ReasonCode::ArchiveTooLarge, "The archive lists more files than are looked through.".to_owned());
    }
    let ratio = u64::from(policy.max_compression_ratio);
    if unpacked > HARMLESS && unpacked > archive.packed.saturating_mul(ratio) {
        broken(
            ReasonCode::TooCompressed,
            format!("Unpacked, the file is more than {ratio} times as large as packed, which is not allowed."),
        );
    }
    if let Some(flaw) = archive.flaw {
        broken(ReasonCode::ArchiveInvalid, format!("The archive {flaw}."));
    }
}

/// Judges a picture by its width and height.
fn judge_picture(policy: &Policy, seen: Option<Dimensions>, broken: &mut impl FnMut(ReasonCode, String)) {
    let Some(seen) = seen else {
        if policy.unknown_type == UnknownType::Reject {
            let detail = "The width and height of the picture can't be read.".to_owned();
            broken(ReasonCode::DimensionsNotAllowed, detail);
        }
        return;
    };
    let PictureBounds { min_width, max_width, min_height, max_height, max_pixels } = policy.pictures;
    let is_outside = |value: u64, least: Option<u64>, most: Option<u64>| {
        least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most)
    };
    if is_outside(seen.width, min_width, max_width) || is_outside(seen.height, min_height, max_height) {
        let range = |least: Option<u64>, most: Option<u64>| {
            format!("{} to {}", least.unwrap_or(1), most.map_or("any number".to_owned(), |most| most.to_string()))
        };
        broken(
            ReasonCode::DimensionsNotAllowed,
            format!(
                "The picture is {} pixels wide and {} high; {} and {} are allowed.",
                seen.width,
                seen.height,
                range(min_width, max_width),
                range(min_height, max_height)
            ),
        );
    }
    if let Some(most) = max_pixels.filter(|most| seen.pixels() > *most) {
        let detail = format!("The picture has {} pixels; at most {most} are allowed.", seen.pixels());
        broken(ReasonCode::TooManyPixels, detail);
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::{Active, Detected};
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

        [[policy]]
        name = "lenient"
        types = ["image/png", "application/zip"]
        max_size = "100 B"
        grant_lifetime = "10m"
        finish_within = "1h"
        unknown_type = "accept"
        active_content = "accept"
        max_unpacked_size = "1 TiB"
        max_compression_ratio = 1100

        [[policy]]
        name = "pictures"
        types = ["image/*"]
        max_size = "100 B"
        max_sizes = { "image/gif" = "50 B" }
        grant_lifetime = "10m"
        finish_within = "1h"
        min_width = 10
        max_width = 100
        max_pixels = 10000
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
            content: content(detected),
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
            ("image/png", 50, Detected::Text(Vec::new()), &["type_not_allowed", "type_mismatch"]),
            ("image/png", 50, Detected::Unknown, &["type_unknown"]),
            ("text/csv", 50, Detected::Text(vec![MediaType::known("text/plain"), MediaType::known("text/csv")]), &[]),
            ("application/msword", 50, is("application/msword"), &[]),
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

    fn content(detected: Detected) -> Content {
        Content { detected, active: Vec::new(), dimensions: None, archive: None }
    }

    #[test]
    fn what_a_file_would_do_is_judged_where_it_is_of_its_type() {
        let png = declared("image/png");
        let with = |detected, policy| {
            let content = Content { active: vec![Active::Script, Active::EventHandler], ..content(detected) };
            codes(policy, &png, &Inspection { content, ..seen(50, Detected::Unknown) })
        };
        assert_eq!(with(is("image/png"), "images"), ["active_content"]);
        assert_eq!(with(is("image/png"), "lenient"), Vec::<&str>::new());
        assert_eq!(with(Detected::Unknown, "anything"), ["active_content"]);
        assert_eq!(with(is("image/jpeg"), "images"), ["type_mismatch"]);
    }

    #[test]
    fn an_archive_is_judged_by_what_it_would_become() {
        let zip = declared("application/zip");
        let archive = Archive { packed: 1 << 20, unpacked: 1 << 20, is_whole: true, flaw: None };
        let of = |archive, policy| {
            let content = Content { archive: Some(archive), ..content(is("application/zip")) };
            codes(policy, &zip, &Inspection { content, ..seen(50, Detected::Unknown) })
        };
        let table: [(Archive, &[&str], &[&str]); 7] = [
            (archive, &[], &[]),
            (Archive { unpacked: 100 << 20, ..archive }, &[], &[]),
            (Archive { unpacked: 101 << 20, ..archive }, &["too_compressed"], &[]),
            // So little harms nobody.
            (Archive { packed: 1, unpacked: 1 << 20, ..archive }, &[], &[]),
            (Archive { packed: 1 << 32, unpacked: 5 << 30, ..archive }, &["archive_too_large"], &[]),
            (Archive { is_whole: false, ..archive }, &["archive_too_large"], &[]),
            (Archive { flaw: Some("holds files that overlap"), ..archive }, &["archive_invalid"], &["archive_invalid"]),
        ];
        for (archive, strict, lenient) in table {
            assert_eq!(of(archive, "images"), strict, "{archive:?}");
            assert_eq!(of(archive, "lenient"), lenient, "{archive:?}");
        }
    }

    #[test]
    fn a_picture_is_judged_by_its_width_and_height_where_the_policy_bounds_them() {
        let of = |dimensions: Option<(u64, u64)>, policy| {
            let dimensions = dimensions.map(|(width, height)| Dimensions { width, height });
            let content = Content { dimensions, ..content(is("image/png")) };
            codes(policy, &declared("image/png"), &Inspection { content, ..seen(50, Detected::Unknown) })
        };
        assert_eq!(of(Some((9, 10)), "pictures"), ["dimensions_not_allowed"]);
        assert_eq!(of(Some((10, 10)), "pictures"), Vec::<&str>::new());
        assert_eq!(of(Some((100, 200)), "pictures"), ["too_many_pixels"]);
        assert_eq!(of(Some((101, 1)), "pictures"), ["dimensions_not_allowed"]);
        assert_eq!(of(Some((1000, 1000)), "pictures"), ["dimensions_not_allowed", "too_many_pixels"]);
        assert_eq!(of(None, "pictures"), ["dimensions_not_allowed"]);
        assert_eq!(of(None, "images"), Vec::<&str>::new());
    }

    #[test]
    fn a_type_can_have_a_lower_limit_of_its_own() {
        assert_eq!(
            codes("pictures", &declared("image/gif"), &seen(51, is("image/gif"))),
            ["too_large", "dimensions_not_allowed"]
        );
        assert_eq!(codes("lenient", &declared("image/png"), &seen(51, is("image/png"))), Vec::<&str>::new());
        // Another name for it is no way round.
        let other_name = codes("pictures", &declared("image/png"), &seen(51, is("image/gif")));
        assert!(other_name.contains(&"too_large"), "{other_name:?}");
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
