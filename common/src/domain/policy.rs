//! The rules that uploads are made under, read from a file.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use toml::Spanned;

use super::content::Wanted;
use super::{ByteCount, LARGEST_OBJECT, LARGEST_PART, MOST_PARTS, MediaType, Parts, SMALLEST_PART, TypePattern};

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

/// All policies of a service, in the order of their file.
#[derive(Debug, Clone)]
pub struct Policies(Vec<Policy>);

/// Why a policy file is not usable: a sentence that names the line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

/// The longest a signed URL can live: 7 days, the limit of Signature Version 4.
const LONGEST_GRANT: Duration = Duration::from_hours(7 * 24);

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
        let file: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            PolicyError(format!("line {line}: {}", error.message()))
        })?;
        let mut policies: Vec<Policy> = Vec::new();
        for raw in file.policy {
            let line = line_of(text, raw.span().start);
            let name = raw.get_ref().name.clone();
            let policy =
                raw.into_inner().check().map_err(|why| PolicyError(format!("line {line}: policy '{name}': {why}")))?;
            if policies.iter().any(|other| other.name == policy.name) {
                return Err(PolicyError(format!("line {line}: there is another policy named '{name}'")));
            }
            policies.push(policy);
        }
        if policies.is_empty() {
            return Err(PolicyError("line 1: there is no [[policy]]".to_owned()));
        }
        Ok(Self(policies))
    }

    /// The policy of this name.
    pub fn find(&self, name: &str) -> Option<&Policy> {
        self.0.iter().find(|policy| policy.name == name)
    }

    /// What the policies' keys begin with.
    pub fn key_prefixes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|policy| policy.key_prefix.as_str())
    }

    /// The policies, in the order of their file.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.0.iter()
    }

    /// The policies' names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|policy| policy.name.as_str())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    policy: Vec<Spanned<Raw>>,
}

/// A policy as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    types: Vec<String>,
    #[serde(default = "one_byte")]
    min_size: ByteSize,
    max_size: ByteSize,
    multipart_above: Option<ByteSize>,
    part_size: Option<ByteSize>,
    #[serde(default)]
    max_sizes: BTreeMap<String, ByteSize>,
    grant_lifetime: String,
    finish_within: String,
    #[serde(default)]
    key_prefix: String,
    #[serde(default)]
    require_size: bool,
    #[serde(default)]
    require_sha256: bool,
    #[serde(default)]
    unknown_type: UnknownType,
    #[serde(default)]
    form_post: bool,
    #[serde(default)]
    active_content: ActiveContent,
    min_width: Option<u64>,
    max_width: Option<u64>,
    min_height: Option<u64>,
    max_height: Option<u64>,
    max_pixels: Option<u64>,
    #[serde(default = "four_gibibytes")]
    max_unpacked_size: ByteSize,
    #[serde(default = "a_hundred")]
    max_compression_ratio: u32,
}

fn one_byte() -> ByteSize {
    ByteSize::b(1)
}

fn four_gibibytes() -> ByteSize {
    ByteSize::gib(4)
}

fn a_hundred() -> u32 {
    100
}

impl Raw {
    fn check(self) -> Result<Policy, String> {
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let prefix_fits = self.key_prefix.is_empty()
            || self.key_prefix.strip_suffix('/').is_some_and(|folders| folders.split('/').all(word));
        let (grant_lifetime, finish_within) =
            (duration("grant_lifetime", &self.grant_lifetime)?, duration("finish_within", &self.finish_within)?);

        if !word(&self.name) || self.name.len() > 40 {
            return Err("a policy's name is 1 to 40 of a-z, 0-9 and '-'".to_owned());
        }
        if !prefix_fits || self.key_prefix.starts_with("incoming/") {
            return Err(
                "key_prefix is empty, or names of a-z, 0-9 and '-' each followed by '/', and not below incoming/"
                    .to_owned(),
            );
        }
        if self.types.is_empty() {
            return Err("types is empty, so nothing could be uploaded".to_owned());
        }
        if self.min_size > self.max_size {
            return Err(format!("min_size ({}) is above max_size ({})", self.min_size, self.max_size));
        }
        self.check_sizes()?;
        if grant_lifetime > LONGEST_GRANT {
            return Err("grant_lifetime is above 7 days, the most that a signed URL can live".to_owned());
        }
        if finish_within <= grant_lifetime {
            return Err(
                "finish_within must be longer than grant_lifetime, so that a PUT that began in time can finish"
                    .to_owned(),
            );
        }
        let pictures = self.pictures()?;
        let types = self.types()?;
        let max_sizes = self.max_sizes(&types)?;
        if self.max_compression_ratio == 0 {
            return Err("max_compression_ratio must be at least 1".to_owned());
        }
        let max_unpacked_size = count(self.max_unpacked_size).ok_or("max_unpacked_size is more than any file has")?;
        let size = |bytes: ByteSize| count(bytes).expect("no more than an object has");
        Ok(Policy {
            types,
            max_sizes,
            pictures,
            max_unpacked_size,
            max_compression_ratio: self.max_compression_ratio,
            active_content: self.active_content,
            name: self.name,
            min_size: size(self.min_size),
            max_size: size(self.max_size),
            multipart_above: self.multipart_above.map(size),
            part_size: self.part_size.map(size),
            grant_lifetime,
            finish_within,
            key_prefix: self.key_prefix,
            // Without a size a file goes in one PUT, and none as large as this fits.
            require_size: self.require_size || self.min_size.as_u64() > LARGEST_PART.unsigned_abs(),
            require_sha256: self.require_sha256,
            unknown_type: self.unknown_type,
            form_post: self.form_post,
        })
    }
}

