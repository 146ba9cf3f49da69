//! Pages of rows that are numbered, newest first: a cursor is the number of the last row of the page before.

use crate::scalars::Limit;

/// How many rows a page has if nobody says, and at the most.
const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;

/// How many rows a page is to have.
pub fn limit(asked: Option<Limit>) -> i64 {
    asked.map_or(DEFAULT_LIMIT, |limit| limit.0).clamp(1, MAX_LIMIT)
}

/// A row's number, as text gives it.
pub fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id| *id > 0)
}

/// Cuts what was found, of which one more was asked for than the page has, to a page. Gives the cursor of the next one, if there
/// is one.
pub fn cut<Row>(found: &mut Vec<Row>, limit: i64, number: impl FnOnce(&Row) -> i64) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| has_more).map(|last| number(last).to_string())
}
