//! `openapi`: prints the OpenAPI document.

/// Prints the document, as it is served and committed.
///
/// # Errors
/// Where nothing can be printed.
pub fn run() -> Result<(), String> {
    super::print(&sluice_api::document::text())
}
