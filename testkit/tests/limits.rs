//! What one tenant may use, and what it does to others who use more.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sluice_common::db::uploads::{self, NewUpload, Recorded};
use sluice_common::db::usage;
use sluice_common::domain::{
    ByteCount, Form, Idempotency, IdempotencyKey, Limits, Metadata, Multipart, Origin, RedirectUrl, Sha256,
    TenantLimits,
};
use sluice_testkit::{Answer, Build, Client, TestUpload, World, files, picture_of};

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/limits.toml");

fn limited() -> Build {
    World::build().with("SLUICE_POLICIES", POLICIES)
}

fn of_size(size: i64) -> Value {
    json!({"filename": "a.png", "content_type": "image/png", "size": size})
}

/// The limit that a refusal names.
#[track_caller]
fn over(answer: Answer) -> String {
    assert_eq!(answer.clone().problem(403), "quota_exceeded");
    assert_eq!(answer.body["detail"], answer.body["errors"][0]["detail"]);
    answer.body["errors"][0]["code"].as_str().expect("a code").to_owned()
}

async fn create(client: &Client, declaration: &Value, key: &str) -> Answer {
    let headers = [("idempotency-key", key)];
    client.send(Method::POST, "/v1/uploads", Some(declaration), &headers[usize::from(key.is_empty())..]).await
}

/// What is used: pending uploads and reserved bytes, stored uploads and bytes.
async fn used(client: &Client) -> [i64; 4] {
    let usage = client.get("/v1/usage").await.expect(200).body;
    ["pending_uploads", "reserved_bytes", "stored_uploads", "stored_bytes"]
        .map(|name| usage[name]["used"].as_i64().expect("a number"))
}

/// How many uploads this API says it has refused for a limit.
async fn over_quota(url: &str) -> u64 {
    let figures = reqwest::get(format!("{url}/metrics")).await.expect("an answer").text().await.expect("text");
    let of_line =
        |line: &str| line.strip_prefix("sluice_uploads_over_quota_total{")?.rsplit(' ').next()?.parse::<u64>().ok();
    figures.lines().filter_map(of_line).sum()
}

/// Lets nobody count an upload of the tenant `few` before two processes are about to.
async fn all_at_once(world: &World) {
    let held = world.session("BEGIN; SELECT FROM usage WHERE tenant = 'few' FOR UPDATE").await;
    world.until("two processes wait", async || world.held_up().await >= 2).await;
    held.batch_execute("ROLLBACK").await.expect("the session is there");
}

#[tokio::test]
async fn of_more_creates_than_a_limit_allows_exactly_so_many_are_recorded() {
    let mut world = limited().without_worker().start().await;
    let one = world.client_of("few").await;
    world.start_another_api().await;
    let other = world.client_of("few").await;
    let declaration = of_size(67);
    let singles = (0..40).map(|n| create(if n % 2 == 0 { &one } else { &other }, &declaration, ""));
    let batch = json!({"uploads": vec![declaration.clone(); 5]});
    let batches = [&one, &other].map(|client| client.post("/v1/uploads/batch", &batch));
    let (singles, batches, ()) = tokio::join!(join_all(singles), join_all(batches), all_at_once(&world));
    let mut recorded = 0;
    for answer in singles {
        match answer.status.as_u16() {
            201 => recorded += 1,
            _ => assert_eq!(over(answer), "pending_uploads"),
        }
    }
    for result in batches.iter().flat_map(|answer| answer.body["results"].as_array().expect("results")) {
        match result["upload"].is_object() {
            true => recorded += 1,
            false => assert_eq!(result["problem"]["code"], "quota_exceeded"),
        }
    }
    assert_eq!(recorded, 10);
    assert_eq!(used(&one).await, [10, 670, 0, 0]);
    world.end().await;
}

