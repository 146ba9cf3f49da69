//! `openapi`: prints the OpenAPI document.

use sluice_api::document::{self, Version};

/// Which document to print.
#[derive(clap::Args)]
pub struct Arguments {
    /// The version of OpenAPI: 3.0, which every generator reads, or 3.1
    #[arg(long, default_value = "3.0", value_parser = version)]
    version: Version,
}

fn version(text: &str) -> Result<Version, &'static str> {
    match text {
        "3.0" => Ok(Version::V3_0),
        "3.1" => Ok(Version::V3_1),
        _ => Err("there are 3.0 and 3.1"),
    }
}

/// Prints the document, as it is served and committed.
///
/// # Errors
/// Where nothing can be printed.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    super::print(&document::text(arguments.version))
}
