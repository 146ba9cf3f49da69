//! What the API counts, and how Prometheus reads it. Every instance has its own: several can run in one process.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use tokio::task::AbortHandle;

const REQUESTS: &str = "sluice_api_requests_total";
const DURATION: &str = "sluice_api_request_duration_seconds";
const CREATED: &str = "sluice_uploads_created_total";
const OVER_QUOTA: &str = "sluice_uploads_over_quota_total";
const PROBLEMS: &str = "sluice_api_problems_total";
const REFUSED_CONNECTIONS: &str = "sluice_api_connections_refused_total";
const CONNECTIONS: &str = "sluice_api_connections";
const STREAMS: &str = "sluice_api_streams";

/// From a look-up in a warm pool to the longest wait for a verdict, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 30.0];

/// How often observed durations are folded into their buckets, whether or not anybody reads them.
const UPKEEP: Duration = Duration::from_secs(5);

/// The figures of one instance.
pub struct Metrics(PrometheusRecorder);

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        with_local_recorder(&recorder, || {
            describe_counter!(REQUESTS, "Requests answered, by operation and status.");
            describe_histogram!(DURATION, "How long answers took, by operation; waits for a verdict included.");
            describe_counter!(CREATED, "Uploads recorded, by policy and the calls they were made through.");
            describe_counter!(OVER_QUOTA, "Uploads not recorded for a limit of their tenant, by the limit.");
            describe_counter!(PROBLEMS, "Requests answered with a problem, by its code.");
            describe_counter!(REFUSED_CONNECTIONS, "Connections that were one too many.");
            describe_gauge!(CONNECTIONS, "Connections that are open.");
            describe_gauge!(STREAMS, "Streams of uploads that are open.");
            // It is there before the first: an alarm on it has something to look at.
            counter!(REFUSED_CONNECTIONS).absolute(0);
        });
        Self(recorder)
    }

    /// Counts a request.
    pub fn count_request(&self, operation: &str, status: u16, took: Duration) {
        with_local_recorder(&self.0, || {
            counter!(REQUESTS, "operation" => operation.to_owned(), "status" => status.to_string()).increment(1);
            histogram!(DURATION, "operation" => operation.to_owned()).record(took);
        });
    }

    /// Counts a recorded upload.
    pub fn count_created(&self, policy: &str, origin: &'static str) {
        with_local_recorder(&self.0, || {
            counter!(CREATED, "policy" => policy.to_owned(), "origin" => origin).increment(1);
        });
    }

    /// Counts an upload that would have been more than its tenant may use.
    pub fn count_over_quota(&self, quota: &'static str) {
        with_local_recorder(&self.0, || counter!(OVER_QUOTA, "quota" => quota).increment(1));
    }

    /// Counts a request that was answered with a problem.
    pub fn count_problem(&self, code: &'static str) {
        with_local_recorder(&self.0, || counter!(PROBLEMS, "code" => code).increment(1));
    }

    /// Counts a connection that was one too many.
    pub fn count_refused_connection(&self) {
        with_local_recorder(&self.0, || counter!(REFUSED_CONNECTIONS).increment(1));
    }

    /// All figures, as Prometheus reads them, with how many connections and streams are open now.
    pub fn text(&self, connections: usize, streams: usize) -> String {
        with_local_recorder(&self.0, || {
            gauge!(CONNECTIONS).set(connections as f64);
            gauge!(STREAMS).set(streams as f64);
        });
        self.0.handle().render()
    }

    /// Keeps what is observed from piling up where nobody reads it, until aborted.
    pub fn keep_up(&self) -> AbortHandle {
        let handle = self.0.handle();
        let keeping = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(UPKEEP);
            loop {
                ticks.tick().await;
                handle.run_upkeep();
            }
        });
        keeping.abort_handle()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_instances_count_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.count_request("getUpload", 200, Duration::from_millis(3));
        one.count_created("images", "v1");
        let text = one.text(3, 2);
        assert!(text.contains("sluice_api_requests_total{operation=\"getUpload\",status=\"200\"} 1"), "{text}");
        assert!(text.contains("sluice_api_request_duration_seconds_bucket{operation=\"getUpload\",le=\"0.005\"} 1"));
        assert!(text.contains("sluice_uploads_created_total{policy=\"images\",origin=\"v1\"} 1"));
        assert!(text.contains("sluice_api_connections 3") && text.contains("sluice_api_streams 2"), "{text}");
        assert!(!other.text(0, 0).contains("getUpload"));
    }
}
