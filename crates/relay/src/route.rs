//! Where a path leads.
//!
//! The matcher is written by hand: which flag a path names depends on rules that no router offers (OFREP keys swallow
//! slashes, empty keys and dot segments stay what they are, a wrong method is told apart after authentication, an unknown
//! path answers like the group it stands in), and comparing a path with a dozen literals is the cheapest way to the route.

use std::borrow::Cow;

use http::Method;

use crate::config::Scope;

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Single evaluation in GO Feature Flag's form.
    Evaluation,
    /// Bulk evaluation in GO Feature Flag's form.
    AllFlags,
    /// Flags as they are written.
    Configuration,
    /// Hashes to poll for changes.
    Change,
    /// Events of clients.
    Collector,
    /// Single evaluation in OFREP's form.
    Ofrep,
    /// Bulk evaluation in OFREP's form.
    OfrepBulk,
    /// Flags for the OpenFeature command line.
    Manifest,
    /// Fetches the flags now.
    Refresh,
    /// Whoever keeps the flags tells that they changed; the key is the name of a flag set.
    RefreshHook,
    /// Changes over a web socket.
    WebSocket,
    /// Changes over a web socket, under its former path.
    LegacyWebSocket,
    /// Changes as server-sent events.
    Events,
    /// Tells OFREP's clients when to fetch again.
    OfrepEvents,
    /// Whether the process is alive.
    Health,
    /// When flags were last fetched.
    Information,
    /// Whether the process answers.
    Alive,
    /// Whether flags can be served.
    Ready,
    /// Metrics.
    Metrics,
    /// The OpenAPI document and its page; the key is the name of a file.
    Swagger,
    /// The operator's page; the key is the name of a file that it loads.
    Page,
    /// Where the processor's time goes.
    Profile,
    /// Nothing, in a group of routes.
    Nothing(Group),
}

/// A group of routes, which says who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Anybody.
    Open,
    /// `/v1`: an evaluation key.
    Goff,
    /// `/ofrep/v1`: an evaluation key.
    Ofrep,
    /// `/openfeature/v0`: an evaluation key.
    OpenFeature,
    /// `/stream/v1`: an evaluation key in the query.
    Stream,
    /// `/admin/v1`: an administration key.
    Admin,
}

/// A path that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place<'p> {
    /// Where it leads.
    pub(crate) route: Route,
    /// The flag key, or the name of a file or a flag set, as it stands in the path, where there is one.
    pub(crate) key: &'p str,
}

/// Which listener a request came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    /// The API, together with the monitoring routes when these have no listener of their own.
    Api {
        /// Whether it serves the monitoring routes.
        monitoring: bool,
    },
    /// The monitoring routes alone.
    Monitoring,
}

