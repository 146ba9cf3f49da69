//! Reading the policy file, and all that can be wrong with a policy in it.

mod limits;

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Spanned;

use super::{ActiveContent, PictureBounds, Policies, Policy, PolicyError, UnknownType};
use crate::domain::{ByteCount, LARGEST_OBJECT, LARGEST_PART, MOST_PARTS, SMALLEST_PART, TypePattern, length_of_time};

/// The longest a signed URL can live: 7 days, the limit of Signature Version 4.
const LONGEST_GRANT: Duration = Duration::from_hours(7 * 24);

/// The policies of a file, in its order, and its limits.
///
/// # Errors
/// A sentence that names the line which is wrong.
pub(super) fn read(text: &str) -> Result<Policies, PolicyError> {
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
    let limits = file.limits.map(|raw| limits::check(raw, text)).transpose()?.unwrap_or_default();
    Ok(Policies { list: policies, limits })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    policy: Vec<Spanned<Raw>>,
    limits: Option<Spanned<limits::Raw>>,
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

fn duration(field: &str, text: &str) -> Result<Duration, String> {
    length_of_time(text).map_err(|why| format!("{field}: {why}"))
}

fn count(bytes: ByteSize) -> Option<ByteCount> {
    i64::try_from(bytes.as_u64()).ok().and_then(|bytes| ByteCount::new(bytes).ok())
}

/// The line, counted from 1, that holds the byte at `offset`.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
