//! Postgres: the pool, the migrations, and how errors are sorted. One file per table holds its statements.

pub mod api_keys;
pub mod counting;
pub mod dead_events;
pub mod idempotency_keys;
pub mod listen;
pub mod operator_actions;
pub mod operator_sessions;
pub mod owners;
pub mod reconcile;
pub mod reports;
pub mod timeline;
pub mod unwanted_objects;
pub mod uploads;
pub mod usage;
pub mod workers;

use std::str::FromStr as _;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

mod migrations {
    refinery::embed_migrations!("../migrations");
}

/// Every statement of the service, for the contract test that prepares them all.
pub const STATEMENTS: &[&[&str]] = &[
    &[TAKES_WRITES, ABOUT],
    api_keys::STATEMENTS,
    counting::STATEMENTS,
    dead_events::STATEMENTS,
    idempotency_keys::STATEMENTS,
    operator_actions::STATEMENTS,
    operator_sessions::STATEMENTS,
    owners::STATEMENTS,
    reconcile::STATEMENTS,
    reports::STATEMENTS,
    timeline::STATEMENTS,
    unwanted_objects::STATEMENTS,
    uploads::STATEMENTS,
    uploads::cancel::STATEMENTS,
    uploads::decide::STATEMENTS,
    uploads::due::STATEMENTS,
    uploads::insert::STATEMENTS,
    uploads::order::STATEMENTS,
    uploads::search::STATEMENTS,
    usage::STATEMENTS,
    workers::STATEMENTS,
];

/// The longest any statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest an answer is waited for. A server that is frozen does not keep its own time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);
/// The longest a caller waits for a connection, if it has no less patience, and for a new one to be made.
const POOL_TIMEOUT: Duration = Duration::from_secs(5);

/// What each connection asks of the planner. All statements find their rows by an index, in its order and up to a limit, and are
/// planned once for a connection, perhaps while their tables are empty: then it seems as good to read all of a table, or to gather
/// and sort what an index has, and that stays so as they grow. To compile such statements takes a hundred times as long as to run them.
pub const PLANNING: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

const TAKES_WRITES: &str = "-- db.takes_writes
    SELECT current_setting('transaction_read_only') = 'off' AS takes_writes,
        CASE WHEN current_setting('transaction_read_only') = 'off' THEN pg_notify('sluice_probe', '') END";

const ABOUT: &str = "-- db.about
    SELECT now() AS now, current_setting('server_version') AS version";

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its time.
    pub now: jiff::Timestamp,
    /// Its version.
    pub version: String,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It can't be reached, is starting or stopping, or had no time: a retry can help.
    #[error("could not {operation}: the database is not available")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The statement, its parameters or what is stored are wrong: a bug.
    #[error("could not {operation}")]
    Broken {
        /// What was asked.
        operation: &'static str,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl DbError {
    /// Sorts an error of the driver.
    pub(crate) fn from_driver(operation: &'static str, error: tokio_postgres::Error) -> Self {
        let passes = match error.code() {
            // The server said something: these classes are about what it was asked, all others about its state.
            Some(code) => {
                let is_about_statement = matches!(&code.code()[..2], "0A" | "21" | "22" | "23" | "42" | "P0");
                !is_about_statement || *code == SqlState::INSUFFICIENT_PRIVILEGE
            }
            // The driver said something: all but what it could not convert is the connection's trouble.
            None => {
                error.is_closed() || std::error::Error::source(&error).is_some_and(|cause| cause.is::<std::io::Error>())
            }
        };
        let source = without_values(error);
        if passes { Self::Unavailable { operation, source } } else { Self::Broken { operation, source } }
    }

    /// What is stored can't be read.
    pub(crate) fn unreadable(operation: &'static str, what: impl Into<String>) -> Self {
        Self::Broken { operation, source: what.into().into() }
    }
}

