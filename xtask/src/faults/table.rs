//! What was found, as a table.

use std::time::Duration;

use super::case::{Case, Findings};

/// A problem may quote a whole log, of which this much is printed.
const LINES: usize = 8;

/// Prints the names of cases and what must hold.
pub(super) fn print_promises(cases: &[Case]) {
    for case in cases {
        println!("{:26} {}", case.name, case.promise);
    }
}

/// Prints what the columns mean.
pub(super) fn print_heading() {
    println!(
        "{:26} {:>9} {:>7} {:>9} {:>11}  {:8} what must hold",
        "case", "requests", "failed", "peak MB", "recovery s", "verdict"
    );
}

/// Prints a case, and below it what there is to say.
pub(super) fn print_row(case: &Case, findings: &Findings) {
    let verdict = match (&findings.not_run, findings.problems.is_empty()) {
        (Some(_), true) => "NOT RUN",
        (_, true) => "passed",
        (_, false) => "FAILED",
    };
    println!(
        "{:26} {:>9} {:>7} {:>9} {:>11}  {verdict:8} {}",
        case.name,
        findings.answered + findings.failed,
        findings.failed,
        findings
            .memory_peak
            .map_or_else(|| "-".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6)),
        findings.recovery.map_or_else(|| "-".to_owned(), seconds),
        case.promise,
    );
    let remarks = findings.remarks.iter().map(|remark| ("", remark));
    let problems = findings.problems.iter().map(|problem| ("FAILED: ", problem));
    let not_run = findings.not_run.iter().map(|reason| ("NOT RUN: ", reason));
    for (label, text) in remarks.chain(problems).chain(not_run) {
        let lines = text.lines().count();
        for line in text.lines().take(LINES) {
            println!("    {label}{line}");
        }
        if lines > LINES {
            println!("    {label}and {} lines more", lines - LINES);
        }
    }
}

/// Prints how many cases passed; `true` when none failed.
pub(super) fn print_summary(found: &[(Case, Findings)]) -> bool {
    let failed = found.iter().filter(|(_, findings)| !findings.problems.is_empty());
    let failed = failed.count();
    let not_run: Vec<_> = found
        .iter()
        .filter(|(_, findings)| findings.not_run.is_some() && findings.problems.is_empty())
        .collect();
    if !not_run.is_empty() {
        println!("\nNOT RUN, so nothing is known about:");
        for (case, findings) in &not_run {
            println!("  {}: {}", case.name, findings.not_run.as_deref().unwrap_or_default());
        }
    }
    println!("\n{} passed, {failed} failed", found.len() - failed - not_run.len());
    failed == 0
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
