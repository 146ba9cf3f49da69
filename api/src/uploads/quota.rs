//! What a client is told whose upload would be more than its tenant may use.

use std::fmt::Display;

use sluice_common::domain::{OverQuota, Quota};

use crate::problem::FieldError;
use crate::service::Service;

/// Counts an upload that is refused for a limit, and says what the client is told.
pub fn refuse(service: &Service, over: &OverQuota) -> Vec<FieldError> {
    service.metrics.count_over_quota(over.quota.as_str());
    explain(over)
}

/// The limit, its value, what is used and what helps. The code is the limit's name; it concerns the request as a whole.
fn explain(over: &OverQuota) -> Vec<FieldError> {
    let OverQuota { quota, limits, usage, asked } = over;
    let detail = match quota {
        Quota::PendingUploads => format!(
            "{}{}. Complete or cancel some; what nothing is sent for expires by itself.",
            match usage.pending_uploads {
                1 => "1 upload is pending".to_owned(),
                count => format!("{count} uploads are pending"),
            },
            most(limits.pending_uploads, "may be")
        ),
        Quota::ReservedBytes => format!(
            "The upload would reserve {asked}. Pending uploads reserve {}{}. Complete or cancel some, and declare the size of \
             each: without one the most that its policy takes is reserved.",
            bytes(usage.reserved_bytes),
            most(limits.reserved_bytes, "may be reserved")
        ),
        Quota::StoredBytes => format!(
            "The upload would reserve {asked}. Stored are {}, reserved {}{}. Delete confirmed uploads, or cancel pending ones.",
            bytes(usage.stored_bytes),
            bytes(usage.reserved_bytes),
            most(limits.stored_bytes, "may be stored or reserved")
        ),
    };
    vec![FieldError::new("", quota.as_str(), detail)]
}

fn most(limit: Option<impl Display>, may: &str) -> String {
    limit.map(|limit| format!(", and at most {limit} {may}")).unwrap_or_default()
}

fn bytes(count: i64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

#[cfg(test)]
mod tests {
    use sluice_common::domain::{ByteCount, Limits, Usage};

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
            (Quota::StoredBytes, &["5 bytes", "9 bytes", "8 bytes", "12 bytes"]),
        ] {
            let [error] = &explain(&OverQuota { quota, limits, usage, asked: bytes(5) })[..] else {
                panic!("one error")
            };
            assert_eq!(error.code, quota.as_str());
            assert!(numbers.iter().all(|number| error.detail.contains(number)), "{}", error.detail);
        }
    }

    #[test]
    fn one_upload_is_told_of_as_one() {
        let limits = Limits { pending_uploads: Some(1), ..Limits::default() };
        let usage = Usage { pending_uploads: 1, reserved_bytes: 1, stored_uploads: 0, stored_bytes: 0 };
        let asked = ByteCount::new(5).expect("valid");
        let detail = |quota| explain(&OverQuota { quota, limits, usage, asked })[0].detail.clone();
        let pending = detail(Quota::PendingUploads);
        assert!(pending.starts_with("1 upload is pending, and at most 1 may be. "), "{pending}");
        let reserved = detail(Quota::ReservedBytes);
        assert!(reserved.contains("Pending uploads reserve 1 byte. "), "{reserved}");
    }
}
