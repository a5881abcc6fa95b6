//! What is served: everything that an edit of the configuration can replace, as one value.

use std::sync::Arc;

use arc_swap::Guard;
use flagstaff_flagset::{FlagSet, Snapshot};
use flagstaff_protocol::etag::EntityTag;
use flagstaff_telemetry::logging::{AccessLog, LogLevel};
use http::{HeaderValue, StatusCode};

use crate::announcements::Announcements;
use crate::answer::Problem;
use crate::coding::{LatestRenditions, Renditions};
use crate::config::{self, Dialect, FlagSetSettings, Grant, Keys, Limits, Settings, Tls, TrustedProxies};
use crate::cross_origin::CrossOrigin;
use crate::documentation::Documentation;
use crate::exports::Exports;
use crate::rate::Rates;
use crate::streams::hub::Hub;
use crate::streams::token::Signer;
use crate::tokens::Tokens;

/// What is served. A request looks at one of these from its beginning to its end, so that its key, its flag set and its
/// limits are of one configuration.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) keys: Keys,
    pub(crate) tokens: Option<Arc<Tokens>>,
    pub(crate) flag_sets: FlagSets,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: Limits,
    pub(crate) rates: Arc<Rates>,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) streams: config::Streams,
    pub(crate) ofrep: config::Ofrep,
    /// `None` where the configuration has no secret to sign tokens with.
    pub(crate) signer: Option<Signer>,
    /// Shows what happened inside, and indents all JSON.
    pub(crate) debug: bool,
    pub(crate) access_log: AccessLog,
    /// Lets administrators take profiles.
    pub(crate) profiler: bool,
    /// `None` where the header is switched off.
    pub(crate) version: Option<HeaderValue>,
    /// Counts the flags of bulk answers by name.
    pub(crate) bulk_flag_names: bool,
    /// `None` where `/swagger/` is switched off.
    pub(crate) documentation: Option<Arc<Documentation>>,
    pub(crate) cross_origin: CrossOrigin,
    /// Encodes answers as clients want them.
    pub(crate) compression: bool,
    /// Stands before every path of the API.
    pub(crate) base_path: Box<str>,
}

/// The flag sets that are served.
#[derive(Clone)]
pub(crate) struct FlagSets {
    /// Without names there is one set, which needs no key.
    named: bool,
    sets: Vec<ServedSet>,
}

/// A flag set under its name; `None` when it could not start.
#[derive(Clone)]
pub(crate) struct ServedSet {
    pub(crate) name: Arc<str>,
    /// What it was made from.
    pub(crate) settings: Arc<FlagSetSettings>,
    pub(crate) live: Option<LiveSet>,
    /// Why it could not start.
    pub(crate) failure: Option<Arc<str>>,
}

/// A flag set, and who listens to it.
#[derive(Clone)]
pub(crate) struct LiveSet {
    pub(crate) flags: Arc<FlagSet>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) announcements: Arc<Announcements>,
    /// Of its whole configuration.
    renditions: Arc<LatestRenditions>,
    pub(crate) exports: Arc<Exports>,
}

impl Serving {
    /// Serves these flag sets under these settings. What was served before lends what an edit does not reset.
    pub(crate) fn new(settings: &Settings, flag_sets: FlagSets, before: Option<&Self>) -> Self {
        let rate_limits = settings.server.rate_limits;
        let rates = before
            .map(|before| &before.rates)
            .filter(|rates| rates.settings() == rate_limits);
        let known = before.and_then(|before| before.tokens_under(settings));
        Self {
            keys: settings.keys.clone(),
            tokens: known.or_else(|| settings.tokens.as_ref().and_then(Tokens::follow)),
            flag_sets,
            tls: settings.server.tls.clone(),
            limits: settings.server.limits,
            rates: rates.map_or_else(|| Arc::new(Rates::new(rate_limits)), Arc::clone),
            trusted_proxies: settings.server.trusted_proxies.clone(),
            streams: settings.streams,
            ofrep: settings.ofrep.clone(),
            signer: settings
                .ofrep
                .token_secret
                .as_ref()
                .map(|secret| Signer::new(secret.as_bytes())),
            debug: settings.logging.level == LogLevel::Debug,
            access_log: settings.logging.access,
            profiler: settings.enable_pprof || settings.logging.level == LogLevel::Debug,
            version: settings
                .version_header
                .then(|| HeaderValue::from_static(crate::VERSION)),
            bulk_flag_names: settings.bulk_metric_flag_names,
            documentation: Documentation::new(settings),
            cross_origin: CrossOrigin::new(&settings.server.cross_origin),
            compression: settings.server.compression,
            base_path: settings.server.base_path.clone(),
        }
    }

