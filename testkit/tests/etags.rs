//! Asking for an upload again and again: what has not changed is not sent again.

use std::time::{Duration, Instant};

use reqwest::Method;
use sluice_testkit::{World, files};

#[tokio::test]
async fn who_has_an_upload_as_it_is_is_told_so_and_nothing_more() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    let ask = async |had: &str| client.send(Method::GET, &upload.path(""), None, &[("if-none-match", had)]).await;
    let first = client.get(&upload.path("")).await.expect(200);
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");

    let same = ask(&etag).await.expect(304);
    assert_eq!((same.header("etag"), same.header("content-type"), same.header("content-length")), (&*etag, "", ""));
    assert!(same.body.is_null());
    assert_eq!(ask("\"other\"").await.expect(200).header("etag"), etag);

    upload.cancel().await.expect(200);
    let changed = ask(&etag).await.expect(200);
    assert_eq!(changed.text("status"), "canceled");
    assert_ne!(changed.header("etag"), etag);
    world.end().await;
}

#[tokio::test]
async fn who_has_an_upload_as_it_is_can_wait_until_it_changes() {
    let world = World::build().without_worker().start().await;
    let client = world.client().await;
    let upload = client.declare(&files::png()).await;
    let etag = client.get(&upload.path("")).await.expect(200).header("etag").to_owned();
    let wait = async |had: &str, wait: &str| {
        let began = Instant::now();
        let headers = [("if-none-match", had), ("prefer", wait)];
        (client.send(Method::GET, &upload.path(""), None, &headers).await, began.elapsed())
    };
    let (held, took) = wait(&etag, "wait=2").await;
    assert_eq!(held.expect(304).header("preference-applied"), "wait=2");
    assert!(took >= Duration::from_secs(2), "{took:?}");
    let (other, took) = wait("\"other\"", "wait=20").await;
    assert_eq!(other.expect(200).text("status"), "pending");
    assert!(took < Duration::from_secs(10), "what is new is not held back: {took:?}");

    let cancel = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        upload.cancel().await.expect(200)
    };
    let ((changed, took), _) = tokio::join!(wait(&etag, "wait=30"), cancel);
    assert_eq!(changed.expect(200).text("status"), "canceled");
    assert!(took < Duration::from_secs(20), "{took:?}");
    world.end().await;
}
