//! Slow objects beside fast ones.

use sluice_testkit::World;
use sluice_testkit::fake_aws::Op;

use super::{all_are, patient};

/// F3.
#[tokio::test]
async fn a_few_slow_objects_cost_only_the_slots_that_they_take() {
    let build = World::build().on_fake().with("SLUICE_WORKER_CONCURRENCY", "8").with_times(patient());
    let world = build.start().await;
    let keys = world.plant(40).await;
    let slow: Vec<String> = keys.iter().step_by(10).cloned().collect();
    let gate = world.fake().on(Op::GetObject).when(move |key| slow.iter().any(|slow| slow == key)).hold();
    world.deliver(&keys);
    // Half of the slots wait at the gate, and everything else goes on.
    world.until("all others are confirmed", async || world.uploads_that_are("confirmed").await == 36).await;
    world.until("their messages are deleted", async || world.held().total() == 4).await;
    assert_eq!(world.held().in_flight, 4, "the slow ones are in hand");
    gate.open();
    all_are(&world, "confirmed", 40).await;
    world.end().await;
}
