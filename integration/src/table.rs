//! What was proven, as a table.

use crate::case::{Case, Outcome, Verdict};

/// Prints the names of cases and what they run on.
pub(crate) fn print_list<'a>(cases: impl IntoIterator<Item = &'a Case>) {
    for case in cases {
        println!("{:30} {}", case.name(), case.server());
    }
}

/// Prints what the columns mean.
pub(crate) fn print_heading() {
    println!("{:30} {:24} {:8} {:>7}  proven", "kind", "server", "verdict", "s");
}

/// Prints a case.
pub(crate) fn print_row(case: &Case, outcome: &Outcome) {
    let (verdict, text) = match &outcome.verdict {
        Verdict::Passed => ("passed", ""),
        Verdict::Failed(problem) => ("FAILED", problem.as_str()),
        Verdict::Skipped(reason) => ("skipped", reason.as_str()),
    };
    let separator = if text.is_empty() || outcome.proof.is_empty() {
        ""
    } else {
        "; "
    };
    println!(
        "{:30} {:24} {verdict:8} {:>7.1}  {}{separator}{text}",
        case.name(),
        case.server(),
        outcome.took.as_secs_f64(),
        outcome.proof,
    );
}

/// Prints how many passed; `true` when none failed.
pub(crate) fn print_summary(outcomes: &[Outcome]) -> bool {
    let count = |wanted: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    println!(
        "\n{} passed, {failed} failed, {skipped} skipped",
        outcomes.len() - failed - skipped
    );
    failed == 0
}
