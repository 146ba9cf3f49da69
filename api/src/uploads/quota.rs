//! What a client is told whose upload would be more than its tenant may use.

use sluice_common::domain::{ByteCount, OverQuota, Quota};

use crate::problem::FieldError;

/// The limit, its value, what is used and what helps. The code is the limit's name; it concerns the request as a whole.
pub fn explain(over: &OverQuota) -> Vec<FieldError> {
    let OverQuota { quota, limits, usage, asked } = over;
    let bytes = |limit: Option<ByteCount>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
    let detail = match quota {
        Quota::PendingUploads => format!(
            "{} uploads are pending, and at most {} may be. Send and complete them, or cancel some; what nothing is sent for \
             expires by itself.",
            usage.pending_uploads,
            limits.pending_uploads.unwrap_or(i64::MAX)
        ),
        Quota::ReservedBytes => format!(
            "The upload would reserve {asked}. Pending uploads reserve {} bytes, and at most {} may be reserved. Complete or \
             cancel some, and declare the size of each: without one the most that its policy takes is reserved.",
            usage.reserved_bytes,
            bytes(limits.reserved_bytes)
        ),
        Quota::StoredBytes => format!(
            "The upload would reserve {asked}. {} bytes are stored and {} reserved, and both may come to at most {}. Delete \
             confirmed uploads, or cancel pending ones.",
            usage.stored_bytes,
            usage.reserved_bytes,
            bytes(limits.stored_bytes)
        ),
    };
    vec![FieldError::new("", quota.as_str(), detail)]
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::{Limits, Usage};

    use super::*;

    #[test]
    fn the_limit_its_value_and_what_is_used_are_named() {
        let bytes = |n| ByteCount::new(n).expect("valid");
        let limits = Limits {
            pending_uploads: Some(10),
            reserved_bytes: Some(bytes(11)),
            stored_bytes: Some(bytes(12)),
            rate: None,
        };
        let usage = Usage { pending_uploads: 7, reserved_bytes: 8, stored_uploads: 1, stored_bytes: 9 };
        for (quota, numbers) in [
            (Quota::PendingUploads, ["7", "10"].as_slice()),
            (Quota::ReservedBytes, &["5 bytes", "8 bytes", "11 bytes"]),
            (Quota::StoredBytes, &["5 bytes", "9 bytes", "8", "12 bytes"]),
        ] {
            let [error] = &explain(&OverQuota { quota, limits, usage, asked: bytes(5) })[..] else {
                panic!("one error")
            };
            assert_eq!(error.code, quota.as_str());
            assert!(numbers.iter().all(|number| error.detail.contains(number)), "{}", error.detail);
        }
    }
}
