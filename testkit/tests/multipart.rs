//! Files that are sent in parts, by what their clients, their workers and the store do.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_common::domain::Sha256;
use sluice_testkit::fake_aws::Op;
use sluice_testkit::{Build, Client, File, TestUpload, World, files};

const MIB: usize = 1024 * 1024;

fn build() -> Build {
    World::build().with("SLUICE_POLICIES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml"))
}

/// Two parts and a rest.
fn film() -> File {
    files::large_png(11 * MIB)
}

/// A file of one part, for what is not about the number of parts.
fn clip() -> File {
    files::large_png(2 * MIB)
}

async fn declared(client: &Client, file: &File, policy: &str) -> TestUpload {
    let (name, size) = (&file.name, file.bytes.len());
    client
        .declare_as(&json!({"filename": name, "content_type": file.content_type, "size": size, "policy": policy}))
        .await
}

/// An upload of which all parts have been sent.
async fn sent(world: &World) -> TestUpload {
    let upload = declared(&world.client().await, &clip(), "small").await;
    upload.put_parts(&[1], &clip().bytes).await;
    upload
}

async fn nothing_is_left(world: &World) {
    let is_left =
        async || world.localstack.open_multiparts().await.is_empty() && world.localstack.object_keys().await.is_empty();
    world.until("nothing is left", is_left).await;
}

/// The places and codes of a problem's errors.
fn errors(problem: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let errors = problem["errors"].as_array().expect("errors").iter();
    errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(place, code)| ((*place).to_owned(), (*code).to_owned())).collect()
}

/// G1.
#[tokio::test]
async fn parts_sent_in_any_order_and_at_once_become_the_declared_file() {
    let world = build().start().await;
    let upload = declared(&world.client().await, &film(), "parts").await;
    let grant = &upload.created["grant"];
    assert_eq!((&grant["kind"], &grant["method"]), (&json!("multipart"), &json!("PUT")));
    assert_eq!((&grant["part_size"], &grant["part_count"]), (&json!(5 * MIB), &json!(3)));
    assert_eq!(upload.part(3)["size"], MIB);
    assert_eq!(upload.part(3)["headers"], json!({"content-length": MIB.to_string()}));
    upload.put_parts(&[3, 1, 2], &film().bytes).await;
    assert!(world.localstack.object_keys().await.is_empty(), "it is no object before its client says so");
    upload.complete().await.expect(200);
    let confirmed = upload.is("confirmed").await;
    assert_eq!(confirmed["object"]["size"], 11 * MIB);
    assert!(confirmed["object"]["etag"].as_str().is_some_and(|etag| etag.ends_with("-3\"")), "{confirmed}");
    assert!(upload.download().await.bytes().await.expect("a body") == film().bytes);
    world.end().await;
}

/// G2.
#[tokio::test]
async fn an_upload_goes_on_with_nothing_but_its_id() {
    let world = build().start().await;
    let client = world.client().await;
    let id = {
        let upload = declared(&client, &film(), "parts").await;
        upload.put_parts(&[2], &film().bytes).await;
        upload.id().to_owned()
    };
    let upload = TestUpload::resumed(&client, &id);
    let listed = upload.parts("").await.expect(200).body;
    assert_eq!((&listed["part_size"], &listed["part_count"]), (&json!(5 * MIB), &json!(3)));
    assert_eq!((&listed["data"][0]["part_number"], &listed["data"][0]["size"]), (&json!(2), &json!(5 * MIB)));
    assert_eq!((listed["data"].as_array().map(Vec::len), &listed["has_more"]), (Some(1), &json!(false)));
    assert!(listed["data"][0]["etag"].is_string());
    upload.renew_parts(&[3, 1]).await.put_parts(&[1, 3], &film().bytes).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    assert!(upload.download().await.bytes().await.expect("a body") == film().bytes);
    world.end().await;
}

