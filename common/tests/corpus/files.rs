//! The files of the corpus, and how one of them is judged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sluice_common::domain::content::{Wanted, detect_whole};
use sluice_common::domain::{
    ActiveContent, ByteCount, ContentType, Declaration, FileName, Inspection, MediaType, Policies, Policy, Verdict,
    judge,
};

use crate::lists::{ALSO, BOTH, USUAL};

/// A file and what it is declared as.
pub struct Row {
    /// Where it is in the corpus.
    pub path: String,
    /// The type it is declared as.
    pub declared: String,
    /// The codes of which one is expected, in a list of disguises.
    pub reasons: Vec<String>,
}

/// The rows of a list, each with the column that `reasons` names, if any.
fn rows(list: &str, reasons: Option<usize>) -> Vec<Row> {
    let text = std::fs::read_to_string(corpus().join(list)).expect("the list is part of the corpus");
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let codes = reasons.map(|column| columns[column].split('|').map(str::to_owned).collect());
        Row { path: columns[0].to_owned(), declared: columns[1].to_owned(), reasons: codes.unwrap_or_default() }
    };
    text.lines().skip(1).map(row).collect()
}

/// The real files.
pub fn real() -> Vec<Row> {
    rows("manifest.tsv", None)
}

/// The disguises.
pub fn disguised() -> Vec<Row> {
    rows("disguised.tsv", Some(3))
}

/// Where the files are.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/corpus")
}

/// The bytes of a file.
pub fn bytes_of(row: &Row) -> Vec<u8> {
    std::fs::read(corpus().join(&row.path)).unwrap_or_else(|error| panic!("{}: {error}", row.path))
}

/// The type of this name.
pub fn media_type(name: &str) -> MediaType {
    MediaType::parse(name).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// A policy that takes every type that occurs here.
pub fn policy(active_content: ActiveContent) -> Policy {
    let rows: Vec<Row> = real().into_iter().chain(disguised()).collect();
    let types: BTreeSet<&str> = rows.iter().map(|row| row.declared.as_str()).chain(USUAL.iter().copied()).collect();
    let types: Vec<&str> = types.into_iter().collect();
    let text = format!(
        "[[policy]]\nname = \"all\"\ntypes = {types:?}\nmax_size = \"1 GiB\"\ngrant_lifetime = \"1h\"\nfinish_within = \"2h\"\n"
    );
    let policies = Policies::parse(&text).expect("a policy");
    Policy { active_content, ..policies.find("all").expect("there").clone() }
}

/// What is seen of a file's bytes.
pub fn look_at(bytes: &[u8]) -> Inspection {
    Inspection {
        size: ByteCount::new(i64::try_from(bytes.len()).expect("small")).expect("not negative"),
        etag: String::new(),
        version_id: None,
        sha256: None,
        content: detect_whole(bytes, Wanted::ALL),
    }
}

/// The codes with which a file is refused that is declared as this, none where it is confirmed.
pub fn refused(policy: &Policy, seen: &Inspection, declared: &str) -> Vec<&'static str> {
    let declaration = Declaration {
        filename: FileName::parse("file").expect("a name"),
        content_type: ContentType::parse(declared).expect("a type"),
        size: None,
        sha256: None,
    };
    match judge(policy, &declaration, seen) {
        Verdict::Accept => Vec::new(),
        Verdict::Reject(reasons) => reasons.iter().map(|reason| reason.code.as_str()).collect(),
    }
}

/// Whether a real file may be declared as this.
pub fn may_pass(row: &Row, declared: &str) -> bool {
    is_or_passes(&row.declared, declared) || BOTH.iter().any(|(path, other, _)| *path == row.path && *other == declared)
}

/// Whether a file of one type may be declared as the other.
pub fn is_or_passes(is: &str, declared: &str) -> bool {
    let (is, declared) = (media_type(is), media_type(declared));
    let among = |names: &[&str], one: &MediaType| {
        names
            .iter()
            .any(|name| if name.starts_with('+') { one.as_str().ends_with(name) } else { media_type(name) == *one })
    };
    is == declared || ALSO.iter().any(|(own, other, _)| among(own, &is) && among(other, &declared))
}
