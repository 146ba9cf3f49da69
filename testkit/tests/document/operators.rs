//! What the document shows operators is so: a running pipeline takes what they are told to send, and answers as it shows.

use reqwest::Method;
use serde_json::json;
use sluice_common::db::dead_events;
use sluice_common::domain::ObjectKey;
use sluice_testkit::{Client, File, TestUpload, World, files};

use super::examples::{Reader, declaration, event_of, shape};

const UPLOADS: &str = "/v1/operator/uploads";
const LETTERS: &str = "/v1/operator/dead-letters";
const EVENTS: &str = "/v1/operator/dead-events";

#[tokio::test]
async fn what_operators_ask_for_is_answered_as_the_examples_show() {
    // Rounds through the bucket end all the time, so that there is one to show.
    let world = World::build().with("SLUICE_RECONCILE_EVERY", "1").start().await;
    let operator = Reader::of(world.client_with(Some(&world.key_of_all(&["operator"]).await)));
    let client = world.client().await;
    sign_in(&world, &operator).await;
    let confirmed = sent(&client, &files::png()).await;
    confirmed.is("confirmed").await;
    for _ in 0..2 {
        sent(&client, &files::script_as_png()).await.is("rejected").await;
    }
    look(&world, &operator, &confirmed).await;
    act(&client, &operator, &confirmed).await;
    messages(&world, &operator, &confirmed).await;
    operator.has_sent_all(true, &[]);
    world.end().await;
}

/// Declared with all that the examples declare, and sent.
async fn sent(client: &Client, file: &File) -> TestUpload {
    let upload = client.declare_as(&declaration(file)).await;
    upload.put(&file.bytes).await;
    upload
}

async fn sign_in(world: &World, operator: &Reader) {
    const PATH: &str = "/v1/operator/session";
    let opened = operator.client.call(PATH).await.expect(200);
    let cookie = opened.header("set-cookie").to_owned();
    operator.is_as_shown("openOperatorSession", 200, opened);
    let browser = world.client_with(None);
    let known = browser.send(Method::GET, PATH, None, &[("cookie", &cookie)]).await;
    operator.is_as_shown("getOperatorSession", 200, known);
}

async fn look(world: &World, operator: &Reader, confirmed: &TestUpload) {
    let page = operator.client.get(&format!("{UPLOADS}?status=rejected&limit=1")).await;
    operator.is_as_shown("searchUploads", 200, page);
    let path = format!("{UPLOADS}/{}", confirmed.id());
    operator.is_as_shown("inspectUpload", 200, operator.client.get(&path).await);
    operator.is_as_shown("downloadUpload", 200, operator.client.get(&format!("{path}/download")).await);
    let shown = operator.shown("getActivity", 200);
    let activity = async || operator.client.get("/v1/operator/activity?range=15m").await.expect(200).body;
    world.until("what happened is counted", async || shape(&activity().await) == shown).await;
    operator.is_as_shown("getFilterValues", 200, operator.client.get("/v1/operator/filter-values").await);
}

async fn act(client: &Client, operator: &Reader, confirmed: &TestUpload) {
    let pending = client.declare(&files::png()).await;
    let mut feed = operator.client.watch_at("/v1/operator/events", &[]).await.expect("it is opened");
    feed.begun().await;
    let path = format!("{UPLOADS}/actions");
    let both = json!([pending.id(), confirmed.id()]);
    let answer = operator.send("actOnUploads", &path, &[], |order| order["upload_ids"] = both).await;
    operator.is_as_shown("actOnUploads", 200, answer);
    pending.cancel().await.expect(200);
    let told = feed.next().await.expect("it goes on").upload;
    assert_eq!(shape(&told), shape(&event_of(&operator.document, "watchUploads", "change")));
}

/// What was given up, and how the service does meanwhile.
async fn messages(world: &World, operator: &Reader, confirmed: &TestUpload) {
    let event = world.localstack.event(&world.key_of(confirmed.id()).await);
    let letter = world.localstack.leave_dead_letter(&event).await;
    world.localstack.leave_dead_letter(&event).await;
    operator.is_as_shown("listDeadLetters", 200, operator.client.get(&format!("{LETTERS}?limit=1")).await);
    overview(world, operator, &event).await;
    let redrive = format!("{LETTERS}/redrive");
    let moved = operator.send("redriveDeadLetters", &redrive, &[], |order| order["message_id"] = letter.into()).await;
    operator.is_as_shown("redriveDeadLetters", 200, moved);
    operator.is_as_shown("purgeDeadLetters", 200, operator.client.delete(LETTERS).await);

    let upload = ObjectKey::upload_id(&world.key_of(confirmed.id()).await);
    for message in ["one", "two"] {
        dead_events::keep(&world.db(), message, &event, "a test", upload).await.expect("it is kept");
    }
    let page = operator.client.get(&format!("{EVENTS}?limit=1")).await;
    let newest = operator.is_as_shown("listDeadEvents", 200, page)["data"][0]["id"].clone();
    let newest = newest.as_str().expect("an id");
    operator.is_as_shown("getDeadEvent", 200, operator.client.get(&format!("{EVENTS}/{newest}")).await);
    let dropped = operator.client.delete(&format!("{EVENTS}?up_to={newest}")).await;
    operator.is_as_shown("dropDeadEvents", 200, dropped);
    remembered(operator).await;
}

/// The last two things that somebody did: with all that fit a filter, and with a message that there is not.
async fn remembered(operator: &Reader) {
    let cancel = json!({"action": "cancel", "filter": {"tenant": "acme"}});
    operator.client.post(&format!("{UPLOADS}/actions"), &cancel).await.expect(200);
    operator.client.post(&format!("{LETTERS}/redrive"), &json!({"message_id": "nobody"})).await.expect(404);
    let page = operator.client.get("/v1/operator/actions?limit=2").await;
    operator.is_as_shown("listOperatorActions", 200, page);
}

/// With dead letters to tell of, an upload that waits, and a worker that has swept, been round, and taken a message lately.
async fn overview(world: &World, operator: &Reader, event: &str) {
    let client = world.client().await;
    let (waits, overdue) = (client.declare(&files::png()).await, client.declare(&files::png()).await);
    let expire = json!({"action": "expire", "upload_ids": [overdue.id()]});
    operator.client.post(&format!("{UPLOADS}/actions"), &expire).await.expect(200);
    let now = async || operator.client.get("/v1/operator/overview").await.expect(200).body;
    world
        .until("reports are there", async || {
            let system = &now().await["system"];
            system["last_sweep"].is_object() && system["last_reconcile"].is_object()
        })
        .await;
    // A worker says how long it had waited once, with the next thing that it says.
    world.localstack.send_message(event).await;
    let shown = operator.shown("getOverview", 200);
    world.until("all is known", async || shape(&now().await) == shown).await;
    assert_eq!(waits.now().await["status"], "pending");
}
