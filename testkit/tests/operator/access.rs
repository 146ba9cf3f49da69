//! Who sees and does what, by key and by session.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sluice_testkit::{Client, World, files};

use super::counts::all_is_counted;
use super::{ACTIONS, SESSION, act, found, operator, operator_of, report};

#[tokio::test]
async fn an_operator_of_one_tenant_sees_and_touches_that_tenant_alone() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let (own, others) = (acme.declare(&files::png()).await, globex.declare(&files::png()).await);
    all_is_counted(&world).await;
    let operator = operator_of(&world, "acme").await;
    assert_eq!(found(&operator, "").await, [own.id()]);
    assert_eq!(found(&operator, "tenant=globex").await, [""; 0]);
    assert_eq!(found(&operator, &format!("text={}", others.id())).await, [""; 0]);
    for path in ["", "/download"] {
        let answer = operator.get(&format!("/v1/operator/uploads/{}{path}", others.id())).await;
        assert_eq!(answer.problem(404), "upload_not_found");
    }
    let outcome = act(&operator, json!({"action": "cancel", "upload_ids": [others.id()]})).await;
    assert_eq!((&outcome["done"], outcome["refused"][0].get("status")), (&json!(0), None));
    let outcome = act(&operator, json!({"action": "cancel", "filter": {"tenant": "globex"}})).await;
    assert_eq!(outcome["done"], 0);
    let created = async |query: &str| {
        let activity = operator.get(&format!("/v1/operator/activity{query}")).await.expect(200).body;
        (activity["total"]["created"].clone(), activity["points"].as_array().map(Vec::len))
    };
    assert_eq!(created("").await, (json!(1), Some(60)));
    assert_eq!(created("?tenant=acme").await, (json!(1), Some(60)));
    assert_eq!(created("?tenant=globex").await, (json!(0), Some(60)));
    let values = operator.get("/v1/operator/filter-values").await.expect(200).body;
    assert_eq!((&values["tenants"], &values["has_more_tenants"]), (&json!(["acme"]), &json!(false)));
    let overview = operator.get("/v1/operator/overview").await.expect(200).body;
    assert_eq!((&overview["uploads"]["pending"], overview.get("system")), (&json!(1), None));
    assert_eq!(overview["oldest_pending"]["upload_id"], own.id());
    for path in ["/v1/operator/dead-events", "/v1/operator/dead-letters", "/v1/operator/dead-events/1"] {
        assert_eq!(operator.get(path).await.problem(403), "all_tenants_needed", "{path}");
    }
    assert_eq!(operator.call("/v1/operator/dead-letters/redrive").await.problem(403), "all_tenants_needed");
    for path in ["dead-letters", "dead-letters/x", "dead-events?up_to=1", "dead-events/1"] {
        let answer = operator.delete(&format!("/v1/operator/{path}")).await;
        assert_eq!(answer.problem(403), "all_tenants_needed", "{path}");
    }

    let mut feed = operator.watch_at("/v1/operator/events", &[]).await.expect("it is opened");
    feed.begun().await;
    globex.declare(&files::png()).await.cancel().await.expect(200);
    let mixed = json!([others.id(), own.id()]);
    let outcome = act(&operator, json!({"action": "cancel", "upload_ids": mixed})).await;
    assert_eq!((&outcome["done"], &outcome["refused"][0]["upload_id"]), (&json!(1), &json!(others.id())));
    assert_eq!(outcome["refused"][0].get("status"), None, "that it is there is not told");
    let event = feed.next().await.expect("it goes on");
    let expected = json!({"id": own.id(), "tenant": "acme", "policy": "images", "status": "canceled"});
    assert_eq!(event.upload, expected);
    assert_eq!(others.now().await["status"], "pending");
    world.end().await;
}

