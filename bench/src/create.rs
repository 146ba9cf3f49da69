//! What it costs to create an upload: the real operation beside a bare INSERT, a bare greeting and the tutorial's server.

use std::net::SocketAddr;
use std::time::Duration;

use crate::figures::{Hold, Row};
use crate::http::request;
use crate::load::{Load, Loaded, Requests};
use crate::others;
use crate::pgbench::{Inserted, Pgbench};
use crate::pipeline::{BATCH, Pipeline, declaration};
use crate::process::Program;
use crate::progress::Progress;
use crate::stage::{Stage, free_address, until_it_listens};

/// What is declared to be sent.
const SIZE: usize = 348_160;
/// The tutorial's body.
const TUTORIAL: &str = r#"{"filename":"photo.png","mimeType":"image/png"}"#;

/// Those that are measured in turns.
struct Subjects {
    pipeline: Pipeline,
    pgbench: Pgbench,
    greeting: (Program, SocketAddr),
    tutorial: (Program, SocketAddr),
}

/// What one round came to.
struct Round {
    create: Loaded,
    /// CPU time of the API, in microseconds a request, and of Postgres.
    cpu: f64,
    cpu_of_postgres: f64,
    insert: Inserted,
    greeting: f64,
    tutorial: f64,
}

/// Measures it all.
pub async fn measure(stage: &Stage, progress: &Progress) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut highest: f64 = 0.0;
    for connections in stage.choose(vec![1, 64], vec![1, 16, 64, 256]) {
        progress.begin(&format!("create, {connections} connections"));
        // Anew each time: what the last one has filled would slow the next one down.
        let subjects = Subjects::start(stage).await;
        let mut rounds = Vec::new();
        for number in 0..=stage.choose(3, 5) {
            let time = if number == 0 {
                Duration::from_millis(500)
            } else {
                stage.choose(Duration::from_secs(1), Duration::from_secs(2))
            };
            rounds.push(subjects.round(stage, progress, connections, time).await);
        }
        // The first one has warmed everything up.
        rounds.remove(0);
        rows.extend(rows_of(connections, &rounds));
        highest = highest.max(subjects.pipeline.api.most_memory());
    }
    rows.push(Row::new("api, memory under load", highest, "MiB").held_to(Hold::AtMost(128.0)));
    rows
}