impl Place<'_> {
    /// Finds the route of a path below another one. Monitoring needs no base: probes of the machine beside know of none.
    pub(crate) fn find_below<'p>(base: &str, path: &'p str, listener: Listener) -> Place<'p> {
        match path.strip_prefix(base).filter(|rest| rest.starts_with('/')) {
            Some(rest) => Self::find(rest, listener),
            None => {
                let place = Self::find(path, listener);
                if place.route.is_about_the_relay() {
                    return place;
                }
                Place {
                    route: Route::Nothing(Group::Open),
                    key: "",
                }
            }
        }
    }

    /// Finds the route of a path.
    pub(crate) fn find(path: &str, listener: Listener) -> Place<'_> {
        let place = |route| Place { route, key: "" };
        let monitoring = match path {
            "/health" => Some(Route::Health),
            "/info" => Some(Route::Information),
            "/livez" => Some(Route::Alive),
            "/readyz" => Some(Route::Ready),
            "/metrics" => Some(Route::Metrics),
            "/debug/pprof/profile" => Some(Route::Profile),
            _ => None,
        };
        if let Some(route) = monitoring {
            let served = listener != Listener::Api { monitoring: false };
            return place(if served { route } else { Route::Nothing(Group::Open) });
        }
        if listener == Listener::Monitoring {
            return match path.strip_prefix('/') {
                Some(file) if file.is_empty() || file.starts_with("page/") => Place {
                    route: Route::Page,
                    key: file,
                },
                _ => place(Route::Nothing(Group::Open)),
            };
        }
        if let Some(rest) = path.strip_prefix("/ofrep/v1/evaluate/flags") {
            match rest.strip_prefix('/') {
                Some(key) if !key.is_empty() => {
                    return Place {
                        route: Route::Ofrep,
                        key,
                    };
                }
                None if rest.is_empty() => return place(Route::OfrepBulk),
                _ => return place(Route::Nothing(Group::Ofrep)),
            }
        }
        if let Some(set) = path.strip_prefix("/hooks/v1/refresh/") {
            return Place {
                route: Route::RefreshHook,
                key: set,
            };
        }
        if let Some(file) = path.strip_prefix("/swagger/") {
            return Place {
                route: Route::Swagger,
                key: file,
            };
        }
        if let Some(key) = path
            .strip_prefix("/v1/feature/")
            .and_then(|rest| rest.strip_suffix("/eval"))
            && !key.is_empty()
            && !key.contains('/')
        {
            return Place {
                route: Route::Evaluation,
                key,
            };
        }
        place(match path {
            "/v1/allflags" => Route::AllFlags,
            "/v1/flag/configuration" => Route::Configuration,
            "/v1/flag/change" => Route::Change,
            "/v1/data/collector" => Route::Collector,
            "/openfeature/v0/manifest" => Route::Manifest,
            "/admin/v1/retriever/refresh" => Route::Refresh,
            "/stream/v1/ws/flag/change" => Route::WebSocket,
            "/stream/v1/sse/flag/change" => Route::Events,
            "/ws/v1/flag/change" => Route::LegacyWebSocket,
            "/stream/v1/sse/ofrep" => Route::OfrepEvents,
            _ => Route::Nothing(Group::of(path)),
        })
    }

    /// The flag keys that the path may mean, the likelier one first: percent-decoded once, and as it stands.
    pub(crate) fn keys(&self) -> (Cow<'_, str>, &str) {
        (percent_decode(self.key), self.key)
    }
}

impl Route {
    /// Every route, in the order of [`Route::index`].
    pub(crate) const ALL: [Self; 28] = [
        Self::Evaluation,
        Self::AllFlags,
        Self::Configuration,
        Self::Change,
        Self::Collector,
        Self::Ofrep,
        Self::OfrepBulk,
        Self::Manifest,
        Self::Refresh,
        Self::WebSocket,
        Self::LegacyWebSocket,
        Self::Events,
        Self::Health,
        Self::Information,
        Self::Alive,
        Self::Ready,
        Self::Metrics,
        Self::Swagger,
        Self::Page,
        Self::OfrepEvents,
        Self::Profile,
        Self::RefreshHook,
        Self::Nothing(Group::Open),
        Self::Nothing(Group::Goff),
        Self::Nothing(Group::Ofrep),
        Self::Nothing(Group::OpenFeature),
        Self::Nothing(Group::Stream),
        Self::Nothing(Group::Admin),
    ];

