//! The list of locks: one line each. An unknown kind is answered with the known ones.

use std::fmt;
use std::sync::Arc;

use flagstaff_backend::Needs::Each;
use flagstaff_backend::{Kind, Needs, Settings, SettingsError, Surroundings, find};
use serde_json::{Map, Value};

use super::Lock;

/// Builds a lock from its options. `None` in the list: this build does not have it.
type Constructor = fn(Settings<'_>, &Surroundings) -> Result<Arc<dyn Lock>, SettingsError>;

/// What a lock of a kind is built with.
#[derive(Debug, Clone, Copy)]
pub struct Backend(Option<Constructor>);

impl Backend {
    /// Whether this build has it.
    pub fn is_active(self) -> bool {
        self.0.is_some()
    }
}

/// Every kind, in the order in which they are shown.
pub const KINDS: &[Kind<Backend>] = &[
    kind("redis", Each(&["redisOptions.addr"]), &[&["redisPrefix"]], REDIS),
    kind("postgresql", Each(&["uri"]), &[&["table"]], POSTGRESQL),
];

#[cfg(feature = "redis")]
const REDIS: Option<Constructor> = Some(|settings, _| Ok(Arc::new(super::redis::RedisLock::read(settings)?)));
#[cfg(not(feature = "redis"))]
const REDIS: Option<Constructor> = None;

#[cfg(feature = "postgresql")]
const POSTGRESQL: Option<Constructor> = Some(|settings, surroundings| {
    Ok(Arc::new(super::postgresql::PostgresqlLock::read(
        settings,
        surroundings,
    )?))
});
#[cfg(not(feature = "postgresql"))]
const POSTGRESQL: Option<Constructor> = None;

/// A lock that a configuration block describes. Two are equal when their options are.
#[derive(Clone)]
pub struct NotifierLock {
    pub(super) kind: &'static str,
    pub(super) options: Arc<Map<String, Value>>,
    pub(super) lock: Arc<dyn Lock>,
}

impl NotifierLock {
    /// Builds the lock of some options: `kind` and its properties, names in any case.
    ///
    /// Nothing is opened or asked yet. Errors name the property; values are never shown.
    pub fn build(options: &Map<String, Value>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let kind = find(KINDS, options)?;
        let Backend(constructor) = kind.backend;
        let constructor = constructor.ok_or_else(|| kind.not_compiled())?;
        Ok(Self {
            kind: kind.name,
            lock: constructor(Settings::new(kind.name, options), surroundings)?,
            options: Arc::new(options.clone()),
        })
    }

    /// What it asks.
    pub fn lock(&self) -> &dyn Lock {
        &*self.lock
    }
}

impl PartialEq for NotifierLock {
    fn eq(&self, other: &Self) -> bool {
        self.options == other.options
    }
}

impl fmt::Debug for NotifierLock {
    /// Leaves the options out: passwords are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifierLock")
            .field("kind", &self.kind)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

const fn kind(
    name: &'static str,
    needs: Needs,
    optional: &'static [&'static [&'static str]],
    constructor: Option<Constructor>,
) -> Kind<Backend> {
    Kind {
        name,
        feature: name,
        needs,
        optional,
        backend: Backend(constructor),
    }
}
