//! Sending bytes as a grant says, through a store that may not answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;
use tokio::time::Sleep;

use crate::TestForm;

/// What a grant says.
#[derive(Debug, Clone)]
pub(super) enum Grant {
    Put(SignedPut),
    Form(TestForm),
    Parts(Vec<SignedPut>),
}

/// Leave to put certain bytes.
#[derive(Debug, Clone)]
pub(super) struct SignedPut {
    url: String,
    headers: Vec<(String, String)>,
}

/// What the store made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It has the bytes.
    Taken,
    /// It refused them.
    Refused,
    /// It has them or not: there was no answer, or one about its own trouble.
    Unknown,
}

impl Grant {
    /// A grant as the API words it, or the tutorial's.
    pub(super) fn read(grant: &Value) -> Option<Self> {
        match grant["kind"].as_str() {
            Some("multipart") => {
                grant["parts"].as_array()?.iter().map(SignedPut::read).collect::<Option<_>>().map(Self::Parts)
            }
            Some("post") => Some(Self::Form(TestForm::of(grant))),
            _ => SignedPut::read(grant).map(Self::Put),
        }
    }

    /// Sends these bytes at once; the last of them, but of a form's, only after a while.
    pub(super) async fn put(&self, http: &reqwest::Client, bytes: Bytes, after: Duration) -> Put {
        match self {
            Self::Put(put) => put.send(http, bytes, after).await,
            Self::Form(form) => said(form.request(http, &bytes).send().await),
            Self::Parts(_) => panic!("what goes in parts is not put at once"),
        }
    }

    /// Sends parts of these bytes one after the other, until one of them does not arrive.
    pub(super) async fn put_parts(&self, http: &reqwest::Client, bytes: &Bytes, size: usize) -> Put {
        let Self::Parts(parts) = self else { panic!("what is put at once has no parts") };
        for (part, from) in parts.iter().zip((0..).step_by(size)) {
            let taken = bytes.slice(from..bytes.len().min(from + size));
            match part.send(http, taken, Duration::ZERO).await {
                Put::Taken => {}
                otherwise => return otherwise,
            }
        }
        Put::Taken
    }
}

impl SignedPut {
    /// As the API words it: `{url, headers}`, or the tutorial's `{uploadUrl, headers}`.
    fn read(grant: &Value) -> Option<Self> {
        let url = grant["url"].as_str().or(grant["uploadUrl"].as_str())?.to_owned();
        let headers = grant["headers"].as_object()?.iter();
        let headers = headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
        Some(Self { url, headers })
    }

    async fn send(&self, http: &reqwest::Client, bytes: Bytes, after: Duration) -> Put {
        let mut request = http.put(&self.url);
        // The body says its own length.
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "content-length") {
            request = request.header(name, value);
        }
        let body = Slow { bytes: Some(bytes), waits: Box::pin(tokio::time::sleep(after)) };
        said(request.body(reqwest::Body::wrap(body)).send().await)
    }
}

fn said(answer: reqwest::Result<reqwest::Response>) -> Put {
    match answer {
        Ok(answer) if answer.status().is_client_error() => Put::Refused,
        Ok(answer) if !answer.status().is_server_error() => Put::Taken,
        _ => Put::Unknown,
    }
}

/// A body that makes the store wait: the request has begun, and its signature was good then.
struct Slow {
    bytes: Option<Bytes>,
    waits: Pin<Box<Sleep>>,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_none() {
            return Poll::Ready(None);
        }
        std::task::ready!(self.waits.as_mut().poll(context));
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}
