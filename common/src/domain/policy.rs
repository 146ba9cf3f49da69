//! The rules that uploads are made under.

mod file;

use std::time::Duration;

use serde::Deserialize;

use super::content::Wanted;
use super::{ByteCount, Declaration, LARGEST_PART, Limits, MediaType, Parts, Tenant, TenantLimits, TypePattern};

/// A named set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The types it takes.
    pub types: Vec<TypePattern>,
    /// The smallest object it takes.
    pub min_size: ByteCount,
    /// The largest object it takes of any type; see [`max_size_of`](Self::max_size_of).
    pub max_size: ByteCount,
    /// A file that is declared to be larger than this is sent in parts; without it none is.
    pub multipart_above: Option<ByteCount>,
    /// The size of parts; without it they are cut as suits the file.
    pub part_size: Option<ByteCount>,
    /// Lower limits for some types.
    pub max_sizes: Vec<(TypePattern, ByteCount)>,
    /// How long a grant can be used.
    pub grant_lifetime: Duration,
    /// How long after it was declared an upload may still arrive.
    pub finish_within: Duration,
    /// What every key begins with: nothing, or a folder's name with its `/`.
    pub key_prefix: String,
    /// Whether a size must be declared.
    pub require_size: bool,
    /// Whether a checksum must be declared.
    pub require_sha256: bool,
    /// What becomes of a file whose bytes don't show what it is.
    pub unknown_type: UnknownType,
    /// Whether a plain HTML form may send a file.
    pub form_post: bool,
    /// What becomes of a file that would do something by itself.
    pub active_content: ActiveContent,
    /// How large pictures may be.
    pub pictures: PictureBounds,
    /// How large what is in an archive may be, unpacked.
    pub max_unpacked_size: ByteCount,
    /// How many times larger than packed it may be.
    pub max_compression_ratio: u32,
}

/// What becomes of a file that would do something by itself when it is opened: scripts, macros, actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActiveContent {
    /// It is taken.
    Accept,
    /// It is rejected with `active_content`.
    #[default]
    Reject,
}

/// How large pictures may be, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureBounds {
    /// The least width.
    pub min_width: Option<u64>,
    /// The greatest width.
    pub max_width: Option<u64>,
    /// The least height.
    pub min_height: Option<u64>,
    /// The greatest height.
    pub max_height: Option<u64>,
    /// The most pixels.
    pub max_pixels: Option<u64>,
}

impl PictureBounds {
    /// Whether there is any bound.
    pub fn are_set(&self) -> bool {
        *self != Self::default()
    }
}

/// What becomes of a file whose bytes don't show what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownType {
    /// It is believed.
    Accept,
    /// It is rejected with `type_unknown`.
    #[default]
    Reject,
}

impl Policy {
    /// Whether the policy takes files of this type.
    pub fn allows(&self, media_type: &MediaType) -> bool {
        self.types.iter().any(|pattern| pattern.means(media_type))
    }

    /// The largest object of this type that the policy takes: what is said of the type, of its group, or of all.
    pub fn max_size_of(&self, media_type: &MediaType) -> ByteCount {
        let of = |is_kind: fn(&TypePattern) -> bool| {
            let limits = self.max_sizes.iter().filter(|(pattern, _)| is_kind(pattern) && pattern.means(media_type));
            limits.map(|(_, limit)| *limit).next()
        };
        of(|pattern| matches!(pattern, TypePattern::Type(_)))
            .or_else(|| of(|pattern| matches!(pattern, TypePattern::Group(_))))
            .unwrap_or(self.max_size)
    }

    /// The most bytes that can come of what is declared. Without a size a file goes in one PUT.
    pub fn reserves(&self, declared: &Declaration) -> ByteCount {
        let one_put = ByteCount::new(LARGEST_PART).expect("it is not negative");
        declared.size.unwrap_or_else(|| self.max_size_of(declared.content_type.media_type()).min(one_put))
    }

    /// What must be known of a file to judge it by this policy.
    pub fn wanted(&self) -> Wanted {
        Wanted { active_content: self.active_content == ActiveContent::Reject, dimensions: self.pictures.are_set() }
    }

