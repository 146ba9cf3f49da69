//! A worker with a runtime of its own, so that it can be killed with everything it has begun.

use std::sync::Arc;

use sluice_worker::Settings;
use sluice_worker::by_hand::ByHand;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::Step;
use super::bench::QUEUE;
use crate::fake_aws::FakeAws;

/// A worker. It is killed when it is dropped.
pub(super) struct Hands {
    /// What Postgres knows it by.
    pub(super) name: String,
    runtime: Option<Runtime>,
    worker: ByHand,
    fake: Arc<FakeAws>,
}

impl Hands {
    pub(super) async fn start(settings: Settings, name: String, fake: Arc<FakeAws>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let worker = runtime.spawn(ByHand::new(settings)).await.expect("no panic").expect("the URL is valid");
        Self { name, runtime: Some(runtime), worker, fake }
    }

    /// Begins a step. What goes wrong with it is no concern of whoever asks for it: the step comes again.
    pub(super) fn begin(&self, step: Step) -> JoinHandle<()> {
        let (worker, fake) = (self.worker.clone(), Arc::clone(&self.fake));
        self.runtime.as_ref().expect("it is there until it is dropped").spawn(async move {
            match step {
                Step::Take => take_all(&worker, &fake).await,
                Step::Sweep => drop(worker.sweep().await),
                Step::CleanUp => drop(worker.clean_up().await),
            }
        })
    }
}

/// Whatever is visible: an empty queue is not asked, because its answer would be waited for.
async fn take_all(worker: &ByHand, fake: &FakeAws) {
    while fake.held(QUEUE).visible > 0 {
        if worker.take().await.is_err() {
            return;
        }
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // At once, and without waiting: that is how processes are killed.
            runtime.shutdown_background();
        }
    }
}