/// G2.
#[tokio::test]
async fn what_has_arrived_is_listed_page_by_page() {
    let world = build().start().await;
    let upload = declared(&world.client().await, &film(), "parts").await;
    upload.put_parts(&[1, 3], &film().bytes).await;
    let first = upload.parts("?limit=1").await.expect(200).body;
    assert_eq!((&first["data"][0]["part_number"], &first["has_more"]), (&json!(1), &json!(true)));
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = upload.parts(&format!("?limit=1&cursor={cursor}")).await.expect(200).body;
    assert_eq!((&second["data"][0]["part_number"], second.get("next_cursor")), (&json!(3), None));
    for cursor in ["0", "4", "-1", "x", "99999999999"] {
        assert_eq!(upload.parts(&format!("?cursor={cursor}")).await.problem(400), "invalid_cursor", "{cursor}");
    }
    let other = world.client_of("other").await;
    assert_eq!(TestUpload::resumed(&other, upload.id()).parts("").await.problem(404), "upload_not_found");
    let small = world.client().await.declare(&files::png()).await;
    assert_eq!(small.parts("").await.problem(409), "not_in_parts");
    assert_eq!(small.try_renew_parts(&json!([])).await.problem(422), "invalid_parts");
    upload.cancel().await.expect(200);
    assert_eq!(upload.parts("").await.problem(409), "not_pending");
    small.cancel().await.expect(200);
    world.end().await;
}

/// G3.
#[tokio::test]
async fn the_store_refuses_a_part_that_is_not_what_was_granted() {
    for build in [build(), build().on_fake()] {
        let world = build.start().await;
        let file = film();
        let declaration = json!({
            "filename": "a.png", "content_type": "image/png", "size": file.bytes.len(), "policy": "parts",
            "part_sha256": true,
        });
        let upload = world.client().await.declare_as(&declaration).await;
        assert_eq!(upload.created["grant"]["parts"], json!([]), "nobody knows the checksums yet");
        let asked = |number: usize, sha256: Sha256| json!({"part_number": number, "sha256": sha256.to_hex()});
        let bytes = |number| upload.cut(number, &file.bytes);
        let all: Vec<Value> = (1..=3).map(|number| asked(number, Sha256::of(bytes(number)))).collect();
        let mut granted = TestUpload::resumed(&world.client().await, upload.id());
        granted.created = granted.try_renew_parts(&json!(all)).await.expect(200).body;

        let code = |refused: Result<(), (reqwest::StatusCode, String)>| refused.expect_err("it is refused").1;
        let mut other = bytes(3).to_vec();
        other[50] ^= 1;
        assert_eq!(code(granted.try_put_part(3, &other[1..]).await), "SignatureDoesNotMatch", "a wrong length");
        assert_eq!(code(granted.try_put_part(3, &other).await), "BadDigest", "a wrong checksum");
        let refused = code(granted.try_put_part_without("x-amz-checksum-sha256", 3, bytes(3)).await);
        assert!(
            ["SignatureDoesNotMatch", "AccessDenied"].contains(&refused.as_str()),
            "without its checksum: {refused}"
        );
        let mut elsewhere = granted.clone();
        let url = granted.part(1)["url"].as_str().expect("a URL").replace("partNumber=1&", "partNumber=2&");
        elsewhere.created["grant"]["parts"][0]["url"] = url.into();
        assert_eq!(code(elsewhere.try_put_part(1, bytes(1)).await), "SignatureDoesNotMatch", "another part");
        assert_eq!(granted.parts("").await.expect(200).body["data"], json!([]));

        granted.put_parts(&[1, 2, 3], &file.bytes).await;
        let listed = granted.parts("").await.expect(200).body;
        assert_eq!(listed["data"][2]["sha256"], Sha256::of(bytes(3)).to_hex());
        assert_eq!(listed["part_sha256"], true);
        granted.complete().await.expect(200);
        granted.is("confirmed").await;
        world.end().await;
    }
}

