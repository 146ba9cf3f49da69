//! What operators see and do on the dashboard, in a real browser, with a real pipeline behind it.

use std::path::Path;
use std::process::Stdio;

use sluice_testkit::made::succeeds;
use sluice_testkit::{Postgres, World, files};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// Plays a scene of `api/dashboard/tests` in a world of its own, signed in with a key of this scope.
async fn plays(scene: &str, scope: &str) {
    plays_in(World::start().await, scene, scope).await;
}

async fn plays_in(world: World, scene: &str, scope: &str) {
    let said = succeeds(script(scene, &world, scope).await).await;
    assert!(said.ends_with("played\n"), "it was not played to the end:\n{said}");
    world.end().await;
}

/// A script of the page's, which knows this world.
async fn script(name: &str, world: &World, scope: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/dashboard/tests").join(name));
    node.env("SLUICE_URL", world.url());
    node.env("SLUICE_API_KEY", world.key("acme", &["uploads:write", "uploads:read"]).await);
    node.env("SLUICE_OPERATOR_KEY", world.key_of_all(&[scope]).await);
    node.env("SLUICE_TENANT_OPERATOR_KEY", world.key("acme", &[scope]).await);
    node.env("SLUICE_OTHER_API_KEY", world.key("globex", &["uploads:write", "uploads:read"]).await);
    node.env("SLUICE_OTHER_OPERATOR_KEY", world.key("globex", &[scope]).await);
    node
}

#[tokio::test]
async fn whoever_has_no_session_signs_in_and_comes_to_where_they_wanted() {
    plays("sign-in.mjs", "operator").await;
}

#[tokio::test]
async fn what_is_decided_appears_by_itself_and_moves_nothing_that_is_being_read() {
    plays("arrivals.mjs", "operator").await;
}

#[tokio::test]
async fn a_list_is_found_by_its_address_and_used_with_keys() {
    plays("filters.mjs", "operator").await;
}

#[tokio::test]
async fn an_action_says_first_what_it_does_with_how_many() {
    plays("actions.mjs", "operator").await;
}

#[tokio::test]
async fn dead_letters_go_back_and_dead_events_are_dropped_after_a_question() {
    let world = World::start().await;
    world.localstack.send_message("no <b>event</b>\u{202e}").await;
    for body in ["nothing that anybody can read", "{\"nor\": \"this\"}"] {
        world.localstack.leave_dead_letter(body).await;
    }
    plays_in(world, "dead.mjs", "operator").await;
}

#[tokio::test]
async fn who_may_only_look_is_shown_nothing_to_do() {
    plays("reader.mjs", "operator:read").await;
}

#[tokio::test]
async fn a_lost_connection_is_shown_and_heals() {
    plays("lost.mjs", "operator").await;
}

#[tokio::test]
async fn a_page_without_its_live_feed_asks_by_itself() {
    plays("polling.mjs", "operator").await;
}

#[tokio::test]
async fn whoever_scrolls_comes_to_all_and_is_told_of_changes_without_losing_the_place() {
    plays("scrolling.mjs", "operator").await;
}

#[tokio::test]
async fn the_operator_of_one_tenant_sees_that_tenant_alone() {
    plays("tenant.mjs", "operator").await;
}

#[tokio::test]
async fn after_a_sign_out_nothing_is_heard_and_the_next_operator_sees_nothing_of_the_one_before() {
    plays("switch.mjs", "operator").await;
}

#[tokio::test]
async fn a_database_that_is_down_is_said_to_be_and_the_page_heals() {
    let mut postgres = Postgres::start().await;
    let world = World::build().on(&postgres).start().await;
    let mut node = script("down.mjs", &world, "operator").await;
    node.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut played = node.spawn().expect("it starts");
    let mut lines = BufReader::new(played.stdout.take().expect("it is piped")).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next_line().await.expect("it can be read") {
        match line.as_str() {
            "stop the database" => postgres.stop(),
            "start the database" => postgres.restart().await,
            _ => said.push(line),
        }
    }
    assert!(played.wait().await.expect("it ends").success(), "it was not played to the end");
    assert_eq!(said, ["played"]);
    world.end().await;
}

#[tokio::test]
async fn names_that_clients_choose_stay_text_and_hide_nothing() {
    const NAMES: [&str; 7] = [
        "<img src=x onerror=\"document.title='taken'\">.png",
        "</title><script>document.title='taken'</script>.png",
        "invoice\u{202e}gnp.exe.png",
        "two\u{200b}words\u{2066}.png",
        "\u{639}\u{631}\u{628}\u{64a} 123.png",
        "' onmouseover='document.title=1' .png",
        "{{7*7}}${7*7}.png",
    ];
    let world = World::start().await;
    for name in NAMES {
        let upload = world.client().await.declare(&files::png()).await;
        let quoted = name.replace('\'', "''");
        world.query(&format!("UPDATE uploads SET filename = '{quoted}' WHERE id = '{}'", upload.id())).await;
    }
    let mut node = script("names.mjs", &world, "operator").await;
    node.env("SLUICE_TEST_NAMES", serde_json::json!(NAMES).to_string());
    assert!(succeeds(node).await.ends_with("played\n"));
    world.end().await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_in_light_and_in_dark() {
    plays("craft.mjs", "operator").await;
}

#[tokio::test]
async fn the_pages_own_decisions_are_as_its_tests_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/dashboard");
    let mut npm = Command::new("npm");
    npm.args(["test", "--silent", "--prefix"]).arg(page);
    succeeds(npm).await;
}

/// Not a test: it makes the pictures that the README shows. `./dev screenshots` runs it.
#[tokio::test]
#[ignore = "it writes into docs/dashboard"]
async fn pictures_for_the_readme() {
    let mut world = World::start().await;
    world.start_worker().await;
    world.until("both workers are known", async || world.count("SELECT count(*) FROM workers").await == 2).await;
    world
        .query("UPDATE workers SET host = 'worker-' || (SELECT count(*) FROM workers w WHERE w.id <= workers.id)")
        .await;
    world.session(include_str!("../../api/dashboard/tests/fill.sql")).await;
    // Deletions are the last that are told.
    let uncounted =
        "SELECT count(*) - coalesce((SELECT uploads FROM totals WHERE tenant = '' AND status = 'deleted'), 0)
        FROM uploads WHERE status = 'deleted'";
    world.until("all is counted", async || world.count(uncounted).await == 0).await;
    let mut node = script("screenshots.mjs", &world, "operator").await;
    world.query("UPDATE api_keys SET name = CASE WHEN 'operator' = ANY (scopes) THEN 'Mira' ELSE 'web shop' END").await;
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dashboard"));
    succeeds(node).await;
}
