//! A change as it is told to streams: written once, however many read it.

use bytes::Bytes;
use poem_openapi::types::ToJSON as _;
use serde_json::json;
use sluice_common::db::timeline::{Change, Cursor};
use sluice_common::domain::{UploadId, UploadStatus};

use super::cursor;
use crate::uploads::Upload;

/// A change, ready to be sent.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where it stands in the timeline.
    pub at: Cursor,
    seen: Option<Seen>,
}

/// What of it can be told.
#[derive(Debug, Clone)]
struct Seen {
    id: UploadId,
    status: UploadStatus,
    policy: String,
    tenant: String,
    block: Bytes,
}

/// Which changes a stream is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those to this status.
    pub status: Option<UploadStatus>,
    /// Only those of uploads under this policy.
    pub policy: Option<String>,
    /// Only those of this upload.
    pub only: Option<UploadId>,
    /// What is told of each.
    pub tells: Tells,
}

/// What a stream tells of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tells {
    /// The upload as it was then.
    #[default]
    Upload,
    /// Which upload changed, whose it is, and to what.
    Change,
}

impl Told {
    /// The block of the stream that tells it, if the filter lets it pass.
    pub fn passing(&self, filter: &Filter) -> Option<Bytes> {
        let seen = self.seen.as_ref()?;
        let passes = filter.status.is_none_or(|status| status == seen.status)
            && filter.policy.as_ref().is_none_or(|policy| *policy == seen.policy)
            && filter.only.is_none_or(|only| only == seen.id);
        passes.then(|| match filter.tells {
            Tells::Upload => seen.block.clone(),
            Tells::Change => self.change(seen),
        })
    }

    /// Made for each operator who watches: they are few, and it is short.
    fn change(&self, seen: &Seen) -> Bytes {
        let status = seen.status.as_str();
        let json = json!({"id": seen.id.to_string(), "tenant": seen.tenant, "policy": seen.policy, "status": status});
        format!("id: {}\nevent: change\ndata: {json}\n\n", cursor::write(self.at)).into()
    }
}

impl From<Change> for Told {
    fn from(Change { at, upload, .. }: Change) -> Self {
        let seen = upload.map(|upload| {
            let (id, status) = (upload.id, upload.state.status());
            let (tenant, policy) = (upload.tenant.to_string(), upload.policy.clone());
            let (cursor, json) = (cursor::write(at), Upload::from(upload).to_json_string());
            Seen { id, status, policy, tenant, block: format!("id: {cursor}\nevent: upload\ndata: {json}\n\n").into() }
        });
        Self { at, seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uploads::examples;

    #[test]
    fn a_change_passes_the_filters_that_fit_it_all() {
        let upload = examples::rejected();
        let id = upload.id;
        let change = Change { at: Cursor { xid: 1, id: 2 }, tenant: "acme".to_owned(), upload: Some(upload) };
        let told = Told::from(change.clone());
        let fits = Filter {
            status: Some(UploadStatus::Rejected),
            policy: Some("images".to_owned()),
            only: Some(id),
            ..Filter::default()
        };
        for filter in [
            Filter { status: Some(UploadStatus::Pending), ..fits.clone() },
            Filter { policy: Some("video".to_owned()), ..fits.clone() },
            Filter { only: Some(UploadId::generate()), ..fits.clone() },
        ] {
            assert_eq!(told.passing(&filter), None, "{filter:?}");
        }
        let block = String::from_utf8(told.passing(&fits).expect("it fits").to_vec()).expect("text");
        assert!(block.starts_with("id: AAAAAAAAAAEAAAAAAAAAAg\nevent: upload\ndata: {\""), "{block}");
        assert!(block.ends_with("}\n\n") && block.lines().count() == 4, "{block}");
        let told_briefly = told.passing(&Filter { tells: Tells::Change, ..fits.clone() }).expect("it fits");
        let briefly = format!(
            "id: AAAAAAAAAAEAAAAAAAAAAg\nevent: change\ndata: {{\"id\":\"{id}\",\"policy\":\"images\",\"status\":\"rejected\",\"tenant\":\"acme\"}}\n\n"
        );
        assert_eq!(told_briefly, briefly);
        assert!(Told::from(Change { upload: None, ..change }).passing(&Filter::default()).is_none());
    }
}
