//! How findings are shown.

pub(crate) mod goff;
pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod text;

use flagstaff_definition::diagnostic::Severity;

/// The page that explains every code, relative to the root of the sources.
const PAGE: &str = "docs/diagnostics.md";

/// The name of a severity as people read it.
fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
