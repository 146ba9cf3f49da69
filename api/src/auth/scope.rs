//! What callers may do.

/// One thing that callers may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Make, complete, renew and cancel uploads.
    UploadsWrite,
    /// See and download uploads.
    UploadsRead,
    /// See how the service does and every upload, and act on them.
    Operator,
    /// See the same, and do nothing.
    OperatorRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::UploadsWrite, Self::UploadsRead, Self::Operator, Self::OperatorRead];

    /// The name, as it is stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UploadsWrite => "uploads:write",
            Self::UploadsRead => "uploads:read",
            Self::Operator => "operator",
            Self::OperatorRead => "operator:read",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = || Self::ALL.map(Self::as_str).join(", ");
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == name);
        found.ok_or_else(|| format!("there is no scope '{name}'; there are {}", all()))
    }
}

/// The scope that an operation needs, named in the type of its caller.
pub trait Needs: Send + Sync {
    /// The scope.
    const SCOPE: Scope;
}

/// Needs `uploads:write`.
pub struct Write;

/// Needs `uploads:read`.
pub struct Read;

/// Needs `operator:read`, or `operator`, which holds it.
pub struct See;

/// Needs `operator`.
pub struct Act;

impl Needs for See {
    const SCOPE: Scope = Scope::OperatorRead;
}

impl Needs for Act {
    const SCOPE: Scope = Scope::Operator;
}

impl Needs for Write {
    const SCOPE: Scope = Scope::UploadsWrite;
}

impl Needs for Read {
    const SCOPE: Scope = Scope::UploadsRead;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_found_under_its_own_name() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("admin".parse::<Scope>().expect_err("no scope").contains("uploads:read"));
    }
}
