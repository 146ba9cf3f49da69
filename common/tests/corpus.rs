//! Real files are confirmed as what they are, and nothing passes for what it is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sluice_common::domain::content::{Wanted, detect_whole};
use sluice_common::domain::{
    ActiveContent, ByteCount, ContentType, Declaration, FileName, Inspection, MediaType, Policies, Policy, Verdict,
    judge,
};

/// Types that clients often declare: each real file is also declared as each of these.
const USUAL: &[&str] = &[
    "application/epub+zip",
    "application/gzip",
    "application/json",
    "application/msword",
    "application/pdf",
    "application/rtf",
    "application/vnd.microsoft.portable-executable",
    "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/x-tar",
    "application/zip",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "font/woff2",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/tiff",
    "image/webp",
    "text/calendar",
    "text/csv",
    "text/html",
    "text/markdown",
    "text/plain",
    "text/vtt",
    "text/xml",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
    "video/x-msvideo",
];

/// Types that files pass for beside their own: what they are, what they may be declared as, and why that is right. A type
/// that begins with `+` is every one that ends so.
const ALSO: &[(&[&str], &[&str], &str)] = &[
    (WORDS, &["text/plain", "text/markdown"], "they are text, and Markdown is any text"),
    (WORDS, &["text/csv"], "a table can have one column"),
    (&["text/html"], &["text/markdown"], "Markdown may hold HTML, and be nothing else"),
    (&["text/markdown"], &["text/html"], "Markdown that begins with HTML is a fragment of HTML"),
    (&["application/xhtml+xml"], &["text/html"], "it can be served as either"),
    (&["text/xml"], &["text/plain"], "XML without a declaration is words between angle brackets"),
    (&["+xml"], &["text/xml"], "their names say so"),
    (&["application/vnd.oasis.opendocument.text-flat-xml"], &["text/xml"], "it is XML by its name"),
    (&["+json"], &["application/json"], "their names say so"),
];

/// Types that are text, of which the bytes need not show more.
const WORDS: &[&str] = &[
    "application/json",
    "+json",
    "application/pgp-signature",
    "application/sql",
    "application/toml",
    "application/typescript",
    "application/x-ndjson",
    "application/x-pem-file",
    "application/x-subrip",
    "application/x-sylk",
    "application/x-tex",
    "application/yaml",
    "image/vnd.dxf",
    "message/rfc822",
    "model/obj",
    "model/stl",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/javascript",
    "text/markdown",
    "text/plain",
    "text/tab-separated-values",
    "text/vcard",
    "text/vtt",
    "text/x-c",
    "text/x-diff",
    "text/x-java",
    "text/x-perl",
    "text/x-python",
    "text/x-ruby",
    "text/xml",
];

/// Files that are two things, which their types alone don't say: the file, what else it may be declared as, and why.
const BOTH: &[(&str, &str, &str)] = &[
    ("archives/jar-without-manifest.jar", "application/zip", "without a manifest it is a ZIP of classes"),
    (
        "office/libreoffice.ppsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "LibreOffice writes a slide show as a presentation",
    ),
    ("texts/number.txt", "application/json", "42 is JSON"),
];

/// What others call a type: their name, and ours. They are not measured by our names.
const CALLED: &[(&str, &[&str])] = &[
    ("application/vnd.ms-opentype", &["font/otf"]),
    ("application/x-bytecode.python", &["application/x-python-code"]),
    ("audio/vnd.dolby.dd-raw", &["audio/ac3"]),
    ("font/sfnt", &["font/ttf", "font/otf"]),
    ("text/x-tex", &["application/x-tex"]),
    (
        "text/xml",
        &[
            "application/atom+xml",
            "application/gpx+xml",
            "application/rss+xml",
            "application/vnd.google-earth.kml+xml",
            "application/vnd.oasis.opendocument.text-flat-xml",
            "application/x-fictionbook+xml",
            "application/xhtml+xml",
        ],
    ),
    ("video/mp4", &["audio/mp4"]),
    ("video/webm", &["audio/webm"]),
    ("video/x-matroska", &["audio/x-matroska"]),
    ("video/x-ms-asf", &["audio/x-ms-wma", "video/x-ms-wmv"]),
];

