//! `/v1/operator`: what those see and do who look after the service. One file for each operation, and the types they share.

mod act;
mod activity;
mod cursor;
mod dead_events;
mod dead_letters;
mod download;
mod events;
mod examples;
mod filter;
mod findings;
mod inspect;
mod latency;
mod overview;
mod queues;
mod reach;
mod search;
mod session;
mod wire;

pub use act::ActOnUploads;
pub use activity::GetActivity;
pub use dead_events::{DropDeadEvent, DropDeadEvents, GetDeadEvent, ListDeadEvents};
pub use dead_letters::{DeleteDeadLetter, ListDeadLetters, PurgeDeadLetters, RedriveDeadLetters};
pub use download::DownloadUpload;
pub use events::WatchUploads;
pub use inspect::InspectUpload;
pub use overview::GetOverview;
pub use queues::Queues;
pub use search::SearchUploads;
pub use session::{CloseOperatorSession, GetOperatorSession, OpenOperatorSession};
