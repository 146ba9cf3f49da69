//! An upload's whole life with the client that progenitor makes of the OpenAPI document.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;

use base64::Engine as _;
use futures::TryStreamExt as _;
use reqwest::StatusCode;
use uuid::{Uuid, uuid};

use self::api::types::{Grant, NewUpload, Problem, ReasonCode, Upload, UploadStatus};

mod api {
    progenitor::generate_api!(spec = "../../../api/openapi.json", interface = Builder);
}

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const MIB: usize = 1024 * 1024;
const TWO: NonZeroU64 = NonZeroU64::new(2).expect("it is not zero");

struct Life {
    api: api::Client,
    store: reqwest::Client,
    seen: HashSet<Uuid>,
}

impl Life {
    fn begin() -> Self {
        let setting = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let authorization = format!("Bearer {}", setting("SLUICE_API_KEY")).try_into().expect("a header's value");
        let headers = [(reqwest::header::AUTHORIZATION, authorization)].into_iter().collect();
        let http = reqwest::Client::builder().default_headers(headers).build().expect("a client");
        let api = api::Client::new_with_client(&setting("SLUICE_URL"), http);
        Self { api, store: reqwest::Client::new(), seen: HashSet::new() }
    }

    async fn declared(&mut self, filename: &str, bytes: &[u8]) -> Upload {
        let size = NonZeroU64::new(bytes.len() as u64);
        let body = NewUpload::builder().filename(filename).content_type("image/png").size(size);
        let upload = self.api.create_upload().body(body).send().await.expect("it is created").into_inner();
        assert_eq!(upload.status, UploadStatus::Pending);
        self.seen.insert(upload.id);
        upload
    }

    async fn sent(&self, url: &str, headers: &HashMap<String, String>, bytes: &[u8]) {
        let headers = headers.try_into().expect("headers");
        let response = self.store.put(url).headers(headers).body(bytes.to_vec()).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{:?}", response.text().await);
    }

    async fn put(&self, upload: &Upload, bytes: &[u8]) {
        let Some(Grant::PutGrant(grant)) = &upload.grant else { panic!("no grant for a PUT: {upload:?}") };
        self.sent(&grant.url, &grant.headers, bytes).await;
    }

    async fn verdict(&self, upload: &Upload) -> Upload {
        self.api.get_upload().upload_id(upload.id).prefer("wait=20").send().await.expect("a verdict").into_inner()
    }

    async fn comes_back(&self, upload: &Upload, bytes: &[u8]) {
        let download = self.api.get_download().upload_id(upload.id).send().await.expect("a URL").into_inner();
        let response = self.store.get(&download.url).send().await.expect("an answer");
        assert!(response.bytes().await.expect("a body") == bytes);
    }

    async fn a_true_file_is_confirmed_and_comes_back(&mut self) {
        let upload = self.declared("pixel.png", &pixel()).await;
        self.put(&upload, &pixel()).await;
        let confirmed = self.verdict(&upload).await;
        assert_eq!(confirmed.status, UploadStatus::Confirmed);
        assert_eq!(confirmed.object.map(|object| object.size as usize), Some(pixel().len()));
        self.comes_back(&upload, &pixel()).await;
    }

    async fn a_false_file_is_rejected_with_reasons(&mut self) {
        let script = b"#!/bin/sh\necho hello\n";
        let upload = self.declared("holiday.png", script).await;
        self.put(&upload, script).await;
        let rejected = self.verdict(&upload).await;
        assert_eq!(rejected.status, UploadStatus::Rejected);
        let reasons: Vec<_> = rejected.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(reasons, [ReasonCode::TypeNotAllowed, ReasonCode::TypeMismatch]);
    }

    async fn problems_are_typed(&self) {
        let body = NewUpload::builder().filename("a.png").content_type("image/png").size(NonZeroU64::new(1 << 40));
        let refused = problem(self.api.create_upload().body(body).send().await).await;
        assert_eq!((refused.status, refused.code.as_str()), (422, "invalid_declaration"));
        let errors: Vec<_> = refused.errors.iter().map(|error| (&*error.pointer, &*error.code)).collect();
        assert_eq!(errors, [("/size", "too_large")]);

        let unknown = uuid!("019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10");
        let unknown = problem(self.api.get_upload().upload_id(unknown).send().await).await;
        assert_eq!((unknown.status, unknown.code.as_str()), (404, "upload_not_found"));
    }