/// Real files that are not told for what they are, and why.
const NOT_CONFIRMED: &[(&str, &str)] = &[
    ("archives/genisoimage.iso", "an ISO image shows itself at 32 KiB, behind the head"),
    ("documents/cairo-leading-junk.pdf", "words in front of a PDF make it something else too"),
    ("documents/groff.dvi", "an unknown type"),
    ("texts/csv-latin-1.csv", "text must be UTF-8, or UTF-16 with a mark"),
    ("texts/latin-1.txt", "text must be UTF-8, or UTF-16 with a mark"),
    ("texts/windows-1252.txt", "text must be UTF-8, or UTF-16 with a mark"),
];

/// Real files that a policy with its defaults refuses for what they would do, and what that is.
const ACTIVE: &[(&str, &str)] = &[
    ("images/imagemagick-text.png", "a script in a comment"),
    ("office/microsoft-word-form-macros.docm", "macros"),
    ("office/xlsxwriter.xlsm", "macros"),
    ("polyglots/gif-with-html-comment.gif", "a script in a comment"),
    ("polyglots/jpeg-with-php-comment.jpg", "a script in a comment"),
    ("texts/html-script.html", "a script"),
];

/// Disguises that are not seen through, and why.
const NOT_REFUSED: &[(&str, &str, &str)] =
    &[("bombs/nested.zip", "application/zip", "what is in the archives of an archive is not looked at")];

