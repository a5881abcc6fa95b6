//! Who listens, and whether they still may.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use super::hub::Hub;
use crate::auth;
use crate::config::{ApiKey, Scope};
use crate::serving::Serving;
use crate::state::State;
use crate::tokens::Tokens;

/// What somebody came with who listens to a flag set.
pub(crate) enum Guest {
    /// Nothing: no key was needed.
    Anybody,
    /// A key that was good for this.
    Key(ApiKey, Scope),
    /// A token of an OpenID provider.
    Token {
        /// What verified it.
        tokens: Arc<Tokens>,
        /// The flag set that it names.
        flag_set: Option<Arc<str>>,
        /// From when on it is worth nothing.
        expires: SystemTime,
    },
}

/// The right to listen, which an edit of the configuration or time can take away.
pub(super) struct Admission {
    pub(super) guest: Guest,
    /// Whom it lets listen to. Not what keeps that alive.
    pub(super) hub: Weak<Hub>,
    pub(super) state: Arc<State>,
}

impl Guest {
    /// Whom it may listen to under this configuration; `None` when to nobody.
    fn hub<'s>(&self, serving: &'s Serving) -> Option<&'s Arc<Hub>> {
        let grant = match self {
            Self::Anybody if serving.keys.required() => return None,
            Self::Anybody => None,
            Self::Key(key, scope) => {
                let grant = serving.keys.get(*key).map(|key| key.grant);
                Some(grant.filter(|grant| grant.scope >= *scope)?)
            }
            Self::Token { tokens, flag_set, .. } => {
                serving.tokens.as_ref().filter(|now| Arc::ptr_eq(now, tokens))?;
                Some(auth::token_grant(serving, Scope::Client, flag_set.as_deref()))
            }
        };
        serving.flag_sets.hub(grant).ok()
    }

    /// When it ends by itself, if ever.
    fn expires(&self) -> Option<SystemTime> {
        match self {
            Self::Token { expires, .. } => Some(*expires),
            Self::Anybody | Self::Key(..) => None,
        }
    }
}

impl Admission {
    /// Whether it is over, be the configuration as it is.
    pub(super) fn has_expired(&self) -> bool {
        let expires = self.guest.expires();
        expires.is_some_and(|expires| expires <= self.state.now())
    }

    /// Whether the configuration that is in effect gives it.
    pub(super) fn is_granted(&self) -> bool {
        let serving = self.state.serving();
        let hub = self.guest.hub(&serving);
        hub.is_some_and(|hub| Weak::as_ptr(&self.hub) == Arc::as_ptr(hub))
    }
}
