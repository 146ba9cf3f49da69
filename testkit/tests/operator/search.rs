//! That uploads are found by what is known of them, and at what cost.

use std::time::{Duration, Instant};

use serde_json::json;
use sluice_testkit::{Client, World, files};

use super::{disguised, found, operator};

/// Uploads that nobody declared, one a second, the last one a minute ago.
pub async fn plant(world: &World, count: usize, tenant: &str, status: &str) {
    let is_confirmed = status == "confirmed";
    let decided = if is_confirmed { "at" } else { "NULL" };
    let (key, size, etag) = if is_confirmed { ("'k/' || n", "1", "'\"e\"'") } else { ("NULL", "NULL", "NULL") };
    world
        .query(&format!(
            "INSERT INTO uploads (id, tenant, policy, status, origin, filename, content_type, size, grant_key, write_once,
                created_at, deadline, look_at, decided_at, object_key, object_size, object_etag)
             SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                     || substr(md5('{tenant}{status}' || n), 1, 3) || '8' || substr(md5('{tenant}{status}' || n), 4, 15))::uuid,
                 '{tenant}', 'images', '{status}', 'v1', 'photo ' || n || '.png', 'image/png', 1, 'k/' || n, true,
                 at, at + interval '30 days', now() + interval '1 day', {decided}, {key}, {size}, {etag}
             FROM generate_series(1, {count}) AS n
             CROSS JOIN LATERAL (SELECT now() - make_interval(secs => 60 + {count} - n) AS at) AS made"
        ))
        .await;
}

/// Takes away what was planted.
pub async fn clear(world: &World) {
    for statement in ["DELETE FROM unwanted_objects", "DELETE FROM timeline", "DELETE FROM uploads"] {
        world.query(statement).await;
    }
}

#[tokio::test]
async fn uploads_are_found_by_what_is_known_of_them() {
    let world = World::start().await;
    let (acme, globex) = (world.client_of("acme").await, world.client_of("globex").await);
    let good = acme.declare_as(&json!({"filename": "Holiday_1.png", "content_type": "image/png"})).await;
    let bad = globex.declare(&disguised()).await;
    let waiting = globex.declare(&files::png()).await;
    good.put(&files::png().bytes).await;
    bad.put(&disguised().bytes).await;
    good.is("confirmed").await;
    bad.is("rejected").await;
    let operator = operator(&world).await;
    let key = world.key_of(good.id()).await;
    let all = [waiting.id(), bad.id(), good.id()];
    for (query, expected) in [
        ("", &all[..]),
        ("tenant=globex", &all[..2]),
        ("status=confirmed", &[good.id()]),
        ("status=pending,rejected", &all[..2]),
        ("status=rejected&tenant=acme", &[]),
        ("reason=type_mismatch", &[bad.id()]),
        ("type=image/*&status=confirmed", &[good.id()]),
        ("type=image/gif", &[]),
        ("policy=images", &all),
        ("policy=video", &[]),
        ("created_from=2020-01-01T00:00:00Z", &all),
        ("created_before=2020-01-01T00:00:00Z", &[]),
        ("text=holiday_", &[good.id()]),
        ("text=holiday%251", &[]),
        (&format!("text={}", good.id()), &[good.id()]),
        (&format!("text={key}"), &[good.id()]),
        (&format!("text={}&tenant=globex", good.id()), &[]),
    ] {
        assert_eq!(found(&operator, query).await, expected, "{query}");
    }
    assert_eq!(operator.get("/v1/operator/uploads?status=done").await.problem(400), "invalid_parameter");
    world.end().await;
}

