//! The live feed: what watchers see of uploads, and that they miss nothing and see nothing twice.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use sluice_common::db::timeline as lines;
use sluice_common::domain::Tenant;
use sluice_testkit::{Event, Feed, Postgres, TestUpload, World, files};

const SECRET: &str = "test:0123456789abcdef0123456789abcdef";

/// Declares so many uploads.
async fn declared(client: &sluice_testkit::Client, count: usize) -> Vec<TestUpload> {
    let png = files::png();
    futures_util::future::join_all((0..count).map(|_| client.declare(&png))).await
}

async fn put_all(uploads: &[TestUpload]) {
    let png = files::png();
    for some in uploads.chunks(20) {
        futures_util::future::join_all(some.iter().map(|upload| upload.put(&png.bytes))).await;
    }
}

fn told(events: &[Event]) -> Vec<(String, String)> {
    events.iter().map(Event::told).collect()
}

/// What the timeline says, in its order.
async fn timeline(world: &World, tenant: &str) -> Vec<(String, String)> {
    let query = format!("SELECT upload_id::text, status FROM timeline WHERE tenant = '{tenant}' ORDER BY xid, id");
    world.query(&query).await.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Nothing more comes on this stream: the next that does is told of this upload.
async fn next_is(feed: &mut Feed, id: &str, status: &str) -> Value {
    let event = feed.next().await.expect("the stream goes on");
    assert_eq!(event.told(), (id.to_owned(), status.to_owned()));
    event.upload
}

#[tokio::test]
async fn two_hundred_uploads_by_several_workers_come_in_order_and_each_change_once() {
    let mut world = World::start().await;
    world.start_worker().await;
    world.start_worker().await;
    let client = world.client().await;
    let (mut one, mut other) = (client.watching("").await, client.watching("").await);
    let uploads = declared(&client, 200).await;
    put_all(&uploads).await;
    let events = one.take(400).await;
    assert_eq!(told(&events), timeline(&world, "acme").await);
    assert_eq!(events, other.take(400).await, "every stream tells the same");
    assert_eq!(events.iter().map(|event| &event.id).collect::<HashSet<_>>().len(), 400);
    let confirmed = events.last().expect("400 of them").told().0;
    let now = client.get(&format!("/v1/uploads/{confirmed}")).await.expect(200).body;
    assert_eq!(events.last().expect("400 of them").upload, now, "the same JSON as everywhere");
    world.end().await;
}

#[tokio::test]
async fn who_comes_back_while_verdicts_go_on_misses_nothing_and_sees_nothing_twice() {
    let world = World::start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let uploads = declared(&client, 60).await;
    let sending = tokio::spawn(async move { put_all(&uploads).await });
    let mut events = Vec::new();
    let mut by_query = false;
    while events.len() < 120 {
        events.push(feed.next().await.expect("the stream goes on"));
        if events.len() % 7 == 0 {
            let last = feed_id(&events);
            by_query = !by_query;
            feed = match by_query {
                true => client.watching(&format!("?after={last}")).await,
                false => client.watching_behind("", &last).await,
            };
        }
    }
    sending.await.expect("all were sent");
    assert_eq!(told(&events), timeline(&world, "acme").await);
    world.end().await;
}

#[tokio::test]
async fn a_timeline_ends_with_its_last_transaction_however_many_digits_that_has() {
    let world = World::build().without_worker().start().await;
    let line = "INSERT INTO timeline (upload_id, tenant, status, cause, xid) VALUES (gen_random_uuid(), 'acme', 'pending', 'hint',";
    world.query(&format!("{line} '9')")).await;
    world.query(&format!("{line} '10')")).await;
    for tenant in [Some(Tenant::parse("acme").expect("valid")), None] {
        let end = lines::last(&world.db(), tenant.as_ref()).await.expect("Postgres answers");
        assert_eq!((end.xid, end.id), (10, 2));
    }
    world.query("DELETE FROM timeline").await;
    world.end().await;
}

fn feed_id(events: &[Event]) -> String {
    events.last().expect("there was one").id.clone()
}

#[tokio::test]
async fn a_long_absence_is_made_up_for_page_by_page_as_it_was() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let uploads = declared(&client, 1).await;
    next_is(&mut feed, uploads[0].id(), "pending").await;
    let last = feed.last_id.clone();
    drop(feed);
    uploads[0].cancel().await.expect(200);
    for upload in declared(&client, 130).await {
        upload.cancel().await.expect(200);
    }
    let events = client.watching_behind("", &last).await.take(261).await;
    assert_eq!(told(&events), timeline(&world, "acme").await[1..]);
    for event in events.iter().filter(|event| event.upload["status"] == "pending") {
        assert!(event.upload.get("decided_at").is_none(), "it is shown as it was then: {}", event.upload);
    }
    world.end().await;
}

