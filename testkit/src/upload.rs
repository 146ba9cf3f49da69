//! An upload in a test: what its client does with it, and what is expected of it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{Answer, Client, TestForm};

/// An upload that a client declared.
#[derive(Debug, Clone)]
pub struct TestUpload {
    client: Client,
    /// The upload as it was created.
    pub created: Value,
}

/// The store's refusal: its status and its code.
pub type Refusal = (StatusCode, String);

impl TestUpload {
    /// An upload as an answer describes it.
    pub fn new(client: Client, created: Value) -> Self {
        Self { client, created }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.created["id"].as_str().expect("an upload has an id")
    }

    /// The path of its operations.
    pub fn path(&self, operation: &str) -> String {
        format!("/v1/uploads/{}{operation}", self.id())
    }

    /// Sends bytes as the grant says. They must be taken.
    #[track_caller]
    pub fn put(&self, bytes: &[u8]) -> impl Future<Output = ()> {
        let attempt = self.try_put(bytes);
        async move { attempt.await.expect("the store takes what was granted") }
    }

    /// Sends bytes as the grant says.
    pub fn try_put(&self, bytes: &[u8]) -> impl Future<Output = Result<(), Refusal>> {
        put(&self.created["grant"], bytes, |_, value| Some(value))
    }

    /// Sends bytes as the grant says, but for one header, which is left out.
    pub fn try_put_without(&self, header: &'static str, bytes: &[u8]) -> impl Future<Output = Result<(), Refusal>> {
        put(&self.created["grant"], bytes, move |name, value| (name != header).then_some(value))
    }

    /// Sends bytes as the grant says, but for one header, which has another value.
    pub fn try_put_with(
        &self,
        header: &'static str,
        other: &'static str,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), Refusal>> {
        put(&self.created["grant"], bytes, move |name, value| {
            Some(if name == header { other.to_owned() } else { value })
        })
    }

    /// The form that its grant is.
    pub fn form(&self) -> TestForm {
        TestForm::of(&self.created["grant"])
    }

    /// The same upload, for somebody who knows nothing but its id.
    pub fn resumed(client: &Client, id: &str) -> Self {
        Self::new(client.clone(), json!({"id": id}))
    }

    /// What the grant says of one part.
    #[track_caller]
    pub fn part(&self, number: usize) -> &Value {
        let parts = self.created["grant"]["parts"].as_array().expect("the grant is in parts");
        let found = parts.iter().find(|part| part["part_number"] == number);
        found.unwrap_or_else(|| panic!("the grant has no part {number}"))
    }

