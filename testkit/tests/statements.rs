//! The contract of every SQL statement: it is valid on a migrated database, and its types are those that were reviewed.

use sluice_testkit::World;
use tokio_postgres::NoTls;

#[tokio::test]
async fn every_statement_keeps_its_parameter_and_column_types() {
    let world = World::build().without_worker().start().await;
    let url = world.database_url();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("connected");
    let driven = tokio::spawn(connection);
    let mut contract = Vec::new();
    for statement in sluice_common::db::STATEMENTS.iter().copied().flatten() {
        let name = statement.lines().next().and_then(|line| line.strip_prefix("-- ")).expect("a statement has a name");
        let prepared = client.prepare(statement).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let parameters: Vec<_> = prepared.params().iter().map(|of| of.name()).collect();
        let columns: Vec<_> =
            prepared.columns().iter().map(|column| format!("{} {}", column.name(), column.type_().name())).collect();
        contract.push(format!("{name}\n    takes ({})\n    gives ({})", parameters.join(", "), columns.join(", ")));
    }
    drop(client);
    let _ = driven.await;
    insta::assert_snapshot!(contract.join("\n"));
    world.end().await;
}

#[tokio::test]
async fn migrating_twice_and_by_two_processes_at_once_is_harmless() {
    let world = World::build().without_worker().start().await;
    let (one, other) = (world.db(), world.db());
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first.expect("the first migrates");
    second.expect("the second finds it done");
    world.end().await;
}
