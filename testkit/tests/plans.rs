//! What Postgres does for each statement must not grow with what lies behind.

use std::str::FromStr as _;

use serde_json::Value;
use sluice_common::db::{PLANNING, STATEMENTS};
use sluice_testkit::World;
use sluice_testkit::growth::{Growth, fill};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// The tables that have more rows the longer the service runs, or the more is pending.
const GROWING: [&str; 6] = ["uploads", "timeline", "unwanted_objects", "idempotency_keys", "activity", "dead_events"];

/// These may read all: the first stops where nobody would read on, the others count anew, by hand.
const MAY_READ_ALL: [&str; 4] = ["dead_events.count", "usage.admit", "usage.tenants", "usage.recount"];

#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index_and_needs_it() {
    let world = World::build().without_worker().start().await;
    fill(&world.database_url(), Growth::of(2000)).await;
    let mut config = Config::from_str(&world.database_url()).expect("a URL");
    let (client, connection) = config.options(PLANNING).connect(NoTls).await.expect("connected");
    let driven = tokio::spawn(connection);
    client.batch_execute(PREPARE).await.expect("valid");
    let found = slow_plans(&client).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    for index in INDEXES {
        client.batch_execute(&format!("BEGIN; DROP INDEX {index}")).await.expect("there is such an index");
        assert!(!slow_plans(&client).await.is_empty(), "nothing is slow without {index}");
        client.batch_execute("ROLLBACK").await.expect("valid");
    }
    drop(client);
    let _ = driven.await;
    world.query("TRUNCATE uploads, timeline, unwanted_objects, idempotency_keys, dead_events, usage").await;
    world.end().await;
}

/// Everywhere as much as there may be after an outage: for little Postgres reads what would be far too much of it then. And the plan
/// that it goes over to when a statement has been run several times: nothing is known of the parameters.
const PREPARE: &str = "INSERT INTO unwanted_objects (object_key, upload_id) SELECT grant_key, id FROM uploads;
    INSERT INTO idempotency_keys SELECT tenant, id, sha256(id::text::bytea), id FROM uploads;
    ANALYZE unwanted_objects, idempotency_keys;
    SET plan_cache_mode = force_generic_plan";

/// Without any one of these some statement is slow.
const INDEXES: [&str; 11] = [
    "uploads_by_tenant",
    "uploads_by_tenant_and_status",
    "uploads_by_status",
    "uploads_due",
    "uploads_confirmed_by_key",
    "timeline_by_upload",
    "timeline_by_tenant",
    "timeline_by_transaction",
    "unwanted_objects_due",
    "unwanted_objects_by_key",
    "idempotency_keys_by_age",
];

/// What is slow in the plans of all statements.
async fn slow_plans(client: &Client) -> Vec<String> {
    let mut found = Vec::new();
    for statement in STATEMENTS.iter().copied().flatten() {
        let name = statement.lines().next().and_then(|line| line.strip_prefix("-- ")).expect("a statement has a name");
        let mut scans = Vec::new();
        long_scans(&plan_of(client, statement).await[0]["Plan"], "", &mut scans);
        found.extend(scans.into_iter().map(|scan| format!("{name}: {scan}")));
    }
    found.retain(|scan| !MAY_READ_ALL.iter().any(|name| scan.starts_with(name)));
    found
}

async fn plan_of(client: &Client, statement: &str) -> Value {
    let parameters = client.prepare(statement).await.expect("the statement is valid").params().len();
    client.batch_execute(&format!("PREPARE this AS {statement}")).await.expect("the statement is valid");
    let values = if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
    let rows =
        client.simple_query(&format!("EXPLAIN (FORMAT JSON) EXECUTE this{values}")).await.expect("it has a plan");
    client.batch_execute("DEALLOCATE this").await.expect("it was prepared");
    let text = rows.iter().find_map(|row| match row {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(text.expect("one row")).expect("JSON was asked for")
}

/// The scans in a plan that get longer as their table grows. `ends` is what ends or gathers what a scan finds: the nearest limit or sort
/// above it.
fn long_scans(plan: &Value, ends: &str, found: &mut Vec<String>) {
    let text = |name: &str| plan[name].as_str().unwrap_or_default();
    let kind = text("Node Type");
    if let Some(why) = GROWING.contains(&text("Relation Name")).then(|| why_long(plan, ends)).flatten() {
        found.push(format!("{kind} of {} {}: {why}", text("Relation Name"), text("Index Name")));
    }
    let ends = if kind == "Limit" || kind.ends_with("Sort") { kind } else { ends };
    for part in plan["Plans"].as_array().into_iter().flatten() {
        long_scans(part, ends, found);
    }
}

fn why_long(scan: &Value, ends: &str) -> Option<&'static str> {
    let text = |name: &str| scan[name].as_str().unwrap_or_default();
    let (condition, filter) = (text("Index Cond"), text("Filter"));
    // In whichever index: which of two is taken that find the same row is a toss-up.
    let finds_single_rows = ["(id = ", "(upload_id = ", "(key = "].iter().any(|one| condition.contains(one));
    match text("Node Type") {
        "Seq Scan" => Some("it reads the table"),
        "Index Scan" | "Index Only Scan" if finds_single_rows => None,
        "Index Scan" | "Index Only Scan" if condition.is_empty() && !(ends == "Limit" && filter.is_empty()) => {
            Some("it reads the index from one end to the other")
        }
        "Index Scan" | "Index Only Scan" if filter.contains("tenant =") => {
            Some("it passes over what other tenants have")
        }
        "Index Scan" | "Index Only Scan" if ends.ends_with("Sort") && text("Relation Name") != "activity" => {
            Some("all that it finds is sorted")
        }
        _ => None,
    }
}
