//! What is shown of one upload, and that actions are done once and recorded.

use serde_json::json;
use sluice_testkit::{World, files};

use super::search::{clear, plant};
use super::{ACTIONS, act, operator, report};

#[tokio::test]
async fn one_upload_is_shown_with_all_that_is_known_and_no_signed_url() {
    let world = World::start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    let operator = operator(&world).await;
    let report = report(&operator, upload.id()).await;
    assert_eq!(report["upload"]["tenant"], "acme");
    assert_eq!(report["upload"]["declared"]["content_type"], "image/png");
    assert_eq!(report["upload"]["observed"]["detected_type"], "image/png");
    assert_eq!(report["upload"]["granted"]["kind"], "put");
    assert_eq!(report["actions"], json!(["delete"]));
    assert_eq!((&report["can_be_downloaded"], &report["can_be_shown"]), (&json!(true), &json!(true)));
    let lines = report["timeline"].as_array().expect("a timeline");
    assert_eq!((&lines[0]["status"], &lines[0]["cause_name"]), (&json!("pending"), &json!("a test")));
    assert_eq!((&lines[1]["status"], &lines[1]["cause"]), (&json!("confirmed"), &json!("event")));
    assert!(lines[1]["waited_ms"].is_i64() && lines[1]["took_ms"].is_i64(), "{report}");
    assert_eq!((&lines[1]["message_id"], lines[0].get("message_id")), (&lines[1]["cause_id"], None));
    assert_eq!(report["timeline_is_cut"], false);
    assert!(!report.to_string().contains("X-Amz-"), "{report}");

    let path = format!("/v1/operator/uploads/{}/download?disposition=inline", upload.id());
    let download = operator.get(&path).await.expect(200);
    let file = reqwest::get(download.text("url")).await.expect("the store answers");
    assert_eq!(file.bytes().await.expect("a file"), files::png().bytes);
    world.end().await;
}

#[tokio::test]
async fn an_operator_settles_expires_cancels_and_deletes_and_the_timeline_tells_who() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let operator = operator(&world).await;
    let declared = async || client.declare(&files::png()).await;
    let (sent, there, nothing, taken) = (declared().await, declared().await, declared().await, declared().await);
    sent.put(&files::png().bytes).await;
    there.put(&files::png().bytes).await;

    let outcome = act(&operator, json!({"action": "settle", "upload_ids": [sent.id()]})).await;
    assert_eq!((&outcome["done"], &outcome["refused"]), (&json!(1), &json!([])));
    sent.is("confirmed").await;
    // What came is not lost by ending its time.
    act(&operator, json!({"action": "expire", "upload_ids": [nothing.id(), there.id()]})).await;
    nothing.is("expired").await;
    there.is("confirmed").await;
    act(&operator, json!({"action": "cancel", "upload_ids": [taken.id()]})).await;
    taken.is("canceled").await;
    act(&operator, json!({"action": "delete", "upload_ids": [sent.id()]})).await;
    assert_eq!(sent.now().await["status"], "deleted");

    let lines = report(&operator, nothing.id()).await["timeline"].clone();
    assert_eq!((&lines[1]["asked"], &lines[1]["cause"]), (&json!("expire"), &json!("operator")));
    assert_eq!((&lines[1]["status"], &lines[1]["cause_name"]), (&json!("pending"), &json!("a test")));
    assert_eq!(lines[2]["status"], "expired");
    let lines = report(&operator, sent.id()).await["timeline"].clone();
    let causes: Vec<_> = lines.as_array().expect("lines").iter().map(|line| &line["cause"]).collect();
    assert_eq!(causes, ["client", "operator", "hint", "operator"]);

    // Lines that are no change are not told as one.
    let told: Vec<_> = feed.take(9).await.iter().map(|event| event.told().1).collect();
    assert_eq!(told.iter().filter(|status| *status == "pending").count(), 4, "{told:?}");
    world.end().await;
}

#[tokio::test]
async fn of_a_long_timeline_the_end_is_shown_and_what_a_newer_version_asked_for_is_no_change() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let asked = |count, what| {
        format!(
            "INSERT INTO timeline (upload_id, tenant, status, asked, cause)
             SELECT '{}', 'acme', 'pending', '{what}', 'operator' FROM generate_series(1, {count})",
            upload.id()
        )
    };
    world.query(&asked(198, "settle")).await;
    world.query(&asked(1, "dance")).await;
    let operator = operator(&world).await;
    let shown = report(&operator, upload.id()).await;
    let lines = shown["timeline"].as_array().expect("lines");
    assert_eq!((lines.len(), &shown["timeline_is_cut"], lines[0].get("asked")), (200, &json!(false), None));
    assert_eq!((&lines[1]["asked"], &lines[199]["asked"]), (&json!("settle"), &json!("other")));
    upload.cancel().await.expect(200);
    let shown = report(&operator, upload.id()).await;
    let lines = shown["timeline"].as_array().expect("lines");
    assert_eq!((lines.len(), &shown["timeline_is_cut"]), (200, &json!(true)));
    assert_eq!((&lines[0]["asked"], &lines[199]["status"]), (&json!("settle"), &json!("canceled")));
    world.end().await;
}

