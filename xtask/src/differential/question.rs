//! Random requests.

use std::fmt;

use fastrand::Rng;
use flagstaff_testkit::http::Request;
use serde_json::{Map, Value, json};

use super::catalogue::{Catalogue, Flag};

/// Users that are asked for, so that percentages meet everybody.
const USERS: u32 = 10_000;

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// One flag.
    Evaluation,
    /// All flags.
    Bulk,
    /// One flag by OpenFeature's protocol.
    Ofrep,
    /// All flags by OpenFeature's protocol.
    OfrepBulk,
    /// The definitions of flags.
    Configuration,
    /// Their hashes.
    Change,
    /// Events.
    Collector,
}

/// A request that both servers get.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) kind: Kind,
    pub(super) request: Request,
    /// Whether only an answer that is not the last one is wanted.
    pub(super) conditional: bool,
}

/// Writes questions about the flags of a catalogue.
pub(super) struct Author<'c> {
    catalogue: &'c Catalogue,
    random: Rng,
}

impl Kind {
    /// Its name in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Bulk => "bulk",
            Self::Ofrep => "ofrep",
            Self::OfrepBulk => "ofrep-bulk",
            Self::Configuration => "configuration",
            Self::Change => "change",
            Self::Collector => "collector",
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.request.body);
        write!(f, "{} {} {body}", self.request.method, self.request.path)?;
        if self.conditional {
            f.write_str(" (with If-None-Match)")?;
        }
        Ok(())
    }
}

impl<'c> Author<'c> {
    /// The same seed writes the same questions about the same flags.
    pub(super) fn new(catalogue: &'c Catalogue, seed: u64) -> Self {
        Self {
            catalogue,
            random: Rng::with_seed(seed),
        }
    }

    /// The next question.
    pub(super) fn write(&mut self) -> Question {
        let kind = match self.random.u8(..100) {
            0..35 => Kind::Evaluation,
            35..65 => Kind::Ofrep,
            65..75 => Kind::Bulk,
            75..85 => Kind::OfrepBulk,
            85..90 => Kind::Configuration,
            90..93 => Kind::Change,
            _ => Kind::Collector,
        };
        let request = match kind {
            Kind::Evaluation => {
                let (key, body) = self.evaluation();
                Request::post(&format!("/v1/feature/{}/eval", escape(&key)), &body)
            }
            Kind::Ofrep => {
                let (key, context) = self.ofrep();
                Request::post(&format!("/ofrep/v1/evaluate/flags/{}", escape(&key)), &context)
            }
            Kind::Bulk => Request::post("/v1/allflags", &self.bulk()),
            Kind::OfrepBulk => Request::post("/ofrep/v1/evaluate/flags", &self.ofrep_bulk()),
            Kind::Configuration => Request::post("/v1/flag/configuration", &self.configuration()),
            Kind::Change => Request::get("/v1/flag/change"),
            Kind::Collector => Request::post("/v1/data/collector", &self.events()),
        };
        Question {
            kind,
            request: self.spoil(request),
            conditional: matches!(kind, Kind::Configuration | Kind::Change) && self.random.bool(),
        }
    }

    fn evaluation(&mut self) -> (String, Value) {
        let catalogue = self.catalogue;
        let flag = self.choose_flag(catalogue);
        let (user, attributes) = self.context(Some(flag));
        let mut body = json!({"evaluationContext": {"key": user, "custom": attributes}});
        if self.one_in(10) {
            body = json!({"user": {"key": user, "anonymous": self.random.bool(), "custom": attributes}});
        }
        if !self.one_in(5) {
            body["defaultValue"] = self.scalar();
        }
        (self.key_of(flag), body)
    }

    fn ofrep(&mut self) -> (String, Value) {
        let catalogue = self.catalogue;
        let flag = self.choose_flag(catalogue);
        let context = self.ofrep_context(Some(flag));
        (self.key_of(flag), context)
    }

    fn bulk(&mut self) -> Value {
        let (user, mut attributes) = self.context(None);
        self.restrict(&mut attributes);
        json!({"evaluationContext": {"key": user, "custom": attributes}})
    }

    fn ofrep_bulk(&mut self) -> Value {
        let mut body = self.ofrep_context(None);
        if let Some(context) = body["context"].as_object_mut() {
            self.restrict(context);
        }
        body
    }

    fn ofrep_context(&mut self, flag: Option<&Flag>) -> Value {
        let (user, mut attributes) = self.context(flag);
        if let Some(user) = user {
            attributes.insert("targetingKey".to_owned(), json!(user));
        }
        json!({"context": attributes})
    }

    fn configuration(&mut self) -> Value {
        if self.one_in(3) {
            json!({"flags": self.some_keys()})
        } else {
            json!({})
        }
    }

    fn events(&mut self) -> Value {
        let events: Vec<_> = (0..self.random.usize(..4)).map(|_| self.event()).collect();
        let mut body = json!({"events": events});
        if self.random.bool() {
            body["meta"] = json!({"provider": "differential"});
        }
        if self.one_in(20) {
            body["events"] = self.scalar();
        }
        body
    }

