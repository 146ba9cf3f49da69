//! An upload in a test: what its client does with it, and what is expected of it.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::{Answer, Client};

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
    pub(crate) fn new(client: Client, created: Value) -> Self {
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
        put(&self.created["grant"], bytes, |_| true)
    }

    /// Sends bytes as the grant says, but for one header, which is left out.
    pub fn try_put_without(&self, header: &'static str, bytes: &[u8]) -> impl Future<Output = Result<(), Refusal>> {
        put(&self.created["grant"], bytes, move |name| name != header)
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

fn put<Keep: Fn(&str) -> bool>(
    grant: &Value,
    bytes: &[u8],
    keep: Keep,
) -> impl Future<Output = Result<(), Refusal>> + use<Keep> {
    let method = Method::from_bytes(grant["method"].as_str().expect("a method").as_bytes()).expect("a valid method");
    let mut request = reqwest::Client::new().request(method, grant["url"].as_str().expect("a URL"));
    for (name, value) in grant["headers"].as_object().expect("headers") {
        // Any HTTP client sends the length of what it sends.
        if name != "content-length" && keep(name) {
            request = request.header(name, value.as_str().expect("a header's value"));
        }
    }
    let request = request.body(bytes.to_vec());
    async move {
        let response = request.send().await.expect("the store answers");
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let body = response.text().await.unwrap_or_default();
        let code = body.split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next()).unwrap_or_default();
        Err((status, code.to_owned()))
    }
}
