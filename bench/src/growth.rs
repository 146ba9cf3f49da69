//! What each operation costs with many uploads behind, beside what it costs with few.

use std::time::{Duration, Instant};

use sluice_common::db::Db;
use sluice_common::db::timeline::Cause;
use sluice_common::db::uploads::{Decision, Outcome, claim_due, decide};
use sluice_common::domain::UploadId;
use sluice_testkit::growth::{Growth, fill};

use crate::create::creates;
use crate::figures::{Hold, Row, median, readable};
use crate::pipeline::Pipeline;
use crate::process::Program;
use crate::progress::Progress;
use crate::settle::{SIZE, drain};
use crate::stage::{PATIENCE, Stage, connect};

/// How much more anything may cost.
const MOST: f64 = 1.3;
/// How many overdue uploads are expired with one statement: as many as a worker decides with one.
const BATCH: usize = 100;
/// Of how many days the timeline is kept.
const TIMELINE_DAYS: u32 = 183;

/// A pipeline with many uploads behind it.
struct Grown {
    uploads: u64,
    pipeline: Pipeline,
    worker: Program,
    db: Db,
}

/// What each operation cost in one round.
struct Costs {
    create: f64,
    settle: f64,
    first_page: f64,
    old_page: f64,
    overview: f64,
    expiry: f64,
    empty_poll: f64,
}

/// One of them.
struct Operation {
    name: &'static str,
    unit: &'static str,
    figure: fn(&Costs) -> f64,
}

const OPERATIONS: [Operation; 7] = [
    Operation { name: "create, CPU with Postgres", unit: "µs", figure: |costs| costs.create },
    Operation { name: "settle, CPU with Postgres", unit: "µs", figure: |costs| costs.settle },
    Operation { name: "list, first page", unit: "ms", figure: |costs| costs.first_page },
    Operation { name: "list, a page of half a year ago", unit: "ms", figure: |costs| costs.old_page },
    Operation { name: "overview of the dashboard", unit: "ms", figure: |costs| costs.overview },
    Operation { name: "expire 100 in a statement", unit: "ms", figure: |costs| costs.expiry },
    Operation { name: "poll that finds nothing due", unit: "ms", figure: |costs| costs.empty_poll },
];

/// Measures it with so many uploads behind: the smallest first.
pub async fn measure(stage: &Stage, progress: &Progress, sizes: &[u64]) -> Vec<Row> {
    let mut grown = Vec::new();
    for uploads in sizes {
        progress.begin(&format!("fill a database with {} uploads", readable(*uploads as f64)));
        grown.push(Grown::start(stage, *uploads).await);
    }
    progress.begin("all that grows");
    let rounds = stage.choose(1, 5);
    let mut costs: Vec<Vec<Costs>> = sizes.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (this, costs) in grown.iter().zip(&mut costs) {
            progress.now(&format!("{} uploads, round {round} of {rounds}", readable(this.uploads as f64)));
            costs.push(this.costs(stage).await);
        }
    }
    // The first round has warmed everything up.
    for costs in &mut costs {
        costs.remove(0);
    }
    let mut rows: Vec<Row> =
        OPERATIONS.iter().flat_map(|operation| beside_smallest(operation, sizes, &costs)).collect();
    let largest = (sizes.last().copied().unwrap_or_default(), costs.last().expect("there is a size"));
    rows.extend(absolute(largest.0, largest.1));
    let smallest = grown.first().expect("there is a size");
    rows.push(smallest.expire_by_worker(stage, stage.choose(500, 3000)).await);
    rows
}

fn beside_smallest(operation: &Operation, sizes: &[u64], costs: &[Vec<Costs>]) -> Vec<Row> {
    let Operation { name, unit, figure } = operation;
    let of = |costs: &[Costs]| costs.iter().map(figure).collect::<Vec<f64>>();
    let smallest = readable(sizes[0] as f64);
    let rows = sizes.iter().zip(costs).skip(1).map(|(uploads, costs_there)| {
        let name = format!("{name}, {} uploads behind", readable(*uploads as f64));
        Row::beside(name, &of(costs_there), unit, &smallest, &of(&costs[0])).held_to(Hold::RatioAtMost(MOST))
    });
    rows.collect()
}

/// What is held to a figure of its own.
fn absolute(uploads: u64, costs: &[Costs]) -> Vec<Row> {
    let behind = readable(uploads as f64);
    let expiries: Vec<f64> = costs.iter().map(|costs| costs.expiry).collect();
    let polls: Vec<f64> = costs.iter().map(|costs| costs.empty_poll).collect();
    let rate = BATCH as f64 * 1000.0 / median(&expiries);
    vec![
        Row::new(format!("expire in statements of 100, {behind} uploads behind"), rate, "/s")
            .held_to(Hold::AtLeast(30_000.0)),
        Row::of(format!("expire, one statement of 100, {behind} uploads behind"), &expiries, "ms")
            .held_to(Hold::AtMost(50.0)),
        Row::of(format!("poll that finds nothing due, {behind} uploads behind"), &polls, "ms")
            .held_to(Hold::AtMost(0.5)),
    ]
}

impl Grown {
    async fn start(stage: &Stage, uploads: u64) -> Self {
        let pipeline = Pipeline::start(stage, &format!("growth-{uploads}").replace('-', "")).await;
        fill(&pipeline.database, Growth { timeline_days: TIMELINE_DAYS, ..Growth::of(uploads) }).await;
        let worker = pipeline.start_worker(stage).await;
        let db = Db::new(&pipeline.database, 1).expect("the URL is valid");
        Self { uploads, pipeline, worker, db }
    }

