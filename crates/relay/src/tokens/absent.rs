//! Stands in for tokens in a build that cannot check any: there are none.

use std::sync::Arc;
use std::time::SystemTime;

use crate::auth::Refusal;
use crate::config::{ApiKey, Scope, TokenSettings};

/// Would check tokens.
pub(crate) enum Tokens {}

/// Would be a token that was verified.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) subject: Arc<str>,
    pub(crate) fingerprint: u64,
    pub(crate) scope: Scope,
    pub(crate) flag_set: Option<Arc<str>>,
    pub(crate) expires: SystemTime,
}

impl Tokens {
    pub(crate) fn follow(_: &TokenSettings) -> Option<Arc<Self>> {
        None
    }

    pub(crate) fn settings(&self) -> &TokenSettings {
        match *self {}
    }

    pub(crate) fn look_like(_: &[u8]) -> bool {
        false
    }

    pub(crate) fn check(&self, _: &[u8], _: ApiKey, _: SystemTime) -> Result<Arc<Token>, Refusal> {
        match *self {}
    }

    pub(crate) async fn renew(&self) {
        match *self {}
    }
}