#[tokio::test]
async fn the_stream_of_all_tenants_tells_every_change_and_goes_on_behind_an_id() {
    let world = World::build().without_worker().start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let operator = operator(&world).await;
    let mut feed = operator.watch_at("/v1/operator/events", &[]).await.expect("it is opened");
    feed.begun().await;
    for client in [&acme, &globex] {
        client.declare(&files::png()).await.cancel().await.expect(200);
    }
    let tenants = |events: &[sluice_testkit::Event]| {
        events.iter().map(|event| event.upload["tenant"].clone()).collect::<Vec<_>>()
    };
    let events = feed.take(4).await;
    assert_eq!(tenants(&events), ["acme", "acme", "globex", "globex"]);
    let behind = [("last-event-id", events[1].id.as_str())];
    let mut again = operator.watch_at("/v1/operator/events", &behind).await.expect("it is opened");
    assert_eq!(tenants(&again.take(2).await), ["globex", "globex"]);
    let refused = operator.watch_at("/v1/operator/events?after=x", &[]).await.err().expect("it is refused");
    assert_eq!(refused.problem(400), "invalid_cursor");
    world.end().await;
}

#[tokio::test]
async fn who_may_only_look_looks_and_who_is_no_operator_does_neither() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let order = json!({"action": "cancel", "upload_ids": [upload.id()]});
    let reader = world.client_with(Some(&world.key_of_all(&["operator:read"]).await));
    for path in ["overview", "activity", "uploads", "dead-events", "session", "actions", "filter-values"] {
        reader.get(&format!("/v1/operator/{path}")).await.expect(200);
    }
    report(&reader, upload.id()).await;
    let session = reader.get(SESSION).await.expect(200).body;
    assert_eq!((&session["may_act"], &session["all_tenants"]), (&json!(false), &json!(true)));
    for (method, path, body) in [
        (Method::POST, ACTIONS, Some(&order)),
        (Method::POST, "/v1/operator/dead-letters/redrive", None),
        (Method::DELETE, "/v1/operator/dead-letters", None),
        (Method::DELETE, "/v1/operator/dead-letters/x", None),
        (Method::DELETE, "/v1/operator/dead-events?up_to=1", None),
        (Method::DELETE, "/v1/operator/dead-events/1", None),
    ] {
        let answer = reader.send(method, path, body, &[]).await;
        assert_eq!(answer.problem(403), "missing_scope", "{path}");
    }
    let application = world.client_with(Some(&world.key_of_all(&["uploads:read", "uploads:write"]).await));
    for client in [&application, &world.client_with(None), &world.client_with(Some("sluice_x"))] {
        let status = client.get("/v1/operator/overview").await.status.as_u16();
        assert!([401, 403].contains(&status), "{status}");
    }
    assert_eq!(upload.now().await["status"], "pending");
    world.end().await;
}

/// Signs in. Gives somebody without a key, and the cookie.
async fn signed_in(world: &World, key: &str) -> (Client, String) {
    let opened = world.client_with(Some(key)).call(SESSION).await.expect(200);
    let cookie = opened.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict") && cookie.contains("; Path=/"));
    (world.client_with(None), cookie.split(';').next().expect("a pair").to_owned())
}

