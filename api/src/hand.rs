//! The requests in hand: how many there may be, and how long each may take.
//!
//! Too many at once are refused rather than queued: whoever is let in is served in time. Whoever waits for a verdict, or for the
//! rest of a body, takes nobody's place meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderValue, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use crate::problem::{BODY_TOO_SLOW, OVERLOADED, Problem, UNAVAILABLE};

/// How long a client that is not let in should wait, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// How many requests may be in hand, and how long they may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The most that are worked on at a time.
    pub requests: usize,
    /// The most that wait for a verdict at a time.
    pub waits: usize,
    /// How long one may take, without the time that it waits for a verdict, or for the store to make one object of parts.
    pub request_timeout: Duration,
    /// How long a client may take to send a request's headers, and then its body.
    pub client_timeout: Duration,
}

/// The places of the requests in hand.
pub struct Hands {
    places: Arc<Semaphore>,
    waits: Arc<Semaphore>,
    bounds: Bounds,
}

/// A request in hand.
struct Hand {
    place: Mutex<Option<OwnedSemaphorePermit>>,
    places: Arc<Semaphore>,
    ends: Mutex<Instant>,
}

/// Leave to wait for a verdict.
pub struct Wait(#[expect(dead_code, reason = "held for as long as the request waits")] Option<OwnedSemaphorePermit>);

tokio::task_local! {
    static HAND: Arc<Hand>;
}

impl Hands {
    /// All free.
    pub fn new(bounds: Bounds) -> Self {
        let places = |most| Arc::new(Semaphore::new(most));
        Self { places: places(bounds.requests), waits: places(bounds.waits), bounds }
    }

    /// Serves a request if there is a place for it, within its time.
    ///
    /// # Errors
    /// Where there is no place, or its time is over. It is dropped then, wherever it is: what it began is found by whoever cleans
    /// up.
    pub async fn serve<T>(&self, serving: impl Future<Output = T>) -> Result<T, Problem> {
        let hand = Arc::new(Hand {
            place: Mutex::new(Some(place(&self.places)?)),
            places: Arc::clone(&self.places),
            ends: Mutex::new(Instant::now() + self.bounds.request_timeout),
        });
        let mut serving = std::pin::pin!(HAND.scope(Arc::clone(&hand), serving));
        loop {
            let ends = hand.ends();
            if let Ok(served) = timeout_at(ends, serving.as_mut()).await {
                return Ok(served);
            }
            // Meanwhile it may have been given more.
            if hand.ends() == ends {
                return Err(Problem::new(UNAVAILABLE).caused_by(Arc::new(TooLong(self.bounds.request_timeout))));
            }
        }
    }

    /// Lets the request in hand wait for a verdict, for up to so long beside its own time, and gives its place to others.
    ///
    /// # Errors
    /// Where too many wait already.
    pub fn wait(&self, patience: Duration) -> Result<Wait, Problem> {
        if patience.is_zero() {
            return Ok(Wait(None));
        }
        let wait = place(&self.waits)?;
        let _ = HAND.try_with(|hand| hand.lend());
        give_time(patience);
        Ok(Wait(Some(wait)))
    }

    /// Reads what the client of the request in hand has still to send, and gives its place to others meanwhile.
    ///
    /// # Errors
    /// Where the client is too slow, or there is no place any more when it is done.
    pub async fn read<T>(&self, reading: impl Future<Output = T>) -> Result<T, Problem> {
        let hand = HAND.try_with(Arc::clone).ok();
        hand.iter().for_each(|hand| hand.lend());
        let read = timeout(self.bounds.client_timeout, reading).await.map_err(|_| too_slow())?;
        hand.iter().try_for_each(|hand| hand.take_back())?;
        Ok(read)
    }
}

impl Hand {
    fn ends(&self) -> Instant {
        *self.ends.lock().expect("no holder of the lock panics")
    }

    fn lend(&self) {
        *self.place.lock().expect("no holder of the lock panics") = None;
    }

    fn take_back(&self) -> Result<(), Problem> {
        let place = place(&self.places)?;
        *self.place.lock().expect("no holder of the lock panics") = Some(place);
        Ok(())
    }
}

fn place(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(of).try_acquire_owned().map_err(|_| overloaded())
}

/// Gives the request in hand so much more time, for what has a time of its own.
pub fn give_time(time: Duration) {
    // Outside of a request nobody counts it.
    let _ = HAND.try_with(|hand| *hand.ends.lock().expect("no holder of the lock panics") += time);
}

/// There is too much to do.
pub fn overloaded() -> Problem {
    Problem::new(OVERLOADED).with_header(header::RETRY_AFTER, RETRY_AFTER)
}

/// The rest of the body is not read, so nothing else can come on this connection.
fn too_slow() -> Problem {
    Problem::new(BODY_TOO_SLOW).with_header(header::CONNECTION, HeaderValue::from_static("close"))
}

/// A request took too long.
#[derive(Debug, thiserror::Error)]
#[error("it took longer than {} s", .0.as_secs())]
struct TooLong(Duration);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        requests: 1,
        waits: 1,
        request_timeout: Duration::from_secs(10),
        client_timeout: Duration::from_secs(5),
    };

    fn code<T>(result: Result<T, Problem>) -> String {
        result.map_or_else(|problem| problem.to_string(), |_| "served".to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_too_many_is_refused_at_once_and_the_next_one_is_served() {
        let hands = Hands::new(BOUNDS);
        let inner = async { code(hands.serve(async {}).await) };
        assert_eq!(hands.serve(inner).await.expect("there is a place"), "overloaded");
        assert_eq!(code(hands.serve(async {}).await), "served");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_hangs_is_given_up_and_its_place_is_free() {
        let (hands, began) = (Hands::new(BOUNDS), Instant::now());
        assert_eq!(code(hands.serve(pending::<()>()).await), "unavailable");
        assert_eq!(began.elapsed().as_secs(), 10);
        assert_eq!(code(hands.serve(async {}).await), "served");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_takes_nobodys_place_and_has_so_much_more_time() {
        let (hands, began) = (Hands::new(BOUNDS), Instant::now());
        let waiting = async {
            let _wait = hands.wait(Duration::from_secs(20)).expect("nobody else waits");
            assert_eq!(code(hands.serve(async {}).await), "served");
            assert_eq!(code(hands.wait(Duration::from_secs(1))), "overloaded");
            assert_eq!(code(hands.wait(Duration::ZERO)), "served");
            pending::<()>().await;
        };
        assert_eq!(code(hands.serve(waiting).await), "unavailable");
        assert_eq!(began.elapsed().as_secs(), 30);
        assert_eq!(code(hands.wait(Duration::from_secs(1))), "served");
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_a_time_of_its_own_is_given_it() {
        let (hands, began) = (Hands::new(BOUNDS), Instant::now());
        let completing = async {
            give_time(Duration::from_secs(45));
            assert_eq!(code(hands.serve(async {}).await), "overloaded");
            pending::<()>().await;
        };
        assert_eq!(code(hands.serve(completing).await), "unavailable");
        assert_eq!(began.elapsed().as_secs(), 55);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sends_slowly_takes_nobodys_place_and_is_given_up() {
        let hands = Hands::new(BOUNDS);
        let reading = async {
            let other = async { code(hands.serve(async {}).await) };
            assert_eq!(hands.read(other).await.expect("in time"), "served");
            assert_eq!(code(hands.serve(async {}).await), "overloaded");
            code(hands.read(pending::<()>()).await)
        };
        assert_eq!(hands.serve(reading).await.expect("in time"), "body_too_slow");
    }
}
