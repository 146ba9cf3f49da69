//! Says when the program is to be built anew although no Rust has changed: when the dashboard that it holds has.

use std::path::Path;

fn main() {
    // Before it was ever built, all that can be watched is where it is going to appear.
    let built = if Path::new("dashboard/dist").exists() { "dashboard/dist" } else { "dashboard" };
    println!("cargo::rerun-if-changed={built}");
}
