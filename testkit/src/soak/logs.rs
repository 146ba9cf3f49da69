//! What the workers of a soak wrote: no panic, and each verdict once.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::stage::Stage;

/// The most that one worker has in hand: messages, unless `SLUICE_WORKER_CONCURRENCY` says otherwise, and looks of a sweep.
const IN_HAND: usize = 64 + 32;
/// What a worker records and does not come to count, it records in the moments before it dies.
const LAST_MOMENTS: SignedDuration = SignedDuration::from_secs(5);

/// All logs in a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}

/// Each verdict is counted by the one worker whose statement changed the row, at most once: a worker that was killed right
/// after may not have come to it, and one that lost its connection meanwhile does not know of it, and says so.
pub(super) async fn check(folder: &Path, stage: &Stage, deaths: &[Timestamp]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut verdicts: HashMap<String, String> = HashMap::new();
    let mut failed: HashSet<String> = HashSet::new();
    for file in files(folder) {
        let log = std::fs::read(&file).unwrap_or_default();
        for line in String::from_utf8_lossy(&log).lines() {
            if line.contains("panicked at") {
                wrong.push(format!("a worker panicked: {line} ({})", file.display()));
            }
            if line.contains("could not settle") {
                failed.extend(upload(line));
            }
            let Some((id, status)) = verdict(line) else { continue };
            if let Some(other) = verdicts.insert(id.clone(), status.clone()) {
                wrong.push(format!("two verdicts were counted about upload {id}: {other} and {status}"));
            }
        }
    }
    wrong.extend(compare(&verdicts, &failed, stage, deaths).await);
    wrong
}

/// The upload that a line of a log is about.
fn upload(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["upload.id"].as_str().map(str::to_owned)
}

/// The verdict that a line of a log is about.
fn verdict(line: &str) -> Option<(String, String)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let (id, status) = (line["upload.id"].as_str()?, line["status"].as_str()?);
    Some((id.to_owned(), status.to_owned()))
}

/// What was counted is what happened; and what was not counted has a reason.
async fn compare(
    verdicts: &HashMap<String, String>,
    failed: &HashSet<String>,
    stage: &Stage,
    deaths: &[Timestamp],
) -> Vec<String> {
    let rows = stage.query(VERDICTS).await;
    let changed: HashMap<String, (String, Timestamp)> =
        rows.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
    let mut wrong: Vec<String> = verdicts
        .iter()
        .filter(|(id, status)| changed.get(*id).map(|(status, _)| status) != Some(status))
        .map(|(id, status)| format!("upload {id} was counted as {status}, and that is not what was recorded"))
        .collect();
    let uncounted: Vec<_> = changed.iter().filter(|(id, _)| !verdicts.contains_key(*id)).collect();
    stage.tally.add_many("left: verdicts that nobody counted", uncounted.len() as u64);
    let unknown = uncounted.into_iter().filter(|(id, _)| !failed.contains(*id));
    wrong.extend(blame(unknown.map(|(id, (_, at))| (id.as_str(), *at)), deaths));
    wrong
}

/// What was recorded, not counted, and not noticed either: each has its death, and no death has more than one worker has in
/// hand.
fn blame<'a>(unknown: impl Iterator<Item = (&'a str, Timestamp)>, deaths: &[Timestamp]) -> Vec<String> {
    let (mut wrong, mut of_each) = (Vec::new(), HashMap::new());
    for (id, at) in unknown {
        let its =
            deaths.iter().filter(|death| (SignedDuration::ZERO..LAST_MOMENTS).contains(&death.duration_since(at)));
        match its.min() {
            Some(death) => *of_each.entry(death).or_insert(0) += 1,
            None => wrong.push(format!("the verdict about upload {id} was never counted, and nobody died at {at}")),
        }
    }
    let too_many = of_each.into_iter().filter(|(_, verdicts)| *verdicts > IN_HAND);
    wrong
        .extend(too_many.map(|(death, verdicts)| format!("the worker that died at {death} left {verdicts} uncounted")));
    wrong
}

const VERDICTS: &str = "SELECT upload_id::text, status, at FROM timeline
    WHERE status IN ('confirmed', 'rejected', 'expired')";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_that_nobody_counted_needs_a_worker_that_died_over_it() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        assert_eq!(blame([("a", at(98))].into_iter(), &[at(50), at(100)]), Vec::<String>::new());
        assert_eq!(blame([("a", at(94)), ("b", at(101))].into_iter(), &[at(100)]).len(), 2);
        let many = std::iter::repeat_n(("a", at(99)), IN_HAND + 1);
        assert_eq!(blame(many, &[at(100)]).len(), 1);
    }
}
