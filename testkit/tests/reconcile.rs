//! What workers find by going round the bucket, and what they leave alone.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_common::db::reconcile::{self, Counts};
use sluice_common::domain::UploadId;
use sluice_testkit::{Build, TestUpload, World, files};

/// A world whose workers go round all the time, and take for a stray what is a second old.
fn restless() -> Build {
    World::build().without_events().with("SLUICE_RECONCILE_EVERY", "1").with("SLUICE_STRAY_GRACE", "1")
}

/// Waits for a round that begins when all that is in the bucket now has passed the grace. Gives its counts.
async fn round(world: &World) -> Value {
    let old = world.query("SELECT (now() + interval '2 seconds')::text").await;
    let reports = format!(
        "SELECT counts FROM reports WHERE kind = 'reconcile' AND started_at > '{}' ORDER BY id LIMIT 1",
        old[0].get::<_, &str>(0)
    );
    world.until("a round is reported", async || !world.query(&reports).await.is_empty()).await;
    world.query(&reports).await[0].get(0)
}

/// An upload that is confirmed without an event.
async fn confirmed(world: &World) -> TestUpload {
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    upload
}

async fn bucket_is_empty(world: &World) {
    world.until("the bucket is empty", async || world.localstack.object_keys().await.is_empty()).await;
}

#[tokio::test]
async fn an_object_that_comes_late_and_without_an_event_is_found_and_deleted() {
    let world = restless().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    upload.put(&files::png().bytes).await;
    bucket_is_empty(&world).await;
    upload.is("expired").await;
    let strays = "SELECT count(*) FROM reports WHERE kind = 'reconcile' AND (counts->>'strays')::int = 1";
    world.until("it is reported once", async || world.count(strays).await == 1).await;
    world.end().await;
}

#[tokio::test]
async fn the_copy_of_an_interrupted_promotion_is_deleted_and_the_confirmed_object_stays() {
    let world = restless().start().await;
    let upload = confirmed(&world).await;
    let key = world.key_of(upload.id()).await;
    let copy = key.replace(".png", "-0123456789ab.png");
    world.localstack.put_object(&copy, b"left over").await;
    world.until("the copy is gone", async || world.localstack.object_keys().await == [key.clone()]).await;
    assert_eq!(upload.download().await.bytes().await.expect("a body"), files::png().bytes);
    world.end().await;
}

