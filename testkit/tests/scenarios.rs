//! The page on reliability and the tests say the same: every scenario has its row, and every test in a row is there.

use std::path::Path;

const PAGE: &str = include_str!("../../docs/reliability.md");

/// How many scenarios each table has.
const TABLES: &[(char, usize)] = &[('A', 10), ('B', 13), ('C', 9), ('D', 12), ('E', 22), ('F', 9), ('G', 13)];

#[test]
fn every_scenario_has_a_row_that_names_a_test_or_says_why_there_is_none() {
    for (table, last) in TABLES {
        for number in 1..=*last {
            let row = PAGE.lines().find(|line| line.starts_with(&format!("| {table}{number} |")));
            let cell = row.and_then(|row| row.trim_end_matches([' ', '|']).rsplit("| ").next()).unwrap_or_default();
            assert!(cell.len() > 10, "{table}{number} has no test and no reason: {row:?}");
        }
    }
}

#[test]
fn every_test_that_a_row_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources: String = ["common/src", "api/src", "worker/src", "worker/tests", "testkit/tests"]
        .iter()
        .map(|folder| read_all(&root.join(folder)))
        .collect();
    for row in PAGE.lines().filter(|line| TABLES.iter().any(|(table, _)| line.starts_with(&format!("| {table}")))) {
        let named = row
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| name.matches('_').count() > 2 && !name.contains(['=', ' ']));
        for name in named {
            assert!(
                sources.contains(&format!("fn {name}(")) || sources.contains(&format!("    {name}: ")),
                "there is no test {name}"
            );
        }
    }
}

/// All Rust files below a folder, one after the other.
fn read_all(folder: &Path) -> String {
    let entries =
        std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path());
    entries
        .map(|path| match path.extension() {
            _ if path.is_dir() => read_all(&path),
            Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("it is text"),
            _ => String::new(),
        })
        .collect()
}
