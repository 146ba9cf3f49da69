//! Messages, their receipts and their queues.

use std::time::Duration;

use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message};
use sluice_testkit::fake_aws::Op;

use super::target::{Target, refusal, times};

super::both_keep! {
    a_received_message_is_hidden_and_comes_back_counted
    a_message_given_back_comes_at_once
    hiding_a_deleted_message_is_refused
    an_old_receipt_still_deletes
    deleting_twice_is_no_error
    a_bad_entry_fails_alone_in_a_deletion
    a_bad_entry_fails_alone_in_a_change_of_visibility
    a_long_poll_ends_when_a_message_arrives
    an_empty_receive_is_no_error
    a_delayed_message_comes_later
    after_too_many_receives_a_message_is_a_dead_letter_with_its_id
    a_redriven_message_comes_again_with_the_same_body
    a_purged_queue_is_empty
    an_absent_queue_has_its_own_error
}

async fn a_received_message_is_hidden_and_comes_back_counted(target: &Target) {
    let id = target.send_message("one").await;
    let first = target.receive_one().await;
    assert_eq!((first.message_id(), first.body(), times(&first)), (Some(&*id), Some("one"), 1));
    assert!(target.receive(10, 0).await.is_empty(), "it is hidden");
    target.pass(Duration::from_secs(1)).await;
    let second = target.receive_one().await;
    assert_eq!((second.message_id(), times(&second)), (Some(&*id), 2));
    assert_ne!(second.receipt_handle(), first.receipt_handle());
}

async fn a_message_given_back_comes_at_once(target: &Target) {
    target.send_message("one").await;
    let first = target.receive_one().await;
    target.hide(&first, 0).await.expect("it is in flight");
    assert_eq!(times(&target.receive_one().await), 2);
}

async fn hiding_a_deleted_message_is_refused(target: &Target) {
    target.send_message("one").await;
    let received = target.receive_one().await;
    assert!(target.delete_messages(&[&received]).await.is_empty());
    let error = target.hide(&received, 5).await.expect_err("it is gone");
    assert_eq!(refusal(&error), (400, "InvalidParameterValue"));
    // Beyond this they differ: of a message that is visible again, and of more than 12 hours, LocalStack lets itself be told
    // anything; Amazon and the fake refuse.
}

async fn an_old_receipt_still_deletes(target: &Target) {
    // Amazon promises nothing here: its answer is a success, and the message "might not be deleted".
    target.send_message("one").await;
    let first = target.receive_one().await;
    target.pass(Duration::from_secs(1)).await;
    target.receive_one().await;
    assert!(target.delete_messages(&[&first]).await.is_empty());
    target.pass(Duration::from_secs(1)).await;
    assert!(target.receive(10, 0).await.is_empty());
}

async fn deleting_twice_is_no_error(target: &Target) {
    target.send_message("one").await;
    let received = target.receive_one().await;
    assert!(target.delete_messages(&[&received]).await.is_empty());
    assert!(target.delete_messages(&[&received]).await.is_empty());
}

async fn a_bad_entry_fails_alone_in_a_deletion(target: &Target) {
    target.send_message("one").await;
    let received = target.receive_one().await;
    let garbage = Message::builder().receipt_handle("garbage").build();
    let failed = target.delete_messages(&[&garbage, &received]).await;
    assert_eq!(failed, [("0".to_owned(), "ReceiptHandleIsInvalid".to_owned())]);
    assert_eq!(target.count_messages().await, 0);
}

async fn a_bad_entry_fails_alone_in_a_change_of_visibility(target: &Target) {
    target.send_message("one").await;
    let received = target.receive_one().await;
    let entry = |id: &str, receipt: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(receipt);
        entry.visibility_timeout(0).build().expect("complete")
    };
    let request = target.sqs.change_message_visibility_batch().queue_url(&target.queue_url);
    let request =
        request.entries(entry("0", "garbage")).entries(entry("1", received.receipt_handle().expect("a receipt")));
    let answer = request.send().await.expect("an answer");
    // Whose fault it is they don't agree on: LocalStack takes this one for its own.
    let failed: Vec<_> = answer.failed().iter().map(|entry| (entry.id(), entry.code())).collect();
    assert_eq!(failed, [("0", "ReceiptHandleIsInvalid")]);
    assert_eq!(times(&target.receive_one().await), 2);
}

