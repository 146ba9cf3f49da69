//! What is forgotten when it is old, and what is not.

use std::time::Duration;

use sluice_common::db::{counting, timeline};
use sluice_testkit::{World, files};

#[tokio::test]
async fn old_lines_go_once_they_are_counted_and_young_ones_stay() {
    let world = World::build().without_worker().start().await;
    let (db, week) = (world.db(), Duration::from_hours(7 * 24));
    let forget = async || timeline::forget(&db, week, 1000).await.expect("Postgres answers");
    let upload = world.client().await.declare(&files::png()).await;
    upload.cancel().await.expect(200);
    world.query("UPDATE timeline SET at = at - interval '8 days' WHERE status = 'pending'").await;
    assert_eq!(forget().await, 0, "nothing is counted yet");
    // Other transactions on the server hold counting back until they end.
    world
        .until("both lines are counted", async || {
            counting::count(&db).await.expect("Postgres answers");
            world
                .count("SELECT coalesce(sum(uploads), 0)::bigint FROM totals WHERE tenant = '' AND status = 'canceled'")
                .await
                == 1
        })
        .await;
    assert_eq!((forget().await, forget().await), (1, 0));
    let left = world.query("SELECT status FROM timeline").await;
    assert_eq!(left.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["canceled"]);
    world.end().await;
}
