//! What is asked, and the flags it is asked about.

use std::fmt::Write as _;

use flagstaff_testkit::http::Request;
use serde_json::{Value, json};

/// Name of the flag file in the folder of each server.
pub(crate) const FLAG_FILE: &str = "flags.yaml";

/// How many flags the file of most cases holds.
pub(crate) const FLAGS: usize = 350;

/// How many flags the file of [`Case::Unchanged`] holds.
pub(crate) const MANY_FLAGS: usize = 10_000;

/// The key of all callers.
pub(crate) const KEY: &str = "a-key-of-the-bench";

/// The key of whoever administers the relay.
pub(crate) const ADMIN_KEY: &str = "an-admin-key-of-the-bench";

/// Six terms. The context of the bench meets only the last four, so that all six are looked at.
const QUERY: &str = r#"(country eq "FR" and plan in ["pro", "enterprise"]) or (email ew "@example.com" and age ge 18 and beta eq true and version gt 1.4.0)"#;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Case {
    /// One flag that gives everybody the same
    Static,
    /// One flag that splits 30 to 70
    Split,
    /// One flag with a targeting query of six terms
    Query,
    /// All 350 flags
    Bulk,
    /// The configuration of 10,000 flags, which the caller has already; the bare server answers one evaluation instead
    Unchanged,
    /// Ten events of a client
    Collector,
}

impl Case {
    /// As the command line calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Split => "split",
            Self::Query => "query",
            Self::Bulk => "bulk",
            Self::Unchanged => "unchanged",
            Self::Collector => "collector",
        }
    }

    /// How many flags the server has that is asked.
    pub(crate) fn flags(self) -> usize {
        match self {
            Self::Unchanged => MANY_FLAGS,
            _ => FLAGS,
        }
    }

    /// The request: over OFREP, but for the configuration. Every caller has a key.
    pub(crate) fn request(self) -> Request {
        let mut request = self.question();
        request.headers.push(("X-API-Key".into(), KEY.into()));
        request
    }

    fn question(self) -> Request {
        // the first three flags are one of each kind
        let path = match self {
            Self::Static => "/ofrep/v1/evaluate/flags/flag-000",
            Self::Split => "/ofrep/v1/evaluate/flags/flag-001",
            Self::Query => "/ofrep/v1/evaluate/flags/flag-002",
            Self::Bulk => "/ofrep/v1/evaluate/flags",
            Self::Unchanged => return Request::post("/v1/flag/configuration", &json!({})),
            Self::Collector => {
                let events = vec![event(); EVENTS];
                return Request::post("/v1/data/collector", &json!({"events": events}));
            }
        };
        Request::post(path, &json!({"context": context()}))
    }
}

/// Events of one request of the collector.
const EVENTS: usize = 10;

fn event() -> Value {
    json!({
        "kind": "feature",
        "contextKind": "user",
        "userKey": "d45e303a-38c2-11ed-a261-0242ac120002",
        "creationDate": 1_680_246_000,
        "key": "flag-000",
        "variation": "enabled",
        "value": true,
        "default": false,
        "version": "1.0.0",
        "source": "PROVIDER_CACHE",
    })
}

fn context() -> Value {
    json!({
        "targetingKey": "d45e303a-38c2-11ed-a261-0242ac120002",
        "anonymous": false,
        "country": "FR",
        "plan": "free",
        "email": "ann@example.com",
        "age": 42,
        "beta": true,
        "version": "1.10.2",
    })
}

/// The flag file: a third static, a third split, a third with a query, in turns.
pub(crate) fn flag_file(flags: usize) -> String {
    let mut file = String::new();
    for number in 0..flags {
        let rules = match number % 3 {
            0 => "  defaultRule: {variation: enabled}\n".to_owned(),
            1 => "  defaultRule: {name: default, percentage: {enabled: 30, disabled: 70}}\n".to_owned(),
            _ => format!(
                "  targeting: [{{name: some, query: '{QUERY}', variation: enabled}}]\n  \
                 defaultRule: {{name: default, variation: disabled}}\n"
            ),
        };
        write!(
            file,
            "flag-{number:03}:\n  \
             variations: {{enabled: true, disabled: false}}\n  \
             metadata: {{description: a flag of the benchmark}}\n{rules}"
        )
        .expect("a string can be written to");
    }
    file
}
