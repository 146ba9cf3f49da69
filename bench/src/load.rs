//! The load generator: so many connections, each with one request after the other, for so long.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};

use crate::figures::percentile;
use crate::http::Connection;

/// Writes the request of this number.
pub type Requests = Box<dyn FnMut(u64) -> Vec<u8> + Send>;

/// What is sent where.
pub struct Load {
    /// The service.
    pub address: SocketAddr,
    /// How many connections.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
    /// The status that every answer must have.
    pub status: u16,
    /// What is sent.
    pub requests: Requests,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// How many requests were answered as they should be.
    pub requests: usize,
    /// How long it took.
    pub time: Duration,
    /// How long each took, in milliseconds, in order.
    pub latencies: Vec<f64>,
}

impl Loaded {
    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }

    /// What this share of the requests took at the most, in milliseconds.
    pub fn latency(&self, share: f64) -> f64 {
        percentile(&self.latencies, share)
    }
}

impl Load {
    /// Sends it, from a thread of its own, which does nothing else.
    ///
    /// # Panics
    /// Where a request is answered otherwise than it should be: what is measured then means nothing.
    pub async fn send(self) -> Loaded {
        let (done, loaded) = oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
            let _ = done.send(LocalSet::new().block_on(&runtime, self.run()));
        });
        loaded.await.expect("the load generator does not panic")
    }

    async fn run(self) -> Loaded {
        let mut open = Vec::new();
        for _ in 0..self.connections {
            open.push(Connection::open(self.address).await.expect("the service listens"));
        }
        let (requests, numbers) = (Rc::new(RefCell::new(self.requests)), Rc::new(RefCell::new(0)));
        let (began, end) = (Instant::now(), Instant::now() + self.time);
        let mut clients = JoinSet::new();
        for mut connection in open {
            let (requests, numbers, status) = (Rc::clone(&requests), Rc::clone(&numbers), self.status);
            clients.spawn_local(async move {
                let mut latencies = Vec::new();
                while Instant::now() < end {
                    let number = numbers.replace_with(|number| *number + 1);
                    let request = requests.borrow_mut()(number);
                    let asked = Instant::now();
                    let answered = connection.exchange(&request).await.expect("the service answers");
                    assert_eq!(answered, status, "{}", String::from_utf8_lossy(connection.body()));
                    latencies.push(asked.elapsed().as_secs_f64() * 1000.0);
                }
                latencies
            });
        }
        let mut latencies = clients.join_all().await.concat();
        let time = began.elapsed();
        latencies.sort_unstable_by(f64::total_cmp);
        Loaded { requests: latencies.len(), time, latencies }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_answer_is_counted_once_and_its_time_is_plausible() {
        let address = crate::greeting::serve_here().await;
        let requests: Requests = Box::new(|_| crate::http::request("GET", "/", &[], ""));
        let load = Load { address, connections: 3, time: Duration::from_millis(100), status: 200, requests };
        let loaded = load.send().await;
        assert!(loaded.requests >= 3 && loaded.requests == loaded.latencies.len());
        assert!(loaded.latency(0.5) <= loaded.latency(0.99) && loaded.latency(0.99) < 100.0 * 60.0);
        assert!(loaded.time >= Duration::from_millis(100));
    }
}
