//! What it costs to settle an upload: a queue full of events is drained, beside workers as most teams write them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sluice_testkit::fake_aws::Op;
use sluice_testkit::files::large_png;

use crate::figures::{Hold, Row};
use crate::others;
use crate::pipeline::{BATCH, Pipeline};
use crate::process::Program;
use crate::progress::Progress;
use crate::stage::{PATIENCE, Stage, connect};

/// Every object is larger than what is looked at.
pub const SIZE: usize = 12 * 1024;
/// How slow the store is made.
const SLOW: Duration = Duration::from_millis(150);
/// Postgres's connections tell what they did within 10 s of it.
const TOLD: Duration = Duration::from_secs(11);
/// The requests to the queue that settling makes.
const TO_QUEUE: [Op; 5] = [
    Op::ReceiveMessage,
    Op::DeleteMessage,
    Op::DeleteMessageBatch,
    Op::ChangeMessageVisibility,
    Op::ChangeMessageVisibilityBatch,
];

/// How a queue was drained.
#[derive(Debug, Clone, Copy)]
pub struct Drained {
    /// Messages a second.
    pub rate: f64,
    /// CPU time of the worker, in microseconds a message.
    pub cpu: f64,
    /// The same of Postgres.
    pub cpu_of_postgres: f64,
}

/// A worker that Sluice is measured beside.
struct Other {
    queue: &'static str,
    worker: Program,
    database: String,
    messages: usize,
}

