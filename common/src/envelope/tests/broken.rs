//! What is wrong with messages that no store should send, and how little of it costs the event.

use super::*;

#[test]
fn envelopes_are_not_opened_for_ever() {
    assert_eq!(parse(&in_sns(&in_sns(&in_sns(AWS_PUT)))), Err(Unreadable::WrappedTooOften));
}

#[test]
fn one_bad_record_leaves_the_good_ones_alone() {
    let mut body: Value = serde_json::from_str(AWS_PUT).expect("a fixture is JSON");
    let records = body["Records"].as_array_mut().expect("a list");
    let mut bad = records[0].clone();
    bad["s3"]["object"]["key"] = json!("%FF%FE");
    records.push(bad);
    records.push(json!("nonsense"));
    records.push(records[0].clone());
    let good = Record::Created(created(AWS_PUT));
    let expected = vec![
        good.clone(),
        Record::Unreadable(Unreadable::KeyNotUtf8),
        Record::Unreadable(Unreadable::Missing("/eventName")),
        good,
    ];
    assert_eq!(parse(&body.to_string()), Ok(expected));
}

#[test]
fn the_version_counts_by_its_major_part() {
    for version in [json!("2.0"), json!("2.6"), json!("2.41"), json!("2"), json!(2.3), json!(2), json!(null)] {
        created(&aws_put_with("/eventVersion", version));
    }
    for version in [json!("3.0"), json!("1.0"), json!("20.1"), json!(""), json!("two"), json!(3)] {
        let why = unreadable_record(&aws_put_with("/eventVersion", version.clone()));
        assert!(matches!(why, Unreadable::Version(_)), "{version}: {why}");
    }
    assert_eq!(unreadable_record(&aws_put_with("/eventVersion", json!(["2.1"]))), Unreadable::Missing("/eventVersion"));
}

#[test]
fn a_size_that_makes_no_sense_is_no_size() {
    let nonsense = [json!("1024"), json!(10.5), json!(-1), json!(null), json!({}), json!(u64::MAX), json!(1e300)];
    for size in nonsense {
        assert_eq!(created(&aws_put_with("/s3/object/size", size)).size, None);
    }
    assert_eq!(created(&aws_put_with("/s3/object/size", json!(0))).size, Some(0));
    assert_eq!(created(&aws_put_with("/s3/object/size", json!(i64::MAX))).size, Some(i64::MAX));
}

#[test]
fn what_only_logs_need_may_be_missing_or_nonsense() {
    for nonsense in [json!(null), json!(7), json!(["x"]), json!(""), json!("a\u{0}b"), json!("x".repeat(2000))] {
        assert_eq!(created(&aws_put_with("/s3/object/eTag", nonsense.clone())).etag, None);
        assert_eq!(created(&aws_put_with("/s3/object/versionId", nonsense.clone())).version_id, None);
        assert_eq!(created(&aws_put_with("/eventTime", nonsense)).time, None);
    }
    assert_eq!(created(&aws_put_with("/s3/object/eTag", json!("\"\""))).etag, None);
}

#[test]
fn an_event_that_names_no_object_is_unreadable() {
    for pointer in ["/eventName", "/s3/bucket/name", "/s3/object/key"] {
        assert_eq!(unreadable_record(&aws_put_with(pointer, Value::Null)), Unreadable::Missing(pointer));
    }
    for pointer in ["/source", "/detail/bucket/name", "/detail/object/key"] {
        let body = changed(EVENTBRIDGE_CREATED, pointer, Value::Null);
        assert_eq!(parse(&body), Err(Unreadable::Missing(pointer)));
    }
}