    /// Into which parts a file of this size is cut, if it is to be sent in parts.
    pub fn parts(&self, size: ByteCount) -> Option<Parts> {
        self.multipart_above.filter(|above| size > *above)?;
        self.part_size.map_or_else(|| Parts::suiting(size), |part_size| Parts::new(size, part_size))
    }
}

/// All policies of a service, in the order of their file, and what tenants may use.
#[derive(Debug, Clone)]
pub struct Policies {
    list: Vec<Policy>,
    limits: TenantLimits,
}

/// Why a policy file is not usable: a sentence that names the line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

impl Policies {
    /// The policies that a service has whose operator wrote none.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../policies.toml")).expect("a test reads the built-in policies")
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// A sentence that names the line which is wrong.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::read(text)
    }

    /// The policy of this name.
    pub fn find(&self, name: &str) -> Option<&Policy> {
        self.list.iter().find(|policy| policy.name == name)
    }

    /// What the policies' keys begin with.
    pub fn key_prefixes(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|policy| policy.key_prefix.as_str())
    }

    /// The policies, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.list.iter()
    }

    /// What each tenant may use.
    pub fn limits(&self) -> &TenantLimits {
        &self.limits
    }

    /// What this tenant may use.
    pub fn limits_of(&self, tenant: &Tenant) -> Limits {
        self.limits.of(tenant)
    }

    /// The policies' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|policy| policy.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: &str) -> Result<Policies, PolicyError> {
        let (field, _) = change.split_once(" =").expect("a field");
        let lines = [
            "name = \"p\"",
            "types = [\"image/png\"]",
            "max_size = \"1 MiB\"",
            "grant_lifetime = \"10m\"",
            "finish_within = \"1 hour\"",
        ];
        let kept = lines.iter().filter(|line| !line.starts_with(&format!("{field} =")));
        let text: Vec<&str> = ["# policies", "[[policy]]"].iter().chain(kept).copied().chain([change]).collect();
        Policies::parse(&text.join("\n"))
    }

    #[test]
    fn the_built_in_policies_are_valid_and_cover_images_documents_and_video() {
        let built_in = Policies::built_in();
        assert_eq!(built_in.names().collect::<Vec<_>>(), ["images", "documents", "video"]);
        let png = MediaType::parse("image/png").expect("valid");
        assert_eq!(
            built_in.iter().find(|policy| policy.allows(&png)).map(|policy| policy.name.as_str()),
            Some("images")
        );
        let script = MediaType::parse("application/x-sh").expect("valid");
        assert!(!built_in.iter().any(|policy| policy.allows(&script)));
    }

    #[test]
    fn sizes_and_times_are_written_with_their_units() {
        let policies = with("min_size = \"2 KiB\"").expect("valid");
        let policy = policies.find("p").expect("there");
        assert_eq!((policy.min_size.get(), policy.max_size.get()), (2048, 1024 * 1024));
        assert_eq!(policy.grant_lifetime, Duration::from_mins(10));
        assert_eq!(policy.unknown_type, UnknownType::Reject);
        assert!(!policy.form_post && with("form_post = true").expect("valid").find("p").expect("there").form_post);
    }

    #[test]
    fn what_is_above_the_threshold_goes_in_parts_and_the_rest_does_not() {
        let policies = with("max_size = \"1 TiB\"\nmultipart_above = \"10 MiB\"").expect("valid");
        let policy = policies.find("p").expect("there");
        let parts =
            |mib: i64| policy.parts(ByteCount::new(mib * 1024 * 1024).expect("valid")).map(|parts| parts.count());
        assert_eq!(
            (parts(9), parts(10), parts(11), parts(33), parts(1024 * 1024)),
            (None, None, Some(1), Some(3), Some(9987))
        );
        assert!(!policy.require_size);
        let large = with("max_size = \"1 TiB\"\nmultipart_above = \"10 MiB\"\nmin_size = \"6 GiB\"").expect("valid");
        assert!(large.find("p").expect("there").require_size, "no PUT takes it");
    }

    #[test]
    fn a_group_takes_all_of_it_but_what_a_browser_would_run() {
        let policies = with("types = [\"image/*\", \"text/*\", \"application/pdf\"]").expect("valid");
        let allows =
            |name: &str| policies.find("p").expect("there").allows(&MediaType::parse(name).expect("a media type"));
        for name in ["image/png", "image/x-unheard-of", "text/csv", "text/x-c", "application/pdf"] {
            assert!(allows(name), "{name}");
        }
        for name in ["image/svg+xml", "text/html", "application/xml", "text/javascript", "application/zip", "audio/wav"]
        {
            assert!(!allows(name), "{name}");
        }
    }

    #[test]
    fn the_nearest_limit_of_size_applies() {
        let policies = with(
            "types = [\"image/*\"]\nmax_sizes = { \"image/*\" = \"2 KiB\", \"image/gif\" = \"1 KiB\", \"image/png\" = \"1 MiB\" }",
        );
        let policies = policies.expect("valid");
        let limit = |name| policies.find("p").expect("there").max_size_of(&MediaType::known(name)).get();
        assert_eq!(
            ["image/gif", "image/jpeg", "image/png", "text/plain"].map(limit),
            [1024, 2048, 1024 * 1024, 1024 * 1024]
        );
    }

    #[test]
    fn a_bad_line_is_named_with_its_number_and_what_is_wrong() {
        for (change, line, says) in [
            ("name = \"My Policy\"", 2, "a-z"),
            ("types = []", 2, "types is empty"),
            ("types = [\"png\"]", 2, "'png'"),
            ("max_size = \"six\"", 7, ""),
            ("max_size = \"6 GiB\"", 2, "set multipart_above"),
            ("max_size = \"49 TiB\"", 2, "48.8 TiB"),
            ("max_size = \"6 GiB\"\nmultipart_above = \"5.1 GiB\"", 2, "multipart_above is above"),
            ("max_size = \"6 GiB\"\nmultipart_above = \"1 GiB\"\nrequire_sha256 = true", 2, "require_sha256"),
            ("part_size = \"5 MiB\"", 2, "set multipart_above"),
            ("multipart_above = \"1 B\"\npart_size = \"4 MiB\"", 2, "between 5 MiB"),
            ("multipart_above = \"1 B\"\npart_size = \"6 GiB\"", 2, "between 5 MiB"),
            ("max_size = \"1 TiB\"\nmultipart_above = \"1 B\"\npart_size = \"5 MiB\"", 2, "10,000 parts"),
            ("min_size = \"2 MiB\"", 2, "above max_size"),
            ("grant_lifetime = \"8 days\"", 2, "7 days"),
            ("grant_lifetime = \"soon\"", 2, "grant_lifetime: 'soon' is no time like"),
            ("finish_within = \"10\"", 2, "finish_within: '10' is no time like"),
            ("grant_lifetime = \"169h\"", 2, "7 days"),
            ("grant_lifetime = \"2h\"", 2, "finish_within must be longer"),
            ("finish_within = \"0s\"", 2, "longer than nothing"),
            ("key_prefix = \"../\"", 2, "key_prefix"),
            ("key_prefix = \"incoming/\"", 2, "key_prefix"),
            ("colour = \"red\"", 8, "colour"),
            ("types = [\"application/*\"]", 2, "the groups are"),
            ("max_sizes = { \"image/gif\" = \"1 KiB\" }", 2, "'image/gif' is none of the types"),
            ("max_sizes = { \"image/png\" = \"2 MiB\" }", 2, "not between"),
            ("max_sizes = { \"png\" = \"1 KiB\" }", 2, "'png'"),
            ("active_content = \"maybe\"", 8, "maybe"),
            ("max_width = 0", 2, "at least 1"),
            ("min_width = -1", 8, ""),
            ("min_height = 9\nmax_height = 8", 2, "min_height (9) is above max_height (8)"),
            ("max_compression_ratio = 0", 2, "max_compression_ratio"),
            ("max_unpacked_size = \"99 EB\"", 2, "max_unpacked_size"),
        ] {
            let error = with(change).expect_err(change).to_string();
            assert!(error.starts_with(&format!("line {line}:")) && error.contains(says), "{change}: {error}");
        }
        assert!(Policies::parse("").expect_err("no policy").to_string().contains("[[policy]]"));
    }
}