/// A file and what it is declared as.
struct Row {
    path: String,
    declared: String,
    /// The codes of which one is expected, in a list of disguises.
    reasons: Vec<String>,
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

fn real() -> Vec<Row> {
    rows("manifest.tsv", None)
}

fn disguised() -> Vec<Row> {
    rows("disguised.tsv", Some(3))
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/corpus")
}

fn bytes_of(row: &Row) -> Vec<u8> {
    std::fs::read(corpus().join(&row.path)).unwrap_or_else(|error| panic!("{}: {error}", row.path))
}

fn media_type(name: &str) -> MediaType {
    MediaType::parse(name).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// A policy that takes every type that occurs here.
fn policy(active_content: ActiveContent) -> Policy {
    let rows: Vec<Row> = real().into_iter().chain(disguised()).collect();
    let types: BTreeSet<&str> = rows.iter().map(|row| row.declared.as_str()).chain(USUAL.iter().copied()).collect();
    let types: Vec<&str> = types.into_iter().collect();
    let text = format!(
        "[[policy]]\nname = \"all\"\ntypes = {types:?}\nmax_size = \"1 GiB\"\ngrant_lifetime = \"1h\"\nfinish_within = \"2h\"\n"
    );
    let policies = Policies::parse(&text).expect("a policy");
    Policy { active_content, ..policies.find("all").expect("there").clone() }
}

/// The codes with which a file is refused that is declared as this, none where it is confirmed.
fn refused(policy: &Policy, bytes: &[u8], declared: &str) -> Vec<&'static str> {
    let declaration = Declaration {
        filename: FileName::parse("file").expect("a name"),
        content_type: ContentType::parse(declared).expect("a type"),
        size: None,
        sha256: None,
    };
    let inspection = Inspection {
        size: ByteCount::new(i64::try_from(bytes.len()).expect("small")).expect("not negative"),
        etag: String::new(),
        version_id: None,
        sha256: None,
        content: detect_whole(bytes, Wanted::ALL),
    };
    match judge(policy, &declaration, &inspection) {
        Verdict::Accept => Vec::new(),
        Verdict::Reject(reasons) => reasons.iter().map(|reason| reason.code.as_str()).collect(),
    }
}

/// Fails with all lines at once, sorted.
fn none(what: &str, lines: impl IntoIterator<Item = String>) {
    let lines: BTreeSet<String> = lines.into_iter().collect();
    assert!(lines.is_empty(), "{} {what}:\n{}", lines.len(), lines.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn real_files_are_confirmed_as_what_they_are() {
    let policy = policy(ActiveContent::Accept);
    let wrong = real().into_iter().filter_map(|row| {
        let reasons = refused(&policy, &bytes_of(&row), &row.declared);
        let known = NOT_CONFIRMED.iter().any(|(path, _)| *path == row.path);
        let shown = detect_whole(&bytes_of(&row), Wanted::ALL).detected;
        (reasons.is_empty() == known).then(|| format!("{} as {}: {reasons:?}, {shown:?}", row.path, row.declared))
    });
    none("files that are not judged as expected", wrong);
}

#[test]
fn real_files_are_refused_as_what_they_are_not() {
    let policy = policy(ActiveContent::Accept);
    let wrong = real().into_iter().flat_map(|row| {
        let bytes = bytes_of(&row);
        let others = USUAL.iter().filter(|usual| !may_pass(&row, usual));
        let passing = others.filter(|usual| refused(&policy, &bytes, usual).is_empty());
        passing.map(|usual| format!("{} ({}) as {usual}", row.path, row.declared)).collect::<Vec<_>>()
    });
    none("files that pass for what they are not", wrong);
}

/// Whether a real file may be declared as this.
fn may_pass(row: &Row, declared: &str) -> bool {
    is_or_passes(&row.declared, declared) || BOTH.iter().any(|(path, other, _)| *path == row.path && *other == declared)
}

/// Whether a file of one type may be declared as the other.
fn is_or_passes(is: &str, declared: &str) -> bool {
    let (is, declared) = (media_type(is), media_type(declared));
    let among = |names: &[&str], one: &MediaType| {
        names
            .iter()
            .any(|name| if name.starts_with('+') { one.as_str().ends_with(name) } else { media_type(name) == *one })
    };
    is == declared || ALSO.iter().any(|(own, other, _)| among(own, &is) && among(other, &declared))
}

#[test]
fn disguises_are_refused_for_the_right_reason() {
    let policy = policy(ActiveContent::Reject);
    let wrong = disguised().into_iter().filter_map(|row| {
        let reasons = refused(&policy, &bytes_of(&row), &row.declared);
        let as_expected = reasons.iter().any(|code| row.reasons.iter().any(|expected| expected == code));
        let known = NOT_REFUSED.iter().any(|(path, declared, _)| *path == row.path && *declared == row.declared);
        let shown = detect_whole(&bytes_of(&row), Wanted::ALL).detected;
        (as_expected == known)
            .then(|| format!("{} as {}: {reasons:?} for {:?}, {shown:?}", row.path, row.declared, row.reasons))
    });
    none("disguises that are not judged as expected", wrong);
}

#[test]
fn real_files_that_do_nothing_by_themselves_are_confirmed_by_a_strict_policy() {
    let (strict, lenient) = (policy(ActiveContent::Reject), policy(ActiveContent::Accept));
    let wrong = real().into_iter().filter_map(|row| {
        let bytes = bytes_of(&row);
        let reasons = refused(&strict, &bytes, &row.declared);
        let is_active = !reasons.is_empty() && refused(&lenient, &bytes, &row.declared).is_empty();
        let known = ACTIVE.iter().any(|(path, _)| *path == row.path);
        (is_active != known)
            .then(|| format!("{}: {reasons:?}, {:?}", row.path, detect_whole(&bytes, Wanted::ALL).active))
    });
    none("files that are not judged as expected", wrong);
}

#[test]
fn a_script_behind_what_is_read_of_a_drawing_is_not_confirmed() {
    let padding = "<g/>".repeat(100_000);
    let drawing = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{padding}<script>alert(1)</script></svg>");
    let reasons = refused(&policy(ActiveContent::Reject), drawing.as_bytes(), "image/svg+xml");
    assert_eq!(reasons, ["active_content"]);
}

#[test]
fn an_action_in_the_middle_of_a_long_pdf_is_not_confirmed() {
    let stream = format!("<< /Length 600000 >>\nstream\n{}\nendstream\nendobj\n", "x".repeat(600_000));
    let action = "4 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n";
    let pdf = format!(
        "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /OpenAction 4 0 R >>\nendobj\n2 0 obj\n{stream}{action}3 0 obj\n{stream}%%EOF\n"
    );
    let reasons = refused(&policy(ActiveContent::Reject), pdf.as_bytes(), "application/pdf");
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
        let group = if !is_real && real_paths.contains(&row.path) { "real files under another name" } else { folder };
        let is_named = |name: &str| is_called(name, &row.declared);
        let named_by_infer = infer::get(&bytes).is_some_and(|kind| is_named(kind.mime_type()));
        let score = scores.entry((is_real, group.to_owned())).or_default();
        score.files += 1;
        score.sluice += usize::from(refused(&policy, &bytes, &row.declared).is_empty() == is_real);
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