#[tokio::test]
async fn twins_count_once_and_get_the_same_answer_at_the_limit_too() {
    let mut world = limited().without_worker().start().await;
    let one = world.client_of("few").await;
    let mut apis = vec![world.url()];
    world.start_another_api().await;
    apis.push(world.url());
    let other = world.client_of("few").await;
    let declaration = of_size(67);
    let keys: Vec<String> = (0..20).map(|n| format!("key-{n}")).collect();
    let twins = keys.iter().flat_map(|key| [(&one, key), (&other, key), (&one, key)]);
    let answers = join_all(twins.map(async |(client, key)| (key, create(client, &declaration, key).await)));
    let (answers, ()) = tokio::join!(answers, all_at_once(&world));
    let mut ids: HashMap<&String, Option<String>> = HashMap::new();
    let mut refused = 0;
    for (key, answer) in answers {
        let id = answer.status.is_success().then(|| answer.text("id").to_owned());
        if id.is_none() {
            refused += 1;
            assert_eq!(over(answer), "pending_uploads");
        }
        assert_eq!(*ids.entry(key).or_insert_with(|| id.clone()), id, "{key}");
    }
    assert_eq!(ids.values().flatten().count(), 10);
    assert_eq!(used(&one).await, [10, 670, 0, 0]);
    let counted = join_all(apis.iter().map(|url| over_quota(url))).await;
    assert_eq!(counted.iter().sum::<u64>(), refused, "a twin that got its upload was not refused");
    world.end().await;
}

#[tokio::test]
async fn a_replay_at_the_limit_is_answered_and_counts_nothing() {
    let world = limited().without_worker().start().await;
    let client = world.client_of("one").await;
    let declaration = of_size(67);
    let first = create(&client, &declaration, "k").await.expect(201);
    let again = create(&client, &declaration, "k").await.expect(200);
    assert_eq!(over_quota(&world.url()).await, 0);
    assert_eq!(first.text("id"), again.text("id"));
    assert_eq!(create(&client, &of_size(68), "k").await.problem(422), "idempotency_key_reused");
    assert_eq!(over(create(&client, &declaration, "other").await), "pending_uploads");
    assert_eq!(used(&client).await, [1, 67, 0, 0]);
    // What was refused has taken no key.
    assert_eq!(TestUpload::resumed(&client, first.text("id")).cancel().await.expect(200).text("status"), "canceled");
    create(&client, &declaration, "other").await.expect(201);
    world.end().await;
}

#[tokio::test]
async fn every_way_out_gives_back_what_was_reserved() {
    let world = limited().start().await;
    let client = world.client_of("one").await;
    let png = files::png();
    let size = i64::try_from(png.bytes.len()).expect("small");

    let canceled = client.declare(&png).await;
    assert_eq!(over(client.post("/v1/uploads", &of_size(67)).await), "pending_uploads");
    canceled.cancel().await.expect(200);
    assert_eq!(used(&client).await, [0; 4]);

    let script = files::script_as_png();
    let rejected = client.declare(&script).await;
    rejected.put(&script.bytes).await;
    rejected.is("rejected").await;
    assert_eq!(used(&client).await, [0; 4]);

    let expired = client.declare(&png).await;
    world.pass(Duration::from_hours(2)).await;
    expired.is("expired").await;
    assert_eq!(used(&client).await, [0; 4]);

    // Without a size the most that the policy takes is reserved, and what came is stored.
    let confirmed = client.declare_as(&json!({"filename": "a.png", "content_type": "image/png"})).await;
    assert_eq!(used(&client).await, [1, 20 * 1024 * 1024, 0, 0]);
    confirmed.put(&png.bytes).await;
    confirmed.is("confirmed").await;
    assert_eq!(used(&client).await, [0, 0, 1, size]);
    confirmed.cancel().await.expect(200);
    confirmed.cancel().await.expect(200);
    assert_eq!(used(&client).await, [0; 4]);
    world.end().await;
}

