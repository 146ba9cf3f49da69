//! That it is known who did what.

use serde_json::{Value, json};
use sluice_testkit::{Client, World, files};

use super::search::{clear, plant};
use super::{ACTIONS, act, operator, operator_of};

const PATH: &str = "/v1/operator/actions";

/// What is told, newest first.
pub async fn deeds(operator: &Client) -> Vec<Value> {
    operator.get(PATH).await.expect(200).body["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn who_did_what_with_how_many_is_told_to_those_who_reach_it() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let (own, others) = (acme.declare(&files::png()).await, globex.declare(&files::png()).await);
    plant(&world, 1200, "globex", "pending").await;
    let (of_acme, all) = (operator_of(&world, "acme").await, operator(&world).await);
    act(&of_acme, json!({"action": "settle", "upload_ids": [own.id()]})).await;
    act(&of_acme, json!({"action": "cancel", "upload_ids": [own.id(), others.id()]})).await;
    act(&all, json!({"action": "cancel", "upload_ids": [own.id()]})).await;
    let filter = json!({"tenant": "globex", "policy": "images"});
    act(&all, json!({"action": "cancel", "filter": filter, "dry_run": true})).await;
    let first = act(&all, json!({"action": "cancel", "filter": filter})).await;
    act(&all, json!({"action": "cancel", "filter": filter, "cursor": first["next_cursor"]})).await;

    let told = deeds(&of_acme).await;
    assert_eq!(told.len(), 2, "what others did is not theirs to see: {told:?}");
    assert_eq!((&told[1]["action"], &told[1]["subject"]), (&json!("settle"), &json!(own.id())));
    assert_eq!((&told[1]["tenant"], &told[1]["key_name"]), (&json!("acme"), &json!("a test")));
    assert_eq!((&told[0]["done"], &told[0]["not_done"], told[0].get("subject")), (&json!(1), &json!(1), None));
    assert!(told[0]["why_not"].is_string() && told[0]["ended_at"].is_string(), "{told:?}");

    let told = deeds(&all).await;
    assert_eq!(told.len(), 4, "what was only counted, or done with none, is not told: {told:?}");
    assert_eq!((&told[0]["filter"], told[0].get("tenant")), (&filter, None));
    assert_eq!((&told[0]["done"], &told[1]["done"]), (&json!(201), &json!(1000)));
    let page = all.get(&format!("{PATH}?limit=3")).await.expect(200).body;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(3), &json!(true)));
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let rest = all.get(&format!("{PATH}?limit=3&cursor={cursor}")).await.expect(200).body;
    assert_eq!((&rest["data"], &rest["has_more"]), (&json!(told[3..]), &json!(false)));
    assert_eq!(all.get(&format!("{PATH}?cursor=x")).await.problem(400), "invalid_cursor");
    clear(&world).await;
    world.end().await;
}

#[tokio::test]
async fn nothing_is_done_that_can_not_be_written_down() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    world.localstack.leave_dead_letter("{").await;
    world.query("INSERT INTO dead_events (message_id, body, reason) VALUES ('m', '{', 'a test')").await;
    world.query("ALTER TABLE operator_actions RENAME TO away").await;
    let operator = operator(&world).await;
    let order = json!({"action": "cancel", "upload_ids": [upload.id()]});
    operator.post(ACTIONS, &order).await.expect(500);
    operator.delete("/v1/operator/dead-letters").await.expect(500);
    operator.call("/v1/operator/dead-letters/redrive").await.expect(500);
    operator.delete("/v1/operator/dead-events?up_to=999").await.expect(500);
    assert_eq!(upload.now().await["status"], "pending");
    assert_eq!(world.localstack.dead_letters().await, 1);
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 1);
    world.query("ALTER TABLE away RENAME TO operator_actions").await;
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn what_was_done_with_messages_is_told_and_forgotten_after_a_year() {
    let world = World::build().without_worker().start().await;
    world
        .query(
            "INSERT INTO operator_actions (began_at, key_id, action)
             SELECT now() - interval '13 months', gen_random_uuid(), 'dance' FROM generate_series(1, 12)",
        )
        .await;
    let operator = operator(&world).await;
    assert_eq!(deeds(&operator).await[0]["action"], "other", "a newer version may have written it");
    world.query("INSERT INTO dead_events (message_id, body, reason) VALUES ('m', '{', 'a test')").await;
    let id = world.query("SELECT id::text FROM dead_events").await[0].get::<_, String>(0);
    operator.delete(&format!("/v1/operator/dead-events/{id}")).await.expect(204);
    operator.delete(&format!("/v1/operator/dead-events/{id}")).await.expect(404);
    // Whatever an id is made of, it is written down.
    let odd = format!("a%00b{}", "c".repeat(1000));
    operator.delete(&format!("/v1/operator/dead-letters/{odd}")).await.expect(404);
    let told = deeds(&operator).await;
    let told: Vec<_> = told.iter().map(|deed| (&deed["action"], &deed["done"], &deed["not_done"])).collect();
    let dropped = json!("drop_dead_events");
    assert_eq!(told[0], (&json!("delete_dead_letters"), &json!(0), &json!(1)));
    assert_eq!(told[1..3], [(&dropped, &json!(0), &json!(1)), (&dropped, &json!(1), &json!(0))]);
    assert_eq!(told.len(), 3, "what is older than a year is gone");
    world.end().await;
}