/// G3.
#[tokio::test]
async fn parts_that_are_missing_or_wrong_are_named_and_the_upload_stays_pending() {
    let world = build().start().await;
    let upload = declared(&world.client().await, &film(), "parts").await;
    let answer = upload.complete().await;
    let missing = pairs(&[("/parts/1", "part_missing"), ("/parts/2", "part_missing"), ("/parts/3", "part_missing")]);
    assert_eq!(errors(&answer.body), missing);
    assert_eq!(answer.problem(409), "incomplete_parts");

    let open = world.localstack.open_multiparts().await;
    world.localstack.put_part(&open[0], 3, &[0; 7]).await;
    upload.put_parts(&[1], &film().bytes).await;
    let answer = upload.complete().await;
    assert_eq!(errors(&answer.body), pairs(&[("/parts/2", "part_missing"), ("/parts/3", "part_wrong_size")]));
    upload.put_parts(&[2, 3], &film().bytes).await;

    let listed = upload.parts("").await.expect(200).body;
    let etag = |part: usize| listed["data"][part - 1]["etag"].as_str().expect("an etag").to_owned();
    let named = |number: usize, etag: &str| json!({"part_number": number, "etag": etag});
    let answer = upload.complete_with(&json!([named(1, &etag(1)), named(3, &etag(1))])).await;
    assert_eq!(errors(&answer.body), pairs(&[("/parts/2", "part_not_named"), ("/parts/3", "part_etag_mismatch")]));
    let answer = upload.complete_with(&json!([{"part_number": 1, "ETag": "x"}])).await;
    assert_eq!(errors(&answer.body), pairs(&[("/parts/0/etag", "required")]));
    assert_eq!(upload.now().await["status"], "pending");

    let without_quotes = etag(2).trim_matches('"').to_owned();
    let all = json!([named(3, &etag(3)), named(1, &etag(1)), named(2, &without_quotes)]);
    upload.complete_with(&all).await.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}

/// G4.
#[tokio::test]
async fn completing_twice_and_at_once_is_answered_alike() {
    // Not at once on LocalStack: it writes the object a second time then, and shows it empty meanwhile.
    for (build, times) in [(build(), 1), (build().on_fake(), 3)] {
        let world = build.start().await;
        let upload = sent(&world).await;
        for answer in futures_util::future::join_all((0..times).map(|_| upload.complete())).await {
            answer.expect(200);
        }
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        assert_eq!(upload.complete().await.expect(200).text("status"), "confirmed");
        assert!(upload.download().await.bytes().await.expect("a body") == clip().bytes);
        world.end().await;
    }
}

/// G7.
#[tokio::test]
async fn a_part_url_is_dead_once_the_upload_is_complete() {
    for build in [build(), build().on_fake().with("SLUICE_S3_WRITE_ONCE", "false")] {
        let world = build.start().await;
        let upload = sent(&world).await;
        upload.complete().await.expect(200);
        upload.is("confirmed").await;
        let mut other = clip().bytes;
        other[MIB] ^= 1;
        let (status, code) = upload.try_put_part(1, &other).await.expect_err("it is refused");
        assert_eq!((status.as_u16(), code.as_str()), (404, "NoSuchUpload"));
        assert!(upload.download().await.bytes().await.expect("a body") == clip().bytes);
        // No URL writes the object itself, so nothing is copied away, whatever the store honours.
        if let [key] = &world.localstack.object_keys().await[..] {
            assert_eq!(*key, world.key_of(upload.id()).await);
        }
        world.end().await;
    }
}

/// G8.
#[tokio::test]
async fn a_file_in_parts_that_is_not_what_was_promised_is_rejected_and_removed() {
    let world = build().start().await;
    let script = [files::script_as_png().bytes, vec![b'\n'; 2 * MIB]].concat();
    let upload = declared(&world.client().await, &File::new("a.png", "image/png", script.clone()), "small").await;
    upload.put_parts(&[1], &script).await;
    upload.complete().await.expect(200);
    assert_eq!(upload.is_rejected().await, ["type_not_allowed", "type_mismatch"]);
    nothing_is_left(&world).await;
    world.end().await;
}

