//! What operators see and do: that counts are true, that actions are recorded, and who may do what.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sluice_common::db::counting::{self, LENGTHS};
use sluice_testkit::{Client, File, World, files};

const ACTIONS: &str = "/v1/operator/uploads/actions";
const SESSION: &str = "/v1/operator/session";

/// An operator who reaches all tenants.
async fn operator(world: &World) -> Client {
    world.client_with(Some(&world.key_of_all(&["operator"]).await))
}

async fn operator_of(world: &World, tenant: &str) -> Client {
    world.client_with(Some(&world.key(tenant, &["operator"]).await))
}

async fn act(operator: &Client, order: Value) -> Value {
    operator.post(ACTIONS, &order).await.expect(200).body
}

async fn report(operator: &Client, id: &str) -> Value {
    operator.get(&format!("/v1/operator/uploads/{id}")).await.expect(200).body
}

/// The ids of a page.
async fn found(operator: &Client, query: &str) -> Vec<String> {
    let page = operator.get(&format!("/v1/operator/uploads?{query}")).await.expect(200).body;
    let ids = page["data"].as_array().expect("a list").iter();
    ids.map(|upload| upload["id"].as_str().expect("an id").to_owned()).collect()
}

/// Bytes that are not what they are declared to be.
fn disguised() -> File {
    File { bytes: b"#!/bin/sh\necho no picture at all\n".to_vec(), ..files::png() }
}

type Counts = BTreeMap<(String, String), i64>;

async fn counts(world: &World, query: &str) -> Counts {
    world.query(query).await.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect()
}

/// What the workers keep of how many uploads there are, and what a count says.
async fn kept_and_counted(world: &World) -> (Counts, Counts) {
    let kept = counts(world, "SELECT tenant, status, uploads FROM totals WHERE uploads <> 0").await;
    let count = "SELECT coalesce(tenant, ''), status, count(*) FROM uploads
        GROUP BY GROUPING SETS ((tenant, status), (status))";
    (kept, counts(world, count).await)
}

/// What the workers keep of what happened, in stretches of this length, and what the timeline says.
async fn activity_kept_and_told(world: &World, seconds: i32) -> (Counts, Counts) {
    let kept = format!(
        "SELECT tenant, kind || ' ' || CASE kind WHEN 'wait' THEN '' ELSE name END, sum(count)::bigint
         FROM activity WHERE seconds = {seconds} GROUP BY 1, 2"
    );
    let told = "WITH told AS (
            SELECT u.tenant, t.status, t.waited_ms, u.reasons FROM timeline t JOIN uploads u ON u.id = t.upload_id
            WHERE t.asked IS NULL
        ), each AS (
            SELECT tenant, 'status ' || status AS what FROM told
            UNION ALL SELECT tenant, 'wait ' FROM told WHERE waited_ms IS NOT NULL
            UNION ALL SELECT tenant, 'reason ' || (reason->>'code')
            FROM told CROSS JOIN LATERAL jsonb_array_elements(reasons) AS reason WHERE status = 'rejected'
        )
        SELECT coalesce(tenant, ''), what, count(*) FROM each GROUP BY GROUPING SETS ((tenant, what), (what))";
    (counts(world, &kept).await, counts(world, told).await)
}

/// Where no worker counts, this does. Whatever transaction is open on the database's server holds it up for as long.
async fn all_is_counted(world: &World) {
    let db = world.db();
    // Verdicts may still come while this asks.
    world
        .until("all is counted", async || {
            counting::count(&db).await.expect("the database answers");
            let (kept, counted) = kept_and_counted(world).await;
            let mut agree = kept == counted;
            for (seconds, _) in LENGTHS {
                let (kept, told) = activity_kept_and_told(world, seconds).await;
                agree &= kept == told;
            }
            agree
        })
        .await;
}

/// Declares, sends, disguises, cancels and deletes, by chance.
async fn work(client: &Client, uploads: usize) {
    let one = async || {
        let fate = rand::random_range(0..5);
        let upload = client.declare(&if fate == 1 { disguised() } else { files::png() }).await;
        match fate {
            0 => drop(upload.cancel().await.expect(200)),
            1 => upload.put(&disguised().bytes).await,
            2 => upload.put(&files::png().bytes).await,
            3 => {
                upload.put(&files::png().bytes).await;
                upload.is("confirmed").await;
                upload.cancel().await.expect(200);
            }
            _ => {}
        }
    };
    for _ in 0..uploads / 10 {
        futures_util::future::join_all((0..10).map(|_| one())).await;
    }
}