#[tokio::test]
async fn in_a_batch_each_gets_its_turn_as_far_as_it_fits() {
    let world = limited().without_worker().start().await;
    let client = world.client_of("narrow").await;
    let uploads: Vec<Value> = [60, 50, 40, 1].map(of_size).to_vec();
    let results = client.post("/v1/uploads/batch", &json!({"uploads": uploads})).await.expect(200).body;
    let problem = |place: usize| results["results"][place]["problem"].clone();
    let refused: Vec<bool> = (0..4).map(|place| problem(place).is_object()).collect();
    assert_eq!(refused, [false, true, false, true]);
    assert_eq!((&problem(1)["status"], &problem(1)["errors"][0]["code"]), (&json!(403), &json!("reserved_bytes")));
    let said = problem(3)["detail"].as_str().expect("a sentence").to_owned();
    assert!(
        said.contains("1 byte.") && said.contains("reserve 100 bytes") && said.contains("at most 100 bytes"),
        "{said}"
    );
    assert_eq!(used(&client).await, [2, 100, 0, 0]);
    world.end().await;
}

#[tokio::test]
async fn what_is_stored_and_what_is_reserved_share_a_limit() {
    let world = limited().start().await;
    let client = world.client_of("full").await;
    let png = files::png();
    let upload = client.declare(&png).await;
    upload.put(&png.bytes).await;
    upload.is("confirmed").await;
    let left = 100 - i64::try_from(png.bytes.len()).expect("small");
    assert_eq!(over(client.post("/v1/uploads", &of_size(left + 1)).await), "stored_bytes");
    let reserved = client.declare_as(&of_size(left)).await;
    assert_eq!(over(client.post("/v1/uploads", &of_size(1)).await), "stored_bytes");
    reserved.cancel().await.expect(200);
    upload.cancel().await.expect(200);
    client.declare_as(&of_size(100)).await;
    let limits = client.get("/v1/usage").await.expect(200).body;
    assert_eq!(limits["stored_bytes"], json!({"used": 0, "limit": 100}));
    assert_eq!(limits["pending_uploads"], json!({"used": 1}));
    world.end().await;
}

/// One statement carries what several clients ask for.
#[tokio::test]
async fn a_tenant_at_its_limit_harms_none_of_its_neighbours() {
    let world = limited().without_worker().start().await;
    let db = world.db();
    let limits = [("one", 1)]
        .map(|(tenant, most)| (picture_of(tenant).tenant, Limits { pending_uploads: Some(most), ..Limits::default() }));
    let limits = TenantLimits::new(Limits::default(), limits.into());
    let new = ["one", "two", "one", "two"].map(picture_of);
    let recorded = uploads::insert(&db, &limits, &new).await.expect("the database answers");
    let is_recorded: Vec<bool> = recorded.iter().map(|one| matches!(one, Recorded::Upload(_))).collect();
    assert_eq!(is_recorded, [true, true, false, true]);
    let Recorded::OverQuota(over) = recorded[2] else { panic!("{:?}", recorded[2]) };
    assert_eq!((over.usage.pending_uploads, over.limits.pending_uploads), (1, Some(1)));
    world.end().await;
}