/// G8.
#[tokio::test]
async fn taking_an_upload_back_aborts_its_parts() {
    let world = build().start().await;
    let upload = declared(&world.client().await, &film(), "parts").await;
    upload.put_parts(&[1, 3], &film().bytes).await;
    upload.cancel().await.expect(200);
    nothing_is_left(&world).await;
    let bytes = film().bytes;
    let (_, code) = upload.try_put_part(2, upload.cut(2, &bytes)).await.expect_err("it is refused");
    assert_eq!(code, "NoSuchUpload");
    assert_eq!(upload.complete().await.expect(200).text("status"), "canceled");
    world.end().await;
}

/// G8.
#[tokio::test]
async fn parts_that_nobody_completed_expire_with_their_upload() {
    let world = build().start().await;
    let upload = sent(&world).await;
    world.pass(Duration::from_hours(2)).await;
    upload.is("expired").await;
    nothing_is_left(&world).await;
    world.end().await;
}

/// G10.
#[tokio::test]
async fn what_was_begun_for_an_upload_that_was_never_recorded_is_aborted() {
    let restless = [("SLUICE_RECONCILE_EVERY", "1"), ("SLUICE_STRAY_GRACE", "1")];
    let build = restless.into_iter().fold(build().on_fake(), |build, (name, value)| build.with(name, value));
    let world = build.start().await;
    let client = world.client().await;
    let kept = declared(&client, &clip(), "small").await;
    // As if the API ended between the two: the store is asked, no row is written, and nobody says what to abort.
    world.query("ALTER TABLE uploads ADD CONSTRAINT no_more CHECK (false) NOT VALID").await;
    let file = clip();
    let declaration =
        json!({"filename": file.name, "content_type": "image/png", "size": file.bytes.len(), "policy": "small"});
    assert_eq!(client.post("/v1/uploads", &declaration).await.problem(500), "internal_error");
    assert_eq!(world.fake().count(Op::CreateMultipartUpload), 2);
    world.query("ALTER TABLE uploads DROP CONSTRAINT no_more").await;
    let forgotten = "WITH gone AS (DELETE FROM unwanted_objects RETURNING 1) SELECT count(*) FROM gone";
    world.until("it is forgotten", async || world.count(forgotten).await == 1).await;
    world.until("it is aborted", async || world.localstack.open_multiparts().await.len() == 1).await;
    assert_eq!(world.localstack.open_multiparts().await[0].0, world.key_of(kept.id()).await, "the pending one is kept");
    let counted = "SELECT count(*) FROM reports WHERE kind = 'reconcile' AND (counts->>'strays')::int = 1";
    world.until("it is reported", async || world.count(counted).await == 1).await;
    kept.put_parts(&[1], &clip().bytes).await;
    kept.complete().await.expect(200);
    kept.is("confirmed").await;
    world.end().await;
}

/// G10.
#[tokio::test]
async fn what_a_call_that_was_given_up_has_begun_is_aborted_without_a_round() {
    let world = build().on_fake().with("SLUICE_REQUEST_TIMEOUT", "1").start().await;
    let client = world.client().await;
    client.get("/v1/usage").await.expect(200);
    let file = clip();
    let declaration =
        json!({"filename": file.name, "content_type": "image/png", "size": file.bytes.len(), "policy": "small"});
    // All but three are begun, and those three never.
    let stuck = world.fake().on(Op::CreateMultipartUpload).sparing(27).hold();
    let batch = json!({"uploads": vec![declaration; 30]});
    assert_eq!(client.post("/v1/uploads/batch", &batch).await.problem(503), "unavailable");
    let marked = "SELECT count(*) FROM unwanted_objects WHERE multipart_id IS NOT NULL";
    world.until("they are marked", async || world.count(marked).await == 27).await;
    assert_eq!(world.localstack.open_multiparts().await.len(), 27, "not at once: they may be recorded yet");
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 0);
    world.pass(Duration::from_mins(6)).await;
    nothing_is_left(&world).await;
    drop(stuck);
    world.end().await;
}

