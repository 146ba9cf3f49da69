//! What more is to be seen of pictures, sounds and films: how large a picture is, and what hides in one.

use super::{Active, Dimensions, has, pdf};

/// How wide and high a picture is, if these bytes, its first, tell.
pub(super) fn dimensions(media_type: &str, bytes: &[u8]) -> Option<Dimensions> {
    let size = imagesize::blob_size(bytes).ok()?;
    // A bitmap that goes from top to bottom says so by a height below nothing.
    let height = match media_type {
        "image/bmp" => u64::from(u32::try_from(size.height).ok()?.cast_signed().unsigned_abs()),
        _ => size.height as u64,
    };
    Some(Dimensions { width: size.width as u64, height }).filter(|dimensions| dimensions.pixels() > 0)
}

/// What begins something that a program could take a file for, whatever it is otherwise. In lower case.
const HIDDEN: &[&[u8]] = &[b"<script", b"<?php", b"<!doctype html", b"<html", b"<iframe"];

/// Whether markup, a script or a PDF hides in the first bytes of something else.
pub(super) fn hidden(head: &[u8]) -> Vec<Active> {
    let begins_here = |at: usize| {
        let rest = &head[at..];
        let begins = |mark: &[u8]| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
        HIDDEN.iter().any(|mark| begins(mark)) || (begins(b"<svg") && ends_name(&rest[4..])) || is_directive(rest)
    };
    let has_markup = head.iter().enumerate().any(|(at, byte)| *byte == b'<' && begins_here(at));
    let has_pdf = has(&head[..head.len().min(pdf::BEGINS_WITHIN)], b"%PDF-");
    if has_markup || has_pdf { vec![Active::HiddenMarkup] } else { Vec::new() }
}

/// Whether what is behind letters does not go on with a name. Four letters alone come up by chance in what is packed.
fn ends_name(behind: &[u8]) -> bool {
    behind.first().is_some_and(|byte| byte.is_ascii_whitespace() || b"/>".contains(byte))
}

/// Whether a page of a server has one of its directives here: `<%@ page`, `<%@Language`.
fn is_directive(bytes: &[u8]) -> bool {
    const LETTERS: usize = 5;
    let words = bytes.strip_prefix(b"<%@").and_then(|rest| rest.get(..LETTERS));
    words.is_some_and(|words| words.iter().all(|byte| byte.is_ascii_alphabetic() || byte.is_ascii_whitespace()))
}