#[tokio::test]
async fn a_session_opens_what_its_key_does_until_it_is_closed_or_the_key_revoked() {
    let world = World::build().without_worker().start().await;
    let key = world.key_of_all(&["operator"]).await;
    let (browser, cookie) = signed_in(&world, &key).await;
    let ask = async |cookie: &str| browser.send(Method::GET, SESSION, None, &[("cookie", cookie)]).await;
    let session = ask(&cookie).await.expect(200).body;
    assert_eq!((&session["name"], &session["may_act"]), (&json!("a test"), &json!(true)));
    assert!(session["expires_at"].is_string() && session["idle_seconds"] == 7200, "{session}");
    assert_eq!(ask("sluice_operator=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.problem(401), "unauthorized");
    assert_eq!(ask("sluice_operator=x").await.problem(401), "unauthorized");

    let same_origin = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let closed = browser.send(Method::DELETE, SESSION, None, &same_origin).await.expect(204);
    assert!(closed.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(ask(&cookie).await.problem(401), "unauthorized");

    let (_, idle) = signed_in(&world, &key).await;
    let (_, cookie) = signed_in(&world, &key).await;
    let hash = "SELECT 1 AS one FROM operator_sessions";
    assert_eq!(world.query(hash).await.len(), 2);
    world.query("UPDATE operator_sessions SET used_at = now() - interval '3 hours'").await;
    assert_eq!(ask(&idle).await.problem(401), "unauthorized");
    world.query("UPDATE operator_sessions SET used_at = now() - interval '1 hour'").await;
    ask(&cookie).await.expect(200);
    assert_eq!(
        world.count("SELECT count(*) FROM operator_sessions WHERE used_at > now() - interval '1 minute'").await,
        1
    );
    world.query("UPDATE api_keys SET revoked_at = now()").await;
    world.until("the session has ended", async || ask(&cookie).await.status == 401).await;
    world.end().await;
}

#[tokio::test]
async fn signing_out_ends_the_streams_of_that_session_in_every_process_and_no_others() {
    let mut world = World::build().without_worker().start().await;
    let key = world.key_of_all(&["operator"]).await;
    let (here, cookie) = signed_in(&world, &key).await;
    let (_, others) = signed_in(&world, &key).await;
    let watch = async |cookie: &str| {
        let mut feed = here.watch_at("/v1/operator/events", &[("cookie", cookie)]).await.expect("it is opened");
        feed.begun().await;
        feed
    };
    let (mut ending, mut lasting) = (watch(&cookie).await, watch(&others).await);
    world.start_another_api().await;
    let same_origin = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    world.client_with(None).send(Method::DELETE, SESSION, None, &same_origin).await.expect(204);
    let ended = tokio::time::timeout(Duration::from_secs(10), ending.next()).await;
    assert_eq!(ended.expect("it ends in time"), None);
    let upload = world.client().await.declare(&files::png()).await;
    assert_eq!(lasting.take(1).await[0].upload["id"], upload.id());
    upload.cancel().await.expect(200);
    world.end().await;
}

#[tokio::test]
async fn a_session_goes_on_while_the_database_takes_no_writes() {
    let world = World::build().without_worker().start().await;
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator"]).await).await;
    world.query("UPDATE operator_sessions SET used_at = now() - interval '1 hour'").await;
    let set = |what| format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {what}', current_database()); END $$");
    world.query(&set("SET default_transaction_read_only = on")).await;
    let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.query(&format!("SELECT pg_terminate_backend(pid) {others}")).await;
    let ask = async || browser.send(Method::GET, SESSION, None, &[("cookie", &cookie)]).await;
    world.until("it is found", async || ask().await.status == 200).await;
    assert_eq!(
        world.count("SELECT count(*) FROM operator_sessions WHERE used_at < now() - interval '59 minutes'").await,
        1
    );
    let reset = set("RESET default_transaction_read_only");
    let session = world.session("SET default_transaction_read_only = off").await;
    session.batch_execute(&reset).await.expect("it takes writes");
    drop(session);
    world.end().await;
}

#[tokio::test]
async fn a_page_of_somebody_else_changes_nothing_with_an_operators_cookie() {
    let world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator"]).await).await;
    let order = json!({"action": "cancel", "upload_ids": [upload.id()]});
    let post = async |headers: &[(&str, &str)]| {
        let headers = [&[("cookie", cookie.as_str())], headers].concat();
        browser.send(Method::POST, ACTIONS, Some(&order), &headers).await
    };
    for headers in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("x-sluice-operator", "1")],
        &[("origin", "https://evil.example"), ("x-sluice-operator", "1")],
    ] {
        assert_eq!(post(headers).await.problem(403), "cross_site", "{headers:?}");
    }
    assert_eq!(upload.now().await["status"], "pending");
    post(&[("x-sluice-operator", "1")]).await.expect(200);
    assert_eq!(upload.now().await["status"], "canceled");
    // A reader's session may not act either.
    let (browser, cookie) = signed_in(&world, &world.key_of_all(&["operator:read"]).await).await;
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(browser.send(Method::POST, ACTIONS, Some(&order), &headers).await.problem(403), "missing_scope");
    world.end().await;
}