    async fn a_grant_is_renewed(&mut self) {
        let upload = self.declared("late.png", &pixel()).await;
        let renewed = self.api.renew_grant().upload_id(upload.id).body(api::types::GrantRequest::builder());
        self.put(&renewed.send().await.expect("a grant"), &pixel()).await;
        assert_eq!(self.verdict(&upload).await.status, UploadStatus::Confirmed);
    }

    async fn a_large_file_goes_in_parts(&mut self) {
        let mut film = pixel();
        film.resize(11 * MIB, 7);
        let upload = self.declared("film.png", &film).await;
        let Some(Grant::MultipartGrant(grant)) = &upload.grant else { panic!("no parts: {upload:?}") };
        assert_eq!(grant.parts.len(), grant.part_count as usize);
        for (bytes, part) in film.chunks(grant.part_size as usize).zip(&grant.parts) {
            self.sent(&part.url, &part.headers, bytes).await;
        }
        let parts = self.api.list_parts().upload_id(upload.id).send().await.expect("a list").into_inner().data;
        let sizes: Vec<_> = parts.iter().map(|part| part.size as usize).collect();
        assert_eq!(sizes, [5 * MIB, 5 * MIB, MIB]);
        let complete = self.api.complete_upload().upload_id(upload.id).prefer("wait=20");
        let sent =
            |part: api::types::UploadedPart| api::types::SentPart { part_number: part.part_number, etag: part.etag };
        let sent: Vec<_> = parts.into_iter().map(sent).collect();
        complete.body(api::types::CompletedParts::builder().parts(sent)).send().await.expect("it is complete");
        assert_eq!(self.verdict(&upload).await.status, UploadStatus::Confirmed);
        self.comes_back(&upload, &film).await;
    }

    async fn an_upload_is_canceled(&mut self) {
        let upload = self.declared("never.png", &pixel()).await;
        let canceled = self.api.cancel_upload().upload_id(upload.id).send().await.expect("it is canceled");
        assert_eq!(canceled.status, UploadStatus::Canceled);
    }

    async fn all_are_listed_page_by_page(&self) {
        let mut listed = Vec::new();
        let mut cursor = None;
        loop {
            let mut page = self.api.list_uploads().limit(TWO);
            if let Some(cursor) = cursor {
                page = page.cursor(cursor);
            }
            let page = page.send().await.expect("a page").into_inner();
            listed.extend(page.data.iter().map(|upload| upload.id));
            cursor = page.next_cursor;
            if !page.has_more {
                break;
            }
        }
        assert_eq!(listed.len(), self.seen.len());
        assert_eq!(HashSet::from_iter(listed), self.seen);
    }
}

fn pixel() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(PIXEL).expect("valid base64")
}

/// The problem that an operation answered with. This generator reads no other type of answers than `application/json`
/// by itself, and hands on the bytes of all others.
async fn problem<T: std::fmt::Debug>(answer: Result<T, api::Error<api::ByteStream>>) -> Problem {
    let Err(api::Error::ErrorResponse(answer)) = answer else { panic!("no problem: {answer:?}") };
    let bytes: Vec<_> = answer.into_inner_stream().try_collect().await.expect("a body");
    serde_json::from_slice(&bytes.concat()).expect("a problem")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut life = Life::begin();
    println!("a_true_file_is_confirmed_and_comes_back");
    life.a_true_file_is_confirmed_and_comes_back().await;
    println!("a_false_file_is_rejected_with_reasons");
    life.a_false_file_is_rejected_with_reasons().await;
    println!("problems_are_typed");
    life.problems_are_typed().await;
    println!("a_grant_is_renewed");
    life.a_grant_is_renewed().await;
    println!("a_large_file_goes_in_parts");
    life.a_large_file_goes_in_parts().await;
    println!("an_upload_is_canceled");
    life.an_upload_is_canceled().await;
    println!("all_are_listed_page_by_page");
    life.all_are_listed_page_by_page().await;
}
