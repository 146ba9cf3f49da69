//! How often detection is right, and that the page which says so is true.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_common::domain::{ActiveContent, MediaType};

use crate::files::{Row, bytes_of, corpus, disguised, is_or_passes, look_at, policy, real, refused};
use crate::lists::{ACTIVE, CALLED};

/// How many files of a group there are, and how many of them are judged rightly.
#[derive(Default)]
struct Score {
    files: usize,
    sluice: usize,
    infer: usize,
    file: usize,
}

/// Whether another detector's name is the declared type's, or that of one that passes for it.
fn is_called(name: &str, declared: &str) -> bool {
    MediaType::parse(name).is_ok_and(|named| is_or_passes(named.as_str(), declared))
        || CALLED.iter().any(|(theirs, ours)| *theirs == name && ours.contains(&declared))
}

/// The page that shows how often detection is right.
fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/content.md")
}

/// The scores by group: real files that are confirmed, and disguises that are refused, by a policy with its defaults.
/// `name_of` is what file(1) calls a file.
fn scores(name_of: impl Fn(&Row) -> String) -> BTreeMap<(bool, String), Score> {
    let policy = policy(ActiveContent::Reject);
    let real_paths: BTreeSet<String> = real().into_iter().map(|row| row.path).collect();
    let mut scores = BTreeMap::<_, Score>::new();
    for (is_real, row) in
        real().into_iter().map(|row| (true, row)).chain(disguised().into_iter().map(|row| (false, row)))
    {
        let bytes = bytes_of(&row);
        let folder = row.path.split('/').next().expect("a folder");
        let is_active = is_real && ACTIVE.iter().any(|(path, _)| *path == row.path);
        let group = match (is_real, is_active) {
            (_, true) => "real files that do something",
            (false, _) if real_paths.contains(&row.path) => "real files under another name",
            _ => folder,
        };
        let is_real = is_real && !is_active;
        let is_named = |name: &str| is_called(name, &row.declared);
        let named_by_infer = infer::get(&bytes).is_some_and(|kind| is_named(kind.mime_type()));
        let score = scores.entry((is_real, group.to_owned())).or_default();
        score.files += 1;
        score.sluice += usize::from(refused(&policy, &look_at(&bytes), &row.declared).is_empty() == is_real);
        score.infer += usize::from(named_by_infer == is_real);
        score.file += usize::from(is_named(&name_of(&row)) == is_real);
    }
    scores
}

/// The tables for the page; `file` gives the last cell of a row.
fn tables(
    scores: &BTreeMap<(bool, String), Score>,
    version: &str,
    file: impl Fn(bool, &str, &Score) -> String,
) -> String {
    let share = |right: usize, of: usize| format!("{:.1} %", 100.0 * right as f64 / of as f64);
    let mut text = String::new();
    for (is_real, what) in [(true, "Real files that are confirmed"), (false, "Disguises that are refused")] {
        let mut total = Score::default();
        writeln!(text, "| {what} | files | Sluice | `infer` alone | {version} |\n|---|---|---|---|---|").expect("text");
        let mut row = |group: &str, score: &Score| {
            let (sluice, infer) = (share(score.sluice, score.files), share(score.infer, score.files));
            let file = file(is_real, group, score);
            writeln!(text, "| {group} | {} | {sluice} | {infer} | {file} |", score.files).expect("text");
        };
        for ((_, group), score) in scores.iter().filter(|((real, _), _)| *real == is_real) {
            row(group, score);
            total.files += score.files;
            total.sluice += score.sluice;
            total.infer += score.infer;
            total.file += score.file;
        }
        row("all", &total);
        text.push('\n');
    }
    text
}

#[test]
fn the_tables_of_accuracy_are_true() {
    let page = std::fs::read_to_string(page()).expect("the page is there");
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let head = page.lines().find(|line| line.starts_with("| Real files")).expect("the tables are there");
    // file(1) is not everywhere: its column is believed.
    let said = |is_real: bool, group: &str, _: &Score| {
        let second = page.find("| Disguises").expect("the second table");
        let part = if is_real { &page[..second] } else { &page[second..] };
        let row = part.lines().find(|line| line.starts_with(&format!("| {group} |")));
        row.map_or_else(String::new, |row| cells(row)[5].clone())
    };
    let tables = tables(&scores(|_| String::new()), &cells(head)[5], said);
    assert!(page.contains(&tables), "run the test that writes them; they should be:\n{tables}");
}

#[test]
#[ignore = "writes docs/content.md, and needs file(1)"]
fn write_the_tables_of_accuracy() {
    let file = |arguments: &[&str]| {
        let ran = Command::new("file").arg("--brief").args(arguments).current_dir(corpus()).output().expect("file(1)");
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    };
    let version = file(&["--version"]).lines().next().expect("a version").replace('-', " ");
    let scores = scores(|row| file(&["--mime-type", &row.path]));
    let tables = tables(&scores, &format!("`{version}`"), |_, _, score| {
        format!("{:.1} %", 100.0 * score.file as f64 / score.files as f64)
    });
    let old = std::fs::read_to_string(page()).expect("the page is there");
    let from = old.find("| Real files").expect("the tables are there");
    let length = old[from..].find("\n\n<!-- end of the tables -->").expect("their end is marked");
    let new = format!("{}{}{}", &old[..from], tables.trim_end(), &old[from + length..]);
    std::fs::write(page(), new).expect("the page is written");
}
