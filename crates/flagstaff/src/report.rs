//! How findings are shown.

pub(crate) mod goff;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod text;

use flagstaff_definition::diagnostic::Severity;

/// The page that explains every code.
const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/diagnostics.md");

/// The name of a severity as people read it.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