    /// The bytes of one part of the file.
    pub fn cut<'b>(&self, number: usize, file: &'b [u8]) -> &'b [u8] {
        let size = self.created["grant"]["part_size"].as_u64().expect("a size");
        let size = usize::try_from(size).expect("it fits into memory");
        file.chunks(size).nth(number - 1).expect("the file has this part")
    }

    /// Sends bytes as one part.
    pub fn try_put_part(&self, number: usize, bytes: &[u8]) -> impl Future<Output = Result<(), Refusal>> {
        put(self.part(number), bytes, |_, value| Some(value))
    }

    /// Sends bytes as one part, but for one header, which is left out.
    pub fn try_put_part_without(
        &self,
        header: &'static str,
        number: usize,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), Refusal>> {
        put(self.part(number), bytes, move |name, value| (name != header).then_some(value))
    }

    /// Sends these parts of the file, all at the same time. They must be taken.
    pub async fn put_parts(&self, numbers: &[usize], file: &[u8]) {
        let puts = numbers.iter().map(|number| self.try_put_part(*number, self.cut(*number, file)));
        for put in futures_util::future::join_all(puts).await {
            put.expect("the store takes what was granted");
        }
    }

    /// The upload as it is now.
    pub async fn now(&self) -> Value {
        self.client.get(&self.path("")).await.expect(200).body
    }

    /// Waits for the verdict.
    pub async fn decided(&self) -> Value {
        let ask = async |wait: &str| {
            self.client.send(Method::GET, &self.path(""), None, &[("prefer", wait)]).await.expect(200)
        };
        let mut answer = ask("wait=30").await;
        if answer.text("status") == "pending" {
            answer = ask("wait=20").await;
        }
        assert_ne!(answer.text("status"), "pending", "no verdict in time: {}", answer.body);
        answer.body
    }

    /// Waits for the verdict, which must be this status.
    pub async fn is(&self, status: &str) -> Value {
        let upload = self.decided().await;
        assert_eq!(upload["status"], status, "{upload}");
        upload
    }

    /// Waits for its rejection. Gives the reasons' codes.
    pub async fn is_rejected(&self) -> Vec<String> {
        let upload = self.is("rejected").await;
        let reasons = upload["reasons"].as_array().expect("a rejection has reasons");
        reasons.iter().map(|reason| reason["code"].as_str().expect("a reason has a code").to_owned()).collect()
    }

    /// Tells the API that everything was sent.
    pub async fn complete(&self) -> Answer {
        self.client.call(&self.path("/complete")).await
    }

    /// The same, with a list of all parts.
    pub async fn complete_with(&self, parts: &Value) -> Answer {
        self.client.post(&self.path("/complete"), &json!({"parts": parts})).await
    }

    /// A page of the parts that the store has.
    pub async fn parts(&self, query: &str) -> Answer {
        self.client.get(&self.path(&format!("/parts{query}"))).await
    }

    /// Renews its grant for these parts, by their numbers.
    pub async fn renew_parts(&self, numbers: &[usize]) -> Self {
        let parts: Vec<Value> = numbers.iter().map(|number| json!({"part_number": number})).collect();
        let renewed = self.try_renew_parts(&json!(parts)).await.expect(200);
        Self::new(self.client.clone(), renewed.body)
    }

    /// Asks for a grant of these parts.
    pub async fn try_renew_parts(&self, parts: &Value) -> Answer {
        self.client.post(&self.path("/grant"), &json!({"parts": parts})).await
    }

    /// Takes it back, or deletes it.
    pub async fn cancel(&self) -> Answer {
        self.client.delete(&self.path("")).await
    }

    /// Renews its grant.
    pub async fn renew(&self) -> Self {
        let renewed = self.client.call(&self.path("/grant")).await.expect(200);
        Self::new(self.client.clone(), renewed.body)
    }

    /// Downloads it. Gives the response of the store.
    pub async fn download(&self) -> reqwest::Response {
        let download = self.client.get(&self.path("/download")).await.expect(200);
        reqwest::get(download.text("url")).await.expect("the store answers")
    }
}

/// Sends a PUT with each of the grant's headers, of the value that `change` gives it, if it gives any.
fn put<Change: Fn(&str, String) -> Option<String>>(
    grant: &Value,
    bytes: &[u8],
    change: Change,
) -> impl Future<Output = Result<(), Refusal>> + use<Change> {
    let method = grant["method"].as_str().unwrap_or("PUT");
    let method = Method::from_bytes(method.as_bytes()).expect("a valid method");
    let mut request = reqwest::Client::new().request(method, grant["url"].as_str().expect("a URL"));
    for (name, value) in grant["headers"].as_object().expect("headers") {
        let value = change(name, value.as_str().expect("a header's value").to_owned());
        // Any HTTP client sends the length of what it sends.
        if let Some(value) = value.filter(|_| name != "content-length") {
            request = request.header(name, value);
        }
    }
    let request = request.body(bytes.to_vec());
    async move {
        let response = request.send().await.expect("the store answers");
        if response.status().is_success() { Ok(()) } else { Err(refusal(response).await) }
    }
}

/// What a store says that refuses something.
pub(crate) async fn refusal(response: reqwest::Response) -> Refusal {
    let status = response.status();
    let body = response.text().await.unwrap_or_default();
    let code = body.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next()).unwrap_or_default();
    (status, code.to_owned())
}