async fn a_long_poll_ends_when_a_message_arrives(target: &Target) {
    let began = tokio::time::Instant::now();
    let sent = async {
        match &target.fake {
            Some(fake) => fake.seen(Op::ReceiveMessage, 1).await,
            // Whether the poll has begun can't be seen from here; either order must end it.
            None => tokio::time::sleep(Duration::from_millis(300)).await,
        }
        target.send_message("one").await
    };
    let (received, _) = tokio::join!(target.receive(10, 20), sent);
    assert_eq!(received.len(), 1);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

async fn an_empty_receive_is_no_error(target: &Target) {
    assert!(target.receive(10, 1).await.is_empty());
}

async fn a_delayed_message_comes_later(target: &Target) {
    let request = target.sqs.send_message().queue_url(&target.queue_url).message_body("one").delay_seconds(1);
    request.send().await.expect("it is taken");
    assert!(target.receive(10, 0).await.is_empty());
    target.pass(Duration::from_secs(1)).await;
    assert_eq!(times(&target.receive_one().await), 1);
}

async fn after_too_many_receives_a_message_is_a_dead_letter_with_its_id(target: &Target) {
    let dead_letters = target.give_up_after(2).await;
    let id = target.send_message("one").await;
    for _ in 0..2 {
        let received = target.receive_one().await;
        target.hide(&received, 0).await.expect("it is in flight");
    }
    assert!(target.receive(10, 1).await.is_empty(), "the third receive gives it up");
    let dead = target.receive_from(&dead_letters, 10, 5).await;
    let ids: Vec<_> = dead.iter().filter_map(Message::message_id).collect();
    assert_eq!(ids, [id]);
    assert_eq!(dead[0].body(), Some("one"));
}

async fn a_redriven_message_comes_again_with_the_same_body(target: &Target) {
    let dead_letters = target.give_up_after(1).await;
    let id = target.send_message("one").await;
    target.hide(&target.receive_one().await, 0).await.expect("it is in flight");
    assert!(target.receive(10, 1).await.is_empty(), "the second receive gives it up");
    let arn = target.arn_of(&dead_letters).await;
    target.sqs.start_message_move_task().source_arn(&arn).send().await.expect("it is a queue of dead letters");
    let redriven = target.receive_one().await;
    assert_eq!(redriven.body(), Some("one"));
    // LocalStack moves the old message: it keeps its id, and its receives are counted on. Amazon and the fake make a new one.
    if target.fake.is_some() {
        assert_ne!(redriven.message_id(), Some(&*id));
        assert_eq!(times(&redriven), 1);
    }
    let tasks = target.sqs.list_message_move_tasks().source_arn(&arn).send().await.expect("a list");
    let task = tasks.results().first().expect("the one that was started");
    assert_eq!((task.source_arn(), task.approximate_number_of_messages_moved()), (Some(&*arn), 1));
}

async fn a_purged_queue_is_empty(target: &Target) {
    target.send_message("one").await;
    target.sqs.purge_queue().queue_url(&target.queue_url).send().await.expect("it is there");
    assert_eq!(target.count_messages().await, 0);
}

async fn an_absent_queue_has_its_own_error(target: &Target) {
    let error = target.sqs.get_queue_url().queue_name("absent").send().await.expect_err("there is none");
    assert!(error.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()), "{error:?}");
    let request = target.sqs.receive_message().queue_url(format!("{}-absent", target.queue_url));
    let error = request.send().await.expect_err("there is none");
    assert!(error.as_service_error().is_some_and(|error| error.is_queue_does_not_exist()), "{error:?}");
}
