//! That moving and deleting dead letters tells the truth when a queue fails on the way, or somebody else has them in hand.

use serde_json::{Value, json};
use sluice_testkit::fake_aws::Op;
use sluice_testkit::{Client, World};

use super::deeds::deeds;
use super::operator;

const PATH: &str = "/v1/operator/dead-letters";
const REDRIVE: &str = "/v1/operator/dead-letters/redrive";

/// With so many dead letters that harm nobody, and nobody who takes what is moved back. Gives the id of one.
async fn with_letters(count: usize) -> (World, Client, String) {
    let world = World::build().on_fake().without_events().without_worker().start().await;
    let mut id = String::new();
    for _ in 0..count {
        id = world.localstack.leave_dead_letter(r#"{"Event":"s3:TestEvent"}"#).await;
    }
    let operator = operator(&world).await;
    (world, operator, id)
}

async fn moved(operator: &Client) -> Value {
    operator.call(REDRIVE).await.expect(200).body
}

#[tokio::test]
async fn what_was_moved_before_a_queue_failed_is_told_and_written_down() {
    let (world, operator, _) = with_letters(25).await;
    world.fake().on(Op::SendMessage).sparing(15).answer(403, "AccessDenied");
    let why_not = "Could not send a message to the queue.";
    let outcome = moved(&operator).await;
    assert_eq!(outcome, json!({"moved": 15, "not_moved": 5, "why_not": why_not, "hidden": 0, "has_more": true}));
    assert_eq!(world.held().visible, 15);
    world.fake().heal();
    // What was not moved was given back: it need not be waited for.
    world.fake().on(Op::ReceiveMessage).sparing(1).answer(403, "AccessDenied");
    let stopped = "Could not read the dead-letter queue.";
    let outcome = moved(&operator).await;
    assert_eq!((&outcome["moved"], &outcome["why_not"]), (&json!(10), &json!(stopped)));
    assert_eq!((&outcome["not_moved"], world.held().visible), (&json!(0), 25));
    assert_eq!(operator.call(REDRIVE).await.problem(503), "unavailable");
    let told = deeds(&operator).await;
    let told: Vec<_> = told.iter().map(|deed| (&deed["done"], &deed["not_done"], &deed["why_not"])).collect();
    assert_eq!(
        told,
        [
            (&json!(0), &json!(0), &json!(stopped)),
            (&json!(10), &json!(0), &json!(stopped)),
            (&json!(15), &json!(5), &json!(why_not)),
        ]
    );
    world.end().await;
}

#[tokio::test]
async fn a_letter_that_can_not_be_deleted_after_it_was_sent_is_in_both_queues_and_told_of() {
    let (world, operator, id) = with_letters(1).await;
    world.fake().on(Op::DeleteMessageBatch).times(1).fail_entries(1, "InternalError");
    let outcome = operator.post(REDRIVE, &json!({"message_id": id})).await.expect(200).body;
    assert_eq!((&outcome["moved"], &outcome["not_moved"]), (&json!(0), &json!(1)));
    assert_eq!((world.held().visible, world.localstack.dead_letters().await), (1, 1));
    assert_eq!(moved(&operator).await, json!({"moved": 1, "not_moved": 0, "hidden": 0, "has_more": false}));
    world.end().await;
}

#[tokio::test]
async fn a_letter_that_can_not_be_deleted_is_given_back() {
    let (world, operator, id) = with_letters(1).await;
    let path = format!("{PATH}/{id}");
    world.fake().on(Op::DeleteMessageBatch).times(1).fail_entries(1, "InternalError");
    assert_eq!(operator.delete(&path).await.problem(503), "unavailable");
    let told = deeds(&operator).await;
    assert_eq!((&told[0]["subject"], &told[0]["done"], &told[0]["not_done"]), (&json!(id), &json!(0), &json!(1)));
    assert_eq!(told[0]["why_not"], "Could not delete a dead letter.");
    operator.delete(&path).await.expect(204);
    assert_eq!(world.localstack.dead_letters().await, 0);
    world.end().await;
}

#[tokio::test]
async fn letters_that_somebody_else_has_in_hand_are_told_of_and_come_back() {
    let (world, operator, id) = with_letters(2).await;
    // Whoever looks can't give them back, which is no trouble for them.
    world.fake().on(Op::ChangeMessageVisibilityBatch).answer(403, "AccessDenied");
    let list = operator.get(PATH).await.expect(200).body;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    let list = operator.get(PATH).await.expect(200).body;
    assert_eq!(list, json!({"data": [], "has_more": true, "total": 2, "hidden": 2}));
    assert_eq!(moved(&operator).await, json!({"moved": 0, "not_moved": 0, "hidden": 2, "has_more": true}));
    for answer in
        [operator.post(REDRIVE, &json!({"message_id": id})).await, operator.delete(&format!("{PATH}/{id}")).await]
    {
        assert!(answer.text("detail").contains("about 2 that others have in hand"), "{}", answer.body);
        assert_eq!(answer.problem(404), "dead_letter_not_found");
    }
    world.fake().clock().advance(std::time::Duration::from_mins(1));
    assert_eq!(moved(&operator).await["moved"], 2);
    let none = operator.delete(&format!("{PATH}/{id}")).await.expect(404);
    assert_eq!(none.text("detail"), "No message of this id is among the first 1000.");
    world.end().await;
}

#[tokio::test]
async fn a_purge_that_comes_too_soon_after_another_is_told_so() {
    let (world, operator, _) = with_letters(3).await;
    world.fake().on(Op::PurgeQueue).times(1).answer(403, "AWS.SimpleQueueService.PurgeQueueInProgress");
    assert_eq!(operator.delete(PATH).await.problem(409), "purge_under_way");
    assert_eq!(world.localstack.dead_letters().await, 3);
    assert_eq!(operator.delete(PATH).await.expect(200).body, json!({"deleted": 3}));
    let told = deeds(&operator).await;
    assert_eq!((&told[0]["action"], &told[0]["done"]), (&json!("purge_dead_letters"), &json!(3)));
    assert_eq!((&told[1]["done"], &told[1]["not_done"]), (&json!(0), &json!(3)));
    world.end().await;
}

#[tokio::test]
async fn what_has_begun_is_done_and_written_down_though_nobody_waits_for_it() {
    let (world, operator, _) = with_letters(1).await;
    let gate = world.fake().on(Op::SendMessage).hold();
    let sent = world.fake().count(Op::SendMessage);
    tokio::select! {
        _ = operator.call(REDRIVE) => panic!("it is held"),
        () = world.fake().seen(Op::SendMessage, sent + 1) => {}
    }
    let told = deeds(&operator).await;
    assert_eq!((told.len(), told[0].get("ended_at"), told[0].get("done")), (1, None, None));
    gate.open();
    world.until("it has ended", async || deeds(&operator).await[0]["done"] == 1).await;
    assert_eq!((world.held().visible, world.localstack.dead_letters().await), (1, 0));
    world.end().await;
}