#[tokio::test]
async fn counts_are_those_of_a_recount_whatever_workers_come_and_are_killed() {
    let mut world = World::build().hiding_messages_for(5).start().await;
    world.start_worker().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    tokio::join!(work(&acme, 40), work(&globex, 30));
    for _ in 0..2 {
        world.kill_worker().await;
        world.start_worker().await;
        tokio::join!(work(&acme, 20), work(&globex, 20));
    }
    world.query("UPDATE uploads SET look_at = now() WHERE status = 'pending'").await;
    all_is_counted(&world).await;

    let operator = operator(&world).await;
    world
        .until("the overview says the same", async || {
            let overview = operator.get("/v1/operator/overview").await.expect(200).body;
            let (_, counted) = kept_and_counted(&world).await;
            let counted = |status: &str| counted.get(&(String::new(), status.to_owned())).copied().unwrap_or(0);
            let shown = overview["uploads"].as_object().expect("counts");
            shown.len() == 6 && shown.iter().all(|(status, count)| count.as_i64() == Some(counted(status)))
        })
        .await;
    world.end().await;
}

#[tokio::test]
async fn of_many_who_count_at_once_each_line_is_counted_by_one() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    for _ in 0..20 {
        let declared = (0..20).map(|_| async { client.declare(&files::png()).await.cancel().await.expect(200) });
        let db = world.db();
        let counting = (0..4).map(|_| counting::count(&db));
        let (_, counted) =
            tokio::join!(futures_util::future::join_all(declared), futures_util::future::join_all(counting));
        for counted in counted {
            counted.expect("the database answers");
        }
    }
    all_is_counted(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_change_of_a_transaction_that_ends_late_is_not_left_out() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let db = world.db();
    let (early, late) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    all_is_counted(&world).await;
    let session = world
        .session(&format!(
            "BEGIN; INSERT INTO timeline (upload_id, tenant, status, cause) SELECT id, tenant, 'canceled', 'client'
             FROM uploads WHERE id = '{}'; UPDATE uploads SET status = 'canceled', decided_at = now() WHERE id = '{}'",
            early.id(),
            early.id()
        ))
        .await;
    late.cancel().await.expect(200);
    counting::count(&db).await.expect("it answers");
    let overview = operator(&world).await.get("/v1/operator/overview").await.expect(200).body;
    assert_eq!(overview["uploads"]["canceled"], 0, "what is behind an open transaction is not counted yet");
    // Only now: this would hold up the other cancelation.
    let frees = "UPDATE usage SET pending_uploads = 0, reserved_bytes = 0; COMMIT";
    session.batch_execute(frees).await.expect("it commits");
    all_is_counted(&world).await;
    drop(session);
    world.end().await;
}

