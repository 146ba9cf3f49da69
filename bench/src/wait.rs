//! How soon a client that waits has its answer after the event, and what it costs that many wait.

use std::time::{Duration, Instant};

use sluice_testkit::files::large_png;
use tokio::task::JoinSet;

use crate::figures::{Hold, Row, percentile, readable};
use crate::pipeline::Pipeline;
use crate::progress::Progress;
use crate::settle::SIZE;
use crate::stage::Stage;

/// How long a client is ready to wait.
const WAIT: (&str, &str) = ("prefer", "wait=50");

/// Measures both.
pub async fn measure(stage: &Stage, progress: &Progress) -> Vec<Row> {
    progress.begin("wait");
    let pipeline = Pipeline::start(stage, "wait").await;
    let _worker = pipeline.start_worker(stage).await;
    let mut latencies = Vec::new();
    let times = stage.choose(60, 500);
    for number in 0..times {
        progress.now(&format!("{number} of {times}"));
        latencies.push(latency(stage, &pipeline).await);
    }
    latencies.sort_unstable_by(f64::total_cmp);
    let at_rest = pipeline.api.memory();
    let clients = stage.choose(1000, 2000);
    progress.now(&format!("{clients} at once"));
    let many = many(stage, &pipeline, clients).await;
    vec![
        Row::new("wait, event to answer, p50", percentile(&latencies, 0.5), "ms"),
        Row::new("wait, event to answer, p99", percentile(&latencies, 0.99), "ms").held_to(Hold::AtMost(100.0)),
        Row::beside(
            format!("api, memory with {} waiting clients", readable(clients as f64)),
            &[many],
            "MiB",
            "none",
            &[at_rest],
        )
        .held_to(Hold::AtMost(128.0)),
    ]
}

/// From an object's event to the answer of the client that waits for it, in milliseconds, where nothing else goes on.
async fn latency(stage: &Stage, pipeline: &Pipeline) -> f64 {
    let upload = pipeline.declare(1, SIZE).await.remove(0);
    let mut connection = pipeline.connection().await;
    let ask = pipeline.request("GET", &format!("/v1/uploads/{}", upload.id), &[WAIT], "");
    let answered = tokio::spawn(async move { (connection.call(&ask, 200).await, Instant::now()) });
    // By then it waits.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let began = Instant::now();
    stage.fake.put_object(&pipeline.name, &upload.key, large_png(SIZE).bytes);
    let (answer, at) = answered.await.expect("it is answered");
    assert_eq!(answer["status"], "confirmed", "{answer}");
    at.duration_since(began).as_secs_f64() * 1000.0
}

/// What the API takes while so many wait, in MiB. All of them are answered in the end.
async fn many(stage: &Stage, pipeline: &Pipeline, clients: usize) -> f64 {
    let declared = pipeline.declare(clients, SIZE).await;
    let mut waiting = JoinSet::new();
    for upload in &declared {
        let mut connection = pipeline.connection().await;
        let ask = pipeline.request("GET", &format!("/v1/uploads/{}", upload.id), &[WAIT], "");
        waiting.spawn(async move { connection.call(&ask, 200).await });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let memory = pipeline.api.memory();
    let bytes = bytes::Bytes::from(large_png(SIZE).bytes);
    for upload in &declared {
        stage.fake.put_object(&pipeline.name, &upload.key, bytes.clone());
    }
    let answers = waiting.join_all().await;
    assert!(answers.iter().all(|answer| answer["status"] == "confirmed"), "all have waited for the verdict");
    memory
}
