//! Databases that live as long as a test.
//!
//! Postgres drops one only when every connection that is being made, to whatever database, has got past its password: who
//! waits for the drop must let them go on.

use tokio_postgres::NoTls;

/// A database of a test's own, dropped when the test is over. What is on a server of the test's own ends with that server.
pub(crate) struct Database {
    is_on_shared_server: bool,
    admin: String,
    name: String,
}

impl Database {
    /// Makes one on this server, or else on the one that `SLUICE_TEST_DATABASE_URL` names.
    pub(crate) async fn create(server: Option<String>) -> Self {
        let is_on_shared_server = server.is_none();
        let admin = server.unwrap_or_else(|| super::localstack::variable("SLUICE_TEST_DATABASE_URL"));
        let name = format!("sluice_test_{:08x}", rand::random::<u32>());
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        Self { is_on_shared_server, admin, name }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        let (server, _) = self.admin.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.name)
    }

    /// The server's URL, at a database that is there in any case.
    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// Drops it while the test's own connections go on.
    pub(crate) async fn end(mut self) {
        if std::mem::take(&mut self.is_on_shared_server) {
            run(&self.admin, &self.drop_statement()).await;
        }
    }

    fn drop_statement(&self) -> String {
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// For a test that failed. It stands still meanwhile, and with it a connection that it is making: for the server's
/// `authentication_timeout`, at worst.
impl Drop for Database {
    fn drop(&mut self) {
        if !self.is_on_shared_server {
            return;
        }
        let (admin, drop) = (self.admin.clone(), self.drop_statement());
        // A runtime of its own: the test's may be the one that is being torn down.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
            runtime.block_on(run(&admin, &drop));
        });
        if dropped.join().is_err() {
            eprintln!("could not drop the database {}", self.name);
        }
    }
}

async fn run(url: &str, statement: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the test server can be reached");
    let driven = tokio::spawn(connection);
    client.batch_execute(statement).await.expect("the statement is valid");
    drop(client);
    let _ = driven.await;
}