/// What is answered is put together from what was asked, and not read back.
#[tokio::test]
async fn what_is_answered_is_what_was_recorded() {
    let world = limited().without_worker().start().await;
    let db = world.db();
    let entries =
        [("b", "2"), ("aa", "\u{1f600}"), ("a", "\"")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let part_size = ByteCount::new(5).expect("not negative");
    let mut full = picture_of("one");
    full.declared.sha256 = Some(Sha256::of(b"the picture"));
    full.metadata = Some(Metadata::new(entries.into()).expect("few entries"));
    full.multipart = Some(Multipart { id: "its id".to_owned(), part_size, with_sha256: true });
    let redirect_to = RedirectUrl::parse("https://example.com/done").expect("a URL");
    let form = Some(Form { redirect_to: Some(redirect_to) });
    let formed = NewUpload { form, write_once: false, origin: Origin::Files, ..picture_of("two") };
    let limits = Limits { pending_uploads: Some(2), ..Limits::default() };
    let limits = TenantLimits::new(limits, [].into());
    // One tenant who has no row yet, one who asks for too much, and one of whom nothing is to be said.
    world.client_of("two").await;
    world.client_of("few").await;
    let new = [full, formed, picture_of("few"), picture_of("few"), picture_of("few")];
    let mut recorded = uploads::insert(&db, &limits, &new).await.expect("the database answers");
    assert!(matches!(recorded.pop(), Some(Recorded::OverQuota(_))));
    for recorded in recorded {
        let Recorded::Upload(upload) = recorded else { panic!("{recorded:?}") };
        assert_eq!(uploads::find(&db, upload.id).await.expect("an answer").as_ref(), Some(&upload));
    }
    world.end().await;
}

/// A statement that waits for its lock can't see the keys that were taken meanwhile before it has given them their turn.
#[tokio::test]
async fn a_turn_that_was_had_in_vain_takes_nobodys_place() {
    let world = limited().without_worker().start().await;
    let key = IdempotencyKey::parse(b"k").expect("valid");
    let twin = || {
        let same = Sha256::of(b"the same");
        let idempotency = Some(Idempotency { key: key.clone(), fingerprint: same, as_written: same });
        NewUpload { idempotency, ..picture_of("few") }
    };
    let limits = Limits { pending_uploads: Some(2), ..Limits::default() };
    let limits = TenantLimits::new(limits, [].into());
    world.client_of("few").await;
    let held = world.session("BEGIN; SELECT FROM usage WHERE tenant = 'few' FOR UPDATE").await;
    let (one, other) = (world.db(), world.db());
    let (first, second) = ([twin()], [twin(), picture_of("few")]);
    let (first, second, ()) = tokio::join!(
        uploads::insert(&one, &limits, &first),
        async {
            world.until("the first waits", async || world.held_up().await == 1).await;
            uploads::insert(&other, &limits, &second).await
        },
        async {
            world.until("both wait", async || world.held_up().await == 2).await;
            held.batch_execute("ROLLBACK").await.expect("the session is there");
        },
    );
    let (first, second) = (first.expect("an answer"), second.expect("an answer"));
    assert!(matches!(first[..], [Recorded::Upload(_)]), "{first:?}");
    assert!(matches!(second[..], [Recorded::KeyTaken, Recorded::Upload(_)]), "{second:?}");
    world.end().await;
}

#[tokio::test]
async fn the_tutorials_call_keeps_to_the_limits_of_its_tenant() {
    let world = limited().without_worker().start().await;
    let nobody = world.client_with(None);
    let file = |name: &str| json!({"filename": "a", "mimeType": name});
    nobody.post("/files/upload-url", &file("image/png")).await.expect(200);
    assert_eq!(over(nobody.post("/files/upload-url", &file("image/gif")).await), "reserved_bytes");
    world.end().await;
}

#[tokio::test]
async fn what_was_begun_in_parts_for_an_upload_over_its_limit_is_aborted() {
    let world = limited().start().await;
    let client = world.client_of("narrow").await;
    assert_eq!(over(client.post("/v1/uploads", &of_size(11 * 1024 * 1024)).await), "reserved_bytes");
    assert_eq!(over(create(&client, &of_size(11 * 1024 * 1024), "k").await), "reserved_bytes");
    world.end().await;
}

#[tokio::test]
async fn without_a_table_nothing_is_limited_and_usage_says_so() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    client.declare_as(&of_size(67)).await;
    let before = world.statements();
    let usage = client.get("/v1/usage").await.expect(200).body;
    assert_eq!(world.statements() - before, 1.0);
    let expected = json!({
        "pending_uploads": {"used": 1}, "reserved_bytes": {"used": 67},
        "stored_uploads": {"used": 0}, "stored_bytes": {"used": 0},
    });
    assert_eq!(usage, expected);
    assert_eq!(used(&world.client_of("other").await).await, [0; 4]);
    let writer = world.key("acme", &["uploads:write"]).await;
    assert_eq!(world.client_with(Some(&writer)).get("/v1/usage").await.problem(403), "missing_scope");
    world.end().await;
}