#[test]
fn a_key_that_no_store_and_no_database_takes_is_unreadable() {
    let table = [
        (json!(""), Unreadable::KeyEmpty),
        (json!("%FF"), Unreadable::KeyNotUtf8),
        (json!("a%C3"), Unreadable::KeyNotUtf8),
        (json!("%ED%A0%80"), Unreadable::KeyNotUtf8),
        (json!("a%00b"), Unreadable::KeyHasNul),
        (json!("a\u{0}b"), Unreadable::KeyHasNul),
        (json!("x".repeat(1025)), Unreadable::KeyTooLong(1025)),
        (json!("%C3%A9".repeat(513)), Unreadable::KeyTooLong(1026)),
        (json!("x".repeat(256 * 1024)), Unreadable::KeyTooLong(256 * 1024)),
        (json!(7), Unreadable::Missing("/s3/object/key")),
    ];
    for (key, why) in table {
        assert_eq!(unreadable_record(&aws_put_with("/s3/object/key", key)), why);
    }
}

#[test]
fn a_body_that_is_no_event_is_refused_with_a_reason() {
    let not_json = |line, column| Unreadable::NotJson { line, column };
    let foreign = Unreadable::ForeignSource("aws.ec2".into());
    let table = [
        (String::new(), not_json(1, 0)),
        ("hello".into(), not_json(1, 1)),
        ("\u{feff}".into(), not_json(1, 0)),
        (r#"{"Records": ["#.into(), not_json(1, 13)),
        ("null".into(), Unreadable::NoEvent),
        ("[]".into(), Unreadable::NoEvent),
        ("{}".into(), Unreadable::NoEvent),
        (format!("[{AWS_PUT}]"), Unreadable::NoEvent),
        (r#"{"Event": "s3:SomethingElse"}"#.into(), Unreadable::NoEvent),
        (r#"{"Records": null}"#.into(), Unreadable::RecordsNotAList),
        (r#"{"Records": {}}"#.into(), Unreadable::RecordsNotAList),
        (r#"{"Records": []}"#.into(), Unreadable::RecordsEmpty),
        (changed(EVENTBRIDGE_CREATED, "/source", json!("aws.ec2")), foreign),
        (in_sns("You have chosen to subscribe"), not_json(1, 1)),
        (r#"{"Type": "Notification"}"#.into(), Unreadable::Missing("/Message")),
        (
            r#"{"Type": "SubscriptionConfirmation", "Token": "secret", "Message": "Visit"}"#.into(),
            Unreadable::SnsItself("SubscriptionConfirmation"),
        ),
    ];
    for (body, why) in table {
        assert_eq!(parse(&body), Err(why), "{:.60}", body);
    }
}

#[test]
fn nesting_without_end_is_refused() {
    for body in ["[".repeat(100_000), r#"{"Records":["#.repeat(20_000)] {
        assert!(matches!(parse(&body), Err(Unreadable::NotJson { line: 1, .. })));
    }
}

#[test]
fn of_two_values_for_one_field_the_last_counts() {
    let body = r#"{"Records": [], "Records": [
        {"eventName": "ObjectRemoved:Delete", "eventName": "ObjectCreated:Put", "s3": {
            "bucket": {"name": "b"}, "object": {"key": "first", "key": "last"}}}]}"#;
    assert_eq!(created(body).key, "last");
}

#[test]
fn a_reason_is_one_short_sentence_that_quotes_no_key() {
    let secret = "secret".repeat(200);
    let bodies = [
        aws_put_with("/s3/object/key", json!(secret)),
        aws_put_with("/s3/object/key", json!(format!("secret{}", "%FF"))),
        aws_put_with("/s3/object/key", json!({ "secret": 1 })),
        aws_put_with("/s3/object", json!("secret")),
        aws_put_with("/eventName", json!("secret\n")),
        format!("secret{AWS_PUT}"),
        r#"{"secret": 1}"#.into(),
    ];
    for body in bodies {
        let why = parse(&body).map_or_else(Record::Unreadable, |mut records| records.remove(0));
        let Record::Unreadable(why) = why else { panic!("expected a reason, got {why:?}") };
        let sentence = why.to_string();
        assert!(!sentence.contains("secret") && sentence.len() <= 200, "{sentence}");
    }
    let long = unreadable_record(&aws_put_with("/eventVersion", json!("9\n\0".repeat(5000)))).to_string();
    assert!(long.len() <= 200 && !long.contains(char::is_control), "{long}");
}
