//! What a killed worker leaves behind: at every named point, and at random.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _};
use sluice_testkit::process::Recovery;
use sluice_testkit::{TestUpload, World, files, seed};
use sluice_worker::failpoint::Point;

use crate::{worker, worker_with};

/// How long the queue hides a message that was handed out.
const HIDDEN: u32 = 2;

/// What leads a worker to the point, and how the upload must end.
#[derive(Clone, Copy)]
enum Scene {
    /// A true picture is sent.
    Picture,
    /// A true picture is sent to a store whose grants can be used again.
    PromotedPicture,
    /// A script is sent that claims to be a picture.
    Script,
    /// Nothing is sent in time.
    Nothing,
}

impl Scene {
    async fn world(self) -> World {
        let world = World::build().without_worker().hiding_messages_for(HIDDEN);
        match self {
            Self::PromotedPicture => world.with("SLUICE_S3_WRITE_ONCE", "false").start().await,
            Self::Picture | Self::Script | Self::Nothing => world.start().await,
        }
    }

    async fn play(self, world: &World) -> TestUpload {
        let file = if let Self::Script = self { files::script_as_png() } else { files::png() };
        let upload = world.client().await.declare(&file).await;
        match self {
            Self::Nothing => world.pass(Duration::from_hours(2)).await,
            _ => upload.put(&file.bytes).await,
        }
        upload
    }

    /// How the upload must end, and by what: were a message lost, the sweep would come to it much later.
    fn end(self) -> (&'static str, &'static str) {
        match self {
            Self::Picture | Self::PromotedPicture => ("confirmed", "event"),
            Self::Script => ("rejected", "event"),
            Self::Nothing => ("expired", "sweep"),
        }
    }
}

/// Kills a worker that has come to the point, and sees another one end what it began.
async fn killed_at(point: Point, scene: Scene) {
    let mut world = scene.world().await;
    let failpoints = format!("{}=return(wait)", point.name());
    // It has no second slot to poll with, or the queue could hand the message that comes again to its poll.
    let variables = [("FAILPOINTS", failpoints.as_str()), ("SLUICE_WORKER_CONCURRENCY", "1")];
    let killed = worker_with(&world, &variables).await;
    let upload = scene.play(&world).await;
    killed.heard(&format!("reached the failpoint {}", point.name())).await;
    killed.kill().await;
    let recovery = Recovery::begins();
    world.start_worker().await;
    match scene {
        // What is claimed from the database, rather than from the queue, is due again later.
        Scene::Script | Scene::Nothing => world.pass(Duration::from_hours(1)).await,
        Scene::Picture | Scene::PromotedPicture => {}
    }
    let (status, cause) = scene.end();
    upload.is(status).await;
    recovery.ends();
    let verdicts = world.query("SELECT cause FROM timeline WHERE status <> 'pending'").await;
    assert_eq!(verdicts.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), [cause]);
    assert_eq!(world.count("SELECT count(*) FROM dead_events").await, 0);
    world.end().await;
}

/// One test for each point, and the list of the points that have one.
macro_rules! killed {
    ($($(#[$doc:meta])* $claim:ident: $point:ident, $scene:ident;)*) => {
        $(
            $(#[$doc])*
            #[tokio::test]
            async fn $claim() {
                killed_at(Point::$point, Scene::$scene).await;
            }
        )*

        const HERE: &[Point] = &[$(Point::$point),*];
    };
}

killed! {
    /// A1.
    with_a_message_in_hand_it_leaves_it_to_another: AfterReceive, Picture;
    /// A1.
    before_the_look_it_leaves_it_to_another: BeforeInspect, Picture;
    /// A2.
    after_the_look_it_leaves_no_half_verdict: AfterInspect, Picture;
    /// A2.
    before_the_verdict_it_leaves_no_half_verdict: BeforeVerdict, Picture;
    /// A3.
    after_the_verdict_another_deletes_the_message_and_decides_nothing: AfterVerdict, Picture;
    /// A3.
    before_the_message_is_deleted_another_deletes_it_and_decides_nothing: BeforeDeleteMessage, Picture;
    /// A3.
    after_the_message_is_deleted_nothing_is_left_to_do: AfterDeleteMessage, Picture;
    /// A2, D2.
    before_the_copy_another_copies_and_confirms: BeforePromote, PromotedPicture;
    /// A2, D2.
    after_the_copy_another_confirms_the_same_copy: AfterPromote, PromotedPicture;
    /// A4, C6.
    with_unwanted_objects_claimed_another_deletes_them: AfterClaim, Script;
    /// A4.
    with_unwanted_objects_deleted_another_forgets_them: AfterObjectDelete, Script;
    /// C5, C7.
    before_an_upload_expires_another_expires_it: BeforeExpire, Nothing;
}

#[test]
fn every_named_point_has_a_test_that_kills_there() {
    for point in Point::ALL {
        assert!(HERE.contains(point), "{} has none", point.name());
    }
}

/// A1, A2, A3, A4.
#[tokio::test]
async fn killed_at_random_again_and_again_workers_give_each_upload_one_verdict() {
    let mut moments = rand::rngs::SmallRng::seed_from_u64(seed("SLUICE_TEST_SEED"));
    let mut world = Scene::Picture.world().await;
    let client = world.client().await;
    let mut uploads = Vec::new();
    for _ in 0..4 {
        let doomed = worker(&world, "after_inspect=50%return(wait 100)").await;
        for place in 0..5 {
            let file = if place == 0 { files::script_as_png() } else { files::png() };
            let upload = client.declare(&file).await;
            upload.put(&file.bytes).await;
            uploads.push((upload, if place == 0 { "rejected" } else { "confirmed" }));
        }
        tokio::time::sleep(Duration::from_millis(moments.random_range(0..400))).await;
        doomed.kill().await;
    }
    world.start_worker().await;
    for (upload, end) in &uploads {
        upload.is(end).await;
    }
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(world.count("SELECT count(*) FROM timeline WHERE status <> 'pending'").await, 20);
    world.end().await;
}