    /// Place of the route in [`Route::ALL`].
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Evaluation => 0,
            Self::AllFlags => 1,
            Self::Configuration => 2,
            Self::Change => 3,
            Self::Collector => 4,
            Self::Ofrep => 5,
            Self::OfrepBulk => 6,
            Self::Manifest => 7,
            Self::Refresh => 8,
            Self::WebSocket => 9,
            Self::LegacyWebSocket => 10,
            Self::Events => 11,
            Self::Health => 12,
            Self::Information => 13,
            Self::Alive => 14,
            Self::Ready => 15,
            Self::Metrics => 16,
            Self::Swagger => 17,
            Self::Page => 18,
            Self::OfrepEvents => 19,
            Self::Profile => 20,
            Self::RefreshHook => 21,
            Self::Nothing(group) => 22 + group as usize,
        }
    }

    /// The path as metrics name it.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Evaluation => "/v1/feature/:flagKey/eval",
            Self::AllFlags => "/v1/allflags",
            Self::Configuration => "/v1/flag/configuration",
            Self::Change => "/v1/flag/change",
            Self::Collector => "/v1/data/collector",
            Self::Ofrep => "/ofrep/v1/evaluate/flags/:flagKey",
            Self::OfrepBulk => "/ofrep/v1/evaluate/flags",
            Self::Manifest => "/openfeature/v0/manifest",
            Self::Refresh => "/admin/v1/retriever/refresh",
            Self::RefreshHook => "/hooks/v1/refresh/:flagset",
            Self::WebSocket => "/stream/v1/ws/flag/change",
            Self::LegacyWebSocket => "/ws/v1/flag/change",
            Self::Events => "/stream/v1/sse/flag/change",
            Self::OfrepEvents => "/stream/v1/sse/ofrep",
            Self::Health => "/health",
            Self::Information => "/info",
            Self::Alive => "/livez",
            Self::Ready => "/readyz",
            Self::Metrics => "/metrics",
            Self::Swagger => "/swagger/*",
            Self::Page => "/",
            Self::Profile => "/debug/pprof/profile",
            Self::Nothing(group) => group.template(),
        }
    }

    /// The group it stands in.
    pub(crate) fn group(self) -> Group {
        match self {
            Self::Evaluation | Self::AllFlags | Self::Configuration | Self::Change | Self::Collector => Group::Goff,
            Self::Ofrep | Self::OfrepBulk => Group::Ofrep,
            Self::Manifest => Group::OpenFeature,
            Self::Refresh | Self::Profile => Group::Admin,
            Self::WebSocket | Self::LegacyWebSocket | Self::Events | Self::OfrepEvents => Group::Stream,
            Self::Health
            | Self::Information
            | Self::Alive
            | Self::Ready
            | Self::Metrics
            | Self::RefreshHook
            | Self::Swagger
            | Self::Page => Group::Open,
            Self::Nothing(group) => group,
        }
    }

    /// What a key must be allowed, at least, where one is needed: whatever is not said to be for clients is not.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Refresh | Self::Profile | Self::Nothing(Group::Admin) => Scope::Admin,
            Self::Evaluation
            | Self::AllFlags
            | Self::Collector
            | Self::Ofrep
            | Self::OfrepBulk
            | Self::WebSocket
            | Self::LegacyWebSocket
            | Self::Events
            | Self::OfrepEvents
            | Self::Nothing(_) => Scope::Client,
            _ => Scope::Server,
        }
    }

    /// Whether it tells how the relay is doing.
    pub(crate) fn is_about_the_relay(self) -> bool {
        matches!(
            self,
            Self::Health | Self::Information | Self::Alive | Self::Ready | Self::Metrics | Self::Page
        )
    }

    /// Whether it is asked with this method (HEAD counts as GET); otherwise the methods it is asked with.
    pub(crate) fn check_method(self, method: &Method) -> Result<(), &'static str> {
        let (expected, allowed) = match self {
            Self::Nothing(_) => return Ok(()),
            Self::Evaluation
            | Self::AllFlags
            | Self::Configuration
            | Self::Collector
            | Self::Ofrep
            | Self::OfrepBulk
            | Self::Refresh
            | Self::RefreshHook => (Method::POST, "OPTIONS, POST"),
            _ => (Method::GET, "OPTIONS, GET"),
        };
        let fits = *method == expected || (expected == Method::GET && *method == Method::HEAD);
        if fits { Ok(()) } else { Err(allowed) }
    }
}

impl Group {
    fn of(path: &str) -> Self {
        let within = |prefix: &str| {
            path.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let groups = [
            ("/v1", Self::Goff),
            ("/ofrep/v1", Self::Ofrep),
            ("/openfeature/v0", Self::OpenFeature),
            ("/stream/v1", Self::Stream),
            ("/admin/v1", Self::Admin),
        ];
        groups
            .iter()
            .find(|(prefix, _)| within(prefix))
            .map_or(Self::Open, |(_, group)| *group)
    }

    fn template(self) -> &'static str {
        match self {
            Self::Open => "/*",
            Self::Goff => "/v1/*",
            Self::Ofrep => "/ofrep/v1/*",
            Self::OpenFeature => "/openfeature/v0/*",
            Self::Stream => "/stream/v1/*",
            Self::Admin => "/admin/v1/*",
        }
    }
}

