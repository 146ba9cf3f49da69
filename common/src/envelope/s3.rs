//! What S3's own notification says, and those of stores that imitate it.

use serde_json::Value;

use super::{ObjectEvent, Record, Unreadable, field, key};

/// What each record says. One that can't be read leaves the others as they are.
pub(super) fn records(records: &Value) -> Result<Vec<Record>, Unreadable> {
    let records = records.as_array().ok_or(Unreadable::RecordsNotAList)?;
    if records.is_empty() {
        return Err(Unreadable::RecordsEmpty);
    }
    Ok(records.iter().map(|one| record(one).unwrap_or_else(Record::Unreadable)).collect())
}

/// The name of the event with which S3 tries a new notification out. It has no records.
pub(super) fn test_event(event: &Value) -> Option<String> {
    let name = without_prefix(event.get("Event")?.as_str()?);
    (name == "TestEvent").then(|| name.to_owned())
}

fn record(event: &Value) -> Result<Record, Unreadable> {
    admit_version(event)?;
    let name = without_prefix(&field::required(event, "/eventName")?).to_owned();
    if !name.starts_with("ObjectCreated:") {
        return Ok(Record::Ignored { name });
    }
    Ok(Record::Created(ObjectEvent {
        bucket: field::required(event, "/s3/bucket/name")?,
        key: key::form_encoded(field::raw(event, "/s3/object/key")?)?,
        name,
        size: field::size(event, "/s3/object/size"),
        etag: field::etag(event, "/s3/object/eTag"),
        version_id: field::text(event, "/s3/object/versionId"),
        time: field::text(event, "/eventTime"),
    }))
}

/// S3 promises that only a new major version breaks its readers. Some stores write no version at all.
fn admit_version(event: &Value) -> Result<(), Unreadable> {
    let version = match event.get("eventVersion") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(version)) => version.clone(),
        Some(Value::Number(version)) => version.to_string(),
        Some(_) => return Err(Unreadable::Missing("/eventVersion")),
    };
    match version.split('.').next() {
        Some("2") => Ok(()),
        _ => Err(Unreadable::version(&version)),
    }
}

/// MinIO and its like name events the way they are subscribed to.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix("s3:").unwrap_or(name)
}