/// That nothing stays reserved or stored is checked as the world ends.
#[tokio::test]
async fn what_is_taken_back_together_is_given_back_whole_to_each_tenant() {
    let world = World::start().await;
    let operator = operator(&world).await;
    let (mut kept, mut open) = (Vec::new(), Vec::new());
    for tenant in ["acme", "globex"] {
        let client = world.client_of(tenant).await;
        for _ in 0..3 {
            let upload = client.declare(&files::png()).await;
            upload.put(&files::png().bytes).await;
            kept.push(upload);
            open.push(client.declare(&files::png()).await);
        }
    }
    for upload in &kept {
        upload.is("confirmed").await;
    }
    for (action, uploads) in [("cancel", &open), ("delete", &kept)] {
        let ids: Vec<_> = uploads.iter().map(|upload| upload.id()).collect();
        let outcome = act(&operator, json!({"action": action, "upload_ids": ids})).await;
        assert_eq!((&outcome["done"], &outcome["refused"]), (&json!(6), &json!([])));
    }
    assert_eq!(world.count("SELECT sum(pending_uploads + stored_uploads + stored_bytes)::bigint FROM usage").await, 0);
    world.end().await;
}

#[tokio::test]
async fn with_what_an_action_does_nothing_is_said_and_changed_by_nothing() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let (pending, canceled) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    canceled.cancel().await.expect(200);
    let operator = operator(&world).await;
    let unknown = "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10";
    let ids = json!([pending.id(), canceled.id(), unknown]);
    let dry = act(&operator, json!({"action": "cancel", "upload_ids": ids, "dry_run": true})).await;
    assert_eq!((&dry["done"], dry["refused"].as_array().map(Vec::len)), (&json!(1), Some(2)));
    assert_eq!(pending.now().await["status"], "pending", "a dry run changes nothing");
    let outcome = act(&operator, json!({"action": "cancel", "upload_ids": ids})).await;
    assert_eq!((&outcome["done"], &outcome["refused"][0]["status"]), (&json!(1), &json!("canceled")));
    assert_eq!(outcome["refused"][1].get("status"), None);
    let again = act(&operator, json!({"action": "cancel", "upload_ids": [pending.id().to_uppercase()]})).await;
    assert_eq!((&again["done"], &again["refused"][0]["status"]), (&json!(0), &json!("canceled")));

    for (order, pointer) in [
        (json!({"action": "cancel"}), "/upload_ids"),
        (json!({"action": "cancel", "upload_ids": [], "filter": {}}), "/filter"),
        (json!({"action": "cancel", "upload_ids": [], "cursor": "x"}), "/cursor"),
        (json!({"action": "cancel", "upload_ids": vec![unknown; 1001]}), "/upload_ids"),
        (json!({"action": "cancel", "upload_ids": [pending.id(), "no-id"]}), "/upload_ids/1"),
        (json!({"action": "cancel", "upload_ids": [unknown.replace('-', "")]}), "/upload_ids/0"),
    ] {
        let answer = operator.post(ACTIONS, &order).await.expect(422);
        assert_eq!((answer.text("code"), &answer.body["errors"][0]["pointer"]), ("invalid_action", &json!(pointer)));
    }
    let answer = operator.post(ACTIONS, &json!({"action": "cancel", "filter": {}, "cursor": "x"})).await;
    assert_eq!(answer.problem(400), "invalid_cursor");
    let unknown_field = operator.post(ACTIONS, &json!({"action": "cancel", "filter": {"state": "pending"}})).await;
    assert_eq!(unknown_field.problem(400), "invalid_body");
    world.end().await;
}

/// As many as a search looks at on one page, and one.
#[tokio::test]
async fn a_count_that_ends_early_says_that_there_are_more() {
    let world = World::build().without_worker().start().await;
    plant(&world, 10_001, "acme", "pending").await;
    let dry = json!({"action": "cancel", "filter": {"tenant": "acme"}, "dry_run": true});
    let dry = act(&operator(&world).await, dry).await;
    assert_eq!((&dry["done"], &dry["has_more"]), (&json!(10_000), &json!(true)));
    clear(&world).await;
    world.end().await;
}

#[tokio::test]
async fn all_that_fit_a_filter_are_counted_first_and_then_acted_on_batch_by_batch() {
    let world = World::build().without_worker().start().await;
    plant(&world, 2300, "acme", "pending").await;
    plant(&world, 30, "globex", "pending").await;
    plant(&world, 10, "acme", "confirmed").await;
    let operator = operator(&world).await;
    let filter = json!({"tenant": "acme", "policy": "images"});
    let dry = act(&operator, json!({"action": "cancel", "filter": filter, "dry_run": true})).await;
    assert_eq!((&dry["done"], &dry["has_more"]), (&json!(2300), &json!(false)));
    let (mut done, mut batches, mut cursor) = (0, 0, None::<String>);
    loop {
        let mut order = json!({"action": "cancel", "filter": filter});
        if let Some(cursor) = &cursor {
            order["cursor"] = json!(cursor);
        }
        let outcome = act(&operator, order).await;
        done += outcome["done"].as_i64().expect("a number");
        batches += 1;
        assert_eq!(outcome["has_more"], outcome.get("next_cursor").is_some());
        match outcome["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!((done, batches), (2300, 3));
    let left = "SELECT count(*) FROM uploads WHERE status = 'pending' AND tenant = 'globex'";
    assert_eq!(world.count(left).await, 30);
    assert_eq!(world.count("SELECT count(*) FROM uploads WHERE status = 'confirmed'").await, 10);
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE cause = 'operator'").await, 2300);
    let other = json!({"action": "delete", "filter": filter, "cursor": cursor});
    assert_eq!(operator.post(ACTIONS, &other).await.problem(400), "invalid_cursor");
    clear(&world).await;
    world.end().await;
}