    /// What checks tokens now, unless the settings ask for something else.
    pub(crate) fn tokens_under(&self, settings: &Settings) -> Option<Arc<Tokens>> {
        let is_same = |tokens: &&Arc<Tokens>| Some(tokens.settings()) == settings.tokens.as_ref();
        self.tokens.as_ref().filter(is_same).cloned()
    }
}

impl Serving {
    /// How a caller is answered over OFREP.
    pub(crate) fn dialect(&self, grant: Option<Grant>) -> Dialect {
        let own = grant.and_then(|grant| grant.dialect);
        own.or_else(|| self.flag_sets.get(grant)?.settings.ofrep_dialect)
            .unwrap_or(self.ofrep.dialect)
    }
}

impl ServedSet {
    /// Tells changes to those whom the settings name now; `named` where there are several sets.
    pub(crate) fn apply_announcements(&self, named: bool) {
        if let Some(live) = &self.live {
            live.announcements.apply(&self.settings, named.then_some(&self.name));
        }
    }
}

impl LiveSet {
    /// Nobody listens yet.
    pub(crate) fn new(flags: FlagSet, exports: Exports) -> Self {
        let hub = Arc::new(Hub::new(&flags.load()));
        Self {
            exports: Arc::new(exports),
            flags: Arc::new(flags),
            hub,
            announcements: Arc::new(Announcements::new()),
            renditions: Arc::default(),
        }
    }

    /// The flags as they are now.
    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<Snapshot>> {
        self.flags.load()
    }

    /// Whether both are one, be it under other settings.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.flags, &other.flags)
    }

    /// Ends the set and all that listen to it.
    pub(crate) async fn stop(&self) {
        self.flags.stop().await;
        self.hub.close().await;
        self.announcements.take_leave().await;
        self.exports.remove().await;
    }
}

impl FlagSets {
    /// The one set of default mode.
    pub(crate) fn default_mode(set: ServedSet) -> Self {
        Self {
            named: false,
            sets: vec![set],
        }
    }

    /// Sets that are told apart by keys, in the order of the configuration.
    pub(crate) fn by_key(sets: Vec<ServedSet>) -> Self {
        Self { named: true, sets }
    }

    /// The flag set of a caller.
    pub(crate) fn of(&self, grant: Option<Grant>) -> Result<&LiveSet, Problem> {
        self.live(grant).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "error while getting flagset: flagset not found for API key",
            )
        })
    }

    /// Who listens to the flag set of a caller.
    pub(crate) fn hub(&self, grant: Option<Grant>) -> Result<&Arc<Hub>, Problem> {
        let set = self.live(grant).map(|set| &set.hub);
        set.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "no flag set associated to the API key"))
    }

    /// How the whole configuration of a caller's flag set looks in other codings.
    pub(crate) fn configuration(&self, grant: Option<Grant>, tag: EntityTag) -> Option<Arc<Renditions>> {
        Some(self.live(grant)?.renditions.of(tag))
    }

    /// The place of a caller's flag set, which may not have started.
    pub(crate) fn index_of(&self, grant: Option<Grant>) -> Option<usize> {
        if self.named {
            grant.and_then(|grant| grant.flag_set)
        } else {
            Some(0)
        }
    }

    /// The place of the flag set of a name, which has started.
    pub(crate) fn named(&self, name: &str) -> Result<usize, Problem> {
        let is_served = |set: &ServedSet| *set.name == *name && set.live.is_some();
        self.sets.iter().position(is_served).ok_or_else(|| {
            let message = format!("error while getting flagset: impossible to find the flagset with the name {name}");
            Problem::new(StatusCode::BAD_REQUEST, message)
        })
    }

    /// Whether callers are told apart by their keys.
    pub(crate) fn are_named(&self) -> bool {
        self.named
    }

    /// Every set, started or not.
    pub(crate) fn all(&self) -> &[ServedSet] {
        &self.sets
    }

    /// Whether every set is served.
    pub(crate) fn are_complete(&self) -> bool {
        self.sets.iter().all(|set| set.live.is_some())
    }

    /// Every set that is served.
    pub(crate) fn started(&self) -> impl Iterator<Item = &LiveSet> {
        self.sets.iter().filter_map(|set| set.live.as_ref())
    }

    /// The name of a caller's flag set.
    pub(crate) fn name(&self, grant: Option<Grant>) -> Option<&str> {
        Some(&*self.get(grant)?.name)
    }

    /// The set of a name, if it is served.
    pub(crate) fn started_as(&self, name: &str) -> Option<&LiveSet> {
        let set = self.sets.iter().find(|set| *set.name == *name);
        set?.live.as_ref()
    }

    fn get(&self, grant: Option<Grant>) -> Option<&ServedSet> {
        self.sets.get(self.index_of(grant)?)
    }

    fn live(&self, grant: Option<Grant>) -> Option<&LiveSet> {
        self.get(grant)?.live.as_ref()
    }
}
