//! Folders by date and hour, as Hive names them, so that Athena, BigQuery, DuckDB and Spark see them as columns.

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::Event;
use jiff::Timestamp;
use serde::Deserialize;

/// `partition`: into which folders events go, by their creation date in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partition {
    /// `none`: all into the same.
    None,
    /// `date`: `date=2026-11-26`
    Date,
    /// `hour`: `date=2026-11-26/hour=09`
    Hour,
}

impl Partition {
    /// Reads the option.
    pub(super) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        match settings.text("partition")?.as_str() {
            "" | "none" => Ok(Self::None),
            "date" => Ok(Self::Date),
            "hour" => Ok(Self::Hour),
            _ => Err(settings.invalid("partition", "is not one of none, date, hour")),
        }
    }

    /// The folder of an event; what is wrong with its creation date otherwise.
    pub(super) fn folder(self, event: &Event) -> Result<String, String> {
        let format = match self {
            Self::None => return Ok(String::new()),
            Self::Date => "date=%Y-%m-%d",
            Self::Hour => "date=%Y-%m-%d/hour=%H",
        };
        let Created { creation_date } =
            serde_json::from_slice(event.text()).map_err(|error| format!("it has no creation date: {error}"))?;
        let created = Timestamp::from_second(creation_date)
            .map_err(|_| format!("its creation date is no time: {creation_date}"))?;
        Ok(created.strftime(format).to_string())
    }
}

/// The one member that matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    creation_date: i64,
}
