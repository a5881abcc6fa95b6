//! A build without the feature `lambda`: there are no invocations.

use std::future::Future;
use std::sync::Arc;

use crate::RunError;
use crate::config::LambdaFunction;
use crate::state::State;

/// There are none.
pub(crate) enum Invocations {}

impl Invocations {
    /// Refuses the mode.
    pub(crate) fn new(_: &LambdaFunction) -> Result<Self, RunError> {
        Err(RunError::Mode("lambda"))
    }

    /// Cannot be asked.
    pub(crate) async fn give_up(&self, _: &RunError) {
        match *self {}
    }

    /// Cannot be asked.
    pub(crate) async fn serve(self, _: Arc<State>, _: impl Future<Output = ()>) -> Result<(), RunError> {
        match self {}
    }
}
