//! That counts and charts are what happened, whoever counts.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_common::db::counting::{self, LENGTHS};
use sluice_testkit::{Client, World, files};

use super::search::{clear, plant};
use super::{disguised, operator, operator_of};

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
pub async fn all_is_counted(world: &World) {
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
async fn what_was_there_before_is_counted_when_the_database_is_brought_up_to_date() {
    let world = World::build().without_worker().start().await;
    plant(&world, 50, "acme", "pending").await;
    plant(&world, 20, "globex", "confirmed").await;
    let migration = include_str!("../../../migrations/V10__operators.sql");
    let counting =
        migration.split_once("INSERT INTO totals").expect("it counts").1.split(';').next().expect("a statement");
    world.query("DELETE FROM totals").await;
    world.query(&format!("INSERT INTO totals{counting}")).await;
    let (kept, counted) = kept_and_counted(&world).await;
    assert_eq!(kept, counted);
    clear(&world).await;
    world.end().await;
}
