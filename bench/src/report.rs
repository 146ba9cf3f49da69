//! What was measured, as a table for people and as JSON for programs.

use serde::Serialize;

use crate::figures::{Hold, Row, readable};
use crate::machine::Machine;

/// Between these a page has the latest results.
const BEGIN: &str = "<!-- results -->";
const END: &str = "<!-- end of results -->";

/// All of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// When it began.
    pub at: String,
    /// Whether it was quick rather than exact.
    pub quick: bool,
    /// Where.
    pub machine: Machine,
    /// What was measured.
    pub rows: Vec<Row>,
}

impl Report {
    /// How many figures fall short of what they are held to.
    pub fn short(&self) -> usize {
        self.rows.iter().filter(|row| row.ok == Some(false)).count()
    }

    /// Where, when and of what it was measured, in a line.
    pub fn place(&self) -> String {
        let Machine { cores, cpu, kernel, commit } = &self.machine;
        format!(
            "Commit {commit}, {} UTC, {cores} × {cpu}, Linux {kernel}.",
            self.at.get(..16).unwrap_or(&self.at).replace('T', " ")
        )
    }

    /// A page with this table where it had another, between two marks.
    pub fn published_in(&self, page: &str) -> Option<String> {
        let (before, rest) = page.split_once(BEGIN)?;
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}\n{}\n\n{}{END}{after}", self.place(), self.table()))
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and texts can be written") + "\n"
    }

    /// As a table in Markdown, which reads well on a terminal, too.
    pub fn table(&self) -> String {
        let head = ["what", "measured", "beside, in the same run", "ratio", "hold", ""].map(str::to_owned);
        let lines: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(cells)).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3, 4, 5].map(width);
        let show = |line: &[String; 6]| {
            let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = format!("|{}\n", widths.map(|width| format!("{}|", "-".repeat(width + 2))).concat());
        show(&lines[0]) + &rule + &lines[1..].iter().map(show).collect::<String>()
    }
}

fn cells(row: &Row) -> [String; 6] {
    let (margin, ok) = match row.ok {
        None => (String::new(), ""),
        Some(ok) => (row.hold.map(shown).unwrap_or_default(), if ok { "pass" } else { "SHORT" }),
    };
    [
        row.name.clone(),
        format!("{} {}", readable(row.value), row.unit),
        row.yardstick.clone().unwrap_or_default(),
        row.ratio.map(|ratio| format!("{} ×", readable(ratio))).unwrap_or_default(),
        margin,
        ok.to_owned(),
    ]
}

fn shown(hold: Hold) -> String {
    match hold {
        Hold::RatioAtLeast(least) => format!("≥ {least} ×"),
        Hold::RatioAtMost(most) => format!("≤ {most} ×"),
        Hold::AtLeast(least) => format!("≥ {}", readable(least)),
        Hold::AtMost(most) => format!("≤ {}", readable(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let machine = Machine { cores: 2, cpu: "Xeon".into(), kernel: "6".into(), commit: "abc".into() };
        let rows = vec![
            Row::beside("create", &[20_000.0], "/s", "pgbench", &[10_000.0]).held_to(Hold::RatioAtLeast(1.5)),
            Row::new("create, p99", 20.0, "ms").held_to(Hold::AtMost(15.0)),
            Row::new("create, p50", 1.0, "ms"),
        ];
        Report { at: "2026-01-01T00:00:00Z".into(), quick: true, machine, rows }
    }

    #[test]
    fn the_table_says_what_passes_and_what_falls_short() {
        let table = report().table();
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[2].contains("20,000 /s") && lines[2].contains("2.00 ×") && lines[2].contains("pass"), "{table}");
        assert!(lines[3].contains("≤ 15.0") && lines[3].contains("SHORT"), "{table}");
        assert!(!lines[4].contains("pass") && !lines[4].contains("SHORT"), "{table}");
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{table}");
        assert_eq!(report().short(), 1);
    }

    #[test]
    fn a_page_keeps_all_but_the_results_of_before() {
        let page = report()
            .published_in("a\n<!-- results -->\nthe former\n<!-- end of results -->\nb\n")
            .expect("it has both marks");
        assert!(
            page.starts_with("a\n<!-- results -->\nCommit abc, 2026-01-01 00:00 UTC, 2 × Xeon, Linux 6.\n\n| what"),
            "{page}"
        );
        assert!(page.ends_with("|\n<!-- end of results -->\nb\n") && !page.contains("former"), "{page}");
        assert_eq!(report().published_in("a page"), None);
    }

    #[test]
    fn the_json_has_every_field_of_every_row() {
        let json: serde_json::Value = serde_json::from_str(&report().json()).expect("it is JSON");
        let expected = serde_json::json!({
            "name": "create", "value": 20_000.0, "unit": "/s", "yardstick": "pgbench: 10,000 /s", "ratio": 2.0,
            "hold": {"ratio_at_least": 1.5}, "ok": true,
        });
        assert_eq!(json["rows"][0], expected);
        assert_eq!(json["rows"][1]["ok"], false);
        assert_eq!(json["rows"][2]["ok"], serde_json::Value::Null);
        assert_eq!(json["machine"]["cores"], 2);
    }
}
