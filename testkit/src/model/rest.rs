//! How a list of operations ends: every event comes after all, time passes, and what must hold is checked.

use super::bench::{BUCKET, QUEUE, STORE};
use super::run::Run;
use super::{Op, Step};
use crate::invariants::{NEVER, OPEN_TRANSACTIONS};

/// So many rounds are enough for everything that one step leaves to the next.
const ROUNDS: usize = 6;
/// Longer than any deadline, and than anything is hidden or put off.
const LONG: u32 = 4_000;

const LEFT: &str =
    "SELECT (SELECT count(*) FROM uploads WHERE status = 'pending') + (SELECT count(*) FROM unwanted_objects)";

const GOOD_BUT_DEAD: &str = "SELECT count(*) FROM dead_events WHERE reason NOT LIKE 'it was handed out %'";

/// Brings everything to rest, and checks it.
///
/// # Errors
/// A sentence saying what should not be so.
pub(super) async fn come_to_rest(run: &mut Run<'_>) -> Result<(), String> {
    for _ in 0..2 {
        run.finish(0).await?;
    }
    run.disarm();
    rest(run, false).await?;
    nothing_is_left_under_a_grant(run).await?;
    // A copy whose worker was killed before it could record it is found by its event, if that comes once more.
    rest(run, true).await?;
    check(run).await
}

/// Goes on until nothing is left to do: events that never came do now; or all do, once more.
async fn rest(run: &mut Run<'_>, once_more: bool) -> Result<(), String> {
    for round in 0..ROUNDS {
        for event in 0..run.bench.fake.bodies(STORE).len() {
            if (once_more && round == 0) || !run.ever_told.contains(&event) {
                run.tell(event);
            }
        }
        for op in [Op::Pass { seconds: LONG }, Op::Do(Step::Sweep), Op::Do(Step::Take), Op::Do(Step::CleanUp)] {
            run.carry_out(op).await?;
        }
        if run.bench.count(LEFT).await == 0 && run.bench.fake.held(QUEUE).total() == 0 {
            return Ok(());
        }
    }
    let (left, held) = (run.bench.count(LEFT).await, run.bench.fake.held(QUEUE));
    Err(format!("{left} uploads and unwanted objects are left, and in the queue {held:?}"))
}

/// With every event there was, no upload that has ended has left anything where its grant writes, and none that was deleted
/// what it had confirmed; unless an operator sees it.
async fn nothing_is_left_under_a_grant(run: &Run<'_>) -> Result<(), String> {
    for (id, known) in &run.uploads {
        let own = known.seen.object_key.as_ref();
        let confirmed = own.filter(|_| known.seen.status == "confirmed");
        for key in own.into_iter().chain([&known.grant_key]).filter(|key| confirmed != Some(key)) {
            let dead = format!("SELECT count(*) FROM dead_events WHERE body LIKE '%{key}%'");
            if run.keys.contains(key) && run.bench.count(&dead).await == 0 {
                return Err(format!("upload {id} is {}, and the object {key} is left behind", known.seen.status));
            }
        }
    }
    Ok(())
}

async fn check(run: &Run<'_>) -> Result<(), String> {
    for (what, query) in NEVER.iter().chain(&[OPEN_TRANSACTIONS, ("a good event among the dead ones", GOOD_BUT_DEAD)]) {
        let count = run.bench.count(query).await;
        if count != 0 {
            return Err(format!("{what}: {count}"));
        }
    }
    let rows = run.bench.uploads().await;
    let confirmed = rows.values().filter(|seen| seen.status == "confirmed");
    let owned: Vec<&str> = confirmed.filter_map(|seen| seen.object_key.as_deref()).collect();
    match run.bench.fake.keys(BUCKET).iter().find(|key| !owned.contains(&key.as_str())) {
        Some(key) => Err(format!("no upload owns the object {key}")),
        None => Ok(()),
    }
}
