//! An outage that neither Postgres nor the bucket shows when it is asked.

use sluice_testkit::World;
use sluice_testkit::fake_aws::Op;

use super::all_are;

/// What the bucket is asked about to see whether it answers.
const PROBE: &str = "is-the-bucket-there";

/// E2.
#[tokio::test]
async fn an_outage_that_only_objects_show_uses_up_no_more_than_a_first_delivery() {
    let world = World::build().on_fake().start().await;
    // As where the key of an encrypted bucket can't be used: what is not there is still said not to be there.
    world.fake().on(Op::GetObject).when(|key| key != PROBE).answer(403, "AccessDenied");
    let keys = world.plant(10).await;
    world.deliver(&keys);
    let says = "the database and the bucket answer, and yet nothing can be settled";
    world.until("the worker says so", async || world.is_not_ready(says).await).await;

    let (taken, looked) = (world.fake().count(Op::ReceiveMessage), world.fake().count(Op::GetObject));
    // What failed is looked at again, five objects at a time, and no message is taken for it.
    world.until_in_time("it has probed", async || world.fake().count(Op::GetObject) >= looked + 18).await;
    assert!(world.fake().count(Op::ReceiveMessage) <= taken + 1, "but for a poll under way nothing is taken");

    world.fake().heal();
    all_are(&world, "confirmed", 10).await;
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}
