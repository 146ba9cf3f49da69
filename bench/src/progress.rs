//! How the bench goes, while it goes: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Instant;

const BAR: usize = 24;

/// What is being measured.
pub struct Progress {
    live: bool,
    began: Instant,
    measures: usize,
    at: Mutex<(usize, String)>,
}

impl Progress {
    /// There will be so many measures.
    pub fn of(measures: usize) -> Self {
        let live = std::io::stderr().is_terminal();
        Self { live, began: Instant::now(), measures, at: Mutex::new((0, String::new())) }
    }

    /// The next measure begins.
    pub fn begin(&self, measure: &str) {
        let mut at = self.at.lock().expect("no holder of the lock panics");
        *at = (at.0 + 1, measure.to_owned());
        let line = if self.live {
            bar(at.0 - 1, self.measures, measure)
        } else {
            format!("{} of {}: {measure}", at.0, self.measures)
        };
        drop(at);
        self.show(&line);
    }

    /// What it is at. Shown on a terminal alone, where it is soon gone.
    pub fn now(&self, what: &str) {
        if self.live {
            let at = self.at.lock().expect("no holder of the lock panics").clone();
            self.show(&bar(at.0 - 1, self.measures, &format!("{}: {what}", at.1)));
        }
    }

    /// All is measured.
    pub fn end(&self) {
        if self.live {
            self.write("\r\x1b[K");
        }
    }

    fn show(&self, line: &str) {
        let seconds = self.began.elapsed().as_secs();
        let time = format!("{}:{:02}", seconds / 60, seconds % 60);
        self.write(&if self.live { format!("\r\x1b[K{time} {line}") } else { format!("{time}  {line}\n") });
    }

    /// A terminal that is gone is no reason to stop.
    fn write(&self, text: &str) {
        let mut out = std::io::stderr();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn bar(done: usize, of: usize, text: &str) -> String {
    let filled = BAR * done / of.max(1);
    format!("[{}{}] {text}", "#".repeat(filled.min(BAR)), ".".repeat(BAR.saturating_sub(filled)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_it_may_be() {
        for done in 0..5 {
            assert_eq!(bar(done, 3, "").len(), BAR + 3);
        }
        assert!(bar(3, 3, "").starts_with("[####") && bar(0, 3, "").starts_with("[...."));
    }
}