/// The migration that began to count, run again on what has not been counted.
#[tokio::test]
async fn what_was_there_before_it_was_counted_is_counted() {
    let world = World::start().await;
    let (client, png) = (world.client().await, files::png());
    let [confirmed, canceled, _pending] =
        [client.declare(&png).await, client.declare(&png).await, client.declare(&png).await];
    confirmed.put(&png.bytes).await;
    confirmed.is("confirmed").await;
    canceled.cancel().await.expect(200);
    let (before, size) = (used(&client).await, i64::try_from(png.bytes.len()).expect("small"));
    let uncounted = "DROP TABLE usage; ALTER TABLE uploads DROP COLUMN reserved_bytes;";
    world.session(&format!("{uncounted} {}", include_str!("../../migrations/V8__usage.sql"))).await;
    assert_eq!((before, used(&client).await), ([1, size, 1, size], [1, size, 1, size]));
    world.end().await;
}

#[tokio::test]
async fn whoever_waits_as_told_is_served_again_and_others_never_notice() {
    let world = limited().without_worker().start().await;
    let (slow, other) = (world.client_of("slow").await, world.client_of("few").await);
    let answers = join_all((0..10).map(|_| slow.get("/v1/uploads"))).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status.as_u16() != 200).collect();
    assert!((5..=7).contains(&refused.len()), "three at once, one a second");
    let answer = refused.last().map(|answer| (*answer).clone()).expect("there are some");
    assert_eq!(answer.clone().problem(429), "rate_limited");
    let seconds: u64 = answer.header("retry-after").parse().expect("whole seconds");
    assert_eq!(seconds, 1);
    other.get("/v1/uploads").await.expect(200);
    other.get("/healthz").await.expect(200);
    slow.get("/docs").await.expect(200);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    slow.get("/v1/usage").await.expect(200);
    let figures =
        reqwest::get(format!("{}/metrics", world.url())).await.expect("an answer").text().await.expect("text");
    let counted = format!("sluice_api_problems_total{{code=\"rate_limited\"}} {}", refused.len());
    assert!(figures.contains(&counted), "{figures}");
    world.end().await;
}

/// What the recount adds is worked out while others count, and by two who recount at once.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_counted_wrongly_is_mended_while_everybody_goes_on() {
    let mut world = World::start().await;
    let one = world.client().await;
    world.start_another_api().await;
    let other = world.client().await;
    let png = files::png();
    let life = async |client: &Client, n: usize| {
        let upload = client.declare(&png).await;
        if n.is_multiple_of(2) {
            upload.cancel().await.expect(200);
        } else {
            upload.put(&png.bytes).await;
            upload.is("confirmed").await;
        }
    };
    let lives = async |client: &Client| {
        for n in 0..20 {
            join_all([life(client, n), life(client, n + 1)]).await;
        }
    };
    let recounts = async || {
        let mut mended = 0;
        for _ in 0..5 {
            world
                .query("UPDATE usage SET pending_uploads = pending_uploads + 5, stored_bytes = stored_bytes - 7")
                .await;
            let (one, other) = (world.db(), world.db());
            let (one, other) = tokio::join!(usage::recount(&one), usage::recount(&other));
            let added = [one, other].map(|recount| recount.expect("it counts").mended).concat();
            mended += added.len();
            assert!(added.iter().all(|(tenant, added)| {
                tenant.as_str() == "acme" && (added.pending_uploads, added.stored_bytes) == (-5, 7)
            }));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        mended
    };
    let ((), (), mended) = tokio::join!(lives(&one), lives(&other), recounts());
    assert_eq!(mended, 5, "each time by one of both");
    world.end().await;
}

#[tokio::test]
async fn a_recount_admits_what_was_never_counted_and_finds_nothing_the_next_time() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    client.declare_as(&of_size(67)).await;
    let by_another = client.declare_as(&of_size(67)).await;
    world.query("UPDATE uploads SET reserved_bytes = NULL; ").await;
    world.query("DELETE FROM usage").await;
    let recount = usage::recount(&world.db()).await.expect("it counts");
    assert_eq!((recount.tenants, recount.mended.len()), (1, 1));
    assert_eq!(used(&client).await, [2, 134, 0, 0]);
    by_another.cancel().await.expect(200);
    assert_eq!(used(&client).await, [1, 67, 0, 0]);
    assert_eq!(usage::recount(&world.db()).await.expect("it counts").mended, []);
    world.end().await;
}
