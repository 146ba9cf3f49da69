//! Whose an upload is.

use super::NotA;

/// The application, customer or team that an upload belongs to. Every query, quota and count is scoped to one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(String);

impl Tenant {
    /// The longest name, in characters: it is part of every object key.
    pub const MAX_LENGTH: usize = 40;

    /// Reads a tenant's name: 1 to 40 of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    /// A sentence saying what a name may hold.
    pub fn parse(name: &str) -> Result<Self, NotA> {
        let fits = (1..=Self::MAX_LENGTH).contains(&name.len());
        let clean = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits && clean {
            Ok(Self(name.to_owned()))
        } else {
            Err(NotA("a tenant's name is 1 to 40 of a-z, 0-9 and '-'"))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