#[tokio::test]
async fn activity_shows_what_happened_and_how_long_verdicts_took() {
    let world = World::start().await;
    let client = world.client().await;
    for file in [files::png(), disguised(), files::png()] {
        client.declare(&file).await.put(&file.bytes).await;
    }
    let operator = operator(&world).await;
    let mut activity = Value::Null;
    world
        .until("it is counted", async || {
            activity = operator.get("/v1/operator/activity?range=15m").await.expect(200).body;
            activity["total"]["confirmed"] == 2 && activity["total"]["rejected"] == 1
        })
        .await;
    assert_eq!(activity["points"].as_array().map(Vec::len), Some(15));
    assert!(activity["total"]["latency_p50_ms"].as_i64().is_some_and(|ms| (0..50_000).contains(&ms)), "{activity}");
    assert_eq!(activity["total"]["created"], 3);
    let reasons: Vec<_> = activity["rejections"].as_array().expect("a list").iter().map(|one| &one["code"]).collect();
    assert!(reasons.contains(&&json!("type_mismatch")), "{activity}");
    for range in ["1h", "6h", "24h", "7d", "30d"] {
        let activity =
            operator.get(&format!("/v1/operator/activity?range={range}&policy=images")).await.expect(200).body;
        assert_eq!(activity["total"]["confirmed"], 2, "{range}");
        assert!(activity["points"].as_array().is_some_and(|points| points.len() <= 120), "{range}");
    }
    for nothing in ["policy=video", "tenant=globex"] {
        let activity = operator.get(&format!("/v1/operator/activity?{nothing}")).await.expect(200).body;
        assert_eq!(activity["total"]["created"], 0, "{nothing}");
    }
    let of_globex = operator_of(&world, "globex").await;
    for query in ["", "?tenant=acme"] {
        let activity = of_globex.get(&format!("/v1/operator/activity{query}")).await.expect(200).body;
        assert_eq!(activity["total"]["created"], 0, "another tenant's is not seen");
    }
    world.end().await;
}

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
    let ids = json!([pending.id(), canceled.id(), unknown, "no-id"]);
    let dry = act(&operator, json!({"action": "cancel", "upload_ids": ids, "dry_run": true})).await;
    assert_eq!((&dry["done"], dry["refused"].as_array().map(Vec::len)), (&json!(1), Some(3)));
    assert_eq!(pending.now().await["status"], "pending", "a dry run changes nothing");
    let outcome = act(&operator, json!({"action": "cancel", "upload_ids": ids})).await;
    assert_eq!((&outcome["done"], &outcome["refused"][0]["status"]), (&json!(1), &json!("canceled")));
    assert_eq!(outcome["refused"][1].get("status"), None);
    let again = act(&operator, json!({"action": "cancel", "upload_ids": [pending.id()]})).await;
    assert_eq!((&again["done"], &again["refused"][0]["status"]), (&json!(0), &json!("canceled")));

    for (order, pointer) in [
        (json!({"action": "cancel"}), "/upload_ids"),
        (json!({"action": "cancel", "upload_ids": [], "filter": {}}), "/filter"),
        (json!({"action": "cancel", "upload_ids": [], "cursor": "x"}), "/cursor"),
        (json!({"action": "cancel", "upload_ids": vec![unknown; 1001]}), "/upload_ids"),
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

/// Uploads that nobody declared, one a second, the last one a minute ago.
async fn plant(world: &World, count: usize, tenant: &str, status: &str) {
    let is_confirmed = status == "confirmed";
    let decided = if is_confirmed { "at" } else { "NULL" };
    let (key, size, etag) = if is_confirmed { ("'k/' || n", "1", "'\"e\"'") } else { ("NULL", "NULL", "NULL") };
    world
        .query(&format!(
            "INSERT INTO uploads (id, tenant, policy, status, origin, filename, content_type, size, grant_key, write_once,
                created_at, deadline, look_at, decided_at, object_key, object_size, object_etag)
             SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                     || substr(md5('{tenant}{status}' || n), 1, 3) || '8' || substr(md5('{tenant}{status}' || n), 4, 15))::uuid,
                 '{tenant}', 'images', '{status}', 'v1', 'photo ' || n || '.png', 'image/png', 1, 'k/' || n, true,
                 at, at + interval '30 days', now() + interval '1 day', {decided}, {key}, {size}, {etag}
             FROM generate_series(1, {count}) AS n
             CROSS JOIN LATERAL (SELECT now() - make_interval(secs => 60 + {count} - n) AS at) AS made"
        ))
        .await;
}

/// Takes away what was planted.
async fn clear(world: &World) {
    for statement in ["DELETE FROM unwanted_objects", "DELETE FROM timeline", "DELETE FROM uploads"] {
        world.query(statement).await;
    }
}

#[tokio::test]
async fn uploads_are_found_by_what_is_known_of_them() {
    let world = World::start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let good = acme.declare_as(&json!({"filename": "Holiday_1.png", "content_type": "image/png"})).await;
    let bad = globex.declare(&disguised()).await;
    let waiting = globex.declare(&files::png()).await;
    good.put(&files::png().bytes).await;
    bad.put(&disguised().bytes).await;
    good.is("confirmed").await;
    bad.is("rejected").await;
    let operator = operator(&world).await;
    let key = world.key_of(good.id()).await;
    let all = [waiting.id(), bad.id(), good.id()];
    for (query, expected) in [
        ("", &all[..]),
        ("tenant=globex", &all[..2]),
        ("status=confirmed", &[good.id()]),
        ("status=pending,rejected", &all[..2]),
        ("status=rejected&tenant=acme", &[]),
        ("reason=type_mismatch", &[bad.id()]),
        ("type=image/*&status=confirmed", &[good.id()]),
        ("type=image/gif", &[]),
        ("policy=images", &all),
        ("policy=video", &[]),
        ("created_from=2020-01-01T00:00:00Z", &all),
        ("created_before=2020-01-01T00:00:00Z", &[]),
        ("text=holiday_", &[good.id()]),
        ("text=holiday%251", &[]),
        (&format!("text={}", good.id()), &[good.id()]),
        (&format!("text={key}"), &[good.id()]),
        (&format!("text={}&tenant=globex", good.id()), &[]),
    ] {
        assert_eq!(found(&operator, query).await, expected, "{query}");
    }
    assert_eq!(operator.get("/v1/operator/uploads?status=done").await.problem(400), "invalid_parameter");
    world.end().await;
}

