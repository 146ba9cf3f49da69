//! A look that a worker gives up, because it stops, is not taken for one that it died of.

use sluice_testkit::{World, files};

use crate::worker_with;

/// A6.
#[tokio::test]
async fn an_object_that_five_workers_were_stopped_at_is_judged_by_the_sixth() {
    let mut world = World::build().without_worker().start().await;
    let upload = world.client().await.declare(&files::png()).await;
    upload.put(&files::png().bytes).await;
    for _ in 0..5 {
        let variables = [("FAILPOINTS", "before_inspect=return(wait)"), ("SLUICE_WORKER_GRACE", "1")];
        let mut stopping = worker_with(&world, &variables).await;
        stopping.heard("reached the failpoint before_inspect").await;
        stopping.terminate();
        assert!(stopping.ended().await.success(), "{}", stopping.log());
        assert_eq!(world.count("SELECT looks_cut_off::bigint FROM uploads").await, 0);
    }
    world.start_worker().await;
    upload.is("confirmed").await;
    world.end().await;
}
