//! How a soak goes, while it goes: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::stage::{QUEUE, Stage};

const BAR: usize = 24;
/// How often there is a new line where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

const DECIDED: &str = "SELECT count(*) FROM uploads WHERE decided_at IS NOT NULL";

/// Shows it until the time is up.
pub(super) async fn show(stage: &Stage, time: Duration, started: Instant) {
    let live = std::io::stdout().is_terminal();
    let every = if live { Duration::from_secs(1) } else { LINE_EVERY };
    while let Some(left) = time.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) {
        tokio::time::sleep(every.min(left)).await;
        let line = line(stage, started.elapsed().min(time), time).await;
        say(&if live { format!("\r\x1b[K{line}") } else { format!("{line}\n") });
    }
    if live {
        say("\r\x1b[K");
    }
    say("Nothing goes wrong any more; waiting until nothing is left to do.\n");
}

async fn line(stage: &Stage, passed: Duration, time: Duration) -> String {
    let decided = stage.count(DECIDED).await;
    let filled = (BAR as f64 * passed.as_secs_f64() / time.as_secs_f64()) as usize;
    format!(
        "[{}{}] {} of {}  {} uploads, {decided} decided ({:.0}/s), {} faults, {} kills, {} in the queue",
        "#".repeat(filled.min(BAR)),
        ".".repeat(BAR - filled.min(BAR)),
        minutes(passed),
        minutes(time),
        stage.ledger.len(),
        decided as f64 / passed.as_secs_f64(),
        stage.tally.sum("fault:"),
        stage.tally.of("worker: killed"),
        stage.fake.held(QUEUE).total(),
    )
}

fn minutes(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// A terminal that is gone is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
