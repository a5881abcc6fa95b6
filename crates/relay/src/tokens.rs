//! Bearer tokens of an OpenID provider.
//!
//! The [keys](key_set) that the provider signs with are [fetched](provider) beside the requests and replaced as a whole. A token
//! is verified once and remembered with those keys until it expires.

mod claims;
mod key_set;
mod provider;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::answer::Problem;
use crate::auth::Refusal;
use crate::config::{ApiKey, Scope, TokenSettings};
use key_set::KeySet;
use provider::Provider;

/// How long a request waits for keys that it needs and that are not known yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many requests may wait for keys at a time. Tokens are cheap to make up.
const WAITING: usize = 64;

/// Checks tokens.
pub(crate) struct Tokens {
    settings: TokenSettings,
    /// The keys that are known now.
    keys: Arc<ArcSwapOption<KeySet>>,
    /// Asks for other keys. The provider is followed until this is dropped.
    wishes: mpsc::Sender<Wish>,
}

/// Somebody who waits for keys. Dropped when there is nothing to wait for any more.
type Wish = oneshot::Sender<Infallible>;

/// A token that was verified.
#[derive(Debug)]
pub(crate) struct Token {
    /// Whom it was issued to.
    pub(crate) subject: Arc<str>,
    /// Tells its holder from others.
    pub(crate) fingerprint: u64,
    pub(crate) scope: Scope,
    /// The flag set that it names.
    pub(crate) flag_set: Option<Arc<str>>,
    /// From when on it is worth nothing.
    pub(crate) expires: SystemTime,
}

/// Why a token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TokenError {
    /// It is no token, not of this provider, not for this relay, or not signed.
    Invalid,
    /// It was valid once.
    Expired,
    /// It will be valid later.
    Early,
    /// It gives no rights here.
    Unprivileged,
    /// Nobody with a known key signed it. There may be new keys.
    UnknownSigner,
    /// The provider has not given its keys yet.
    Unavailable,
}

impl Tokens {
    /// Follows a provider. Must be called inside of a tokio runtime.
    pub(crate) fn follow(settings: &TokenSettings) -> Option<Arc<Self>> {
        let keys = Arc::new(ArcSwapOption::empty());
        let (wishes, wished) = mpsc::channel(WAITING);
        tokio::spawn(Provider::new(settings.clone(), Arc::clone(&keys)).run(wished));
        Some(Arc::new(Self {
            settings: settings.clone(),
            keys,
            wishes,
        }))
    }

    /// What it was made from.
    pub(crate) fn settings(&self) -> &TokenSettings {
        &self.settings
    }

    /// Whether a text is worth being read as a token: the beginning of a JSON object in base64, and two dots.
    pub(crate) fn look_like(text: &[u8]) -> bool {
        text.starts_with(b"eyJ") && text.iter().filter(|byte| **byte == b'.').count() == 2
    }

    /// Verifies a token, which is `key` when it is taken for a key.
    pub(crate) fn check(&self, token: &[u8], key: ApiKey, now: SystemTime) -> Result<Arc<Token>, Refusal> {
        Ok(self.find(token, key, now)?)
    }

    fn find(&self, token: &[u8], key: ApiKey, now: SystemTime) -> Result<Arc<Token>, TokenError> {
        let keys = self.keys.load();
        let keys = keys.as_ref().ok_or(TokenError::Unavailable)?;
        let known = match keys.remembered(key) {
            Some(known) => known,
            None => {
                let verified = Arc::new(claims::read(&keys.verify(token)?, key, &self.settings, now)?);
                keys.remember(key, Arc::clone(&verified));
                verified
            }
        };
        if known.expires <= now {
            return Err(TokenError::Expired);
        }
        Ok(known)
    }

    /// Asks the provider for its keys, unless it was asked too often lately, and waits for them a while. They are fetched after
    /// the call; several share a fetch.
    pub(crate) async fn renew(&self) {
        let (wish, granted) = oneshot::channel();
        if self.wishes.try_send(wish).is_ok() {
            // with or without new keys: whoever waited looks again
            let _ = timeout(PATIENCE, granted).await;
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::Problem(Problem::unauthorized("invalid token")),
            TokenError::Expired => Self::Problem(Problem::unauthorized("the token has expired")),
            TokenError::Early => Self::Problem(Problem::unauthorized("the token is not valid yet")),
            TokenError::Unprivileged => Self::Problem(Problem::new(
                StatusCode::FORBIDDEN,
                "the token has no scope of this relay",
            )),
            TokenError::UnknownSigner => Self::UnknownSigner(Problem::unauthorized("invalid token")),
            TokenError::Unavailable => Self::UnknownSigner(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "tokens cannot be checked: the keys of their issuer are not known yet",
            )),
        }
    }
}
