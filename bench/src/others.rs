//! Yardsticks that are not Rust: the tutorial's server, and workers in Node and in Python.

use std::net::SocketAddr;

use crate::process::Program;
use crate::stage::{Stage, free_address, until_it_listens};

/// The tutorial's server, which signs URLs and records nothing.
pub async fn start_server(stage: &Stage) -> (Program, SocketAddr) {
    let address = free_address();
    let variables = variables(stage, &[("BENCH_PORT", &address.port().to_string())]);
    let server = stage.start_other("tutorial", "node", &[&script(stage, "server.mjs")], &variables);
    until_it_listens(address).await;
    (server, address)
}

/// A worker in Node, on sqs-consumer.
pub fn start_node_worker(stage: &Stage, queue: &str, database: &str) -> Program {
    let variables = worker_variables(stage, queue, database);
    stage.start_other("worker-node", "node", &[&script(stage, "worker.mjs")], &variables)
}

/// A worker in Python, on boto3.
pub fn start_python_worker(stage: &Stage, queue: &str, database: &str) -> Program {
    let variables = worker_variables(stage, queue, database);
    let python = stage.yardsticks.join("venv/bin/python");
    let python = python.to_str().expect("the path is text");
    stage.start_other("worker-python", python, &[&script(stage, "worker.py")], &variables)
}

fn script(stage: &Stage, name: &str) -> String {
    stage.yardsticks.join(name).to_str().expect("the path is text").to_owned()
}

fn worker_variables(stage: &Stage, queue: &str, database: &str) -> Vec<(String, String)> {
    variables(stage, &[("BENCH_QUEUE", &stage.fake.queue_url(queue)), ("BENCH_DATABASE", database)])
}

fn variables(stage: &Stage, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let endpoint = stage.fake.endpoint();
    let common = [
        ("BENCH_AWS", endpoint),
        ("BENCH_S3", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("NODE_ENV", "production"),
    ];
    own.iter().chain(&common).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
