//! An upload, and how its status may change.

use jiff::Timestamp;
use uuid::Uuid;

use super::{ByteCount, Declaration, Form, MediaType, Metadata, ObjectKey, Parts, Reason, Tenant};

/// The id of an upload: a UUIDv7, so that new rows land together in every index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UploadId(pub Uuid);

impl UploadId {
    /// A new id. 74 of its bits are random, with no counter among them, so that knowing one id does not help to guess
    /// another.
    pub fn generate() -> Self {
        Self(Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)))
    }

    /// Reads an id in its usual form, 36 characters in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok().map(Self)?;
        (id.to_string() == text).then_some(id)
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UploadStatus {
    /// Declared; no verdict yet.
    Pending,
    /// The object is there and keeps what was promised.
    Confirmed,
    /// The object broke the policy or the declaration.
    Rejected,
    /// Nothing came before the deadline.
    Expired,
    /// The client took it back before a verdict.
    Canceled,
    /// It was confirmed, and deleted later.
    Deleted,
}

impl UploadStatus {
    /// All of them, in the order of an upload's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Confirmed, Self::Rejected, Self::Expired, Self::Canceled, Self::Deleted];

    /// The one table of legal moves: the statuses that this one can be reached from.
    pub const fn reachable_from(self) -> &'static [Self] {
        match self {
            Self::Pending => &[],
            Self::Confirmed | Self::Rejected | Self::Expired | Self::Canceled => &[Self::Pending],
            Self::Deleted => &[Self::Confirmed],
        }
    }

    /// The name used in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
            Self::Deleted => "deleted",
        }
    }

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// An object as it was inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Where it is.
    pub key: ObjectKey,
    /// Its whole size.
    pub size: ByteCount,
    /// Its etag, opaque, with its quotes.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version_id: Option<String>,
    /// The type its bytes show, where they show one.
    pub detected_type: Option<MediaType>,
}

/// An upload's status with what is known then, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadState {
    /// No verdict yet.
    Pending,
    /// Accepted.
    Confirmed {
        /// What downloads give.
        object: StoredObject,
        /// When it was accepted.
        decided_at: Timestamp,
    },
    /// Refused.
    Rejected {
        /// What was there.
        object: StoredObject,
        /// All that was wrong with it.
        reasons: Vec<Reason>,
        /// When it was refused.
        decided_at: Timestamp,
    },
    /// Nothing came.
    Expired {
        /// When that was decided.
        decided_at: Timestamp,
    },
    /// Taken back.
    Canceled {
        /// When.
        decided_at: Timestamp,
    },
    /// Deleted after it was accepted.
    Deleted {
        /// What had been accepted.
        object: StoredObject,
        /// When it had been accepted.
        decided_at: Timestamp,
    },
}

impl UploadState {
    /// The status alone.
    pub fn status(&self) -> UploadStatus {
        match self {
            Self::Pending => UploadStatus::Pending,
            Self::Confirmed { .. } => UploadStatus::Confirmed,
            Self::Rejected { .. } => UploadStatus::Rejected,
            Self::Expired { .. } => UploadStatus::Expired,
            Self::Canceled { .. } => UploadStatus::Canceled,
            Self::Deleted { .. } => UploadStatus::Deleted,
        }
    }

    /// The object that was seen, where one was.
    pub fn object(&self) -> Option<&StoredObject> {
        match self {
            Self::Confirmed { object, .. } | Self::Rejected { object, .. } | Self::Deleted { object, .. } => {
                Some(object)
            }
            Self::Pending | Self::Expired { .. } | Self::Canceled { .. } => None,
        }
    }

    /// When the upload left `pending`, if it did.
    pub fn decided_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending => None,
            Self::Confirmed { decided_at, .. }
            | Self::Rejected { decided_at, .. }
            | Self::Expired { decided_at }
            | Self::Canceled { decided_at }
            | Self::Deleted { decided_at, .. } => Some(*decided_at),
        }
    }
}

/// Which calls an upload was made through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `/v1/uploads`.
    V1,
    /// The tutorial's `/files`, whose links anybody who has one may open.
    Files,
}

impl Origin {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::Files => "files",
        }
    }

    /// The origin of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::V1, Self::Files].into_iter().find(|origin| origin.as_str() == name)
    }
}

/// How an upload is sent in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The id under which the store gathers the parts. It is no secret, but nobody's business.
    pub id: String,
    /// The size of every part but the last.
    pub part_size: ByteCount,
    /// Whether each part's checksum is signed into its URL.
    pub with_sha256: bool,
}

/// One client's promise to put certain bytes at a certain key, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Whose it is.
    pub tenant: Tenant,
    /// The name of the policy it was made under.
    pub policy: String,
    /// What the client promised.
    pub declared: Declaration,
    /// What the application wants remembered.
    pub metadata: Option<Metadata>,
    /// The key that the grant lets the client write.
    pub grant_key: ObjectKey,
    /// Whether the grant can be used only once. Where it can't, confirming copies the object to a key without a grant.
    pub write_once: bool,
    /// How a form sends it, if one does.
    pub form: Option<Form>,
    /// How it is sent in parts, if it is.
    pub multipart: Option<Multipart>,
    /// Which calls it was made through.
    pub origin: Origin,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it expires if nothing comes.
    pub deadline: Timestamp,
    /// How many looks at its object were begun and have not ended: those under way, and those that ended with their process.
    pub looks_cut_off: i16,
    /// Where it stands.
    pub state: UploadState,
}

impl Upload {
    /// How it is sent in parts, and into which, if it is.
    pub fn parts(&self) -> Option<(&Multipart, Parts)> {
        let multipart = self.multipart.as_ref()?;
        Some((multipart, Parts::new(self.declared.size?, multipart.part_size)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legal_moves_are_these_and_no_others() {
        let mut moves = Vec::new();
        for to in UploadStatus::ALL {
            for from in UploadStatus::ALL {
                let legal = to.reachable_from().contains(&from);
                moves.push(format!("{} -> {}: {}", from.as_str(), to.as_str(), if legal { "yes" } else { "no" }));
            }
        }
        insta::assert_snapshot!(moves.join("\n"));
    }

    #[test]
    fn every_status_and_origin_is_found_under_its_own_name() {
        for status in UploadStatus::ALL {
            assert_eq!(UploadStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(UploadStatus::parse("verifying"), None);
        assert_eq!(Origin::parse("files"), Some(Origin::Files));
        assert_eq!(Origin::parse(""), None);
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = UploadId::generate();
        assert_eq!(UploadId::parse(&id.to_string()), Some(id));
        assert_eq!(UploadId::parse(&id.to_string().to_uppercase()), None);
        assert_eq!(UploadId::parse(&id.0.simple().to_string()), None);
    }
}