    fn event(&mut self) -> Value {
        let catalogue = self.catalogue;
        let flag = self.choose_flag(catalogue);
        let mut event = json!({
            "kind": self.pick(&["feature", "tracking", "custom"]),
            "contextKind": self.pick(&["user", "anonymousUser"]),
            "userKey": self.user(),
            "creationDate": 1_700_000_000 + self.random.u64(..1_000_000),
            "key": flag.key,
            "variation": "default",
            "value": self.scalar(),
            "default": self.random.bool(),
        });
        if self.one_in(10) {
            event["creationDate"] = self.scalar();
        }
        event
    }

    /// A user, and attributes that meet the rules of a flag, or of any.
    fn context(&mut self, flag: Option<&Flag>) -> (Option<String>, Map<String, Value>) {
        let catalogue = self.catalogue;
        let mut attributes = Map::new();
        let others = if flag.is_some() { self.random.usize(..3) } else { 6 };
        let looked_at: Vec<_> = flag
            .into_iter()
            .chain((0..others).map(|_| self.choose_flag(catalogue)))
            .collect();
        for flag in &looked_at {
            for (path, values) in &flag.attributes {
                if !self.one_in(7) {
                    let value = self.value_near(values);
                    insert(&mut attributes, path, value);
                }
            }
        }
        let dates: Vec<_> = looked_at.iter().flat_map(|flag| &flag.dates).collect();
        if !dates.is_empty() && self.random.bool() {
            let date = dates[self.random.usize(..dates.len())];
            insert(&mut attributes, "gofeatureflag.currentDateTime", json!(date));
        }
        if self.one_in(10) {
            attributes.insert("anonymous".to_owned(), json!(self.random.bool()));
        }
        let user = (!self.one_in(15)).then(|| self.user());
        (user, attributes)
    }

    /// Asks for some flags only, now and then.
    fn restrict(&mut self, attributes: &mut Map<String, Value>) {
        if self.one_in(3) {
            let keys = self.some_keys();
            insert(attributes, "gofeatureflag.flagList", json!(keys));
        }
    }

    /// A value that a rule is about, one that is close to it, or any.
    fn value_near(&mut self, values: &[Value]) -> Value {
        if values.is_empty() || self.one_in(6) {
            return self.scalar();
        }
        let value = values[self.random.usize(..values.len())].clone();
        if self.random.u8(..3) > 0 {
            return value;
        }
        match value {
            Value::Bool(value) => json!(!value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => json!(number.saturating_add(self.random.i64(-1..=1))),
                None => json!(number.as_f64().unwrap_or_default() + 0.5),
            },
            Value::String(text) => match self.random.u8(..4) {
                0 => json!(format!("{text}x")),
                1 => json!(format!("x{text}")),
                2 => json!(text.to_uppercase()),
                _ => json!([text]),
            },
            other => other,
        }
    }

    fn scalar(&mut self) -> Value {
        match self.random.u8(..7) {
            0 => Value::Null,
            1 => json!(self.random.bool()),
            2 => json!(self.random.i32(-10..1000)),
            3 => json!(f64::from(self.random.i32(-1000..1000)) / 8.0),
            4 => json!({"nested": {"deeper": self.random.u8(..)}}),
            5 => json!(["a", 1, true]),
            _ => json!(self.pick(&["", "a", "FR", "1.2.3", "user@example.com", "2026-01-01T00:00:00Z"])),
        }
    }

    fn some_keys(&mut self) -> Vec<String> {
        let catalogue = self.catalogue;
        (0..self.random.usize(1..5))
            .map(|_| {
                let flag = self.choose_flag(catalogue);
                self.key_of(flag)
            })
            .collect()
    }

    /// The key of a flag, or of none.
    fn key_of(&mut self, flag: &Flag) -> String {
        if self.one_in(25) {
            format!("{}-unknown", flag.key)
        } else {
            flag.key.clone()
        }
    }

    fn choose_flag<'f>(&mut self, catalogue: &'f Catalogue) -> &'f Flag {
        &catalogue.flags[self.random.usize(..catalogue.flags.len())]
    }

    fn user(&mut self) -> String {
        format!("user-{}", self.random.u32(..USERS))
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.random.usize(..texts.len())]
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.random.u32(..times) == 0
    }

    /// Now and then a body is not what it should be.
    fn spoil(&mut self, mut request: Request) -> Request {
        if !request.body.is_empty() && self.one_in(30) {
            match self.random.u8(..4) {
                0 => request.body.clear(),
                1 => request.body.truncate(request.body.len() / 2),
                2 => request.body = b"{}".to_vec(),
                _ => request.body = b"null".to_vec(),
            }
        }
        request
    }
}

/// Puts a value at a path; what stands in its way gives way.
fn insert(attributes: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            attributes.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = attributes.entry(first).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            if let Some(inner) = inner.as_object_mut() {
                insert(inner, rest, value);
            }
        }
    }
}

/// A key in a path, escaped as Go does.
fn escape(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => escaped.push(byte.into()),
            b'-' | b'_' | b'.' | b'~' | b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
