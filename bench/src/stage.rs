//! What everything is measured on: a real Postgres, the fake of S3 and SQS in this process, and where programs are.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use sluice_testkit::fake_aws::FakeAws;
use tokio_postgres::NoTls;

use crate::process::{Program, children_of, cpu_of};

/// The longest that anything is waited for.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// What all measures share.
pub struct Stage {
    /// S3 and SQS.
    pub fake: FakeAws,
    /// Whether to be quick rather than exact.
    pub quick: bool,
    /// The URL of Postgres, as one who may make databases.
    postgres: String,
    /// Where the programs are that were built with this one.
    pub programs: PathBuf,
    /// Where the yardsticks that are not Rust were made ready.
    pub yardsticks: PathBuf,
    /// Where the programs' logs go.
    pub logs: PathBuf,
    /// The connection that holds the lock.
    _alone: tokio_postgres::Client,
}

impl Stage {
    /// Starts the fake. The rest is there already.
    ///
    /// # Panics
    /// Where another bench uses this Postgres: each would measure the other.
    pub async fn set(postgres: String, yardsticks: PathBuf, logs: PathBuf, quick: bool) -> Self {
        let alone = connect(&postgres).await;
        let locked = alone.query_one("SELECT pg_try_advisory_lock(hashtext('sluice bench'))", &[]).await;
        assert!(locked.expect("the query is valid").get::<_, bool>(0), "another bench is at work on this Postgres");
        std::fs::create_dir_all(&logs).expect("the folder of logs can be made");
        let programs = std::env::current_exe().expect("this program is somewhere");
        let programs = programs.parent().expect("it is in a folder").to_owned();
        Self { fake: FakeAws::start().await, quick, postgres, programs, yardsticks, logs, _alone: alone }
    }

    /// One of two, by whether to be quick.
    pub fn choose<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Starts one of the programs that were built with this one.
    pub fn start(&self, program: &str, arguments: &[&str], variables: &[(String, String)]) -> Program {
        Program::start(&self.programs.join(program), arguments, variables, &self.log(program))
    }

    /// Starts a program that is found on the PATH, or by its whole path.
    pub fn start_other(
        &self,
        name: &str,
        program: &str,
        arguments: &[&str],
        variables: &[(String, String)],
    ) -> Program {
        Program::start(program.as_ref(), arguments, variables, &self.log(name))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// A database of this name's own, empty. What an earlier run has left of it is dropped.
    pub async fn create_database(&self, name: &str) -> String {
        // Of a name that `./dev test` tidies up, should this process be killed.
        let name = format!("sluice_test_bench_{name}");
        let admin = connect(&self.postgres).await;
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("it can be dropped");
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("it can be made");
        let (server, _) = self.postgres.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{name}")
    }

    /// Drops every database that was made here.
    pub async fn drop_databases(&self) {
        let admin = connect(&self.postgres).await;
        let query = "SELECT datname::text FROM pg_database WHERE datname LIKE 'sluice\\_test\\_bench\\_%'";
        for row in admin.query(query, &[]).await.expect("the query is valid") {
            let name: String = row.get(0);
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }

    /// The CPU time that Postgres has used, in all its processes.
    pub async fn cpu_of_postgres(&self) -> Duration {
        let admin = connect(&self.postgres).await;
        let file =
            admin.query_one("SELECT pg_read_file('postmaster.pid')", &[]).await.expect("a superuser may read it");
        let id: u32 = file.get::<_, String>(0).lines().next().and_then(|id| id.parse().ok()).expect("it begins so");
        children_of(id).into_iter().chain([id]).filter_map(cpu_of).sum()
    }
}

/// Connects to a database.
///
/// # Panics
/// Where it can't be reached.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("Postgres can be reached");
    tokio::spawn(connection);
    client
}

/// An address that nobody listens on.
pub fn free_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound")
}

/// Waits until somebody listens there.
///
/// # Panics
/// Where nobody does.
pub async fn until_it_listens(address: SocketAddr) {
    let listens = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, listens).await.unwrap_or_else(|_| panic!("nobody listens on {address}"));
}
