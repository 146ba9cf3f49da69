//! How events reach a worker, and what it makes of strange ones.

use sluice_testkit::{World, files};

async fn one_file_goes_through(world: World) {
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    let causes = world.query("SELECT cause FROM timeline WHERE status = 'confirmed'").await;
    assert_eq!(causes[0].get::<_, &str>(0), "event");
    world.end().await;
}

#[tokio::test]
async fn an_event_wrapped_by_sns_settles_its_upload() {
    one_file_goes_through(World::build().through_sns().start().await).await;
}

#[tokio::test]
async fn an_event_wrapped_by_event_bridge_settles_its_upload() {
    one_file_goes_through(World::build().through_event_bridge().start().await).await;
}

#[tokio::test]
async fn an_event_that_comes_three_times_to_two_workers_gives_one_verdict() {
    let mut world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let key = world.localstack.object_keys().await.remove(0);
    world.localstack.send_event(&key).await;
    world.localstack.send_event(&key).await;
    world.start_worker().await;
    world.start_worker().await;
    upload.is("confirmed").await;
    world.until("all messages are answered", async || world.localstack.messages().await == 0).await;
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE status = 'confirmed'").await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_message_with_several_records_settles_each_and_a_test_event_is_no_error() {
    let world = World::build().without_events().start().await;
    let client = world.client().await;
    let (one, other) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    one.put(&files::png().bytes).await;
    other.put(&files::png().bytes).await;
    let bucket = world.localstack.bucket();
    let records: Vec<String> = world.localstack.object_keys().await.iter().map(|key| {
        // As S3 encodes keys, and more: any character may come percent-encoded.
        let encoded = key.replace('/', "%2F").replace('-', "%2D");
        format!(r#"{{"eventVersion":"2.1","eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"{bucket}"}},"object":{{"key":"{encoded}"}}}}}}"#)
    }).collect();
    world
        .localstack
        .send_message(&format!(r#"{{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"{bucket}"}}"#))
        .await;
    world.localstack.send_message(&format!(r#"{{"Records":[{}]}}"#, records.join(","))).await;
    one.is("confirmed").await;
    other.is("confirmed").await;
    world.until("the queue is empty", async || world.localstack.messages().await == 0).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

#[tokio::test]
async fn a_message_that_nobody_can_read_is_kept_for_an_operator_and_stops_nothing() {
    let world = World::start().await;
    world.localstack.send_message("no JSON \\u0000").await;
    world.localstack.send_message(r#"{"Records": []}"#).await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    world.until("both are kept", async || world.count("SELECT count(*) FROM dead_events").await == 2).await;
    world.end().await;
}

#[tokio::test]
async fn an_event_of_an_object_without_an_upload_ends_as_a_dead_event() {
    let mut world = World::start().await;
    let nobody = "images/acme/00000000-0000-7000-8000-000000000000.png";
    world.localstack.put_object(nobody, &files::png().bytes).await;
    world.strangers.push(nobody.to_owned());
    world.until("it is kept", async || world.count("SELECT count(*) FROM dead_events").await == 1).await;
    world.end().await;
}

#[tokio::test]
async fn an_object_that_an_application_names_after_an_upload_is_left_alone() {
    let mut world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    upload.is("confirmed").await;
    let thumbnail = format!("thumbnails/{}.png", upload.id());
    world.localstack.put_object(&thumbnail, &files::png().bytes).await;
    world.strangers.push(thumbnail.clone());
    world.until("its event is answered", async || world.localstack.messages().await == 0).await;
    assert_eq!(world.count("SELECT count(*) FROM unwanted_objects").await, 0);
    assert!(world.localstack.object_keys().await.contains(&thumbnail));
    world.end().await;
}

#[tokio::test]
async fn an_event_of_another_bucket_is_nobodys_business() {
    let world = World::build().without_events().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    let key = world.localstack.object_keys().await.remove(0);
    let body = format!(
        r#"{{"Records":[{{"eventVersion":"2.1","eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"other"}},"object":{{"key":"{key}"}}}}}}]}}"#
    );
    world.localstack.send_message(&body).await;
    world.until("it is answered", async || world.localstack.messages().await == 0).await;
    assert_eq!(upload.now().await["status"], "pending");
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn an_object_that_somebody_named_after_an_upload_is_left_alone() {
    let mut world = World::start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.cancel().await.expect(200);
    let foreign = [format!("thumbs/{}-small.png", upload.id()), format!("images/acme/{}-small.png", upload.id())];
    for key in &foreign {
        world.localstack.put_object(key, &files::png().bytes).await;
        world.strangers.push(key.clone());
    }
    world.until("both events are answered", async || world.localstack.messages().await == 0).await;
    assert_eq!(world.localstack.object_keys().await.len(), 2);
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

#[tokio::test]
async fn where_the_bucket_keeps_versions_no_version_of_an_unlocked_upload_is_forgotten() {
    let mut world = World::build().without_worker().start().await;
    world.localstack.keep_versions().await;
    let client = world.client_with(None);
    let declaration = serde_json::json!({"filename": "a.png", "mimeType": "image/png"});
    let granted = client.post("/files/upload-url", &declaration).await.expect(200);
    for bytes in [files::png().bytes, files::large_png(500).bytes] {
        let put = reqwest::Client::new().put(granted.text("uploadUrl")).header("content-type", "image/png").body(bytes);
        assert!(put.send().await.expect("the store answers").status().is_success());
    }
    world.start_worker().await;
    world.until("only the confirmed version is left", async || world.localstack.versions().await == 1).await;
    world.end().await;
}