#[tokio::test]
async fn a_restart_of_the_api_ends_streams_at_once_and_loses_nothing() {
    let mut world = World::start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let uploads = declared(&client, 3).await;
    let mut events = feed.take(3).await;
    let (_, ()) = tokio::join!(
        async {
            while feed.next().await.is_some() {}
            assert!(!feed.is_cut_off, "what does not end by itself is broken off when the grace is over");
        },
        async {
            // While nobody watches.
            put_all(&uploads).await;
            world.restart_api().await;
        }
    );
    let last = feed_id(&events);
    events.extend(client.watching_behind("", &last).await.take(3).await);
    assert_eq!(told(&events), timeline(&world, "acme").await);
    world.end().await;
}

#[tokio::test]
async fn tenants_see_their_own_alone_and_know_only_their_own_ids() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let (mut of_acme, mut of_globex) = (acme.watching("").await, globex.watching("").await);
    let (one, other) = (acme.declare(&files::png()).await, globex.declare(&files::png()).await);
    next_is(&mut of_acme, one.id(), "pending").await;
    next_is(&mut of_globex, other.id(), "pending").await;
    one.cancel().await.expect(200);
    other.cancel().await.expect(200);
    next_is(&mut of_acme, one.id(), "canceled").await;
    next_is(&mut of_globex, other.id(), "canceled").await;
    let foreign = globex.watch("", &[("last-event-id", &of_acme.last_id)]).await;
    assert_eq!(foreign.err().expect("it is refused").problem(400), "invalid_cursor");
    world.end().await;
}

#[tokio::test]
async fn filters_let_pass_what_fits_them_live_and_behind_an_id() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let mut all = client.watching("").await;
    let beginning = all.last_id.clone();
    let mut canceled = client.watching("?status=canceled").await;
    let mut video = client.watching("?policy=video").await;
    let image = client.declare(&files::png()).await;
    image.cancel().await.expect(200);
    let film =
        client.declare_as(&serde_json::json!({"filename": "a.mp4", "content_type": "video/mp4", "size": 5000})).await;
    film.cancel().await.expect(200);
    all.take(4).await;
    for stream in [&mut canceled, &mut client.watching_behind("?status=canceled", &beginning).await] {
        next_is(stream, image.id(), "canceled").await;
        next_is(stream, film.id(), "canceled").await;
    }
    for stream in [&mut video, &mut client.watching_behind("?policy=video", &beginning).await] {
        next_is(stream, film.id(), "pending").await;
        next_is(stream, film.id(), "canceled").await;
    }
    let refused = client.watch("?status=verifying", &[]).await.err().expect("it is refused");
    assert_eq!(refused.problem(400), "invalid_parameter");
    world.end().await;
}

