//! The points at which a test can have a worker wait, abort or panic. Nothing is left of them in a build for use.
//!
//! They need the feature `failpoints`, which only this crate's tests switch on, and debug assertions, which a release has
//! not; `./dev check` makes sure of the first. The variable `FAILPOINTS` says what happens where, in the words of the crate
//! `fail`, as in `before_inspect=1*panic;after_verdict=return(wait)`. What stands in `return`:
//!
//! - `wait`: whoever gets there stays for ever, as if its work hung; `wait 500`: for 500 ms
//! - `abort`: the process ends at once, as a stack overflow would end it
//! - `wait at KEY`, `abort at KEY`: only where the work is about this key, this upload or this message

macro_rules! points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A point that the work passes through.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point {
            $($(#[$doc])* $point,)*
        }

        impl Point {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$point),*];

            /// The name that `FAILPOINTS` calls it by.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// A message is in hand.
    AfterReceive = "after_receive",
    /// The object is about to be looked at.
    BeforeInspect = "before_inspect",
    /// The object has been looked at.
    AfterInspect = "after_inspect",
    /// An accepted object is about to be copied to where it stays.
    BeforePromote = "before_promote",
    /// The copy is there.
    AfterPromote = "after_promote",
    /// The verdict is about to be written.
    BeforeVerdict = "before_verdict",
    /// The verdict is committed.
    AfterVerdict = "after_verdict",
    /// The message is about to be deleted.
    BeforeDeleteMessage = "before_delete_message",
    /// The message is deleted.
    AfterDeleteMessage = "after_delete_message",
    /// Unwanted objects are claimed.
    AfterClaim = "after_claim",
    /// Unwanted objects are deleted, and their rows not yet.
    AfterObjectDelete = "after_object_delete",
    /// An upload is about to expire.
    BeforeExpire = "before_expire",
}

/// Reads `FAILPOINTS`. To be called once, at the start of a process.
pub fn start() {
    #[cfg(all(feature = "failpoints", debug_assertions))]
    // Its end would clear what is set.
    std::mem::forget(fail::FailScenario::setup());
}

/// Passes a point with work that is about this key, upload or message.
#[cfg(not(all(feature = "failpoints", debug_assertions)))]
pub(crate) async fn reach(_: Point, _: &str) {}

#[cfg(all(feature = "failpoints", debug_assertions))]
pub(crate) use active::reach;

#[cfg(all(feature = "failpoints", debug_assertions))]
mod active {
    use std::time::Duration;

    use super::Point;

    /// Passes a point with work that is about this key, upload or message.
    pub(crate) async fn reach(point: Point, about: &str) {
        let Some(words) = said_of(point) else { return };
        let (action, only) = words.split_once(" at ").unwrap_or((&words, about));
        if only != about {
            return;
        }
        // What the test waits for.
        tracing::warn!(point = point.name(), about, "reached the failpoint {}", point.name());
        match action.split_once(' ').unwrap_or((action, "")) {
            ("abort", "") => std::process::abort(),
            ("wait", "") => std::future::pending().await,
            ("wait", time) => tokio::time::sleep(Duration::from_millis(time.parse().expect("milliseconds"))).await,
            _ => panic!("FAILPOINTS has '{words}', which is none of what may stand in return()"),
        }
    }

    fn said_of(point: Point) -> Option<String> {
        fail::fail_point!(point.name(), |words| words);
        None
    }
}