impl Raw {
    /// Whether a store takes files and parts of these sizes.
    fn check_sizes(&self) -> Result<(), String> {
        let bytes = |count: i64| ByteSize::b(count.unsigned_abs());
        let (one_put, most) = (bytes(LARGEST_PART), self.max_size);
        if most > bytes(LARGEST_OBJECT) {
            return Err("max_size is above 48.8 TiB, the most that a store takes: 10,000 parts of 5 GiB".to_owned());
        }
        let Some(above) = self.multipart_above else {
            return match self.part_size {
                Some(_) => Err("part_size is for files sent in parts: set multipart_above, too".to_owned()),
                None if most > one_put => Err(
                    "max_size is above 5 GiB, the most that a store takes in one PUT: set multipart_above, for what is \
                     larger to be sent in parts"
                        .to_owned(),
                ),
                None => Ok(()),
            };
        };
        if above > one_put {
            return Err("multipart_above is above 5 GiB, the most that a store takes in one PUT".to_owned());
        }
        if self.require_sha256 && most > above {
            return Err(
                "require_sha256 can't be kept above multipart_above: a store checks the SHA-256 of parts, not of what \
                 they make"
                    .to_owned(),
            );
        }
        let Some(part_size) = self.part_size else { return Ok(()) };
        if !(bytes(SMALLEST_PART)..=one_put).contains(&part_size) {
            return Err("part_size must be between 5 MiB and 5 GiB".to_owned());
        }
        if part_size.as_u64().saturating_mul(MOST_PARTS.unsigned_abs()) < most.as_u64() {
            return Err(format!(
                "part_size ({part_size}) is too small: max_size ({most}) would take more than 10,000 parts"
            ));
        }
        Ok(())
    }

    fn types(&self) -> Result<Vec<TypePattern>, String> {
        let types = self.types.iter();
        types.map(|name| TypePattern::parse(name).map_err(|why| format!("types: '{name}': {why}"))).collect()
    }

    /// The limits of some types: each for a type that is taken, and below the limit of all.
    fn max_sizes(&self, types: &[TypePattern]) -> Result<Vec<(TypePattern, ByteCount)>, String> {
        let read = |(name, limit): (&String, &ByteSize)| {
            let pattern = TypePattern::parse(name).map_err(|why| format!("max_sizes: '{name}': {why}"))?;
            let is_taken = match &pattern {
                TypePattern::Type(media_type) => types.iter().any(|taken| taken.means(media_type)),
                TypePattern::Group(group) => types.iter().any(|taken| match taken {
                    TypePattern::Type(media_type) => media_type.is_a(group),
                    TypePattern::Group(other) => other == group,
                }),
            };
            if !is_taken {
                return Err(format!("max_sizes: '{name}' is none of the types"));
            }
            if *limit > self.max_size || *limit < self.min_size {
                return Err(format!("max_sizes: '{name}': {limit} is not between min_size and max_size"));
            }
            Ok((pattern, count(*limit).expect("at most 5 GiB")))
        };
        self.max_sizes.iter().map(read).collect()
    }

    fn pictures(&self) -> Result<PictureBounds, String> {
        let Self { min_width, max_width, min_height, max_height, max_pixels, .. } = *self;
        if [min_width, max_width, min_height, max_height, max_pixels].contains(&Some(0)) {
            return Err("a width, a height or a number of pixels is at least 1".to_owned());
        }
        for (least, most, what) in [(min_width, max_width, "width"), (min_height, max_height, "height")] {
            if let (Some(least), Some(most)) = (least, most)
                && least > most
            {
                return Err(format!("min_{what} ({least}) is above max_{what} ({most})"));
            }
        }
        Ok(PictureBounds { min_width, max_width, min_height, max_height, max_pixels })
    }
}

/// Reads a time as it is written in a policy: `10m`, `1h 30m`, `7 days`. A day has 24 hours.
fn duration(field: &str, text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let time = span.ok().and_then(|time| Duration::try_from(time).ok());
    let time = time.ok_or_else(|| format!("{field}: '{text}' is no time like '10m', '1h 30m' or '7 days'"))?;
    if time.is_zero() { Err(format!("{field} must be longer than nothing")) } else { Ok(time) }
}

fn count(bytes: ByteSize) -> Option<ByteCount> {
    i64::try_from(bytes.as_u64()).ok().and_then(|bytes| ByteCount::new(bytes).ok())
}

/// The line, counted from 1, that holds the byte at `offset`.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
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
