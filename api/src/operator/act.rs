//! actOnUploads.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};

use super::filter::UploadFilter;
use crate::auth::{Act, KeyOrSession};
use crate::body::{Body, Json};
use crate::document::Tag;
use crate::problem::{FieldError, Problem, UNAVAILABLE, problems};
use crate::scalars::UploadIdText;
use crate::service::Service;
use crate::uploads::UploadStatus;

problems! {
    /// Why nothing was done.
    pub enum ActOnUploadsProblem {
        /// Either `upload_ids` or `filter` says which uploads are meant, with up to 1,000 ids; `errors` names what is wrong.
        422 invalid_action => InvalidAction(errors: Vec<FieldError>),
        /// The cursor is not one that this action gave: it goes with the action and the filter that it came from.
        400 invalid_cursor => InvalidCursor,
    }
}

/// What an operator can do with an upload. More may be added.
///
/// * `settle`: have a worker look at the object of a `pending` upload now.
/// * `expire`: end the time of a `pending` upload. A worker looks at once: where an object is there it is judged, else the
///   upload expires.
/// * `cancel`: a `pending` upload becomes `canceled`, and whatever is sent for it is removed.
/// * `delete`: a `confirmed` upload becomes `deleted`, together with its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum UploadAction {
    /// Have it looked at now.
    Settle,
    /// End its time.
    Expire,
    /// Take it back.
    Cancel,
    /// Delete it with its file.
    Delete,
}

/// What to do with which uploads.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields)]
pub struct ActionOrder {
    /// What to do.
    pub action: UploadAction,
    /// The uploads, up to 1,000.
    pub upload_ids: Option<Vec<UploadIdText>>,
    /// All uploads that fit this, instead of `upload_ids`; of which those in a status that the action does nothing with are
    /// passed over.
    pub filter: Option<UploadFilter>,
    /// With `filter`: the `next_cursor` of the answer before, to go on with the next batch.
    pub cursor: Option<String>,
    /// Only count, and change nothing: up to 10,000 uploads that it would be done with.
    pub dry_run: Option<bool>,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActionOutcome {
    /// What was to be done.
    pub action: UploadAction,
    /// With how many uploads of this batch it was done; in a dry run, with how many it would be.
    pub done: i64,
    /// The ids of this batch with which it was not done, and why. Only with `upload_ids`.
    pub refused: Vec<ActionRefusal>,
    /// With `filter`: whether there may be more, for another call with `next_cursor`. In a dry run: whether there may be more
    /// than were counted.
    pub has_more: bool,
    /// With `filter`: what to send as `cursor`, with the same action and filter. Absent after the last batch.
    pub next_cursor: Option<String>,
    /// How many uploads were looked at for this batch.
    pub looked_at: i64,
}

/// An upload with which nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ActionRefusal {
    /// The id.
    pub upload_id: UploadIdText,
    /// Where it stands. Absent where there is no such upload of yours.
    pub status: Option<UploadStatus>,
    /// Why, in a sentence.
    pub detail: String,
}

/// The answer.
#[derive(ApiResponse)]
pub enum ActionAnswer {
    /// What it came to.
    #[oai(status = 200)]
    Outcome(Json<ActionOutcome>),
}

/// actOnUploads.
pub struct ActOnUploads;

#[OpenApi]
impl ActOnUploads {
    /// Act on uploads
    ///
    /// On one, on several by their ids, or on all that fit a filter. With a filter one call looks at up to 10,000 uploads and
    /// acts on up to 1,000: call again with `next_cursor` while `has_more` is true. Only uploads that were declared before the
    /// first call are meant. `dry_run` counts instead.
    ///
    /// Doing it twice changes nothing more. Each upload's timeline tells who did it.
    ///
    /// Needs the scope `operator`.
    #[oai(path = "/v1/operator/uploads/actions", method = "post", operation_id = "actOnUploads", tag = "Tag::Operator")]
    async fn act(
        &self,
        _service: Data<&Arc<Service>>,
        _operator: KeyOrSession<Act>,
        order: Body<ActionOrder>,
    ) -> Result<ActionAnswer, ActOnUploadsProblem> {
        let _ = order;
        Err(Problem::new(UNAVAILABLE).into())
    }
}
