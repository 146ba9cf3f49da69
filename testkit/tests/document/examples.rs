//! What the document shows is so: its examples fit their schemas, and a running pipeline takes and gives what they show.

use std::cell::RefCell;
use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sluice_common::domain::Sha256;
use sluice_testkit::{Answer, Client, File, TestUpload, World, files};

use super::read::{Document, Operation, faults};

#[test]
fn every_body_has_an_example_and_every_example_fits() {
    let document = Document::committed();
    for Operation { id, said, .. } in document.operations() {
        let body = said["requestBody"]["content"].as_object();
        let bodies = body.into_iter().flatten().map(|(_, media)| ("the request".to_owned(), media));
        let answers = said["responses"].as_object().expect("responses").iter();
        let answers = answers.filter_map(|(status, answer)| Some((status.clone(), answer["content"].as_object()?)));
        let answers = answers.flat_map(|(status, content)| content.values().map(move |media| (status.clone(), media)));
        for (of, media) in bodies.chain(answers) {
            let example = document.example(media).unwrap_or_else(|| panic!("{id}: {of} has no example"));
            assert_eq!(faults(&document.validator(&media["schema"]), example), [""; 0], "{id}: {of}");
        }
    }
    for (name, schema) in document.schemas() {
        for example in schema["examples"].as_array().into_iter().flatten() {
            assert_eq!(faults(&document.validator(schema), example), [""; 0], "{name}");
        }
    }
}

#[test]
fn the_example_of_a_stream_is_an_event_with_an_upload() {
    let document = Document::committed();
    let upload = document.operation("getUpload");
    let shown = document.example(upload.answer("200").expect("a body")).expect("one");
    assert_eq!(&event_of(&document, "streamUploads", "upload"), shown);
    let change = event_of(&document, "watchUploads", "change");
    let of_upload = ["id", "policy", "status"].map(|field| (&change[field], &shown[field]));
    assert!(of_upload.iter().all(|(told, known)| told == known), "{change}");
}

/// What the example of this stream tells, which is one event of this name.
pub fn event_of(document: &Document, stream: &str, name: &str) -> Value {
    let stream = document.operation(stream);
    let event = document.example(stream.answer("200").expect("a body")).and_then(Value::as_str).expect("a text");
    let lines: Vec<_> = event.split('\n').collect();
    let &[id, called, data, "", ""] = &lines[..] else { panic!("no event: {event}") };
    assert!(id.starts_with("id: ") && called == format!("event: {name}"), "{event}");
    serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON")
}

/// A client that sends the examples of the document.
pub struct Reader {
    pub document: Document,
    pub client: Client,
    sent: RefCell<BTreeSet<String>>,
}

impl Reader {
    /// One that sends them with this client.
    pub fn of(client: Client) -> Self {
        Self { document: Document::committed(), client, sent: RefCell::default() }
    }

    /// Sends the example of this operation's body, changed where it holds what only the service can know.
    pub async fn send(
        &self,
        id: &str,
        path: &str,
        headers: &[(&str, &str)],
        change: impl FnOnce(&mut Value),
    ) -> Answer {
        let operation = self.document.operation(id);
        let mut body = self.document.example(operation.body().expect("a body")).expect("an example").clone();
        change(&mut body);
        self.sent.borrow_mut().insert(id.to_owned());
        let method = Method::from_bytes(operation.method.as_bytes()).expect("a method");
        self.client.send(method, path, Some(&body), headers).await
    }

    /// The answer, which has to have this status, and the fields that the example of it has.
    #[track_caller]
    pub fn is_as_shown(&self, id: &str, status: u16, answer: Answer) -> Value {
        let answer = answer.expect(status).body;
        assert_eq!(shape(&answer), self.shown(id, status), "{id}");
        answer
    }

    /// The fields that the example of this answer has.
    pub fn shown(&self, id: &str, status: u16) -> BTreeSet<String> {
        let operation = self.document.operation(id);
        shape(self.document.example(operation.answer(&status.to_string()).expect("a body")).expect("an example"))
    }

    /// Holds that every example of a request is sent: of those of operators, or of all others, and but for these.
    #[track_caller]
    pub fn has_sent_all(&self, of_operators: bool, but: &[&str]) {
        let all =
            self.document.operations().into_iter().filter(|operation| operation.is_of_operators() == of_operators);
        let asking: BTreeSet<_> =
            all.filter(|operation| operation.body().is_some()).map(|operation| operation.id).collect();
        let elsewhere = but.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(&*self.sent.borrow() | &elsewhere, asking, "every example of a request is sent");
    }
}

/// The places that a value has fields at. Of a list all entries count as one.
pub fn shape(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, at: &str, places: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"), places))
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, &format!("{at}/*"), places)),
            _ => {
                places.insert(at.to_owned());
            }
        }
    }
    let mut places = BTreeSet::new();
    walk(value, "", &mut places);
    places
}

/// A picture, declared with all that the example declares.
pub fn declaration(file: &File) -> Value {
    json!({
        "filename": file.name, "content_type": file.content_type, "size": file.bytes.len(), "policy": "images",
        "sha256": Sha256::of(&file.bytes).to_hex(), "metadata": {"album": "Paris"},
    })
}