#[tokio::test]
async fn what_a_pending_or_confirmed_upload_owns_is_never_touched_however_old() {
    let world = restless().start().await;
    let kept = confirmed(&world).await;
    let pending = world.client().await.declare(&files::png()).await;
    pending.put(&files::png().bytes).await;
    let copy = world.key_of(pending.id()).await.replace(".png", "-0123456789ab.png");
    world.localstack.put_object(&copy, b"being promoted").await;
    let counts = round(&world).await;
    assert_eq!([&counts["owned"], &counts["strays"], &counts["vanished"]], [&json!(3), &json!(0), &json!(0)]);
    assert_eq!(world.localstack.object_keys().await.len(), 3);
    assert_eq!(pending.now().await["status"], "pending");
    pending.cancel().await.expect(200);
    world.until("the rest is gone", async || world.localstack.object_keys().await.len() == 1).await;
    kept.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn an_object_that_is_still_young_may_yet_be_somebodys() {
    let world = World::build().without_events().with("SLUICE_RECONCILE_EVERY", "1").start().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    upload.put(&files::png().bytes).await;
    let counts = round(&world).await;
    assert_eq!([&counts["young"], &counts["strays"]], [&json!(1), &json!(0)]);
    let key = world.key_of(upload.id()).await;
    assert_eq!(world.localstack.object_keys().await, std::slice::from_ref(&key));
    world.localstack.delete_object(&key).await;
    world.end().await;
}

#[tokio::test]
async fn keys_that_sluice_does_not_make_are_left_alone() {
    let mut world = restless().start().await;
    let upload = confirmed(&world).await;
    let id = upload.id();
    let foreign = [
        format!("thumbnails/{id}.png"),
        world.key_of(upload.id()).await.replace(".png", "-small.png"),
        "backups/a b+c%2Fd.tar".to_owned(),
        "ключ".to_owned(),
    ];
    world.localstack.put_objects(&foreign).await;
    world.strangers.extend(foreign);
    // No XML can hold this one.
    world.localstack.put_object("odd/\u{1}", b"").await;
    upload.cancel().await.expect(200);
    let counts = round(&world).await;
    assert_eq!([&counts["foreign"], &counts["strays"]], [&json!(5), &json!(0)]);
    world.localstack.delete_object("odd/\u{1}").await;
    assert_eq!(world.localstack.object_keys().await.len(), 4);
    world.end().await;
}

#[tokio::test]
async fn an_object_of_which_there_is_no_upload_is_deleted_where_most_have_one() {
    let world = restless().start().await;
    let upload = confirmed(&world).await;
    let key = world.key_of(upload.id()).await;
    let id = UploadId::generate().to_string();
    world.localstack.put_object(&key.replace(upload.id(), &id), b"of a purged upload").await;
    world.until("it is gone", async || world.localstack.object_keys().await == [key.clone()]).await;
    world.end().await;
}

#[tokio::test]
async fn a_database_that_knows_none_of_the_objects_deletes_none_of_them() {
    let mut world = restless().start().await;
    let id = UploadId::generate();
    let key = format!("images/acme/{id}.png");
    world.localstack.put_object(&key, b"of another database").await;
    world.strangers.push(key.clone());
    assert_eq!(round(&world).await["without_upload"], 1);
    assert_eq!(round(&world).await["strays"], 0);
    assert_eq!(world.localstack.object_keys().await, [key]);
    world.end().await;
}

#[tokio::test]
async fn what_an_upload_owns_after_all_is_not_deleted_when_it_was_listed_for_it() {
    let world = restless().start().await;
    let upload = confirmed(&world).await;
    world
        .query("INSERT INTO unwanted_objects (object_key, upload_id) SELECT object_key, id FROM uploads RETURNING id")
        .await;
    world.until("it is forgotten", async || world.count("SELECT count(*) FROM unwanted_objects").await == 0).await;
    assert_eq!(upload.download().await.status(), 200);
    world.end().await;
}

#[tokio::test]
async fn where_the_bucket_keeps_versions_a_stray_goes_with_its_bytes() {
    let world = restless().start().await;
    world.localstack.keep_versions().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    upload.put(&files::png().bytes).await;
    world.until("no version is left", async || world.localstack.versions().await == 0).await;
    world.end().await;
}

#[tokio::test]
async fn a_confirmed_upload_whose_object_has_vanished_is_reported_and_not_changed() {
    let mut world = restless().start().await;
    world.start_worker().await;
    let (lost, kept) = (confirmed(&world).await, confirmed(&world).await);
    let row = format!("SELECT to_jsonb(u) FROM uploads u WHERE id = '{}'", lost.id());
    let before: Value = world.query(&row).await[0].get(0);
    world.localstack.delete_object(&world.key_of(lost.id()).await).await;
    let counts = round(&world).await;
    assert_eq!([&counts["vanished"], &counts["owned"], &counts["strays"]], [&json!(1), &json!(1), &json!(0)]);
    let named = world.query("SELECT uploads[1]::text FROM reports ORDER BY id DESC LIMIT 1").await;
    assert_eq!(named[0].get::<_, &str>(0), lost.id());
    let after: Value = world.query(&row).await[0].get(0);
    assert_eq!(before, after);
    kept.is("confirmed").await;
    lost.cancel().await.expect(200);
    assert_eq!(round(&world).await["vanished"], 0);
    world.end().await;
}

#[tokio::test]
async fn two_workers_share_a_round_of_several_pages_and_nothing_is_counted_twice() {
    let mut world = restless().start().await;
    world.start_worker().await;
    let upload = confirmed(&world).await;
    let foreign: Vec<String> = (0..1_050).map(|n| format!("other/{n:05}")).collect();
    world.localstack.put_objects(&foreign).await;
    world.strangers.extend(foreign);
    for _ in 0..2 {
        let counts = round(&world).await;
        assert_eq!(
            counts,
            json!({
                "pages": 2, "objects": 1_051, "owned": 1, "young": 0, "foreign": 1_050, "without_upload": 0, "strays": 0,
                "multipart": 0, "vanished": 0,
            })
        );
    }
    let overlapping = "SELECT count(*) FROM reports a JOIN reports b ON a.id < b.id AND b.started_at < a.ended_at
        WHERE a.kind = 'reconcile' AND b.kind = 'reconcile'";
    assert_eq!(world.count(overlapping).await, 0);
    upload.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn a_page_is_recorded_by_the_worker_that_has_it_and_not_by_the_one_that_was_too_slow() {
    let world = World::build().without_events().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.cancel().await.expect(200);
    let (db, bucket, nothing) = (world.db(), "another", Duration::ZERO);
    reconcile::prepare(&db, bucket, nothing).await.expect("prepared");
    let claim = async || reconcile::claim(&db, bucket, nothing, nothing).await.expect("asked").expect("it is due");
    let (slow, quick) = (claim().await, claim().await);
    let id = UploadId::parse(upload.id()).expect("an id");
    let key = format!("images/acme/{id}.gif");
    let stray = reconcile::Stray { upload_id: id, key, version_id: None, multipart_id: None };
    let page = reconcile::Page {
        cursor: None,
        pause: Duration::from_mins(1),
        counts: Counts::default(),
        trusted: true,
        strays: vec![stray],
        grace: nothing,
        missing: vec![id],
    };
    for (step, strays) in [(slow.step, None), (quick.step, Some(1)), (slow.step, None)] {
        let recorded = reconcile::record(&db, bucket, step, &page).await.expect("answered");
        assert_eq!(recorded.map(|recorded| recorded.counts.strays), strays);
    }
    assert_eq!(world.count("SELECT count(*) FROM reports").await, 1);
    assert!(reconcile::claim(&db, bucket, nothing, nothing).await.expect("asked").is_none(), "the round is over");
    world.end().await;
}

#[tokio::test]
async fn what_a_sweep_healed_is_in_the_report_of_its_hour() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let (lost, abandoned) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    lost.put(&files::png().bytes).await;
    world.pass(Duration::from_hours(2)).await;
    lost.is("confirmed").await;
    abandoned.is("expired").await;
    let sums = "SELECT count(*) FROM (SELECT sum((counts->>'healed')::int) AS healed, sum((counts->>'expired')::int) AS expired
        FROM reports WHERE kind = 'sweep') AS s WHERE healed = 1 AND expired = 1";
    world.until("it is reported", async || world.count(sums).await == 1).await;
    world.end().await;
}