/// The uploads of all pages.
async fn found_page_by_page(operator: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/v1/operator/uploads?limit=100&{query}{cursor}")).await.expect(200).body;
        let ids = page["data"].as_array().expect("a list").iter();
        seen.extend(ids.map(|upload| upload["id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn a_window_in_which_nothing_is_of_the_time_hides_no_older_uploads() {
    let world = World::build().without_worker().start().await;
    plant(&world, 10_500, "acme", "confirmed").await;
    // As many are made within the hour by which the clock that makes ids may differ.
    world.query("UPDATE uploads SET created_at = now() WHERE created_at > now() - interval '10100 seconds'").await;
    plant(&world, 10_500, "acme", "pending").await;
    world.query("DELETE FROM uploads WHERE status = 'pending' AND created_at > now() - interval '10300 seconds'").await;
    let before = (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(2)).to_string();
    let seen =
        found_page_by_page(&operator(&world).await, &format!("status=pending,confirmed&created_before={before}")).await;
    let meant = world.count("SELECT count(*) FROM uploads WHERE created_at < now() - interval '1 hour'").await;
    assert_eq!((seen.len() as i64, meant > 400), (meant, true));
    clear(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_search_looks_at_one_window_a_page_and_goes_on_where_it_ended() {
    let world = World::build().without_worker().start().await;
    plant(&world, 12_500, "acme", "confirmed").await;
    let operator = operator(&world).await;
    let page = operator.get("/v1/operator/uploads?text=photo%207.png").await.expect(200).body;
    assert_eq!((&page["data"], &page["has_more"], &page["looked_at"]), (&json!([]), &json!(true), &json!(10_000)));
    assert!(page["looked_back_to"].is_string());
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let next = format!("/v1/operator/uploads?text=photo%207.png&cursor={cursor}");
    let page = operator.get(&next).await.expect(200).body;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(1), &json!(false)));
    let other = operator.get(&format!("/v1/operator/uploads?text=photo&cursor={cursor}")).await;
    assert_eq!(other.problem(400), "invalid_cursor");

    // Page by page, in two statuses at once, each is there once.
    plant(&world, 120, "acme", "pending").await;
    for query in
        ["status=pending,confirmed&text=photo%2012", "status=confirmed,pending&created_from=2020-01-01T00:00:00Z"]
    {
        let seen = found_page_by_page(&operator, query).await;
        let is_meant = if query.contains("text") { "filename LIKE 'photo 12%'" } else { "true" };
        assert_eq!(seen.len() as i64, world.count(&format!("SELECT count(*) FROM uploads WHERE {is_meant}")).await);
        assert!(seen.is_sorted_by(|one, other| one > other), "newest first, and none twice");
    }
    clear(&world).await;
    world.end().await;
}

#[tokio::test]
async fn an_operator_of_one_tenant_sees_and_touches_that_tenant_alone() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let (own, others) = (acme.declare(&files::png()).await, globex.declare(&files::png()).await);
    all_is_counted(&world).await;
    let operator = operator_of(&world, "acme").await;
    assert_eq!(found(&operator, "").await, [own.id()]);
    assert_eq!(found(&operator, "tenant=globex").await, [""; 0]);
    assert_eq!(found(&operator, &format!("text={}", others.id())).await, [""; 0]);
    for path in ["", "/download"] {
        let answer = operator.get(&format!("/v1/operator/uploads/{}{path}", others.id())).await;
        assert_eq!(answer.problem(404), "upload_not_found");
    }
    let outcome = act(&operator, json!({"action": "cancel", "upload_ids": [others.id()]})).await;
    assert_eq!((&outcome["done"], outcome["refused"][0].get("status")), (&json!(0), None));
    let outcome = act(&operator, json!({"action": "cancel", "filter": {"tenant": "globex"}})).await;
    assert_eq!(outcome["done"], 0);
    let overview = operator.get("/v1/operator/overview").await.expect(200).body;
    assert_eq!((&overview["uploads"]["pending"], overview.get("system")), (&json!(1), None));
    assert_eq!(overview["oldest_pending"]["upload_id"], own.id());
    for path in ["/v1/operator/dead-events", "/v1/operator/dead-letters", "/v1/operator/dead-events/1"] {
        assert_eq!(operator.get(path).await.problem(403), "all_tenants_needed", "{path}");
    }
    assert_eq!(operator.call("/v1/operator/dead-letters/redrive").await.problem(403), "all_tenants_needed");

    let mut feed = operator.watch_at("/v1/operator/events", &[]).await.expect("it is opened");
    feed.begun().await;
    others.cancel().await.expect(200);
    let outcome = act(&operator, json!({"action": "cancel", "filter": {}})).await;
    assert_eq!(outcome["done"], 1);
    let event = feed.next().await.expect("it goes on");
    let expected = json!({"id": own.id(), "tenant": "acme", "policy": "images", "status": "canceled"});
    assert_eq!(event.upload, expected);
    world.end().await;
}

#[tokio::test]
async fn the_stream_of_all_tenants_tells_every_change_and_goes_on_behind_an_id() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let operator = operator(&world).await;
    let mut feed = operator.watch_at("/v1/operator/events", &[]).await.expect("it is opened");
    feed.begun().await;
    for client in [&acme, &globex] {
        client.declare(&files::png()).await.cancel().await.expect(200);
    }
    let tenants = |events: &[sluice_testkit::Event]| {
        events.iter().map(|event| event.upload["tenant"].clone()).collect::<Vec<_>>()
    };
    let events = feed.take(4).await;
    assert_eq!(tenants(&events), ["acme", "acme", "globex", "globex"]);
    let behind = [("last-event-id", events[1].id.as_str())];
    let mut again = operator.watch_at("/v1/operator/events", &behind).await.expect("it is opened");
    assert_eq!(tenants(&again.take(2).await), ["globex", "globex"]);
    let refused = operator.watch_at("/v1/operator/events?after=x", &[]).await.err().expect("it is refused");
    assert_eq!(refused.problem(400), "invalid_cursor");
    world.end().await;
}

#[tokio::test]
async fn who_may_only_look_looks_and_who_is_no_operator_does_neither() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let order = json!({"action": "cancel", "upload_ids": [upload.id()]});
    let reader = world.client_with(Some(&world.key_of_all(&["operator:read"]).await));
    for path in ["overview", "activity", "uploads", "dead-events", "session"] {
        reader.get(&format!("/v1/operator/{path}")).await.expect(200);
    }
    report(&reader, upload.id()).await;
    let session = reader.get(SESSION).await.expect(200).body;
    assert_eq!((&session["may_act"], &session["all_tenants"]), (&json!(false), &json!(true)));
    for (method, path, body) in [
        (Method::POST, ACTIONS, Some(&order)),
        (Method::POST, "/v1/operator/dead-letters/redrive", None),
        (Method::DELETE, "/v1/operator/dead-letters", None),
        (Method::DELETE, "/v1/operator/dead-letters/x", None),
        (Method::DELETE, "/v1/operator/dead-events?up_to=1", None),
        (Method::DELETE, "/v1/operator/dead-events/1", None),
    ] {
        let answer = reader.send(method, path, body, &[]).await;
        assert_eq!(answer.problem(403), "missing_scope", "{path}");
    }
    let application = world.client_with(Some(&world.key_of_all(&["uploads:read", "uploads:write"]).await));
    for client in [&application, &world.client_with(None), &world.client_with(Some("sluice_x"))] {
        let status = client.get("/v1/operator/overview").await.status.as_u16();
        assert!([401, 403].contains(&status), "{status}");
    }
    assert_eq!(upload.now().await["status"], "pending");
    world.end().await;
}