/// Whether every `%` of a path begins an escape.
pub(crate) fn is_well_escaped(path: &str) -> bool {
    let mut rest = path.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        let [high, low, ..] = &rest[at + 1..] else { return false };
        if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
            return false;
        }
        rest = &rest[at + 3..];
    }
    true
}

/// Decodes the escapes of a text; those that are broken stay, bytes that are no UTF-8 become U+FFFD.
pub(crate) fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// The values of a parameter of a query string, plus signs and escapes decoded.
pub(crate) fn query_values<'q>(query: &'q str, name: &'q str) -> impl Iterator<Item = Cow<'q, str>> {
    let decode = |text: &'q str| {
        if text.contains('+') {
            Cow::Owned(percent_decode(&text.replace('+', " ")).into_owned())
        } else {
            percent_decode(text)
        }
    };
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: Listener = Listener::Api { monitoring: true };

    #[test]
    fn paths_lead_where_they_should() {
        for (path, route, key) in [
            ("/v1/feature/a%2Fb/eval", Route::Evaluation, "a%2Fb"),
            ("/v1/feature/a/b/eval", Route::Nothing(Group::Goff), ""),
            ("/v1/feature//eval", Route::Nothing(Group::Goff), ""),
            ("/v1/feature/a/eval/", Route::Nothing(Group::Goff), ""),
            ("/v1/feature/../feature/a/eval", Route::Nothing(Group::Goff), ""),
            ("/v1/allflags/", Route::Nothing(Group::Goff), ""),
            ("/v1", Route::Nothing(Group::Goff), ""),
            ("/v1x", Route::Nothing(Group::Open), ""),
            ("//v1/allflags", Route::Nothing(Group::Open), ""),
            ("/ofrep/v1/evaluate/flags", Route::OfrepBulk, ""),
            ("/ofrep/v1/evaluate/flags/", Route::Nothing(Group::Ofrep), ""),
            ("/ofrep/v1/evaluate/flagsx", Route::Nothing(Group::Ofrep), ""),
            ("/ofrep/v1/evaluate/flags/team/a", Route::Ofrep, "team/a"),
            ("/ofrep/v1/evaluate/flags//a/", Route::Ofrep, "/a/"),
            ("/ws/v1/flag/change", Route::LegacyWebSocket, ""),
            ("/ws/v1/", Route::Nothing(Group::Open), ""),
            ("/health", Route::Health, ""),
            ("/health/", Route::Nothing(Group::Open), ""),
        ] {
            assert_eq!(Place::find(path, API), Place { route, key }, "{path}");
        }
    }

    #[test]
    fn monitoring_has_a_listener_of_its_own_if_wanted() {
        let api = Listener::Api { monitoring: false };
        assert_eq!(Place::find("/health", api).route, Route::Nothing(Group::Open));
        assert_eq!(Place::find("/health", Listener::Monitoring).route, Route::Health);
        assert_eq!(
            Place::find("/v1/allflags", Listener::Monitoring).route,
            Route::Nothing(Group::Open)
        );
    }

    #[test]
    fn routes_stand_at_their_index() {
        for (index, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route.index(), index);
        }
    }

    #[test]
    fn escapes_are_decoded_once() {
        for (text, decoded) in [
            ("a%252Fb", "a%2Fb"),
            ("%62+%2f", "b+/"),
            ("%c3%a4", "ä"),
            ("%ff", "\u{fffd}"),
            ("1%", "1%"),
        ] {
            assert_eq!(percent_decode(text), decoded);
        }
        assert!(is_well_escaped("/a%20b"));
        assert!(!is_well_escaped("/100%") && !is_well_escaped("/%2") && !is_well_escaped("/%zz"));
    }

    #[test]
    fn query_parameters_are_decoded() {
        let values: Vec<_> = query_values("a=1&apiKey=x+y%2B&apiKey&b", "apiKey").collect();
        assert_eq!(values, ["x y+", ""]);
    }
}
