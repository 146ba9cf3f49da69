//! What SNS put into its envelope.

use serde_json::Value;

use super::{Unreadable, field};

/// The text inside, or `None` when there is no envelope of SNS's around the event: raw delivery leaves it off.
pub(super) fn message(event: &Value) -> Result<Option<&str>, Unreadable> {
    match event.get("Type").and_then(Value::as_str) {
        Some("Notification") => field::raw(event, "/Message").map(Some),
        Some("SubscriptionConfirmation") => Err(Unreadable::SnsItself("SubscriptionConfirmation")),
        Some("UnsubscribeConfirmation") => Err(Unreadable::SnsItself("UnsubscribeConfirmation")),
        _ => Ok(None),
    }
}
