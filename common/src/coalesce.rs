//! Gathering calls into batches without making any of them wait for a timer.
//!
//! While one batch is under way, new calls gather for the next one; a lonely call goes at once. So a statement that costs one
//! flush of the disk serves one caller when idle and a hundred under load.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

/// Gathers calls for one batch operation. Cheap to clone; the operation ends with the last clone.
pub struct Coalescer<In, Out, Error> {
    queue: mpsc::Sender<Call<In, Out, Error>>,
}

struct Call<In, Out, Error> {
    input: In,
    reply: oneshot::Sender<Result<Out, BatchError<Error>>>,
}

/// Why a batch failed: one error shared by all its calls.
#[derive(Debug)]
pub enum BatchError<Error> {
    /// The operation failed.
    Failed(Arc<Error>),
    /// The batch panicked, or the process is stopping.
    Gone,
}

impl<Error> Clone for BatchError<Error> {
    fn clone(&self) -> Self {
        match self {
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
            Self::Gone => Self::Gone,
        }
    }
}

impl<Error: fmt::Display> fmt::Display for BatchError<Error> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Gone => f.write_str("the batch panicked"),
        }
    }
}

impl<Error: std::error::Error> std::error::Error for BatchError<Error> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => error.source(),
            Self::Gone => None,
        }
    }
}

impl<In, Out, Error> Clone for Coalescer<In, Out, Error> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<In, Out, Error> Coalescer<In, Out, Error>
where
    In: Send + 'static,
    Out: Send + 'static,
    Error: Send + Sync + 'static,
{
    /// A coalescer over `run`, which takes up to `most` inputs and gives one output for each, in their order.
    pub fn new<Run, Running>(most: usize, mut run: Run) -> Self
    where
        Run: FnMut(Vec<In>) -> Running + Send + 'static,
        Running: Future<Output = Result<Vec<Out>, Error>> + Send + 'static,
    {
        let (queue, mut calls) = mpsc::channel::<Call<In, Out, Error>>(4 * most);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(most);
            while calls.recv_many(&mut batch, most).await > 0 {
                // Who is about to call has its turn first: tasks that were woken together call together. An idle runtime
                // comes back at once.
                tokio::task::yield_now().await;
                while batch.len() < most
                    && let Ok(call) = calls.try_recv()
                {
                    batch.push(call);
                }
                let (inputs, replies): (Vec<_>, Vec<_>) = batch.drain(..).map(|call| (call.input, call.reply)).unzip();
                // In a task of its own: a batch that panics takes its callers with it, and not the batches to come.
                // A caller that gave up meanwhile does not read its reply, which is no concern of the others.
                match tokio::spawn(run(inputs)).await {
                    Err(_) => drop(replies),
                    Ok(Ok(outputs)) => {
                        debug_assert_eq!(outputs.len(), replies.len(), "one output for each input");
                        for (reply, output) in replies.into_iter().zip(outputs) {
                            let _ = reply.send(Ok(output));
                        }
                    }
                    Ok(Err(error)) => {
                        let error = BatchError::Failed(Arc::new(error));
                        for reply in replies {
                            let _ = reply.send(Err(error.clone()));
                        }
                    }
                }
            }
        });
        Self { queue }
    }

    /// Takes part in the next batch.
    ///
    /// # Errors
    /// The error of the whole batch.
    pub async fn call(&self, input: In) -> Result<Out, BatchError<Error>> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Call { input, reply }).await.map_err(|_| BatchError::Gone)?;
        answer.await.map_err(|_| BatchError::Gone)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_gather_while_a_batch_is_under_way_and_each_gets_its_own_answer() {
        let (release, gate) = mpsc::unbounded_channel::<()>();
        let (sizes, mut seen) = mpsc::unbounded_channel();
        let gate = Arc::new(tokio::sync::Mutex::new(gate));
        let doubling = Coalescer::new(10, move |inputs: Vec<u32>| {
            let (gate, sizes) = (Arc::clone(&gate), sizes.clone());
            async move {
                sizes.send(inputs.len()).expect("the test listens");
                gate.lock().await.recv().await;
                Ok::<_, std::io::Error>(inputs.iter().map(|n| n * 2).collect())
            }
        });
        let call = |n| {
            tokio::spawn({
                let doubling = doubling.clone();
                async move { doubling.call(n).await.expect("no failure") }
            })
        };
        let first = call(1);
        assert_eq!(seen.recv().await, Some(1));
        let others: Vec<_> = (2..=25).map(call).collect();
        tokio::task::yield_now().await;
        for _ in 0..4 {
            release.send(()).expect("the batch waits");
        }
        assert_eq!(first.await.expect("no panic"), 2);
        for (n, answer) in (2..=25).zip(others) {
            assert_eq!(answer.await.expect("no panic"), n * 2);
        }
        assert_eq!([seen.recv().await, seen.recv().await, seen.recv().await], [Some(10), Some(10), Some(4)]);
    }

    #[tokio::test]
    async fn a_failed_batch_fails_all_its_calls_and_the_next_one_goes_on() {
        let mut first = true;
        let flaky = Coalescer::new(10, move |inputs: Vec<u32>| {
            let fails = std::mem::take(&mut first);
            async move { if fails { Err(std::io::Error::other("no")) } else { Ok(inputs) } }
        });
        assert_eq!(flaky.call(1).await.expect_err("the first fails").to_string(), "no");
        assert_eq!(flaky.call(2).await.expect("the second works"), 2);
    }

    #[tokio::test]
    async fn a_batch_that_panics_takes_its_callers_with_it_and_no_others() {
        let picky = Coalescer::new(10, |inputs: Vec<u32>| async move {
            assert!(!inputs.contains(&13), "a bug");
            Ok::<_, std::io::Error>(inputs)
        });
        assert!(matches!(picky.call(13).await, Err(BatchError::Gone)));
        assert_eq!(picky.call(2).await.expect("the next works"), 2);
    }
}
