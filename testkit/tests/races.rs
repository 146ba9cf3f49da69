//! Two who change one upload at the same moment.

use std::time::Duration;

use sluice_testkit::{World, files};
use tokio_postgres::NoTls;

const CONFIRM: &str =
    "UPDATE uploads SET status = 'confirmed', decided_at = now(), object_key = grant_key, object_size = 67,
    object_etag = '\"etag\"', detected_type = 'image/png' WHERE status = 'pending'";

const NOTE: &str =
    "INSERT INTO timeline (upload_id, tenant, status, cause) SELECT id, tenant, 'confirmed', 'event' FROM uploads";

const COUNT: &str = "UPDATE usage SET pending_uploads = 0, reserved_bytes = 0, stored_uploads = 1, stored_bytes = 67";

#[tokio::test]
async fn who_takes_back_what_is_being_confirmed_waits_and_deletes_it() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let (mut sql, connection) = tokio_postgres::connect(&world.database_url(), NoTls).await.expect("connected");
    tokio::spawn(connection);
    let confirming = sql.transaction().await.expect("a transaction begins");
    confirming.execute(CONFIRM, &[]).await.expect("the upload is confirmed");
    confirming.execute(NOTE, &[]).await.expect("and its timeline says so");
    confirming.execute(COUNT, &[]).await.expect("and it counts as stored");

    let taken_back = tokio::spawn({
        let upload = upload.clone();
        async move { upload.cancel().await }
    });
    world.until("the cancelation waits", async || world.held_up().await > 0).await;
    confirming.commit().await.expect("the verdict is recorded");

    let answer = tokio::time::timeout(Duration::from_secs(10), taken_back).await.expect("in time").expect("no panic");
    assert_eq!(answer.expect(200).text("status"), "deleted");
    world.end().await;
}
