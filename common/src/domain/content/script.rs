//! Text that a shell or a desktop would run.

/// What runs, by its beginning, and which type it is.
const BEGINNINGS: &[(&str, &str)] = &[
    ("@echo off", "application/x-bat"),
    ("[internetshortcut]", "application/x-mswinurl"),
    ("[desktop entry]", "application/x-desktop"),
    ("windows registry editor", "text/x-ms-regedit"),
    ("regedit4", "text/x-ms-regedit"),
];

/// What runs that no known interpreter is for.
const SHELL: &str = "text/x-shellscript";

/// Which interpreter is for which type, by how its name begins.
const INTERPRETERS: &[(&str, &str)] = &[
    ("python", "text/x-python"),
    ("pypy", "text/x-python"),
    ("perl", "text/x-perl"),
    ("ruby", "text/x-ruby"),
    ("php", "text/x-php"),
    ("node", "text/javascript"),
    ("deno", "text/javascript"),
    ("bun", "text/javascript"),
    ("lua", "text/x-lua"),
    ("tclsh", "text/x-tcl"),
    ("awk", "text/x-awk"),
    ("gawk", "text/x-awk"),
];

/// Whether a type is one of scripts that are told here.
pub(super) fn is_told(name: &str) -> bool {
    let kinds = BEGINNINGS.iter().chain(INTERPRETERS).map(|(_, kind)| *kind);
    kinds.chain([SHELL]).any(|kind| kind == name)
}

/// Which kind of script a text is; nothing if it is none that shows it.
pub(super) fn kind(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    let begins =
        |beginning: &str| start.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning));
    interpreter(text).or_else(|| BEGINNINGS.iter().find(|(beginning, _)| begins(beginning)).map(|(_, kind)| *kind))
}

/// The same of a file that is text only in its first line: what is packed behind a script is still run by it.
pub(super) fn kind_of_binary(head: &[u8]) -> Option<&'static str> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    interpreter(std::str::from_utf8(line).ok()?)
}

/// What the first line has the text run by: `#!/bin/sh`, `#!/usr/bin/env python3`.
fn interpreter(text: &str) -> Option<&'static str> {
    let line = text.strip_prefix("#!")?.lines().next()?.trim_start();
    if !line.starts_with('/') {
        return None;
    }
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or_default());
    let program = words.next()?;
    let program = if program == "env" {
        words.find(|word| !word.starts_with('-') && !word.contains('=')).unwrap_or("sh")
    } else {
        program
    };
    Some(INTERPRETERS.iter().find(|(start, _)| program.starts_with(start)).map_or(SHELL, |(_, kind)| *kind))
}
