//! What people write about a stream.

use flagstaff_backend::{Settings, SettingsError};

/// Options of the kind `kinesis`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KinesisOptions {
    /// `streamName`: the stream of this account and region. Counts where both are written.
    Name(String),
    /// `streamArn`
    Arn(String),
}

impl KinesisOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let name = settings.text("streamName")?;
        if !name.is_empty() {
            return Ok(Self::Name(name));
        }
        let arn = settings.required("streamArn")?;
        match arn.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "kinesis", region, _, resource] if !region.is_empty() && resource.starts_with("stream/") => {
                Ok(Self::Arn(arn))
            }
            _ => Err(settings.invalid(
                "streamArn",
                "is not of the form arn:aws:kinesis:REGION:ACCOUNT:stream/NAME",
            )),
        }
    }

    /// As it is written.
    pub(super) fn written(&self) -> &str {
        match self {
            Self::Name(text) | Self::Arn(text) => text,
        }
    }

    /// The region that an ARN holds.
    pub(super) fn region(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Arn(arn) => arn.split(':').nth(3),
        }
    }
}
