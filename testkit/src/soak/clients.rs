//! What the clients of a soak do: right things, wrong things, the same thing twice, too late, or not at all.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use rand::Rng as _;
use rand::rngs::StdRng;
use reqwest::Method;
use s3s::crypto::{Checksum as _, Md5};
use serde_json::{Value, json};
use sluice_common::domain::{ObjectKey, UploadId};
use tokio_util::sync::CancellationToken;

use super::grant::{Grant, Put};
use super::ledger::{Ledger, Sent};
use super::stage::Stage;
use super::tally::Tally;
use crate::files;

/// The longest a client waits for the store.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest a client pauses between two uploads.
const PAUSE_MILLIS: u64 = 600;
/// How long the last byte of a late file is held back: the policy `brief` waits for 8 s, so some come long before, which
/// none of them may expire, some just then, and some long after.
const LATE: std::ops::Range<u64> = 1_000..14_000;
/// The size of parts under the policy `parts`: the least that stores take.
const PART: usize = 5 * 1024 * 1024;

/// A client that uploads one file after the other.
pub(super) struct Client {
    number: usize,
    api: crate::Client,
    http: reqwest::Client,
    ledger: Ledger,
    tally: Tally,
    uploads: u64,
}

/// An upload in hand.
struct InHand {
    id: UploadId,
    grant: Grant,
    /// What to send to the tutorial's `confirm`.
    key: Option<String>,
}