/// The uploads of all pages.
pub async fn found_page_by_page(operator: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/v1/operator/uploads?limit=100&{query}{cursor}")).await.expect(200).body;
        let ids = page["data"].as_array().expect("a list").iter();
        seen.extend(ids.map(|upload| upload["id"].as_str().expect("an id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn a_window_in_which_nothing_is_of_the_time_hides_no_older_uploads() {
    let world = World::build().without_worker().start().await;
    plant(&world, 10_500, "acme", "confirmed").await;
    // As many are made within the hour by which the clock that makes ids may differ.
    world.query("UPDATE uploads SET created_at = now() WHERE created_at > now() - interval '10100 seconds'").await;
    plant(&world, 10_500, "acme", "pending").await;
    world.query("DELETE FROM uploads WHERE status = 'pending' AND created_at > now() - interval '10300 seconds'").await;
    let before = (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(2)).to_string();
    let seen =
        found_page_by_page(&operator(&world).await, &format!("status=pending,confirmed&created_before={before}")).await;
    let meant = world.count("SELECT count(*) FROM uploads WHERE created_at < now() - interval '1 hour'").await;
    assert_eq!((seen.len() as i64, meant > 400), (meant, true));
    clear(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_search_looks_at_one_window_a_page_and_goes_on_where_it_ended() {
    let world = World::build().without_worker().start().await;
    plant(&world, 12_500, "acme", "confirmed").await;
    let operator = operator(&world).await;
    let page = operator.get("/v1/operator/uploads?text=photo%207.png").await.expect(200).body;
    assert_eq!((&page["data"], &page["has_more"], &page["looked_at"]), (&json!([]), &json!(true), &json!(10_000)));
    assert!(page["looked_back_to"].is_string());
    let cursor = page["next_cursor"].as_str().expect("there is more");
    let next = format!("/v1/operator/uploads?text=photo%207.png&cursor={cursor}");
    let page = operator.get(&next).await.expect(200).body;
    assert_eq!((page["data"].as_array().map(Vec::len), &page["has_more"]), (Some(1), &json!(false)));
    let other = operator.get(&format!("/v1/operator/uploads?text=photo&cursor={cursor}")).await;
    assert_eq!(other.problem(400), "invalid_cursor");

    // Page by page, in two statuses at once, each is there once.
    plant(&world, 120, "acme", "pending").await;
    for query in
        ["status=pending,confirmed&text=photo%2012", "status=confirmed,pending&created_from=2020-01-01T00:00:00Z"]
    {
        let seen = found_page_by_page(&operator, query).await;
        let is_meant = if query.contains("text") { "filename LIKE 'photo 12%'" } else { "true" };
        assert_eq!(seen.len() as i64, world.count(&format!("SELECT count(*) FROM uploads WHERE {is_meant}")).await);
        assert!(seen.is_sorted_by(|one, other| one > other), "newest first, and none twice");
    }
    clear(&world).await;
    world.end().await;
}

/// Run it with `--run-ignored all`; it takes some minutes.
#[tokio::test]
#[ignore = "it fills a database with a million uploads"]
async fn a_view_costs_the_same_of_a_million_uploads_as_of_ten_thousand() {
    let world = World::build().without_worker().start().await;
    let operator = operator(&world).await;
    let paths = async || {
        let id: uuid::Uuid = world.query("SELECT id FROM uploads ORDER BY id LIMIT 1").await[0].get(0);
        vec![
            "/v1/operator/overview".to_owned(),
            "/v1/operator/activity?range=24h".to_owned(),
            "/v1/operator/uploads".to_owned(),
            "/v1/operator/uploads?status=rejected,pending".to_owned(),
            "/v1/operator/uploads?tenant=acme&status=pending".to_owned(),
            "/v1/operator/uploads?text=nowhere%20to%20be%20found".to_owned(),
            format!("/v1/operator/uploads?text={id}"),
            format!("/v1/operator/uploads/{id}"),
        ]
    };
    let mut figures = Vec::new();
    for (planted, status) in [(10_000, "confirmed"), (990_000, "confirmed")] {
        plant(&world, planted, if planted == 10_000 { "globex" } else { "acme" }, status).await;
        world.query("VACUUM ANALYZE uploads").await;
        for path in paths().await {
            let mut times = Vec::new();
            for _ in 0..21 {
                let began = Instant::now();
                operator.get(&path).await.expect(200);
                times.push(began.elapsed());
            }
            // Whatever else the machine does meanwhile makes them longer, never shorter.
            let shortest = times.into_iter().min().expect("there are some");
            figures.push((path, shortest));
        }
    }
    let (few, many) = figures.split_at(figures.len() / 2);
    for ((path, few), (_, many)) in few.iter().zip(many) {
        eprintln!("{:8.2} ms of 10,000, {:8.2} ms of 1,000,000: {path}", ms(*few), ms(*many));
    }
    for ((path, few), (_, many)) in few.iter().zip(many) {
        assert!(ms(*many) < 3.0 * ms(*few) + 10.0, "{path}");
    }
    clear(&world).await;
    world.end().await;
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
