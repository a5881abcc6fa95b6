//! The zone of the server's clock.

use flagstaff_backend::Surroundings;
use jiff::tz::TimeZone;

/// What `TZ` names, else what the machine is set to; UTC where that is not known.
pub(crate) fn time_zone(surroundings: &Surroundings) -> TimeZone {
    match surroundings.variable("TZ") {
        // a variable that is empty is UTC for Go, and absent for us; so is the difference between servers
        None => TimeZone::try_system().unwrap_or(TimeZone::UTC),
        Some(name) => {
            let name = name.strip_prefix(':').unwrap_or(name);
            TimeZone::get(name)
                .or_else(|_| TimeZone::posix(name))
                .unwrap_or(TimeZone::UTC)
        }
    }
}