/// Signs in. Gives somebody without a key, and the cookie.
async fn signed_in(world: &World, key: &str) -> (Client, String) {
    let opened = world.client_with(Some(key)).call(SESSION).await.expect(200);
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict") && cookie.contains("; Path=/"));
    (world.client_with(None), cookie.split(';').next().expect("a pair").to_owned())
}

#[tokio::test]
async fn a_session_opens_what_its_key_does_until_it_is_closed_or_the_key_revoked() {
    let world = World::build().without_worker().start().await;
    let key = world.key_of_all(&["operator"]).await;
    let (browser, cookie) = signed_in(&world, &key).await;
    let ask = async |cookie: &str| browser.send(Method::GET, SESSION, None, &[("cookie", cookie)]).await;
    let session = ask(&cookie).await.expect(200).body;
    assert_eq!((&session["name"], &session["may_act"]), (&json!("a test"), &json!(true)));
    assert!(session["expires_at"].is_string() && session["idle_seconds"] == 7200, "{session}");
    assert_eq!(ask("sluice_operator=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.problem(401), "unauthorized");
    assert_eq!(ask("sluice_operator=x").await.problem(401), "unauthorized");

    let same_origin = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let closed = browser.send(Method::DELETE, SESSION, None, &same_origin).await.expect(204);
    assert!(closed.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ask(&cookie).await.problem(401), "unauthorized");

    let (_, idle) = signed_in(&world, &key).await;
    let (_, cookie) = signed_in(&world, &key).await;
    let hash = "SELECT 1 AS one FROM operator_sessions";
    assert_eq!(world.query(hash).await.len(), 2);
    world.query("UPDATE operator_sessions SET used_at = now() - interval '3 hours'").await;
    assert_eq!(ask(&idle).await.problem(401), "unauthorized");
    world.query("UPDATE operator_sessions SET used_at = now() - interval '1 hour'").await;
    ask(&cookie).await.expect(200);
    assert_eq!(
        world.count("SELECT count(*) FROM operator_sessions WHERE used_at > now() - interval '1 minute'").await,
        1
    );
    world.query("UPDATE api_keys SET revoked_at = now()").await;
    world.until("the session has ended", async || ask(&cookie).await.status == 401).await;
    world.end().await;
}

#[tokio::test]
async fn a_session_goes_on_while_the_database_takes_no_writes() {
    let world = World::build().without_worker().start().await;
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator"]).await).await;
    world.query("UPDATE operator_sessions SET used_at = now() - interval '1 hour'").await;
    let set = |what| format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {what}', current_database()); END $$");
    world.query(&set("SET default_transaction_read_only = on")).await;
    let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.query(&format!("SELECT pg_terminate_backend(pid) {others}")).await;
    let ask = async || browser.send(Method::GET, SESSION, None, &[("cookie", &cookie)]).await;
    world.until("it is found", async || ask().await.status == 200).await;
    assert_eq!(
        world.count("SELECT count(*) FROM operator_sessions WHERE used_at < now() - interval '59 minutes'").await,
        1
    );
    let reset = set("RESET default_transaction_read_only");
    let session = world.session("SET default_transaction_read_only = off").await;
    session.batch_execute(&reset).await.expect("it takes writes");
    drop(session);
    world.end().await;
}

#[tokio::test]
async fn a_page_of_somebody_else_changes_nothing_with_an_operators_cookie() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator"]).await).await;
    let order = json!({"action": "cancel", "upload_ids": [upload.id()]});
    let post = async |headers: &[(&str, &str)]| {
        let headers = [&[("cookie", cookie.as_str())], headers].concat();
        browser.send(Method::POST, ACTIONS, Some(&order), &headers).await
    };
    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("x-sluice-operator", "1")],
        &[("origin", "https://evil.example"), ("x-sluice-operator", "1")],
    ] {
        assert_eq!(post(headers).await.problem(403), "cross_site", "{headers:?}");
    }
    assert_eq!(upload.now().await["status"], "pending");
    post(&[("x-sluice-operator", "1")]).await.expect(200);
    assert_eq!(upload.now().await["status"], "canceled");
    // A reader's session may not act either.
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator:read"]).await).await;
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.send(Method::POST, ACTIONS, Some(&order), &headers).await.problem(403), "missing_scope");
    world.end().await;
}