impl Client {
    pub(super) fn new(stage: &Stage, number: usize) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        Self {
            number,
            api: crate::Client::new(&stage.api, Some(&stage.key)),
            http: http.expect("the client's settings are valid"),
            ledger: stage.ledger.clone(),
            tally: stage.tally.clone(),
            uploads: 0,
        }
    }

    /// Uploads until told to stop.
    pub(super) async fn use_it(mut self, mut dice: StdRng, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.upload(&mut dice).await;
            let pause = Duration::from_millis(dice.random_range(0..PAUSE_MILLIS));
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    async fn upload(&mut self, dice: &mut StdRng) {
        self.uploads += 1;
        match dice.random_range(0..100) {
            0..30 => self.send_right(dice).await,
            30..38 => self.send_in_parts(dice).await,
            38..45 => self.send_a_form(dice).await,
            45..58 => self.send_wrong(dice).await,
            58..63 => self.send_nothing_at_all(dice).await,
            63..83 => self.send_again_and_again(dice).await,
            83..91 => self.send_late(dice).await,
            91..95 => drop(self.declare("/v1/uploads", json!({"policy": "brief"})).await),
            _ => self.take_back_at_once(dice).await,
        }
    }

    async fn send_right(&self, dice: &mut StdRng) {
        let bytes = self.picture(dice);
        let Some(upload) = self.declare("/v1/uploads", json!({"size": bytes.len()})).await else { return };
        self.put(&upload, bytes, true, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    async fn send_wrong(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare("/v1/uploads", json!({})).await else { return };
        self.put(&upload, self.script(dice), false, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    /// An object without bytes.
    async fn send_nothing_at_all(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare("/v1/uploads", json!({})).await else { return };
        self.put(&upload, Bytes::new(), false, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    /// The tutorial's grant can be used more than once, before the verdict and after it.
    async fn send_again_and_again(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare("/files/upload-url", json!({})).await else { return };
        for _ in 0..dice.random_range(1..4) {
            let right = dice.random_bool(0.7);
            let bytes = if right { self.picture(dice) } else { self.script(dice) };
            self.put(&upload, bytes, right, Duration::ZERO).await;
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..200))).await;
        }
        self.then(&upload, dice).await;
    }

    /// Parts that may all come or not, and a client that may complete the upload, take it back, or forget it.
    async fn send_in_parts(&self, dice: &mut StdRng) {
        let right = dice.random_bool(0.8);
        let size = if dice.random_bool(0.1) { PART + 70_000 } else { 70_000 };
        let mut bytes = if right { files::large_png(size).bytes } else { vec![b'#'; size] };
        bytes.extend(self.mark(dice).bytes());
        let more = json!({"policy": "parts", "size": bytes.len()});
        let Some(upload) = self.declare("/v1/uploads", more).await else { return };
        let (bytes, forgotten) = (Bytes::from(bytes), dice.random_bool(0.1));
        if forgotten || upload.grant.put_parts(&self.http, &bytes, PART).await != Put::Taken {
            return self.tally.add("clients: parts left behind");
        }
        if dice.random_bool(0.1) {
            return self.take_back(&upload).await;
        }
        // Even without an answer it may be completed.
        self.tally.add("clients: completed");
        let answer = self.api.call(&format!("/v1/uploads/{}/complete", upload.id)).await;
        let taken_at = answer.status.is_success().then(Timestamp::now);
        self.ledger.sent(upload.id, Sent { etag: etag_of_parts(&bytes, PART), right, taken_at });
        self.heard(&upload, &answer);
    }

    /// As a browser does without a script; such a grant can be used more than once, too.
    async fn send_a_form(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare("/v1/uploads", json!({"policy": "forms", "grant": "post"})).await else {
            return;
        };
        for _ in 0..dice.random_range(1..3) {
            let right = dice.random_bool(0.7);
            let bytes = if right { self.picture(dice) } else { self.script(dice) };
            self.put(&upload, bytes, right, Duration::ZERO).await;
        }
        self.then(&upload, dice).await;
    }

    /// The PUT begins in time, and may end when the upload has expired.
    async fn send_late(&self, dice: &mut StdRng) {
        let (right, late) = (dice.random_bool(0.7), Duration::from_millis(dice.random_range(LATE)));
        let bytes = if right { self.picture(dice) } else { self.script(dice) };
        let Some(upload) = self.declare("/v1/uploads", json!({"policy": "brief"})).await else { return };
        self.put(&upload, bytes, right, late).await;
        self.then(&upload, dice).await;
    }

    /// The PUT and the cancelation are under way at the same time.
    async fn take_back_at_once(&self, dice: &mut StdRng) {
        let (bytes, late) = (self.picture(dice), Duration::from_millis(dice.random_range(0..300)));
        let canceled = Duration::from_millis(dice.random_range(0..300));
        let route = if dice.random_bool(0.5) { "/v1/uploads" } else { "/files/upload-url" };
        let Some(upload) = self.declare(route, json!({})).await else { return };
        tokio::join!(self.put(&upload, bytes, true, late), async {
            tokio::time::sleep(canceled).await;
            self.take_back(&upload).await;
        });
    }

    /// What a client does when it has sent everything.
    async fn then(&self, upload: &InHand, dice: &mut StdRng) {
        match (dice.random_range(0..10), &upload.key) {
            (0..2, None) => drop(self.api.call(&format!("/v1/uploads/{}/complete", upload.id)).await),
            (0..5, Some(key)) => self.confirm(key).await,
            (2..5, None) => self.wait(upload).await,
            (5, _) => {
                self.wait(upload).await;
                self.take_back(upload).await;
            }
            _ => {}
        }
    }

    async fn declare(&self, route: &str, more: Value) -> Option<InHand> {
        let content_type = if route == "/files/upload-url" { "mimeType" } else { "content_type" };
        let mut declaration = json!({"filename": "pixel.png", content_type: "image/png"});
        for (name, value) in more.as_object().into_iter().flatten() {
            declaration[name] = value.clone();
        }
        let answer = self.api.post(route, &declaration).await;
        if !answer.status.is_success() {
            self.tally.add("clients: not declared");
            return None;
        }
        let key = answer.body["key"].as_str().map(str::to_owned);
        let id = match &key {
            Some(key) => ObjectKey::upload_id(key)?,
            None => UploadId::parse(answer.text("id"))?,
        };
        let grant = answer.body.get("grant").unwrap_or(&answer.body);
        self.ledger.declared(id);
        Some(InHand { id, grant: Grant::read(grant)?, key })
    }

    async fn put(&self, upload: &InHand, bytes: Bytes, right: bool, after: Duration) {
        let etag = etag_of(&bytes);
        let put = upload.grant.put(&self.http, bytes, after).await;
        self.tally.add(match put {
            Put::Taken => "clients: put",
            Put::Refused => "clients: refused",
            Put::Unknown => "clients: put without an answer",
        });
        if put != Put::Refused {
            let taken_at = (put == Put::Taken).then(Timestamp::now);
            self.ledger.sent(upload.id, Sent { etag, right, taken_at });
        }
    }

    async fn confirm(&self, key: &str) {
        self.api.post("/files/confirm", &json!({"key": key, "filename": "pixel.png", "mimeType": "image/png"})).await;
    }

    /// Waits a while for the verdict.
    async fn wait(&self, upload: &InHand) {
        let answer =
            self.api.send(Method::GET, &format!("/v1/uploads/{}", upload.id), None, &[("prefer", "wait=5")]).await;
        self.heard(upload, &answer);
    }

    async fn take_back(&self, upload: &InHand) {
        self.ledger.taken_back(upload.id);
        let answer = self.api.delete(&format!("/v1/uploads/{}", upload.id)).await;
        self.heard(upload, &answer);
    }

    fn heard(&self, upload: &InHand, answer: &crate::Answer) {
        let status = answer.body["status"].as_str().filter(|_| answer.status.is_success());
        if let Some(status) = status.filter(|status| *status != "pending") {
            self.ledger.told(upload.id, status);
        }
    }

    /// A picture that there is only once.
    fn picture(&self, dice: &mut StdRng) -> Bytes {
        let size = if dice.random_bool(0.2) { 20_000 } else { 200 };
        let mut bytes = files::large_png(size).bytes;
        bytes.extend(self.mark(dice).bytes());
        bytes.into()
    }

    /// A script that there is only once.
    fn script(&self, dice: &mut StdRng) -> Bytes {
        format!("#!/bin/sh\necho {}\n", self.mark(dice)).into()
    }

    fn mark(&self, dice: &mut StdRng) -> String {
        format!("{} {} {} {}", self.ledger.seed, self.number, self.uploads, dice.random::<u32>())
    }
}

/// The etag that the store gives these bytes, in its quotes.
pub(crate) fn etag_of(bytes: &[u8]) -> String {
    let mut md5 = Md5::new();
    md5.update(bytes);
    format!("\"{}\"", hex::encode(md5.finalize()))
}

/// The etag that the store gives an object made of parts of these bytes.
pub(crate) fn etag_of_parts(bytes: &[u8], part_size: usize) -> String {
    let parts = bytes.chunks(part_size);
    let count = parts.len();
    let mut md5 = Md5::new();
    for part in parts {
        let mut of_part = Md5::new();
        of_part.update(part);
        md5.update(&of_part.finalize());
    }
    format!("\"{}-{count}\"", hex::encode(md5.finalize()))
}
