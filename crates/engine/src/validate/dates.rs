//! What dates have in common.

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::span::Spanned;
use flagstaff_definition::timestamp::{Instant, Timestamp};

use super::findings::Findings;

const YEAR: i64 = 31_556_952;

/// A date more than this many years ahead is probably a slip.
const DISTANT: i64 = 10;

/// Checks the date in this field.
pub(super) fn is_plausible(field: &'static str, date: &Spanned<Timestamp>, now: Instant, findings: &mut Findings) {
    let years = date.value.instant.seconds.saturating_sub(now.seconds) / YEAR;
    if years >= DISTANT {
        let found =
            Diagnostic::new(Code::DistantDate, format!("{} is {years} years ahead", date.value)).hint("check the year");
        findings.add_in_field(field, date.span, found);
    }
}