#[tokio::test]
async fn a_silent_stream_says_every_fifteen_seconds_that_it_lives_and_where_it_is() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let mut feed = client.watching("?status=rejected").await;
    let (began, beginning) = (Instant::now(), feed.last_id.clone());
    assert_eq!((feed.comments, feed.retry), (1, Some(2000)));
    client.declare(&files::png()).await.cancel().await.expect(200);
    feed.begun().await;
    assert!(began.elapsed() >= Duration::from_secs(14), "{:?}", began.elapsed());
    assert_eq!(feed.comments, 2);
    assert_ne!(feed.last_id, beginning, "what was filtered out need not be filtered again");
    world.end().await;
}

#[tokio::test]
async fn what_is_no_id_of_an_event_is_refused() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    for id in ["x", "AAAAAAAAAAEAAAAAAAAAAg", "fffffffffffffffffffff_"] {
        let refused = client.watch("", &[("last-event-id", id)]).await.err().expect("it is refused");
        assert_eq!(refused.problem(400), "invalid_cursor", "{id}");
    }
    client.watch("", &[("last-event-id", "")]).await.expect("who has seen nothing begins now");
    world.end().await;
}

#[tokio::test]
async fn a_change_that_commits_late_is_told_in_its_place_and_holds_up_what_came_after() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let first = client.declare(&files::png()).await;
    next_is(&mut feed, first.id(), "pending").await;
    let late = world
        .session(&format!(
            "BEGIN; INSERT INTO timeline (upload_id, tenant, status, cause) VALUES ('{}', 'acme', 'pending', 'sweep')",
            first.id()
        ))
        .await;
    let second = client.declare(&files::png()).await;
    let nothing = tokio::time::timeout(Duration::from_secs(3), feed.read()).await;
    assert!(nothing.is_err(), "what is behind a change that may still come is not told");
    late.batch_execute("COMMIT").await.expect("it commits");
    next_is(&mut feed, first.id(), "pending").await;
    next_is(&mut feed, second.id(), "pending").await;
    world.end().await;
}

#[tokio::test]
async fn a_stream_outlives_a_restart_of_postgres_and_loses_nothing() {
    let mut postgres = Postgres::start().await;
    let world = World::build().without_worker().on(&postgres).start().await;
    let client = world.client().await;
    let mut feed = client.watching("").await;
    let before = client.declare(&files::png()).await;
    next_is(&mut feed, before.id(), "pending").await;
    postgres.stop();
    tokio::time::sleep(Duration::from_secs(2)).await;
    postgres.restart().await;
    world.until("the API answers", async || client.get("/readyz").await.status == 200).await;
    let after = client.declare(&files::png()).await;
    next_is(&mut feed, after.id(), "pending").await;
    before.cancel().await.expect(200);
    next_is(&mut feed, before.id(), "canceled").await;
    world.end().await;
}

#[tokio::test]
async fn a_token_sees_its_own_upload_alone() {
    let world = World::build().with("SLUICE_UPLOAD_TOKEN_KEYS", SECRET).without_worker().start().await;
    let client = world.client().await;
    let (own, other) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    let page = world.client_with(own.created["upload_token"]["token"].as_str());
    let mut feed = page.watching("").await;
    other.cancel().await.expect(200);
    own.cancel().await.expect(200);
    next_is(&mut feed, own.id(), "canceled").await;
    let mut again = page.watching_behind("", &feed.last_id).await;
    again.begun().await;
    assert_eq!(again.last_id, feed.last_id);

    // Every timeline has a beginning.
    let mut whole = page.watching_behind("", "AAAAAAAAAAAAAAAAAAAAAA").await;
    next_is(&mut whole, own.id(), "pending").await;
    next_is(&mut whole, own.id(), "canceled").await;
    world.end().await;
}

#[tokio::test]
async fn one_stream_too_many_is_told_to_come_again_later() {
    let world = World::build().with("SLUICE_STREAMS", "1").without_worker().start().await;
    let client = world.client().await;
    let first = client.watching("").await;
    let refused = client.watch("", &[]).await.err().expect("there is no place");
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!(refused.problem(503), "too_many_streams");
    drop(first);
    world.until("the place is free", async || client.watch("", &[]).await.is_ok()).await;
    world.end().await;
}
