//! What goes wrong for a while: connections to Postgres are killed, Postgres goes away, S3 does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use tokio_util::sync::CancellationToken;

use super::stage::{Stage, connect};
use super::tally::Tally;

/// One connection of the service, rather one that is at work.
const KILL_ONE: &str = "SELECT count(pg_terminate_backend(pid)) FROM (
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sluice'
    ORDER BY (state = 'active') DESC, random() LIMIT 1) AS victim";

const KILL_ALL: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = $1 AND application_name = 'sluice'";

/// Kills a connection to Postgres every now and then, until told to stop.
pub(super) async fn kill_connections(url: String, tally: Tally, mut dice: StdRng, stop: CancellationToken) {
    let sql = connect(&url).await;
    loop {
        let pause = Duration::from_millis(dice.random_range(100..1_500));
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        let killed = sql.query_one(KILL_ONE, &[]).await.expect("this connection is not one of the service");
        if killed.get::<_, i64>(0) > 0 {
            tally.add("fault: a connection to Postgres is killed");
        }
    }
}

/// Makes Postgres or S3 go away for some seconds.
pub(super) struct Outages {
    server: tokio_postgres::Client,
    database: String,
    s3_is_out: Arc<AtomicBool>,
    tally: Tally,
}

impl Outages {
    pub(super) async fn prepare(stage: &Stage) -> Self {
        let (server, database) = stage.database_on_server();
        let server = connect(&server).await;
        Self { server, database, s3_is_out: Arc::clone(&stage.s3_is_out), tally: stage.tally.clone() }
    }

    /// One outage every minute or so, until told to stop; then both are back.
    pub(super) async fn befall(self, mut dice: StdRng, stop: CancellationToken) {
        loop {
            let pause = Duration::from_secs(dice.random_range(25..75));
            let time = Duration::from_secs(dice.random_range(2..15));
            let of_postgres = dice.random_bool(0.5);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
            if of_postgres {
                self.postgres(true).await
            } else {
                self.s3(true)
            }
            stop.run_until_cancelled(tokio::time::sleep(time)).await;
            if of_postgres { self.postgres(false).await } else { self.s3(false) }
        }
    }

    /// Only the soak's own database: the server may serve others.
    async fn postgres(&self, goes: bool) {
        let allow = format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}", self.database, !goes);
        self.server.batch_execute(&allow).await.expect("the server is there");
        if goes {
            self.tally.add("outage: of Postgres");
            self.server.query_one(KILL_ALL, &[&self.database]).await.expect("the server is there");
        }
    }

    fn s3(&self, goes: bool) {
        if goes {
            self.tally.add("outage: of S3");
        }
        self.s3_is_out.store(goes, Ordering::Relaxed);
    }
}
