//! What an S3 event of EventBridge's says.

use serde_json::Value;

use super::{ObjectEvent, Record, Unreadable, field, key};

/// What the event says. EventBridge sends one at a time.
pub(super) fn record(event: &Value) -> Result<Record, Unreadable> {
    admit_source(event)?;
    let name = field::required(event, "/detail-type")?;
    if name != "Object Created" {
        return Ok(Record::Ignored { name });
    }
    Ok(Record::Created(ObjectEvent {
        bucket: field::required(event, "/detail/bucket/name")?,
        // Unlike S3's own notifications, EventBridge writes keys as they are: a `+` here is a plus.
        // LocalStack encodes them here too; our own keys look the same either way.
        key: key::literal(field::raw(event, "/detail/object/key")?)?,
        name: match field::text(event, "/detail/reason") {
            Some(reason) => format!("{name}: {reason}"),
            None => name,
        },
        size: field::size(event, "/detail/object/size"),
        etag: field::etag(event, "/detail/object/etag"),
        version_id: field::text(event, "/detail/object/version-id"),
        time: field::text(event, "/time"),
    }))
}

fn admit_source(event: &Value) -> Result<(), Unreadable> {
    match field::raw(event, "/source")? {
        "aws.s3" => Ok(()),
        other => Err(Unreadable::foreign_source(other)),
    }
}
