//! Whether any message, from a store or from a stranger, does harm where events are read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sluice_worker::envelope::{Record, parse};

/// A sentence about what can't be read is stored and logged: it must be short.
const LONGEST_SENTENCE: usize = 200;

fuzz_target!(|body: &str| {
    match parse(body) {
        Ok(records) => {
            assert!(!records.is_empty(), "a body that says nothing is unreadable");
            records.iter().for_each(holds);
        }
        Err(unreadable) => assert!(unreadable.to_string().len() <= LONGEST_SENTENCE),
    }
});

/// What everything behind the parser relies on.
fn holds(record: &Record) {
    match record {
        Record::Created(event) => {
            assert!((1..=1024).contains(&event.key.len()) && !event.key.contains('\0'));
            assert!(event.size.is_none_or(|size| size >= 0));
        }
        Record::Ignored { .. } => {}
        Record::Unreadable(unreadable) => assert!(unreadable.to_string().len() <= LONGEST_SENTENCE),
    }
}
