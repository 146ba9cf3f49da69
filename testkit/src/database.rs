//! Databases that live as long as a test.

use tokio_postgres::NoTls;

/// A database of a test's own, dropped when the test is over.
pub(crate) struct Database {
    admin: String,
    name: String,
}

impl Database {
    /// Makes one on the server that `SLUICE_TEST_DATABASE_URL` names.
    pub(crate) async fn create() -> Self {
        let admin = super::localstack::variable("SLUICE_TEST_DATABASE_URL");
        let name = format!("sluice_test_{:08x}", rand::random::<u32>());
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        Self { admin, name }
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

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (admin, drop) = (self.admin.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
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
