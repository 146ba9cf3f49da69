//! An S3 and an SQS inside the test, over real HTTP: for what LocalStack can't do, which is to fail on demand and to be fast.
//!
//! Signatures are checked: the credentials are `test` and `test`, in any region. What it answers is held to LocalStack by one
//! contract suite that runs against both, `tests/contract`.
//!
//! ```
//! use std::time::Duration;
//!
//! use sluice_testkit::fake_aws::{FakeAws, Op};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let fake = FakeAws::start().await;
//! fake.create_bucket("incoming");
//! fake.create_queue("events", &[("VisibilityTimeout", "60")]);
//! fake.notify("incoming", "events");
//!
//! fake.on(Op::GetObject).times(3).answer(503, "SlowDown");
//! fake.on(Op::DeleteMessageBatch).times(1).drop_reply();
//! fake.events().duplicate(1);
//!
//! fake.put_object("incoming", "a.png", "bytes");
//! assert_eq!(fake.held("events").visible, 2);
//! // ... start a worker on `fake.endpoint()` and `fake.queue_url("events")`, then:
//! // fake.seen(Op::GetObject, 4).await;
//! fake.clock().advance(Duration::from_secs(60));
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```

mod clock;
mod events;
mod faults;
mod op;
mod owner;
mod reply;
mod s3;
mod script;
mod server;
mod signals;
mod signed;
mod sqs;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::faults::{Faults, Scope};
use self::s3::Store;
use self::server::Server;
use self::signals::{Signals, Stage};
use self::signed::Signed;
use self::sqs::Sqs;

pub use self::clock::Clock;
pub use self::events::Events;
pub use self::op::Op;
pub use self::script::{Gate, On};
pub use self::sqs::{Held, StaleReceipts};

/// What both the access key and the secret key are.
const KEY: &str = "test";

/// A fake of S3 and SQS on a port of its own. It ends, and cuts its connections, when it is dropped.
pub struct FakeAws {
    endpoint: String,
    server: Arc<Server>,
    store: Store,
    running: JoinHandle<std::convert::Infallible>,
}

impl FakeAws {
    /// Starts one on the runtime that this is called on.
    ///
    /// # Panics
    /// Where the machine has no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let clock = Clock::start();
        let sqs = Sqs::new(&endpoint, clock.clone());
        let store = Store::new(clock.clone(), Events::new(clock.clone(), sqs.clone()));
        let server = Arc::new(Server {
            clock,
            faults: Faults::default(),
            signals: Signals::new(),
            signed: Signed::default(),
            s3: s3::service(store.clone(), KEY, KEY),
            sqs,
        });
        let running = tokio::spawn(Arc::clone(&server).run(listener));
        Self { endpoint, server, store, running }
    }

    /// Where both services are reached. Buckets are in the path, not in the host.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its clock.
    pub fn clock(&self) -> &Clock {
        &self.server.clock
    }

    /// The way from buckets to queues, to be scripted.
    pub fn events(&self) -> &Events {
        self.store.events()
    }

    /// Something goes wrong with these requests.
    pub fn on(&self, op: Op) -> On<'_> {
        On::new(&self.server.faults, Scope::One(op))
    }

    /// Something goes wrong with all requests to S3.
    pub fn on_s3(&self) -> On<'_> {
        On::new(&self.server.faults, Scope::S3)
    }

    /// Something goes wrong with all requests to SQS.
    pub fn on_sqs(&self) -> On<'_> {
        On::new(&self.server.faults, Scope::Sqs)
    }

    /// Nothing goes wrong any more with new requests.
    pub fn heal(&self) {
        self.server.faults.clear();
    }

    /// Refuses this presigned URL from now on, as expired. URLs also expire by their own dates, in real time.
    ///
    /// # Panics
    /// Where the URL is not signed.
    pub fn expire_url(&self, url: &str) {
        self.server.signed.expire(url);
    }

    /// How many requests of the operation came.
    pub fn count(&self, op: Op) -> u64 {
        self.server.signals.count(op, Stage::Arrived)
    }

    /// How many requests of the operation were carried out or refused.
    pub fn count_done(&self, op: Op) -> u64 {
        self.server.signals.count(op, Stage::Done)
    }

    /// Waits until that many requests of the operation came, since the start.
    ///
    /// # Panics
    /// Where they don't.
    pub async fn seen(&self, op: Op, requests: u64) {
        self.server.signals.reach(op, Stage::Arrived, requests).await;
    }

    /// Waits until that many requests of the operation were carried out or refused, since the start.
    ///
    /// # Panics
    /// Where they are not.
    pub async fn done(&self, op: Op, requests: u64) {
        self.server.signals.reach(op, Stage::Done, requests).await;
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        self.running.abort();
    }
}
