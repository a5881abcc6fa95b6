//! What is served under `/swagger/` by a build without the feature `swagger`: nothing.

use std::sync::Arc;

use crate::answer::{Answer, Problem};
use crate::config::Settings;

/// There is none.
pub(crate) enum Documentation {}

impl Documentation {
    /// None, whatever the settings say; reading them announces it.
    pub(crate) fn new(_: &Settings) -> Option<Arc<Self>> {
        None
    }

    /// Cannot be asked.
    pub(crate) fn answer(&self, _: &str) -> Result<Answer, Problem> {
        match *self {}
    }
}
