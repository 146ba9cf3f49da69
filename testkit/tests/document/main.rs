//! The API document holds: its examples are true, and whatever a stranger sends is answered as it says.

mod examples;
mod hostile;
mod operators;
mod read;
