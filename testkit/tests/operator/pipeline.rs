//! What is shown of workers, dead letters and dead events, and done with the letters.

use serde_json::json;
use sluice_testkit::{Client, World, files};

use super::{operator, report};

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
async fn workers_of_one_host_are_told_apart() {
    let mut world = World::start().await;
    world.start_worker().await;
    let operator = operator(&world).await;
    let workers = async || operator.get("/v1/operator/overview").await.expect(200).body["system"]["workers"].clone();
    world.until("both are there", async || workers().await.as_array().map(Vec::len) == Some(2)).await;
    let workers = workers().await;
    assert_eq!(workers[0]["host"], workers[1]["host"]);
    assert_ne!(workers[0]["name"], workers[1]["name"]);
    assert!(
        workers[0]["name"].as_str().is_some_and(|name| name.starts_with(workers[0]["host"].as_str().expect("a host")))
    );
    world.end().await;
}

#[tokio::test]
async fn messages_that_nobody_takes_are_told_of_until_somebody_does() {
    let mut world = World::build().without_events().without_worker().start().await;
    let operator = operator(&world).await;
    let queue = async || operator.get("/v1/operator/overview").await.expect(200).body["system"]["queue"].clone();
    assert_eq!((queue().await.get("oldest_ms"), queue().await.get("last_taken_at")), (None, None));
    world.localstack.send_message(r#"{"Event":"s3:TestEvent"}"#).await;
    world.until("it is seen to wait", async || queue().await["oldest_at_least"] == true).await;
    // A worker without this queue hears of it, too, and has done so for longer.
    world
        .query(
            "INSERT INTO workers (id, host, version, has_queue, in_hand, in_hand_most, breaker, waiting_since)
             VALUES (gen_random_uuid(), 'w', '1', false, 0, 1, 'closed', now() - interval '3 minutes')",
        )
        .await;
    let told = findings(&operator).await;
    assert!(told.contains(&"messages_untaken".to_owned()), "{told:?}");
    assert!(queue().await["oldest_ms"].as_i64().is_some_and(|ms| ms >= 120_000));
    world.start_worker().await;
    world.until("it is taken", async || queue().await["last_taken_at"].is_string()).await;
    assert!(!findings(&operator).await.contains(&"messages_untaken".to_owned()));
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
    assert_eq!(moved, json!({"moved": 1, "not_moved": 0, "hidden": 0, "has_more": false}));
    upload.is("confirmed").await;
    for _ in 0..12 {
        world.localstack.leave_dead_letter(r#"{"Event":"s3:TestEvent"}"#).await;
    }
    world.until("it is told of", async || findings(&operator).await.contains(&"dead_letters".to_owned())).await;
    let moved = operator.call(&format!("{PATH}/redrive")).await.expect(200).body;
    assert_eq!(moved, json!({"moved": 12, "not_moved": 0, "hidden": 0, "has_more": false}));
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
