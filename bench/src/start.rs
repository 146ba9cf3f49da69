//! How soon the programs are ready, what they take at rest, and how large they are.

use std::time::Duration;

use crate::figures::{Hold, Row};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::stage::Stage;

/// How long after its start a program is at rest.
const REST: Duration = Duration::from_secs(1);

/// Measures it all.
pub async fn measure(stage: &Stage, progress: &Progress) -> Vec<Row> {
    progress.begin("start");
    let pipeline = Pipeline::start(stage, "start").await;
    let (mut apis, mut workers) = (Vec::new(), Vec::new());
    for _ in 0..stage.choose(2, 7) {
        let (api, took) = pipeline.another_api(stage).await;
        let (worker, worker_took) = pipeline.start_idle_worker(stage).await;
        tokio::time::sleep(REST).await;
        apis.push((took.as_secs_f64() * 1000.0, api.memory()));
        workers.push((worker_took.as_secs_f64() * 1000.0, worker.memory()));
    }
    [rows(stage, "api", &apis), rows(stage, "worker", &workers)].concat()
}

fn rows(stage: &Stage, name: &str, measured: &[(f64, f64)]) -> Vec<Row> {
    let (times, memory): (Vec<f64>, Vec<f64>) = measured.iter().copied().unzip();
    let size = std::fs::metadata(stage.programs.join(format!("sluice-{name}"))).expect("it was started").len();
    vec![
        Row::of(format!("{name}, from start to ready"), &times, "ms").held_to(Hold::AtMost(1000.0)),
        Row::of(format!("{name}, memory at rest"), &memory, "MiB").held_to(Hold::AtMost(64.0)),
        Row::new(format!("{name}, size of the program"), size as f64 / 1024.0 / 1024.0, "MiB"),
    ]
}
