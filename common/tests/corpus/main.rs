//! Real files are confirmed as what they are, and nothing passes for what it is not.

mod accuracy;
mod files;
mod lists;

use std::collections::BTreeSet;

use sluice_common::domain::ActiveContent;

use files::{bytes_of, corpus, disguised, look_at, may_pass, policy, real, refused};
use lists::{ACTIVE, NOT_CONFIRMED, NOT_REFUSED, USUAL};

/// Fails with all lines at once, sorted.
fn none(what: &str, lines: impl IntoIterator<Item = String>) {
    let lines: BTreeSet<String> = lines.into_iter().collect();
    assert!(lines.is_empty(), "{} {what}:\n{}", lines.len(), lines.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn real_files_are_confirmed_as_what_they_are() {
    let policy = policy(ActiveContent::Accept);
    let wrong = real().into_iter().filter_map(|row| {
        let seen = look_at(&bytes_of(&row));
        let reasons = refused(&policy, &seen, &row.declared);
        let known = NOT_CONFIRMED.iter().any(|(path, _)| *path == row.path);
        (reasons.is_empty() == known)
            .then(|| format!("{} as {}: {reasons:?}, {:?}", row.path, row.declared, seen.content.detected))
    });
    none("files that are not judged as expected", wrong);
}

#[test]
fn real_files_are_refused_as_what_they_are_not() {
    let policy = policy(ActiveContent::Accept);
    let wrong = real().into_iter().flat_map(|row| {
        let seen = look_at(&bytes_of(&row));
        let others = USUAL.iter().filter(|usual| !may_pass(&row, usual));
        let passing = others.filter(|usual| refused(&policy, &seen, usual).is_empty());
        passing.map(|usual| format!("{} ({}) as {usual}", row.path, row.declared)).collect::<Vec<_>>()
    });
    none("files that pass for what they are not", wrong);
}

#[test]
fn disguises_are_refused_for_the_right_reason() {
    let policy = policy(ActiveContent::Reject);
    let wrong = disguised().into_iter().filter_map(|row| {
        let seen = look_at(&bytes_of(&row));
        let reasons = refused(&policy, &seen, &row.declared);
        let as_expected = reasons.iter().any(|code| row.reasons.iter().any(|expected| expected == code));
        let known = NOT_REFUSED.iter().any(|(path, declared, _)| *path == row.path && *declared == row.declared);
        (as_expected == known).then(|| {
            format!("{} as {}: {reasons:?} for {:?}, {:?}", row.path, row.declared, row.reasons, seen.content.detected)
        })
    });
    none("disguises that are not judged as expected", wrong);
}

#[test]
fn real_files_that_do_nothing_by_themselves_are_confirmed_by_a_strict_policy() {
    let (strict, lenient) = (policy(ActiveContent::Reject), policy(ActiveContent::Accept));
    let wrong = real().into_iter().filter_map(|row| {
        let seen = look_at(&bytes_of(&row));
        let reasons = refused(&strict, &seen, &row.declared);
        let is_active = !reasons.is_empty() && refused(&lenient, &seen, &row.declared).is_empty();
        let known = ACTIVE.iter().any(|(path, _)| *path == row.path);
        (is_active != known).then(|| format!("{}: {reasons:?}, {:?}", row.path, seen.content.active))
    });
    none("files that are not judged as expected", wrong);
}

#[test]
fn a_script_behind_what_is_read_of_a_drawing_is_not_confirmed() {
    let padding = "<g/>".repeat(100_000);
    let drawing = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{padding}<script>alert(1)</script></svg>");
    let reasons = refused(&policy(ActiveContent::Reject), &look_at(drawing.as_bytes()), "image/svg+xml");
    assert_eq!(reasons, ["active_content"]);
}

#[test]
fn every_file_is_listed_with_its_origin_and_licence() {
    let listed: BTreeSet<String> = real().into_iter().chain(disguised()).map(|row| row.path).collect();
    let folders = std::fs::read_dir(corpus()).expect("readable").map(|entry| entry.expect("readable").path());
    let files = folders
        .filter(|path| path.is_dir() && !path.ends_with("make"))
        .flat_map(|folder| std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()));
    let names = files.map(|path| path.strip_prefix(corpus()).expect("inside").to_string_lossy().into_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), listed);
    let manifest = std::fs::read_to_string(corpus().join("manifest.tsv")).expect("readable");
    none(
        "rows lack a column",
        manifest.lines().filter(|row| row.split('\t').filter(|cell| !cell.is_empty()).count() != 4).map(str::to_owned),
    );
}