async fn findings(operator: &Client) -> Vec<String> {
    let overview = operator.get("/v1/operator/overview").await.expect(200).body;
    let findings = overview["findings"].as_array().expect("a list");
    assert_eq!(overview["is_well"], findings.is_empty());
    findings.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[tokio::test]
async fn a_worker_is_shown_while_it_lives_and_told_of_when_it_is_gone() {
    let mut world = World::start().await;
    let operator = operator(&world).await;
    world.until("all is well", async || findings(&operator).await.is_empty()).await;
    let system = operator.get("/v1/operator/overview").await.expect(200).body["system"].clone();
    let worker = &system["workers"][0];
    assert_eq!((&worker["is_alive"], &worker["breaker"]), (&json!(true), &json!("closed")));
    assert!(worker["version"].is_string() && worker["host"].is_string(), "{system}");
    assert_eq!((&system["database"]["takes_writes"], &system["dead_letters"]), (&json!(true), &json!(0)));
    assert!(system["queue"]["waiting"].is_i64(), "{system}");

    world.kill_worker().await;
    world.query("UPDATE workers SET seen_at = now() - interval '31 seconds'").await;
    world.query("UPDATE counting SET until = now()").await;
    assert_eq!(findings(&operator).await, ["no_worker", "worker_gone"]);
    world.start_worker().await;
    world.until("another is there", async || findings(&operator).await == ["worker_gone"]).await;
    world
        .query("UPDATE workers SET seen_at = now() - interval '2 hours' WHERE seen_at < now() - interval '30 seconds'")
        .await;
    world.until("the dead are forgotten", async || world.count("SELECT count(*) FROM workers").await == 1).await;
    assert_eq!(findings(&operator).await, [""; 0]);
    world.end().await;
}

#[tokio::test]
async fn dead_letters_are_listed_moved_back_and_deleted() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let event = world.localstack.event(&world.key_of(upload.id()).await);
    let good = world.localstack.leave_dead_letter(&event).await;
    let bad = world.localstack.leave_dead_letter("{").await;
    let operator = operator(&world).await;
    const PATH: &str = "/v1/operator/dead-letters";
    for _ in 0..2 {
        let list = operator.get(PATH).await.expect(200).body;
        assert_eq!((&list["total"], &list["has_more"]), (&json!(2), &json!(false)), "{list}");
        let letters = list["data"].as_array().expect("a list");
        let of = |id: &str| letters.iter().find(|letter| letter["message_id"] == id).expect("it is listed");
        assert_eq!(of(&good)["upload_id"], upload.id());
        assert!(of(&bad)["says"].as_str().is_some_and(|says| says.contains("not JSON")));
    }
    let nobody = operator.post(&format!("{PATH}/redrive"), &json!({"message_id": "nobody"})).await;
    assert_eq!(nobody.problem(404), "dead_letter_not_found");
    assert_eq!(operator.delete(&format!("{PATH}/nobody")).await.problem(404), "dead_letter_not_found");
    operator.delete(&format!("{PATH}/{bad}")).await.expect(204);
    let moved = operator.post(&format!("{PATH}/redrive"), &json!({"message_id": good})).await.expect(200).body;
    assert_eq!(moved, json!({"moved": 1, "has_more": false}));
    upload.is("confirmed").await;
    for _ in 0..12 {
        world.localstack.leave_dead_letter(r#"{"Event":"s3:TestEvent"}"#).await;
    }
    world.until("it is told of", async || findings(&operator).await.contains(&"dead_letters".to_owned())).await;
    let moved = operator.call(&format!("{PATH}/redrive")).await.expect(200).body;
    assert_eq!(moved, json!({"moved": 12, "has_more": false}));
    world.localstack.leave_dead_letter("{").await;
    assert_eq!(operator.delete(PATH).await.expect(200).body, json!({"deleted": 1}));
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}

#[tokio::test]
async fn an_api_that_knows_no_dead_letter_queue_says_so() {
    let world = World::build().without_worker().with("SLUICE_SQS_DLQ_URL", "").start().await;
    let operator = operator(&world).await;
    assert_eq!(operator.get("/v1/operator/dead-letters").await.problem(409), "no_dead_letter_queue");
    assert_eq!(operator.call("/v1/operator/dead-letters/redrive").await.problem(409), "no_dead_letter_queue");
    let overview = operator.get("/v1/operator/overview").await.expect(200).body;
    assert_eq!(overview["system"].get("dead_letters"), None);
    world.end().await;
}

#[tokio::test]
async fn dead_events_are_listed_shown_and_dropped() {
    let world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let key = world.key_of(upload.id()).await;
    let gone = key.replace(upload.id(), "019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10");
    let long = "x".repeat(3000);
    for body in ["one", "two", &long] {
        world.localstack.send_message(body).await;
    }
    world
        .query(&format!(
            "INSERT INTO dead_events (message_id, body, reason, upload_id) VALUES ('m', '{gone}', 'a test', '{}')",
            upload.id()
        ))
        .await;
    world.until("all are kept", async || world.count("SELECT count(*) FROM dead_events").await == 4).await;
    let operator = operator(&world).await;
    assert_eq!(report(&operator, upload.id()).await["dead_events"][0]["message_id"], "m");
    const PATH: &str = "/v1/operator/dead-events";
    let page = operator.get(&format!("{PATH}?limit=3")).await.expect(200).body;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(3), &json!(true)));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = operator.get(&format!("{PATH}?limit=3&cursor={cursor}")).await.expect(200).body;
    assert_eq!((rest["data"].as_array().map(Vec::len), &rest["has_more"]), (Some(1), &json!(false)));
    let events = [page["data"].as_array(), rest["data"].as_array()].map(|data| data.expect("a list").clone()).concat();
    let cut = events.iter().find(|event| event["is_cut"] == true).expect("one is long");
    let id = cut["id"].as_str().expect("an id");
    let whole = operator.get(&format!("{PATH}/{id}")).await.expect(200).body;
    assert_eq!((&whole["body"], &whole["is_cut"]), (&json!(long), &json!(false)));
    operator.delete(&format!("{PATH}/{id}")).await.expect(204);
    for missing in [id, "0", "x", "99999999999999999999"] {
        assert_eq!(operator.delete(&format!("{PATH}/{missing}")).await.problem(404), "dead_event_not_found");
    }
    assert_eq!(operator.delete(&format!("{PATH}?up_to=x")).await.problem(400), "invalid_cursor");
    let newest = events[0]["id"].as_str().expect("an id");
    let dropped = operator.delete(&format!("{PATH}?up_to={newest}")).await.expect(200).body;
    assert_eq!(dropped, json!({"dropped": 3, "has_more": false}));
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn what_was_there_before_is_counted_when_the_database_is_brought_up_to_date() {
    let world = World::build().without_worker().start().await;
    plant(&world, 50, "acme", "pending").await;
    plant(&world, 20, "globex", "confirmed").await;
    let migration = include_str!("../../migrations/V10__operators.sql");
    let counting =
        migration.split_once("INSERT INTO totals").expect("it counts").1.split(';').next().expect("a statement");
    world.query("DELETE FROM totals").await;
    world.query(&format!("INSERT INTO totals{counting}")).await;
    let (kept, counted) = kept_and_counted(&world).await;
    assert_eq!(kept, counted);
    clear(&world).await;
    world.end().await;
}

