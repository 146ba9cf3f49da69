//! Fills a database with what lies behind after a long time.

use tokio_postgres::NoTls;

/// What is to lie behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// How many uploads.
    pub uploads: u64,
    /// Of how many days there is a timeline, as a retention leaves it. The uploads are of a year.
    pub timeline_days: u32,
    /// How many of the newest uploads are pending. None of them is due within the next hour.
    pub pending: u64,
}

impl Growth {
    /// So many uploads with all of their timeline, the last thousand pending.
    pub fn of(uploads: u64) -> Self {
        Self { uploads, timeline_days: 366, pending: 1000 }
    }
}

const FILL: &str = include_str!("fill.sql");

/// Fills the empty, migrated database of this URL: 100,000 uploads take seconds and 80 MB, ten million a quarter of an hour and
/// 12 GB, or 9 GB with half of the timeline.
///
/// # Panics
/// Where the database can't be reached, or has uploads already.
pub async fn fill(url: &str, growth: Growth) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database can be reached");
    let driven = tokio::spawn(connection);
    let Growth { uploads, timeline_days, pending } = growth;
    let settings = format!(
        "SET growth.uploads = {uploads}; SET growth.timeline_days = {timeline_days}; SET growth.pending = {pending};
        SET maintenance_work_mem = '256MB'; SET work_mem = '64MB';"
    );
    client.batch_execute(&settings).await.expect("the settings are valid");
    client.batch_execute(FILL).await.expect("the database is migrated and empty");
    // The planner knows what is there, and no later vacuum falls into a measurement.
    client.batch_execute("VACUUM (ANALYZE)").await.expect("a superuser may");
    drop(client);
    let _ = driven.await;
}
