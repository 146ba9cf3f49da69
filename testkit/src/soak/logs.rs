//! What the workers of a soak wrote: no panic, and no verdict twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::stage::Stage;

/// All logs in a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect()
}

/// Each verdict is counted by the one worker whose statement changed the row, at most once: a worker that was killed right
/// after may not have come to it.
pub(super) async fn check(folder: &Path, stage: &Stage) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut verdicts: HashMap<String, String> = HashMap::new();
    for file in files(folder) {
        let log = std::fs::read(&file).unwrap_or_default();
        for line in String::from_utf8_lossy(&log).lines() {
            if line.contains("panicked at") {
                wrong.push(format!("a worker panicked: {line} ({})", file.display()));
            }
            let Some((id, status)) = verdict(line) else { continue };
            if let Some(other) = verdicts.insert(id.clone(), status.clone()) {
                wrong.push(format!("two verdicts were counted about upload {id}: {other} and {status}"));
            }
        }
    }
    wrong.extend(compare(&verdicts, stage).await);
    wrong
}

/// The verdict that a line of a log is about.
fn verdict(line: &str) -> Option<(String, String)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let (id, status) = (line["upload.id"].as_str()?, line["status"].as_str()?);
    Some((id.to_owned(), status.to_owned()))
}

/// What was counted is what happened; and only workers that were killed at that very moment did not count.
async fn compare(verdicts: &HashMap<String, String>, stage: &Stage) -> Vec<String> {
    let rows = stage
        .query("SELECT upload_id::text, status FROM timeline WHERE status IN ('confirmed', 'rejected', 'expired')")
        .await;
    let changed: HashMap<String, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut wrong: Vec<String> = verdicts
        .iter()
        .filter(|(id, status)| changed.get(*id) != Some(status))
        .map(|(id, status)| format!("upload {id} was counted as {status}, and that is not what was recorded"))
        .collect();
    let uncounted = changed.len().saturating_sub(verdicts.len());
    // One statement records at most 100 verdicts; a killed connection also hides from a worker what it has done.
    let most = 100 * stage.tally.of("worker: killed") + 100 * stage.tally.sum("fault: a connection") + 1_000;
    if uncounted as u64 > most {
        wrong.push(format!("{uncounted} verdicts were recorded and never counted"));
    }
    stage.tally.add_many("left: verdicts that nobody counted", uncounted as u64);
    wrong
}