/// Run it with `--run-ignored all`; it takes some minutes.
#[tokio::test]
#[ignore = "it fills a database with a million uploads"]
async fn a_view_costs_the_same_of_a_million_uploads_as_of_ten_thousand() {
    let world = World::build().without_worker().start().await;
    let operator = operator(&world).await;
    let paths = async || {
        let id: uuid::Uuid = world.query("SELECT id FROM uploads ORDER BY id LIMIT 1").await[0].get(0);
        vec![
            "/v1/operator/overview".to_owned(),
            "/v1/operator/activity?range=24h".to_owned(),
            "/v1/operator/uploads".to_owned(),
            "/v1/operator/uploads?status=rejected,pending".to_owned(),
            "/v1/operator/uploads?tenant=acme&status=pending".to_owned(),
            "/v1/operator/uploads?text=nowhere%20to%20be%20found".to_owned(),
            format!("/v1/operator/uploads?text={id}"),
            format!("/v1/operator/uploads/{id}"),
        ]
    };
    let mut figures = Vec::new();
    for (planted, status) in [(10_000, "confirmed"), (990_000, "confirmed")] {
        plant(&world, planted, if planted == 10_000 { "globex" } else { "acme" }, status).await;
        world.query("VACUUM ANALYZE uploads").await;
        for path in paths().await {
            let mut times = Vec::new();
            for _ in 0..21 {
                let began = Instant::now();
                operator.get(&path).await.expect(200);
                times.push(began.elapsed());
            }
            // Whatever else the machine does meanwhile makes them longer, never shorter.
            let shortest = times.into_iter().min().expect("there are some");
            figures.push((path, shortest));
        }
    }
    let (few, many) = figures.split_at(figures.len() / 2);
    for ((path, few), (_, many)) in few.iter().zip(many) {
        eprintln!("{:8.2} ms of 10,000, {:8.2} ms of 1,000,000: {path}", ms(*few), ms(*many));
    }
    for ((path, few), (_, many)) in few.iter().zip(many) {
        assert!(ms(*many) < 3.0 * ms(*few) + 10.0, "{path}");
    }
    clear(&world).await;
    world.end().await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