/// Measures the two other ways to create.
pub async fn measure_others(stage: &Stage, progress: &Progress) -> Vec<Row> {
    progress.begin("create in batches, and repeatably");
    let (pipeline, pgbench) = (Pipeline::start(stage, "others").await, Pgbench::prepare(stage).await);
    let time = stage.choose(Duration::from_secs(1), Duration::from_secs(2));
    let (mut batches, mut keyed, mut plain, mut inserts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for number in 0..stage.choose(2, 5) {
        progress.now("batches of 100");
        let batch = serde_json::json!({"uploads": vec![declaration(SIZE); BATCH]}).to_string();
        let batch = pipeline.request("POST", "/v1/uploads/batch", &[], &batch);
        let loaded = pipeline.load(4, time, 200, Box::new(move |_| batch.clone())).await;
        batches.push(loaded.rate() * BATCH as f64);
        progress.now("pgbench");
        inserts.push(pgbench.insert(64, time).await.rate);
        progress.now("with Idempotency-Key");
        keyed.push(pipeline.load(64, time, 201, with_keys(&pipeline, number)).await.rate());
        progress.now("without");
        plain.push(pipeline.load(64, time, 201, creates(&pipeline)).await.rate());
    }
    vec![
        Row::beside("create in batches of 100", &batches, "/s", "pgbench, single rows", &inserts)
            .held_to(Hold::RatioAtLeast(1.0)),
        Row::beside("create with Idempotency-Key, 64 connections", &keyed, "/s", "without", &plain),
    ]
}

/// Creates at this many connections, for growth and the like.
pub fn creates(pipeline: &Pipeline) -> Requests {
    let create = pipeline.request("POST", "/v1/uploads", &[], &declaration(SIZE).to_string());
    Box::new(move |_| create.clone())
}

fn with_keys(pipeline: &Pipeline, round: usize) -> Requests {
    let (authorization, body) = (pipeline.authorization.clone(), declaration(SIZE).to_string());
    Box::new(move |number| {
        let key = format!("{round}-{number}");
        request("POST", "/v1/uploads", &[("authorization", &authorization), ("idempotency-key", &key)], &body)
    })
}

impl Subjects {
    async fn start(stage: &Stage) -> Self {
        let address = free_address();
        let greeting = stage.start("bench", &["greeting", &address.to_string()], &[]);
        until_it_listens(address).await;
        Self {
            pipeline: Pipeline::start(stage, "create").await,
            pgbench: Pgbench::prepare(stage).await,
            greeting: (greeting, address),
            tutorial: others::start_server(stage).await,
        }
    }

    /// Each in its turn.
    async fn round(&self, stage: &Stage, progress: &Progress, connections: usize, time: Duration) -> Round {
        progress.now("createUpload");
        let (cpu, cpu_of_postgres) = (self.pipeline.api.cpu(), stage.cpu_of_postgres().await);
        let create = self.pipeline.load(connections, time, 201, creates(&self.pipeline)).await;
        let per_request = |used: Duration| used.as_secs_f64() * 1e6 / create.requests as f64;
        let cpu = per_request(self.pipeline.api.cpu() - cpu);
        let cpu_of_postgres = per_request(stage.cpu_of_postgres().await.saturating_sub(cpu_of_postgres));
        progress.now("pgbench");
        let insert = self.pgbench.insert(connections, time).await;
        progress.now("greeting");
        let greeting = load(self.greeting.1, connections, time, request("GET", "/", &[], "")).await;
        progress.now("the tutorial's server");
        let tutorial =
            load(self.tutorial.1, connections, time, request("POST", "/files/upload-url", &[], TUTORIAL)).await;
        Round { create, cpu, cpu_of_postgres, insert, greeting: greeting.rate(), tutorial: tutorial.rate() }
    }
}

async fn load(address: SocketAddr, connections: usize, time: Duration, request: Vec<u8>) -> Loaded {
    Load { address, connections, time, status: 200, requests: Box::new(move |_| request.clone()) }.send().await
}

fn rows_of(connections: usize, rounds: &[Round]) -> Vec<Row> {
    let of = |figure: fn(&Round) -> f64| rounds.iter().map(figure).collect::<Vec<f64>>();
    let (rates, inserts) = (of(|round| round.create.rate()), of(|round| round.insert.rate));
    let name = |what: &str| {
        if connections == 1 { format!("{what}, 1 connection") } else { format!("{what}, {connections} connections") }
    };
    let beside_insert = Row::beside(name("create"), &rates, "/s", "pgbench", &inserts);
    let beside_tutorial =
        Row::beside(name("create"), &rates, "/s", "the tutorial's server", &of(|round| round.tutorial));
    let beside_greeting = Row::beside(name("create"), &rates, "/s", "poem's greeting", &of(|round| round.greeting));
    let p50 = Row::of(name("create, p50"), &of(|round| round.create.latency(0.5)), "ms");
    let p99 = Row::of(name("create, p99"), &of(|round| round.create.latency(0.99)), "ms");
    let cpu = Row::of(name("create, CPU of the api"), &of(|round| round.cpu), "µs");
    let cpu_of_postgres = Row::of(name("create, CPU of Postgres"), &of(|round| round.cpu_of_postgres), "µs");
    let mut rows = match connections {
        64 => vec![
            beside_insert.held_to(Hold::RatioAtLeast(1.0)),
            beside_tutorial.held_to(Hold::RatioAtLeast(10.0)),
            beside_greeting,
            p50,
            p99.held_to(Hold::AtMost(15.0)),
        ],
        _ => vec![beside_insert, beside_tutorial, beside_greeting, p50, p99],
    };
    if connections == 1 {
        let took = of(|round| round.create.latency(0.5));
        let insert = of(|round| round.insert.latency);
        let hold = Hold::RatioAtMost(1.5);
        rows.push(Row::beside("create, time alone", &took, "ms", "one INSERT", &insert).held_to(hold));
    }
    rows.extend([cpu, cpu_of_postgres]);
    rows
}