#[tokio::test]
async fn what_the_examples_ask_for_is_answered_as_they_show() {
    let world = World::build()
        .with("SLUICE_UPLOAD_TOKEN_KEYS", "test:0123456789abcdef0123456789abcdef")
        .with("SLUICE_FILES_WAIT", "1")
        .start()
        .await;
    let reader = Reader::of(world.client().await);
    let key = [("idempotency-key", "shown")];
    let created = reader.send("createUpload", "/v1/uploads", &key, |_| {}).await;
    let created = TestUpload::new(reader.client.clone(), reader.is_as_shown("createUpload", 201, created));
    let again = reader.send("createUpload", "/v1/uploads", &key, |_| {}).await;
    reader.is_as_shown("createUpload", 200, again);
    reader.is_as_shown("cancelUpload", 200, created.cancel().await);

    let both = reader.send("createUploads", "/v1/uploads/batch", &[], |_| {}).await;
    let mut both = reader.is_as_shown("createUploads", 200, both);
    let batch = reader.document.operation("createUploads");
    let shown = reader.document.example(batch.answer("200").expect("a body")).expect("an example");
    both["results"][1]["problem"]["request_id"] = shown["results"][1]["problem"]["request_id"].clone();
    assert_eq!(both["results"][1], shown["results"][1], "to the word");
    TestUpload::new(reader.client.clone(), both["results"][0]["upload"].clone()).cancel().await.expect(200);

    let picture = files::png();
    for _ in 0..2 {
        let upload = reader.client.declare_as(&declaration(&picture)).await;
        upload.put(&picture.bytes).await;
        let wait = [("prefer", "wait=30")];
        let completed = reader.client.send(Method::POST, &upload.path("/complete"), None, &wait).await;
        reader.is_as_shown("completeUpload", 200, completed);
        reader.is_as_shown("getUpload", 200, reader.client.get(&upload.path("")).await);
        reader.is_as_shown("getDownload", 200, reader.client.get(&upload.path("/download")).await);
    }
    let page = reader.client.get("/v1/uploads?status=confirmed&limit=1").await;
    reader.is_as_shown("listUploads", 200, page);
    in_parts(&reader).await;
    by_the_tutorial(&reader, &picture).await;
    reader.has_sent_all(false, &["completeUpload"]);
    world.end().await;
}

async fn in_parts(reader: &Reader) {
    let film = json!({"filename": "film.mp4", "content_type": "video/mp4", "size": 150_000_000, "policy": "video"});
    let film = reader.client.declare_as(&film).await;
    let renewed = reader.send("renewGrant", &film.path("/grant"), &[], |_| {}).await;
    reader.is_as_shown("renewGrant", 200, renewed);
    let part_size = film.created["grant"]["part_size"].as_u64().and_then(|size| usize::try_from(size).ok());
    film.try_put_part(1, &vec![0; part_size.expect("a size")]).await.expect("the part is taken");
    reader.is_as_shown("listParts", 200, film.parts("").await);
    film.cancel().await.expect(200);
}

async fn by_the_tutorial(reader: &Reader, picture: &File) {
    let given =
        reader.send("createUploadUrl", "/files/upload-url", &[], |file| file["mimeType"] = "image/png".into()).await;
    let given = reader.is_as_shown("createUploadUrl", 200, given);
    let confirm =
        async || reader.send("confirmFile", "/files/confirm", &[], |file| file["key"] = given["key"].clone()).await;
    reader.is_as_shown("confirmFile", 202, confirm().await);
    let url = given["uploadUrl"].as_str().expect("a URL");
    let put = reqwest::Client::new().put(url).header("content-type", "image/png").body(picture.bytes.clone());
    assert_eq!(put.send().await.expect("the store answers").status(), 200);
    let mut confirmed = confirm().await;
    while confirmed.status == 202 {
        confirmed = confirm().await;
    }
    reader.is_as_shown("confirmFile", 201, confirmed);
}

/// Two parts, as the example has them; their etags are the store's.
#[tokio::test]
async fn the_parts_of_the_example_complete_an_upload_of_two_parts() {
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/multipart.toml");
    let world = World::build().with("SLUICE_POLICIES", policies).start().await;
    let reader = Reader::of(world.client().await);
    let picture = files::large_png(7 * 1024 * 1024);
    let upload = reader.client.declare(&picture).await;
    upload.put_parts(&[1, 2], &picture.bytes).await;
    let stored = upload.parts("").await.expect(200).body["data"].clone();
    let path = upload.path("/complete");
    let completed = reader.send("completeUpload", &path, &[], |body| {
        let parts = body["parts"].as_array_mut().expect("parts");
        assert_eq!(parts.len(), 2);
        parts
            .iter_mut()
            .zip(stored.as_array().expect("parts"))
            .for_each(|(part, stored)| part["etag"] = stored["etag"].clone());
    });
    completed.await.expect(200);
    upload.is("confirmed").await;
    world.end().await;
}
