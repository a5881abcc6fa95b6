//! The time limit of a fetch.

use std::time::Duration;

use crate::settings::{Settings, SettingsError};

/// When nothing else is written.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// The property `timeout`: milliseconds for the whole exchange; what is not above zero is the default.
pub(crate) fn read(settings: Settings<'_>) -> Result<Duration, SettingsError> {
    Ok(match u64::try_from(settings.integer("timeout")?) {
        Err(_) | Ok(0) => DEFAULT,
        Ok(milliseconds) => Duration::from_millis(milliseconds),
    })
}
