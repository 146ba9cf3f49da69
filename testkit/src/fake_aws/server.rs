//! How a request is served: counted, befallen by what was scripted, carried out, answered.

use std::convert::Infallible;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use s3s::Body;
use s3s::service::S3Service;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::faults::{Effect, Faults};
use super::op::split;
use super::reply::{self, Cut};
use super::s3::IgnoreRange;
use super::signals::{Signals, Stage};
use super::signed::Signed;
use super::sqs::{FailEntries, Sqs};
use super::{Clock, Op};

/// What every connection shares.
pub(super) struct Server {
    pub(super) clock: Clock,
    pub(super) faults: Faults,
    pub(super) signals: Signals,
    pub(super) signed: Signed,
    pub(super) s3: S3Service,
    pub(super) sqs: Sqs,
}

/// A request whose operation is known.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is soon taken apart")]
enum Asked {
    S3(Parts, Incoming),
    Sqs(String, Value),
}

impl Server {
    /// Serves until the future is dropped, and all connections with it.
    pub(super) async fn run(self: Arc<Self>, listener: TcpListener) -> Infallible {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => drop(connections.spawn(Arc::clone(&self).connection(stream))),
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Answers are small, and their last bytes must not wait for an acknowledgement of the first.
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request| Arc::clone(&self).serve(request));
        // It ends with an error where the client goes or a fault cuts it. Neither is news.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Cut> {
        let asked = read(request).await?;
        let (op, subject) = (asked.op(), asked.subject());
        let effects = self.faults.draw(op, &subject);
        self.signals.add(op, Stage::Arrived);
        if let Some(instead) = self.before(op, &effects).await? {
            self.signals.add(op, Stage::Done);
            return Ok(instead);
        }
        let response = self.carry_out(op, asked, &effects).await?;
        self.signals.add(op, Stage::Done);
        self.after(response, effects).await
    }

    /// What happens before it is carried out, or instead.
    async fn before(&self, op: Op, effects: &[Effect]) -> Result<Option<Response<Body>>, Cut> {
        for effect in effects {
            match effect {
                Effect::Answer(status, code) if op.is_sqs() => {
                    return Ok(Some(Sqs::error(*status, code, "as scripted")));
                }
                Effect::Answer(status, code) => return Ok(Some(reply::s3_error(*status, code, "as scripted"))),
                Effect::Cut => return Err(Cut),
                Effect::Delay(time) => self.clock.sleep(*time).await,
                Effect::Hang => std::future::pending().await,
                // An error means that the gate is gone, and so open.
                Effect::Hold(gate) => drop(gate.clone().wait_for(|open| *open).await),
                Effect::Meanwhile(happens) => happens(),
                _ => {}
            }
        }
        Ok(None)
    }

    async fn carry_out(&self, op: Op, asked: Asked, effects: &[Effect]) -> Result<Response<Body>, Cut> {
        match asked {
            Asked::Sqs(_, input) => {
                let failing = effects.iter().find_map(|effect| match effect {
                    Effect::FailEntries(entries, code) => Some(FailEntries { entries: *entries, code }),
                    _ => None,
                });
                Ok(self.sqs.call(op, &input, failing).await)
            }
            Asked::S3(mut parts, body) => {
                if let Some(refusal) = self.signed.refuses(&parts) {
                    return Ok(refusal);
                }
                if effects.iter().any(|effect| matches!(effect, Effect::IgnoreRange)) {
                    parts.extensions.insert(IgnoreRange);
                }
                self.s3.call(Request::from_parts(parts, Body::from(body))).await.map_err(|_| Cut)
            }
        }
    }

    /// What becomes of its answer.
    async fn after(&self, mut response: Response<Body>, effects: Vec<Effect>) -> Result<Response<Body>, Cut> {
        for effect in effects {
            match effect {
                Effect::DelayReply(time) => self.clock.sleep(time).await,
                Effect::DropReply => return Err(Cut),
                // An error means that the gate is gone, and so open.
                Effect::HoldReply(mut gate) => drop(gate.wait_for(|open| *open).await),
                Effect::Header(name, value) => drop(response.headers_mut().insert(name, value)),
                Effect::ShortBody(bytes) => response = reply::shorten(response, bytes).await,
                Effect::Trickle(interval) => response = reply::trickle(response, interval, self.clock.clone()).await,
                _ => {}
            }
        }
        Ok(response)
    }
}

impl Asked {
    fn op(&self) -> Op {
        match self {
            Self::S3(parts, _) => Op::of_s3(parts),
            Self::Sqs(name, _) => Op::of_sqs(name),
        }
    }

    /// What conditions of faults speak of: a key, a bucket's name, or a queue's.
    fn subject(&self) -> String {
        match self {
            Self::S3(parts, _) => {
                let (bucket, key) = split(parts.uri.path());
                let encoded = key.filter(|key| !key.is_empty()).unwrap_or(bucket);
                percent_decode_str(encoded).decode_utf8_lossy().into_owned()
            }
            Self::Sqs(_, input) => Sqs::queue_name(input).to_owned(),
        }
    }
}

/// The two services share the port. Only requests to SQS name their operation in a header.
async fn read(request: Request<Incoming>) -> Result<Asked, Cut> {
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let Some(name) = target.and_then(|target| target.strip_prefix("AmazonSQS.")) else {
        return Ok(Asked::S3(parts, body));
    };
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    Ok(Asked::Sqs(name.to_owned(), serde_json::from_slice(&body).unwrap_or_default()))
}