/// The server's message without its details, which quote what is stored: file names of clients, for example.
fn without_values(error: tokio_postgres::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error.as_db_error() {
        Some(said) => format!("{}: {} ({})", said.severity(), said.message(), said.code().code()).into(),
        None => Box::new(error),
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    patience: Duration,
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
}

impl Db {
    /// Prepares a pool of up to `connections`; none is made yet.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the URL.
    pub fn new(url: &str, connections: usize) -> Result<Self, String> {
        let mut config = tokio_postgres::Config::from_str(url).map_err(|error| error.to_string())?;
        if !url.contains("sslmode") {
            // The driver's default takes TLS where it is offered, and then fails on the self-signed certificate of a
            // server that was set up without a thought of it.
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_application_name().is_none() {
            config.application_name("sluice");
        }
        config
            .connect_timeout(POOL_TIMEOUT)
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(STATEMENT_TIMEOUT);
        let given = config.get_options().unwrap_or_default();
        let options = format!("{given} -c statement_timeout={} {PLANNING}", STATEMENT_TIMEOUT.as_millis());
        config.options(options.trim());
        let tls = MakeRustlsConnect::new(tls_config()?);
        let manager = Manager::from_config(
            config.clone(),
            tls.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(POOL_TIMEOUT))
            .create_timeout(Some(POOL_TIMEOUT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { pool, patience: POOL_TIMEOUT, config, tls })
    }

    /// The same for a caller who waits no longer than this while all connections are busy.
    #[must_use]
    pub fn waiting_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Runs one statement, prepared once for each connection, and gives its rows.
    pub(crate) async fn rows(
        &self,
        operation: &'static str,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, DbError> {
        let failed = |error| DbError::from_driver(operation, error);
        metrics::counter!("sluice_sql_statements_total", "operation" => operation).increment(1);
        let connection = self.connection(operation).await?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, async {
            let prepared = connection.prepare_cached(statement).await.map_err(failed)?;
            connection.query(&prepared, parameters).await.map_err(failed)
        });
        answer.await.unwrap_or_else(|late| {
            // Nobody knows what it is doing; the next caller gets another one, made since.
            drop(Object::take(connection));
            self.pool.retain(|_, _| false);
            Err(DbError::Unavailable { operation, source: late.into() })
        })
    }

    /// A connection for one statement. Every statement commits by itself, so a future that is dropped leaves no
    /// transaction open.
    async fn connection(&self, operation: &'static str) -> Result<Object, DbError> {
        let timeouts = Timeouts { wait: Some(self.patience), ..self.pool.timeouts() };
        self.pool.timeout_get(&timeouts).await.map_err(|error| match error {
            PoolError::Backend(error) => match DbError::from_driver(operation, error) {
                // A connection that can't be made says nothing about the statement.
                DbError::Broken { operation, source } | DbError::Unavailable { operation, source } => {
                    DbError::Unavailable { operation, source }
                }
            },
            other => DbError::Unavailable { operation, source: Box::new(other) },
        })
    }

    /// Its time and its version.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn about(&self) -> Result<About, DbError> {
        const OPERATION: &str = "ask the database about itself";
        let rows = self.rows(OPERATION, ABOUT, &[]).await?;
        let row = rows.first().ok_or_else(|| DbError::unreadable(OPERATION, "it says nothing"))?;
        Ok(About { now: row.get("now"), version: row.get("version") })
    }

    /// How many connections this process has to it, and how many it may have.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size, status.max_size)
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn ping(&self) -> Result<(), DbError> {
        const OPERATION: &str = "reach the database";
        let connection = self.connection(OPERATION).await?;
        connection.simple_query("SELECT 1").await.map_err(|error| DbError::from_driver(OPERATION, error))?;
        Ok(())
    }

    /// Whether the database can be written to: a replica can't, nor can one that was made read-only. One whose queue of
    /// notifications is full answers with an error.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn takes_writes(&self) -> Result<bool, DbError> {
        let rows = self.rows("ask whether the database takes writes", TAKES_WRITES, &[]).await?;
        Ok(rows.first().is_some_and(|row| row.get("takes_writes")))
    }

    /// A connection on which a statement may take as long as it needs. Of all processes one has a connection with this lock at a
    /// time. Any number will do for a lock that no other application takes on this database.
    async fn alone(&self, operation: &'static str, lock: i64) -> Result<(Client, JoinHandle<()>), DbError> {
        let mut config = self.config.clone();
        config.options(config.get_options().unwrap_or_default().to_owned() + " -c statement_timeout=0");
        let unreachable = |error| DbError::Unavailable { operation, source: Box::new(error) };
        let (client, connection) = config.connect(self.tls.clone()).await.map_err(unreachable)?;
        let driven = tokio::spawn(async { drop(connection.await) });
        // The lock goes with the connection, whatever happens.
        let locked = client.execute("SELECT pg_advisory_lock($1)", &[&lock]).await;
        locked.map_err(|error| DbError::from_driver(operation, error))?;
        Ok((client, driven))
    }

    /// Brings the schema up to date. Harmless when it is, and when two processes do so at once: the second waits for the
    /// first.
    ///
    /// # Errors
    /// Where the database can't be reached or a migration fails.
    pub async fn migrate(&self) -> Result<(), DbError> {
        const OPERATION: &str = "migrate the database";
        const LOCK: i64 = 0x736c_7569_6365;
        let (mut client, driven) = self.alone(OPERATION, LOCK).await?;
        let applied = migrations::migrations::runner().run_async(&mut client).await;
        drop(client);
        let _ = driven.await;
        let report = applied.map_err(|error| DbError::Broken { operation: OPERATION, source: Box::new(error) })?;
        for migration in report.applied_migrations() {
            tracing::info!(migration = %migration, "applied migration {migration}");
        }
        Ok(())
    }
}

/// Verifies servers against the system's certificates. Used where the URL asks for TLS with `sslmode=require`.
fn tls_config() -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore::empty();
    // A store with some certificates that can't be read is better than none; none at all fails at the handshake.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
