//! Random lists of operations on the real pipeline, each step compared with a model.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};
use sluice_testkit::model::{Bench, Op, Seam, Side, Step, check};
use sluice_testkit::seed;

/// The most operations in a list.
const LONGEST: usize = 40;
/// So many lists in a round. Each round has the next seed.
const ROUND: u32 = 10;
/// So many rounds, and more until `SLUICE_TEST_MODEL_SECONDS` are up.
const ROUNDS: usize = 8;

/// There is an upload of each kind from the beginning.
fn list() -> impl Strategy<Value = Vec<Op>> {
    let first = [true, false].map(|write_once| Op::Declare { write_once });
    vec(op(), 1..LONGEST).prop_map(move |ops| first.into_iter().chain(ops).collect())
}

fn op() -> impl Strategy<Value = Op> {
    let number = || 0..4_usize;
    prop_oneof![
        1 => any::<bool>().prop_map(|write_once| Op::Declare { write_once }),
        7 => (number(), prop::bool::weighted(0.7)).prop_map(|(upload, right)| Op::Put { upload, right }),
        7 => (0..12_usize).prop_map(|event| Op::Tell { event }),
        8 => step().prop_map(Op::Do),
        7 => (begun(), side()).prop_map(|((step, seam), side)| Op::Begin(step, seam, side)),
        4 => (0..2_usize).prop_map(|worker| Op::Finish { worker }),
        3 => (0..2_usize).prop_map(|worker| Op::Crash { worker }),
        2 => seam().prop_map(Op::Refuse),
        1 => seam().prop_map(Op::LoseReply),
        // However they are added up, never so near to a deadline that the time of the test itself counts.
        4 => prop_oneof![2 => Just(70), 1 => Just(4_000)].prop_map(|seconds| Op::Pass { seconds }),
        2 => number().prop_map(|upload| Op::Hint { upload }),
        4 => number().prop_map(|upload| Op::Cancel { upload }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![3 => Just(Step::Take), 2 => Just(Step::Sweep), 2 => Just(Step::CleanUp)]
}

fn seam() -> impl Strategy<Value = Seam> {
    prop_oneof![Just(Seam::Look), Just(Seam::Copy), Just(Seam::Answer), Just(Seam::Delete)]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Before), Just(Side::After)]
}

/// A step, and a request that it makes.
fn begun() -> impl Strategy<Value = (Step, Seam)> {
    prop_oneof![
        3 => Just((Step::Take, Seam::Look)),
        3 => Just((Step::Take, Seam::Copy)),
        2 => Just((Step::Take, Seam::Answer)),
        3 => Just((Step::Sweep, Seam::Look)),
        1 => Just((Step::Sweep, Seam::Copy)),
        2 => Just((Step::CleanUp, Seam::Delete)),
    ]
}

/// How long to go on trying.
fn seconds() -> Duration {
    let seconds = std::env::var("SLUICE_TEST_MODEL_SECONDS").ok();
    Duration::from_secs(seconds.map_or(0, |seconds| seconds.parse().expect("a number of seconds")))
}

/// Failures are kept beside this file, and tried first from then on.
fn runner(seed: u64) -> TestRunner {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model.regressions");
    let config = Config {
        cases: ROUND,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        source_file: Some(file!()),
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

#[test]
fn whatever_happens_in_whatever_order_each_step_does_what_the_model_says() {
    let seed = seed("SLUICE_TEST_MODEL_SEED");
    let time = seconds();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let bench = RefCell::new(runtime.block_on(Bench::set()));
    let (started, lists) = (Instant::now(), Cell::new(0));
    for (round, seed) in (seed..).enumerate() {
        let tried = runner(seed).run(&list(), |ops| {
            lists.set(lists.get() + 1);
            let checked = runtime.block_on(check(&mut bench.borrow_mut(), &ops));
            checked.map_err(TestCaseError::fail)
        });
        match tried {
            Err(TestError::Fail(why, ops)) => panic!("SLUICE_TEST_MODEL_SEED={seed}, of {ops:?}: {why}"),
            Err(TestError::Abort(why)) => panic!("SLUICE_TEST_MODEL_SEED={seed}: {why}"),
            Ok(()) => {}
        }
        if round + 1 >= ROUNDS && started.elapsed() > time {
            break;
        }
    }
    eprintln!("{} lists in {:?}", lists.get(), started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_that_comes_while_its_upload_expires_is_not_left_behind() {
    let ops = [
        Op::Declare { write_once: true },
        Op::Pass { seconds: 4_000 },
        // Nothing is there, the sweep is told; then there is something, and the event's worker sees it.
        Op::Begin(Step::Sweep, Seam::Look, Side::After),
        Op::Put { upload: 0, right: false },
        Op::Tell { event: 0 },
        Op::Begin(Step::Take, Seam::Look, Side::After),
        Op::Finish { worker: 0 },
        Op::Finish { worker: 0 },
    ];
    check(&mut Bench::set().await, &ops).await.expect("its object is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_copied_is_looked_at_again() {
    let ops = [
        Op::Declare { write_once: false },
        Op::Put { upload: 0, right: true },
        Op::Tell { event: 0 },
        Op::Begin(Step::Take, Seam::Copy, Side::Before),
        Op::Put { upload: 0, right: false },
        Op::Finish { worker: 0 },
    ];
    check(&mut Bench::set().await, &ops).await.expect("what is confirmed is what was judged");
}