/// G10.
#[tokio::test]
async fn what_was_begun_and_recorded_although_nobody_heard_of_it_is_kept() {
    let world = build().on_fake().start().await;
    let upload = sent(&world).await;
    // As if the answer to the statement that recorded it had been lost.
    world
        .query(
            "INSERT INTO unwanted_objects (object_key, upload_id, multipart_id, due_at)
            SELECT grant_key, id, multipart_id, now() FROM uploads",
        )
        .await;
    world.until("it is forgotten", async || world.count("SELECT count(*) FROM unwanted_objects").await == 0).await;
    assert_eq!(world.fake().count(Op::AbortMultipartUpload), 0);
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}

/// G6.
#[tokio::test]
async fn a_completion_has_a_time_of_its_own_beside_that_of_a_request() {
    let world = build().on_fake().with("SLUICE_REQUEST_TIMEOUT", "1").start().await;
    let (slow, other) = (sent(&world).await, sent(&world).await);
    let completing = world.fake().on(Op::CompleteMultipartUpload).times(1).hold();
    let later = async {
        world.fake().seen(Op::CompleteMultipartUpload, 1).await;
        // Whoever comes after it and has no more than the time of a request is given up before.
        let listing = world.fake().on(Op::ListParts).times(1).hold();
        assert_eq!(other.parts("").await.problem(503), "unavailable");
        drop(listing);
        completing.open();
    };
    let (answer, ()) = tokio::join!(slow.complete(), later);
    answer.expect(200);
    slow.is("confirmed").await;
    other.cancel().await.expect(200);
    world.end().await;
}

/// G5.
#[tokio::test]
async fn a_completion_whose_reply_is_lost_is_found_done() {
    let world = build().on_fake().start().await;
    world.fake().events().hold();
    let upload = sent(&world).await;
    world.fake().on(Op::CompleteMultipartUpload).times(1).drop_reply();
    let answer = upload.complete().await;
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.problem(503), "unavailable");
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    assert_eq!(world.fake().count(Op::CompleteMultipartUpload), 1);
    world.fake().events().heal();
    world.end().await;
}

/// G5.
#[tokio::test]
async fn an_error_inside_of_a_success_is_an_error() {
    let world = build().on_fake().start().await;
    let upload = sent(&world).await;
    world.fake().on(Op::CompleteMultipartUpload).times(1).answer(200, "InternalError");
    assert_eq!(upload.complete().await.problem(503), "unavailable");
    assert_eq!(upload.now().await["status"], "pending");
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}

/// G9.
#[tokio::test]
async fn parts_that_survive_an_abort_are_aborted_again() {
    let world = build().on_fake().start().await;
    let upload = sent(&world).await;
    world.fake().parts_survive_aborts(2);
    upload.cancel().await.expect(200);
    world.fake().done(Op::AbortMultipartUpload, 1).await;
    let again = async || {
        // Each time it is put off for longer.
        world.pass(Duration::from_mins(2)).await;
        world.fake().count_done(Op::AbortMultipartUpload) == 3
    };
    world.until("it is aborted three times", again).await;
    nothing_is_left(&world).await;
    world.end().await;
}

/// G9.
#[tokio::test]
async fn an_abort_that_fails_is_made_again() {
    let world = build().on_fake().start().await;
    world.fake().on(Op::AbortMultipartUpload).times(3).answer(500, "InternalError");
    let upload = sent(&world).await;
    upload.cancel().await.expect(200);
    let left = async || {
        world.pass(Duration::from_mins(1)).await;
        world.localstack.open_multiparts().await.is_empty()
    };
    world.until("it is aborted", left).await;
    world.end().await;
}

/// G12.
#[tokio::test]
async fn a_store_that_is_out_is_no_fault_of_the_client() {
    let world = build().on_fake().without_worker().start().await;
    let client = world.client().await;
    let upload = declared(&client, &clip(), "small").await;
    let file = clip();
    let declaration =
        json!({"filename": file.name, "content_type": "image/png", "size": file.bytes.len(), "policy": "small"});
    world.fake().on_s3().answer(403, "AccessDenied");
    for answer in [client.post("/v1/uploads", &declaration).await, upload.complete().await, upload.parts("").await] {
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(answer.problem(503), "unavailable");
    }
    upload.renew().await;
    client.declare(&files::png()).await.cancel().await.expect(200);
    world.fake().heal();
    assert_eq!(world.count("SELECT count(*) FROM uploads").await, 2);
    upload.cancel().await.expect(200);
    world.end().await;
}