    async fn costs(&self, stage: &Stage) -> Costs {
        let old = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 182);
        let old = format!("/v1/uploads?created_before={}", old.strftime("%Y-%m-%dT%H:%M:%SZ"));
        Costs {
            create: self.create(stage).await,
            settle: self.settle(stage).await,
            first_page: self.get(stage, "/v1/uploads").await,
            old_page: self.get(stage, &old).await,
            overview: self.get(stage, "/v1/operator/overview").await,
            expiry: self.expire(stage.choose(5, 20)).await,
            empty_poll: self.poll(stage.choose(100, 300)).await,
        }
    }

    /// CPU time of the API and Postgres for an upload that is created, in microseconds.
    async fn create(&self, stage: &Stage) -> f64 {
        let before = self.pipeline.api.cpu() + stage.cpu_of_postgres().await;
        let time = Duration::from_millis(stage.choose(500, 1000));
        let created = self.pipeline.load(16, time, 201, creates(&self.pipeline)).await;
        let used = (self.pipeline.api.cpu() + stage.cpu_of_postgres().await).saturating_sub(before);
        self.put_off_looks().await;
        used.as_secs_f64() * 1e6 / created.requests as f64
    }

    /// CPU time of the worker and Postgres for an upload that is settled, in microseconds.
    async fn settle(&self, stage: &Stage) -> f64 {
        let messages = stage.choose(500, 3000);
        // The declarations are not counted: Postgres is looked at from the events on.
        let drained = drain(stage, &self.pipeline, &self.worker, messages).await;
        drained.cpu + drained.cpu_of_postgres
    }

    /// How long an answer takes, in milliseconds.
    async fn get(&self, stage: &Stage, path: &str) -> f64 {
        let ask = self.pipeline.request("GET", path, &[], "");
        let time = Duration::from_millis(stage.choose(200, 1000));
        self.pipeline.load(1, time, 200, Box::new(move |_| ask.clone())).await.latency(0.5)
    }

    /// How long a statement takes that expires overdue uploads, in milliseconds.
    async fn expire(&self, times: usize) -> f64 {
        let mut took = Vec::new();
        for _ in 0..times {
            let ids = self.make_overdue(BATCH).await;
            let expired = |id: &String| Decision {
                id: UploadId::parse(id).expect("the API gives valid ids"),
                outcome: Outcome::Expired,
                unwanted_version: None,
                cause: Cause::Sweep,
                took: Duration::ZERO,
            };
            let decisions: Vec<Decision> = ids.iter().map(expired).collect();
            let began = Instant::now();
            let changed = decide(&self.db, &decisions).await.expect("the database answers");
            took.push(began.elapsed().as_secs_f64() * 1000.0);
            assert!(changed.iter().all(|changed| *changed), "all were overdue");
        }
        median(&took)
    }

    /// How long it takes to ask for what is due where nothing is, in milliseconds.
    async fn poll(&self, times: usize) -> f64 {
        let mut took = Vec::new();
        for _ in 0..times {
            let began = Instant::now();
            let due = claim_due(&self.db, 32).await.expect("the database answers");
            if due.is_empty() {
                took.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
        median(&took)
    }

    /// Nothing will come for what was created: the worker would look for it in two minutes, while something else is measured.
    async fn put_off_looks(&self) {
        let put_off =
            "UPDATE uploads SET look_at = deadline WHERE status = 'pending' AND look_at < now() + interval '5 minutes'";
        connect(&self.pipeline.database).await.batch_execute(put_off).await.expect("the statement is valid");
    }

    /// Declares uploads whose time is over at once, and which the worker has not found yet.
    async fn make_overdue(&self, count: usize) -> Vec<String> {
        let declared = self.pipeline.declare(count, SIZE).await;
        let ids: Vec<String> = declared.into_iter().map(|upload| upload.id).collect();
        self.change("deadline = created_at + interval '1 millisecond'", &ids).await;
        ids
    }

    async fn change(&self, what: &str, ids: &[String]) {
        let client = connect(&self.pipeline.database).await;
        let statement = format!("UPDATE uploads SET {what} WHERE id = ANY ($1::text[]::uuid[])");
        client.execute(&statement, &[&ids]).await.expect("the statement is valid");
    }

    /// How many overdue uploads the worker expires a second, looking at the bucket for each.
    async fn expire_by_worker(&self, stage: &Stage, count: usize) -> Row {
        let ids = self.make_overdue(count).await;
        let client = connect(&self.pipeline.database).await;
        let pending = "SELECT count(*) FROM uploads WHERE id = ANY ($1::text[]::uuid[]) AND status = 'pending'";
        self.change("look_at = now()", &ids).await;
        let began = Instant::now();
        client.batch_execute("NOTIFY sluice_due").await.expect("the statement is valid");
        while client.query_one(pending, &[&ids]).await.expect("the query is valid").get::<_, i64>(0) > 0 {
            assert!(began.elapsed() < PATIENCE, "the worker does not expire: see the logs in {}", stage.logs.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Row::new(
            "expire, by a worker that looks at the bucket for each",
            count as f64 / began.elapsed().as_secs_f64(),
            "/s",
        )
    }
}
