//! The table `timeline`: how each upload came to its status. Its rows are written by the statements of `uploads`.

/// Why a status changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A client's call, made with this API key.
    Client(String),
    /// The store's event, in this message.
    Event(String),
    /// A client said that it had finished.
    Hint,
    /// A worker looked by itself because the upload was due.
    Sweep,
}

impl Cause {
    /// The name used in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Client(_) => "client",
            Self::Event(_) => "event",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
        }
    }

    /// Which one it was.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Client(id) | Self::Event(id) => Some(id),
            Self::Hint | Self::Sweep => None,
        }
    }
}
