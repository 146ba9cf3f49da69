//! Properties of reading: any key survives the way through an event, and no body brings the worker down.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::{AWS_PUT, EVENTBRIDGE_CREATED, MINIO_PUT, Record, Unreadable, changed, in_sns, parse};

/// What AWS leaves as it is; MinIO escapes the slash too.
const AWS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

fn form_encode(key: &str, escaped: &'static AsciiSet) -> String {
    utf8_percent_encode(key, escaped).to_string().replace("%20", "+")
}

/// Up to the 1,024 bytes that a key may have: a character takes four at most.
fn any_key() -> impl Strategy<Value = String> {
    "[^\0]{1,256}"
}

fn key_read_from(body: &str) -> Option<String> {
    match parse(body).ok()?.pop()? {
        Record::Created(event) => Some(event.key),
        _ => None,
    }
}

/// What must hold of anything that was read from anywhere.
fn is_sound(outcome: &Result<Vec<Record>, Unreadable>) -> bool {
    let short = |why: &Unreadable| why.to_string().len() <= 200;
    match outcome {
        Err(why) => short(why),
        Ok(records) => {
            !records.is_empty()
                && records.iter().all(|record| match record {
                    Record::Unreadable(why) => short(why),
                    Record::Ignored { name } => !name.is_empty() && name.len() <= 1024,
                    Record::Created(event) => {
                        !event.bucket.is_empty()
                            && (1..=1024).contains(&event.key.len())
                            && !event.key.contains('\0')
                            && event.size.is_none_or(|bytes| bytes >= 0)
                    }
                })
        }
    }
}

fn valid_body() -> impl Strategy<Value = String> {
    select(vec![AWS_PUT, MINIO_PUT, EVENTBRIDGE_CREATED])
        .prop_flat_map(|body| select(vec![body.to_owned(), in_sns(body)]))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec!["s3:TestEvent", "Notification", "aws.s3", "Object Created", "ObjectCreated:Put", "%FF"])
            .prop_map(Value::from),
    ];
    let name = select(vec!["Records", "s3", "object", "key", "Type", "Message", "detail", "detail-type"]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// Every place in a tree, by its pointer.
fn places(tree: &Value, at: String, found: &mut Vec<String>) {
    match tree {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| places(inner, format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, inner)| places(inner, format!("{at}/{i}"), found));
        }
        _ => {}
    }
    found.push(at);
}

proptest! {
    #[test]
    fn any_key_survives_form_encoding(key in any_key()) {
        for escaped in [AWS, NON_ALPHANUMERIC] {
            let body = changed(AWS_PUT, "/Records/0/s3/object/key", json!(form_encode(&key, escaped)));
            prop_assert_eq!(key_read_from(&body), Some(key.clone()));
            prop_assert_eq!(key_read_from(&in_sns(&body)), Some(key.clone()));
        }
    }

    #[test]
    fn any_key_survives_plain_percent_encoding(key in any_key()) {
        let encoded = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
        let body = changed(AWS_PUT, "/Records/0/s3/object/key", json!(encoded));
        prop_assert_eq!(key_read_from(&body), Some(key));
    }

    #[test]
    fn any_key_survives_eventbridge(key in any_key()) {
        let body = changed(EVENTBRIDGE_CREATED, "/detail/object/key", json!(key));
        prop_assert_eq!(key_read_from(&body), Some(key));
    }

    #[test]
    fn a_raw_key_of_ours_is_read_as_it_is(key in "[a-z0-9/.-]{1,200}") {
        let body = changed(AWS_PUT, "/Records/0/s3/object/key", json!(key));
        prop_assert_eq!(key_read_from(&body), Some(key));
    }

    #[test]
    fn any_text_is_read_soundly(body in any::<String>()) {
        prop_assert!(is_sound(&parse(&body)));
        prop_assert!(is_sound(&parse(&in_sns(&body))));
    }

    #[test]
    fn any_encoded_key_is_read_soundly(key in "[%+0-9A-Fa-f\\PC\0]{0,400}") {
        prop_assert!(is_sound(&parse(&changed(AWS_PUT, "/Records/0/s3/object/key", json!(key)))));
    }

    #[test]
    fn any_json_is_read_soundly(body in any_json()) {
        prop_assert!(is_sound(&parse(&body.to_string())));
    }

    #[test]
    fn a_body_with_damaged_bytes_is_read_soundly(
        body in valid_body(),
        damage in vec((any::<Index>(), any::<u8>(), 0..3), 1..8),
    ) {
        let mut bytes = body.into_bytes();
        for (place, byte, kind) in damage {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        prop_assert!(is_sound(&parse(&String::from_utf8_lossy(&bytes))));
    }

    #[test]
    fn a_body_with_a_value_replaced_is_read_soundly(
        body in valid_body(),
        place in any::<Index>(),
        value in any_json(),
    ) {
        let mut tree: Value = serde_json::from_str(&body).expect("a valid body is JSON");
        let mut found = Vec::new();
        places(&tree, String::new(), &mut found);
        *tree.pointer_mut(&found[place.index(found.len())]).expect("the place was found in this tree") = value;
        prop_assert!(is_sound(&parse(&tree.to_string())));
    }
}