/// G11.
#[tokio::test]
async fn who_lost_the_parts_is_told_so() {
    let world = build().start().await;
    let upload = sent(&world).await;
    world.localstack.abort_multipart(&world.localstack.open_multiparts().await[0]).await;
    assert_eq!(upload.complete().await.problem(409), "parts_gone");
    assert_eq!(upload.parts("").await.problem(409), "parts_gone");
    assert_eq!(upload.now().await["status"], "pending");
    upload.cancel().await.expect(200);
    world.end().await;
}

/// G11.
#[tokio::test]
async fn what_somebody_else_put_there_first_is_judged_and_the_parts_are_aborted() {
    // Nothing is looked at before its client says so.
    let world = build().without_events().start().await;
    let upload = sent(&world).await;
    world.localstack.put_object(&world.key_of(upload.id()).await, &files::png().bytes).await;
    upload.complete().await.expect(200);
    assert_eq!(upload.is_rejected().await, ["size_mismatch"]);
    nothing_is_left(&world).await;
    world.end().await;
}

/// G6.
#[tokio::test]
async fn a_completion_gets_its_time_even_at_the_last_minute() {
    let world = build().on_fake().start().await;
    let upload = sent(&world).await;
    world.pass(Duration::from_mins(59)).await;
    let slow = world.fake().on(Op::CompleteMultipartUpload).times(1).hold();
    let later = async {
        world.fake().seen(Op::CompleteMultipartUpload, 1).await;
        world.pass(Duration::from_mins(5)).await;
        // The sweep looks at once, and finds that the upload has time.
        world.query("UPDATE uploads SET look_at = now()").await;
        let looked = "SELECT count(*) FROM uploads WHERE status = 'pending' AND look_at > now()";
        world.until("a sweep has looked", async || world.count(looked).await == 1).await;
        slow.open();
    };
    let (answer, ()) = tokio::join!(upload.complete(), later);
    answer.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}

#[tokio::test]
async fn an_upload_in_parts_costs_four_requests_beside_its_parts() {
    // With an event, too, two may look before one of them has decided.
    let world = build().on_fake().without_events().start().await;
    let upload = sent(&world).await;
    upload.complete().await.expect(200);
    upload.is("confirmed").await;
    let of = [Op::CreateMultipartUpload, Op::ListParts, Op::CompleteMultipartUpload, Op::GetObject];
    assert_eq!(of.map(|op| world.fake().count(op)), [1, 1, 1, 1]);
    for op in [Op::HeadObject, Op::CopyObject, Op::AbortMultipartUpload] {
        assert_eq!(world.fake().count(op), 0, "{op:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn below_the_threshold_and_without_a_size_there_is_one_put() {
    let world = build().start().await;
    let client = world.client().await;
    let small = client.declare(&files::png()).await;
    assert_eq!(small.created["grant"]["kind"], "put");
    let unsized_one = client.declare_as(&json!({"filename": "a.png", "content_type": "image/png"})).await;
    assert_eq!(unsized_one.created["grant"]["kind"], "put");
    let sum = Sha256::of(&clip().bytes).to_hex();
    let declaration =
        json!({"filename": "a.png", "content_type": "image/png", "size": 2 * MIB, "policy": "small", "sha256": sum});
    let answer = client.post("/v1/uploads", &declaration).await;
    assert_eq!(errors(&answer.body), pairs(&[("/sha256", "sha256_of_parts_only")]));
    assert_eq!(answer.problem(422), "invalid_declaration");
    small.cancel().await.expect(200);
    unsized_one.cancel().await.expect(200);
    world.end().await;
}
