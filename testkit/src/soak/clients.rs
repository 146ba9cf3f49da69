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
            0..45 => self.send_right(dice).await,
            45..58 => self.send_wrong(dice).await,
            58..63 => self.send_nothing_at_all(dice).await,
            63..83 => self.send_again_and_again(dice).await,
            83..91 => self.send_late(dice).await,
            91..95 => drop(self.declare(true, json!({"policy": "brief"})).await),
            _ => self.take_back_at_once(dice).await,
        }
    }

    async fn send_right(&self, dice: &mut StdRng) {
        let bytes = self.picture(dice);
        let Some(upload) = self.declare(true, json!({"size": bytes.len()})).await else { return };
        self.put(&upload, bytes, true, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    async fn send_wrong(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare(true, json!({})).await else { return };
        self.put(&upload, self.script(dice), false, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    /// An object without bytes.
    async fn send_nothing_at_all(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare(true, json!({})).await else { return };
        self.put(&upload, Bytes::new(), false, Duration::ZERO).await;
        self.then(&upload, dice).await;
    }

    /// The tutorial's grant can be used more than once, before the verdict and after it.
    async fn send_again_and_again(&self, dice: &mut StdRng) {
        let Some(upload) = self.declare(false, json!({})).await else { return };
        for _ in 0..dice.random_range(1..4) {
            let right = dice.random_bool(0.7);
            let bytes = if right { self.picture(dice) } else { self.script(dice) };
            self.put(&upload, bytes, right, Duration::ZERO).await;
            tokio::time::sleep(Duration::from_millis(dice.random_range(0..200))).await;
        }
        self.then(&upload, dice).await;
    }

    /// The PUT begins in time, and may end when the upload has expired.
    async fn send_late(&self, dice: &mut StdRng) {
        let (right, late) = (dice.random_bool(0.7), Duration::from_millis(dice.random_range(LATE)));
        let bytes = if right { self.picture(dice) } else { self.script(dice) };
        let Some(upload) = self.declare(true, json!({"policy": "brief"})).await else { return };
        self.put(&upload, bytes, right, late).await;
        self.then(&upload, dice).await;
    }

    /// The PUT and the cancelation are under way at the same time.
    async fn take_back_at_once(&self, dice: &mut StdRng) {
        let (bytes, late) = (self.picture(dice), Duration::from_millis(dice.random_range(0..300)));
        let canceled = Duration::from_millis(dice.random_range(0..300));
        let Some(upload) = self.declare(dice.random_bool(0.5), json!({})).await else { return };
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

    async fn declare(&self, write_once: bool, more: Value) -> Option<InHand> {
        let route = if write_once { "/v1/uploads" } else { "/files/upload-url" };
        let mut declaration = match write_once {
            true => json!({"filename": "pixel.png", "content_type": "image/png"}),
            false => json!({"filename": "pixel.png", "mimeType": "image/png"}),
        };
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
        let grant = if write_once { &answer.body["grant"] } else { &answer.body };
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