/// Measures it all.
pub async fn measure(stage: &Stage, progress: &Progress) -> Vec<Row> {
    progress.begin("settle");
    let pipeline = Pipeline::start(stage, "settle").await;
    let worker = pipeline.start_worker(stage).await;
    let python = Other::start(stage, "python", stage.choose(150, 1000), others::start_python_worker).await;
    let node = Other::start(stage, "node", stage.choose(300, 2000), others::start_node_worker).await;
    let (mut ours, mut pythons, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for number in 0..=stage.choose(3, 5) {
        progress.now("Sluice's worker");
        let before = Requests::until_now(stage);
        let messages = if number == 0 { 1000 } else { stage.choose(4000, 20_000) };
        ours.push(drain(stage, &pipeline, &worker, messages).await);
        if number == 1 {
            rows = before.rows(stage, messages);
        }
        progress.now("a worker on boto3");
        pythons.push(python.drain(stage).await);
        progress.now("a worker on sqs-consumer");
        nodes.push(node.drain(stage).await);
    }
    // The first one has warmed everything up.
    let of = |drained: &[Drained], figure: fn(&Drained) -> f64| drained[1..].iter().map(figure).collect::<Vec<f64>>();
    let rates = of(&ours, |drained| drained.rate);
    let beside = |name, others: &[Drained], hold| {
        Row::beside("settle", &rates, "/s", name, &of(others, |drained| drained.rate)).held_to(Hold::RatioAtLeast(hold))
    };
    let cpu = |name: &str, drained| {
        Row::of(format!("settle, CPU of {name}"), &of(drained, |drained: &Drained| drained.cpu), "µs")
    };
    let mut all = vec![
        beside("boto3", &pythons, 25.0),
        beside("sqs-consumer", &nodes, 10.0),
        cpu("the worker", &ours).held_to(Hold::AtMost(150.0)),
        Row::of("settle, CPU of Postgres", &of(&ours, |drained| drained.cpu_of_postgres), "µs"),
        cpu("boto3's", &pythons),
        cpu("sqs-consumer's", &nodes),
    ];
    all.extend(rows);
    if !stage.quick {
        progress.now("SQL statements");
        all.push(statements(stage, &pipeline, &worker).await);
    }
    progress.now("with a slow store");
    all.push(slow_store(stage, &pipeline, &worker).await);
    all.push(Row::new("worker, memory under load", worker.most_memory(), "MiB").held_to(Hold::AtMost(128.0)));
    all
}

/// Measures what a long backlog costs in memory.
pub async fn measure_backlog(stage: &Stage, progress: &Progress) -> Vec<Row> {
    progress.begin("a backlog of 100,000");
    let pipeline = Pipeline::start(stage, "backlog").await;
    let worker = pipeline.start_worker(stage).await;
    let mut memory = Vec::new();
    for messages in [10_000, 100_000] {
        drain(stage, &pipeline, &worker, messages).await;
        memory.push(worker.memory());
    }
    let row =
        Row::beside("worker, memory after a backlog of 100,000", &memory[1..], "MiB", "after 10,000", &memory[..1]);
    vec![row.held_to(Hold::RatioAtMost(1.25))]
}

/// Has a worker drain a queue that is full when it begins.
pub async fn drain(stage: &Stage, pipeline: &Pipeline, worker: &Program, messages: usize) -> Drained {
    let bytes = Bytes::from(large_png(SIZE).bytes);
    let declared = pipeline.declare(messages, SIZE).await;
    stage.fake.events().hold();
    for upload in &declared {
        stage.fake.put_object(&pipeline.name, &upload.key, bytes.clone());
    }
    let drained = release(stage, &pipeline.name, worker, messages).await;
    for upload in &declared {
        stage.fake.delete_object(&pipeline.name, &upload.key);
    }
    drained
}

/// Lets the events go and waits until the queue is empty.
async fn release(stage: &Stage, queue: &str, worker: &Program, messages: usize) -> Drained {
    let (cpu_of_postgres, cpu, began) = (stage.cpu_of_postgres().await, worker.cpu(), Instant::now());
    stage.fake.events().release();
    while stage.fake.held(queue).total() > 0 {
        assert!(
            began.elapsed() < PATIENCE,
            "the queue {queue} is not drained: see the logs in {}",
            stage.logs.display()
        );
        // Looking costs as much as the queue is long.
        tokio::time::sleep(Duration::from_millis(if messages > 10_000 { 50 } else { 10 })).await;
    }
    let (time, cpu) = (began.elapsed(), worker.cpu() - cpu);
    let cpu_of_postgres = stage.cpu_of_postgres().await.saturating_sub(cpu_of_postgres);
    let each = |used: Duration| used.as_secs_f64() * 1e6 / messages as f64;
    Drained { rate: messages as f64 / time.as_secs_f64(), cpu: each(cpu), cpu_of_postgres: each(cpu_of_postgres) }
}

/// What each verdict costs in SQL statements: each is a transaction of its own.
async fn statements(stage: &Stage, pipeline: &Pipeline, worker: &Program) -> Row {
    const MESSAGES: usize = 10_000;
    let before = transactions(pipeline).await;
    drain(stage, pipeline, worker, MESSAGES).await;
    // One has recorded each batch of declarations.
    let statements = transactions(pipeline).await - before - (MESSAGES / BATCH) as i64;
    let each = statements as f64 / MESSAGES as f64;
    Row::new("settle, SQL statements a verdict", each, "statements").held_to(Hold::AtMost(0.25))
}

/// How many transactions its database has seen, once every connection has told.
async fn transactions(pipeline: &Pipeline) -> i64 {
    tokio::time::sleep(TOLD).await;
    let query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
    connect(&pipeline.database).await.query_one(query, &[]).await.expect("the query is valid").get(0)
}

async fn slow_store(stage: &Stage, pipeline: &Pipeline, worker: &Program) -> Row {
    stage.fake.on(Op::GetObject).delay(SLOW);
    let drained = drain(stage, pipeline, worker, stage.choose(1000, 3000)).await;
    stage.fake.heal();
    Row::new("settle with a store that takes 150 ms, 64 in hand", drained.rate, "/s").held_to(Hold::AtLeast(400.0))
}

/// How many requests there were.
struct Requests {
    gets: u64,
    heads: u64,
    to_queue: u64,
}

impl Requests {
    fn until_now(stage: &Stage) -> Self {
        let count = |op| stage.fake.count(op);
        Self { gets: count(Op::GetObject), heads: count(Op::HeadObject), to_queue: TO_QUEUE.map(count).iter().sum() }
    }

    /// What they come to for each message since then.
    fn rows(&self, stage: &Stage, messages: usize) -> Vec<Row> {
        let now = Self::until_now(stage);
        let each = |name: &str, before: u64, now: u64, most| {
            let name = format!("settle, {name} a verdict");
            Row::new(name, (now - before) as f64 / messages as f64, "requests").held_to(Hold::AtMost(most))
        };
        vec![
            each("GETs", self.gets, now.gets, 1.0),
            each("HEADs", self.heads, now.heads, 0.0),
            each("SQS requests", self.to_queue, now.to_queue, 0.25),
        ]
    }
}

impl Other {
    async fn start(
        stage: &Stage,
        queue: &'static str,
        messages: usize,
        start: fn(&Stage, &str, &str) -> Program,
    ) -> Self {
        let database = stage.create_database(queue).await;
        let client = connect(&database).await;
        client.batch_execute(include_str!("../yardsticks/tables.sql")).await.expect("the tables can be made");
        stage.fake.create_bucket(queue);
        stage.fake.create_queue(queue, &[("VisibilityTimeout", "60")]);
        stage.fake.notify(queue, queue);
        Self { queue, worker: start(stage, queue, &database), database, messages }
    }

    async fn drain(&self, stage: &Stage) -> Drained {
        let client = connect(&self.database).await;
        let fill = format!(
            "TRUNCATE yardstick_settle; INSERT INTO yardstick_settle (key) SELECT n || '.png' FROM generate_series(1, {}) n",
            self.messages
        );
        client.batch_execute(&fill).await.expect("the statements are valid");
        let bytes = Bytes::from(large_png(SIZE).bytes);
        stage.fake.events().hold();
        for number in 1..=self.messages {
            stage.fake.put_object(self.queue, &format!("{number}.png"), bytes.clone());
        }
        let drained = release(stage, self.queue, &self.worker, self.messages).await;
        let pending = "SELECT count(*) FROM yardstick_settle WHERE status <> 'confirmed'";
        let pending: i64 = client.query_one(pending, &[]).await.expect("the query is valid").get(0);
        assert_eq!(pending, 0, "the worker of the queue {} has not confirmed all", self.queue);
        drained
    }
}
