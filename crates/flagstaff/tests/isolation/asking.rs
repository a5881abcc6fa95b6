//! Random requests with random keys, and whom they may be let in for.

use std::io;

use flagstaff_testkit::http::{Connection, Request, Response};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{FLAGS, SETS, SHARED, name};

/// Keys that belong to no set that serves.
const OTHER_KEYS: [&str; 7] = ["admin-key", "top-key", "gone-key", "unknown", "", "red-key ", "RED-KEY"];

/// Paths that bring answers of endless length.
const STREAMS: [&str; 3] = [
    "/stream/v1/sse/flag/change",
    "/stream/v1/ws/flag/change",
    "/ws/v1/flag/change",
];

/// Paths that need no key.
const MONITORING: [&str; 5] = ["/health", "/info", "/livez", "/readyz", "/metrics"];

/// Paths that a key of scope `client` does not open.
const FOR_SERVERS: [&str; 3] = ["/v1/flag/configuration", "/v1/flag/change", "/openfeature/v0/manifest"];

const PATHS: [&str; 9] = [
    "/v1/allflags",
    "/v1/data/collector",
    "/ofrep/v1/evaluate/flags",
    "/ofrep/v1/configuration",
    "/admin/v1/retriever/refresh",
    "/swagger/doc.json",
    "/v1/nothing",
    "/",
    "//",
];

/// A request, and the keys in it.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    method: &'static str,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Any request.
pub(crate) fn asking() -> impl Strategy<Value = Asking> {
    let methods = prop_oneof![
        8 => Just("POST"),
        8 => Just("GET"),
        1 => select(vec!["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    ];
    (methods, path(), vec(query(), 0..3), vec(header(), 0..4), body()).prop_map(
        |(method, path, query, headers, body)| Asking {
            method,
            path,
            query,
            headers,
            body,
        },
    )
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => flag().prop_map(|flag| format!("/v1/feature/{flag}/eval")),
        3 => flag().prop_map(|flag| format!("/ofrep/v1/evaluate/flags/{flag}")),
        3 => select(FOR_SERVERS.to_vec()).prop_map(str::to_owned),
        3 => select(PATHS.to_vec()).prop_map(str::to_owned),
        1 => select(MONITORING.to_vec()).prop_map(str::to_owned),
        1 => select(STREAMS.to_vec()).prop_map(str::to_owned),
    ]
}

/// The name of a flag of any set, as it is or escaped.
fn flag() -> impl Strategy<Value = String> {
    let own = (select(SETS.to_vec()), select(FLAGS.to_vec())).prop_map(|(set, flag)| name(set) + flag);
    let escaped = own.clone().prop_map(|flag| flag.replace('-', "%2D"));
    prop_oneof![4 => own, 1 => escaped, 2 => Just(SHARED.to_owned()), 1 => Just("unknown".to_owned())]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(SETS.to_vec()).prop_map(|set| format!("{set}-key")),
        2 => select(SETS.to_vec()).prop_map(|set| format!("{set}-client-key")),
        3 => select(OTHER_KEYS.to_vec()).prop_map(str::to_owned),
    ]
}

fn query() -> impl Strategy<Value = (&'static str, String)> {
    prop_oneof![
        3 => key().prop_map(|key| ("apiKey", key)),
        1 => key().prop_map(|key| ("apikey", key)),
        1 => select(SETS.to_vec()).prop_map(|set| ("flagset", set.to_owned())),
        1 => Just(("flagset", "*".to_owned())),
        1 => Just(("pretty", String::new())),
        1 => select(SETS.to_vec()).prop_map(|set| ("stream", set.to_owned())),
    ]
}

fn header() -> impl Strategy<Value = (&'static str, String)> {
    let scheme = select(vec!["Bearer ", "bearer ", "BEARER ", "Bearer  ", "Basic ", ""]);
    prop_oneof![
        4 => (select(vec!["X-API-Key", "x-api-key"]), key()),
        4 => (select(vec!["Authorization", "authorization"]), scheme, key()).prop_map(|(name, scheme, key)| (name, scheme.to_owned() + &key)),
        1 => key().prop_map(|key| ("Cookie", format!("apiKey={key}"))),
        1 => key().prop_map(|key| ("X-Forwarded-Api-Key", key)),
        1 => select(SETS.to_vec()).prop_map(|set| ("X-Flagset", set.to_owned())),
        1 => select(vec!["*", "\"a\""]).prop_map(|tag| ("If-None-Match", tag.to_owned())),
        1 => Just(("Origin", "https://example.com".to_owned())),
        1 => select(vec!["0", "1", "18446744073709551615", "x"]).prop_map(|id| ("Last-Event-ID", id.to_owned())),
    ]
}

fn context() -> impl Strategy<Value = serde_json::Value> {
    let flags = option::of(vec(flag(), 0..3));
    (flags, any::<bool>(), any::<bool>()).prop_map(|(flags, key, pro)| {
        let mut context = serde_json::json!({"owner": "somebody"});
        if let Some(flags) = flags {
            context["gofeatureflag"] = serde_json::json!({"flagList": flags});
        }
        if key {
            context["targetingKey"] = "user-1".into();
        }
        if pro {
            context["plan"] = "pro".into();
        }
        context
    })
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => context().prop_map(|context| serde_json::json!({"context": context}).to_string()),
        3 => context().prop_map(|context| {
            serde_json::json!({"evaluationContext": {"key": "user-1", "custom": context}, "defaultValue": 1}).to_string()
        }),
        1 => vec(flag(), 0..3).prop_map(|flags| serde_json::json!({"flags": flags}).to_string()),
        1 => flag().prop_map(|flag| {
            serde_json::json!({"events": [{"kind": "feature", "userKey": "user-1", "creationDate": 1, "key": flag, "value": 1}]}).to_string()
        }),
        1 => select(vec!["", "{", "null", "[]", "{\"context\":{"]).prop_map(str::to_owned),
    ]
}

impl Asking {
    /// Sends it, and reads the answer; of a stream only its head.
    pub(crate) fn ask(&self, connection: &mut Connection) -> io::Result<Response> {
        let mut request = Request {
            method: self.method.to_owned(),
            path: self.path.clone(),
            body: if self.is_stream() {
                Vec::new()
            } else {
                self.body.clone().into_bytes()
            },
            ..Request::default()
        };
        for (number, (name, value)) in self.query.iter().enumerate() {
            let separator = if number == 0 { '?' } else { '&' };
            request
                .path
                .push_str(&format!("{separator}{name}={}", value.replace(' ', "%20")));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.path.contains("/ws/") {
            request = request
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        }
        if !self.is_stream() {
            return connection.send(&request);
        }
        connection.write(&request.to_bytes("localhost"))?;
        let head = connection.receive_head()?;
        if head.status < 300 {
            return Ok(head);
        }
        connection.receive_body(self.method, head)
    }

    /// Whether the connection is of no use after the answer.
    pub(crate) fn ends_connection(&self, answer: &Response) -> bool {
        let closes = answer
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        closes || (self.is_stream() && answer.status < 300)
    }

    /// The set whose data may be shown: that of the first key that lets it in.
    pub(crate) fn admitted(&self) -> Option<&'static str> {
        let opened = |key: &str| {
            let (set, client) = key
                .strip_suffix("-client-key")
                .map_or((key.strip_suffix("-key")?, false), |set| (set, true));
            let set = SETS.into_iter().find(|known| *known == set)?;
            (!client || !FOR_SERVERS.contains(&&*self.path)).then_some(set)
        };
        if self.is_stream() {
            let (_, key) = self.query.iter().find(|(name, _)| *name == "apiKey")?;
            return opened(key);
        }
        let lines = |wanted: &'static str| {
            let headers = self
                .headers
                .iter()
                .filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
            // blanks at the ends are no part of a header
            headers.map(|(_, value)| value.trim())
        };
        if let Some(key) = lines("X-API-Key").next().filter(|key| !key.is_empty()) {
            return opened(key);
        }
        let bearers = lines("Authorization").filter_map(|line| {
            let (scheme, key) = line.split_at_checked("Bearer ".len())?;
            scheme.eq_ignore_ascii_case("Bearer ").then_some(key)
        });
        // a key that opens the endpoint ends the search, whether it belongs to a set or not
        let is_setless = |key: &str| ["admin-key", "top-key", "gone-key"].contains(&key);
        let found = bearers
            .into_iter()
            .find(|key| is_setless(key) || opened(key).is_some())?;
        opened(found)
    }

    /// Whether flags of a set are asked for by name, so that an error may repeat it.
    pub(crate) fn names_flags_of(&self, set: &str) -> bool {
        let name = name(set);
        self.body.contains(&name) || self.path.replace("%2D", "-").contains(&name)
    }

    /// Whether it is about the relay, and not about flags.
    pub(crate) fn is_monitoring(&self) -> bool {
        MONITORING.contains(&&*self.path)
    }

    fn is_stream(&self) -> bool {
        STREAMS.contains(&&*self.path)
    }
}
