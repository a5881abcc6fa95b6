//! Events as they are exported: one JSON object each, compact, members in GO Feature Flag's order.
//!
//! The relay writes those of its own evaluations; those of clients are read from requests of `/v1/data/collector` and
//! written anew, so that sinks see one form only.

use std::borrow::Cow;

use flagstaff_engine::attribute::Attributes;
use flagstaff_engine::context::{ContextMap, ContextValue};
use flagstaff_engine::outcome::DEFAULT_VARIANT;

use crate::json::{Object, write_context_map, write_context_value, write_integer, write_string};
use crate::request::same_name;
use crate::wire::{Evaluated, FlagWire};

/// More than most events take.
const LENGTH: usize = 256;

/// Seconds since 1970 have ten digits; more mean milliseconds.
const LARGEST_SECOND: i64 = 9_999_999_999;

/// Members of `gofeatureflag` that say how to evaluate, not what to export.
const RESERVED: &[&str] = &["flagList", "currentDateTime", "exporterMetadata"];

/// For whom and when the relay evaluated.
pub struct Occasion<'a> {
    /// The targeting key.
    pub user_key: &'a str,
    /// The attributes, those of enrichment included.
    pub attributes: &'a Attributes<'a>,
    /// When, in seconds since 1970.
    pub seconds: i64,
    /// What the caller uses where the flag has no value for it; `None` is exported as null.
    pub default: Option<&'a ContextValue<'a>>,
}

/// The event of an evaluation that came to the outcome of this index.
pub fn evaluated(flag: &FlagWire, outcome: usize, occasion: &Occasion<'_>) -> Vec<u8> {
    write_evaluated(flag.key(), flag.evaluated(outcome), occasion)
}

/// The event of an evaluation of a flag that does not exist.
pub fn not_found(key: &str, occasion: &Occasion<'_>) -> Vec<u8> {
    let (mut name, mut variation) = (Vec::new(), Vec::new());
    write_string(&mut name, key);
    write_string(&mut variation, DEFAULT_VARIANT);
    let evaluated = Evaluated {
        variation: &variation,
        version: b"\"\"",
        value: None,
        failed: true,
    };
    write_evaluated(&name, evaluated, occasion)
}

fn write_evaluated(key: &[u8], evaluated: Evaluated<'_>, occasion: &Occasion<'_>) -> Vec<u8> {
    let is_anonymous = matches!(occasion.attributes.written("anonymous"), Some(ContextValue::Bool(true)));
    let mut out = Vec::with_capacity(LENGTH);
    out.extend_from_slice(if is_anonymous {
        b"{\"kind\":\"feature\",\"contextKind\":\"anonymousUser\",\"userKey\":"
    } else {
        b"{\"kind\":\"feature\",\"contextKind\":\"user\",\"userKey\":"
    });
    write_string(&mut out, occasion.user_key);
    out.extend_from_slice(b",\"creationDate\":");
    write_integer(&mut out, occasion.seconds);
    out.extend_from_slice(b",\"key\":");
    out.extend_from_slice(key);
    out.extend_from_slice(b",\"variation\":");
    out.extend_from_slice(evaluated.variation);
    out.extend_from_slice(b",\"value\":");
    match (evaluated.value, occasion.default) {
        (Some(value), _) => out.extend_from_slice(value),
        (None, Some(default)) => write_context_value(&mut out, default),
        (None, None) => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(if evaluated.failed {
        b",\"default\":true"
    } else {
        b",\"default\":false"
    });
    out.extend_from_slice(b",\"version\":");
    out.extend_from_slice(evaluated.version);
    out.extend_from_slice(b",\"source\":\"SERVER\"");
    if let Some(ContextValue::Map(reserved)) = occasion.attributes.written("gofeatureflag") {
        write_exporter_metadata(&mut out, reserved);
    }
    out.push(b'}');
    out
}

/// What the caller adds to its events: `exporterMetadata`, or what else stands there, as two providers send it.
fn write_exporter_metadata(out: &mut Vec<u8>, reserved: &ContextMap<'_>) {
    let bare;
    let metadata = match reserved.get("exporterMetadata") {
        Some(ContextValue::Map(metadata)) => metadata,
        _ => {
            let others = reserved.iter().filter(|(name, _)| !RESERVED.contains(name));
            bare = ContextMap::from_members(
                others
                    .map(|(name, value)| (Cow::Borrowed(name), value.clone()))
                    .collect(),
            );
            &bare
        }
    };
    if !metadata.is_empty() {
        out.extend_from_slice(b",\"metadata\":");
        write_context_map(out, metadata);
    }
}

/// An event of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// As it is exported.
    pub text: Vec<u8>,
    /// Whether it is one of tracking, not of an evaluation.
    pub is_tracking: bool,
}

/// An event of a client that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// There is a null instead.
    #[error("it is null")]
    Null,
    /// A member does not hold what it should.
    #[error("{member} is not {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What should stand there.
        expected: &'static str,
    },
}

/// Reads an event of a client; `meta` of its request replaces the metadata of an evaluation.
pub fn collected(event: Option<&ContextMap<'_>>, meta: Option<&ContextMap<'_>>) -> Result<Collected, CollectError> {
    let event = Members(event.ok_or(CollectError::Null)?);
    let kind = event.text("kind")?;
    let is_tracking = kind == "tracking";
    let mut text = Vec::with_capacity(LENGTH);
    let mut object = Object::open(&mut text);
    object.string("kind", kind);
    let context_kind = event.text("contextKind")?;
    if !context_kind.is_empty() {
        object.string("contextKind", context_kind);
    }
    object.string("userKey", event.text("userKey")?);
    write_integer(object.member("creationDate"), event.seconds()?);
    object.string("key", event.text("key")?);
    if is_tracking {
        for name in ["evaluationContext", "trackingEventDetails"] {
            let value = event.map(name)?;
            let out = object.member(name);
            match value {
                Some(value) => write_context_map(out, value),
                None => out.extend_from_slice(b"null"),
            }
        }
    } else {
        object.string("variation", event.text("variation")?);
        write_context_value(
            object.member("value"),
            event.get("value").unwrap_or(&ContextValue::Null),
        );
        object.bool("default", event.boolean("default")?);
        object.string("version", event.text("version")?);
        let source = event.text("source")?;
        object.string("source", if source.is_empty() { "PROVIDER_CACHE" } else { source });
        let own = event.map("metadata")?;
        if let Some(metadata) = meta.or(own).filter(|metadata| !metadata.is_empty()) {
            write_context_map(object.member("metadata"), metadata);
        }
    }
    object.close();
    Ok(Collected { text, is_tracking })
}

/// The members of an event, their names in any case; null stands for what is not there.
struct Members<'e>(&'e ContextMap<'e>);

impl<'e> Members<'e> {
    fn get(&self, name: &'static str) -> Option<&'e ContextValue<'e>> {
        let value = self.0.get(name).or_else(|| {
            let mut others = self.0.iter();
            others.find(|(other, _)| same_name(name, other)).map(|(_, value)| value)
        });
        value.filter(|value| **value != ContextValue::Null)
    }

    fn text(&self, member: &'static str) -> Result<&'e str, CollectError> {
        match self.get(member) {
            None => Ok(""),
            Some(ContextValue::String(text)) => Ok(text),
            Some(_) => Err(wrong(member, "a text")),
        }
    }

    fn boolean(&self, member: &'static str) -> Result<bool, CollectError> {
        match self.get(member) {
            None => Ok(false),
            Some(ContextValue::Bool(value)) => Ok(*value),
            Some(_) => Err(wrong(member, "true or false")),
        }
    }

    fn map(&self, member: &'static str) -> Result<Option<&'e ContextMap<'e>>, CollectError> {
        match self.get(member) {
            None => Ok(None),
            Some(ContextValue::Map(map)) => Ok(Some(map)),
            Some(_) => Err(wrong(member, "an object")),
        }
    }

    /// Milliseconds are taken for what they are; fractions are cut off.
    fn seconds(&self) -> Result<i64, CollectError> {
        const NAME: &str = "creationDate";
        let mut seconds = match self.get(NAME) {
            None => 0,
            Some(ContextValue::Int(number)) => *number,
            Some(ContextValue::Float(number)) if number.abs() < i64::MAX as f64 => *number as i64,
            Some(_) => return Err(wrong(NAME, "a number of seconds")),
        };
        while seconds > LARGEST_SECOND {
            seconds /= 10;
        }
        Ok(seconds)
    }
}

fn wrong(member: &'static str, expected: &'static str) -> CollectError {
    CollectError::Member { member, expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request;

    /// What is exported of a request of the collector, one event a line.
    fn check(body: &str, expected: &[&str]) {
        let request = request::collector(body.as_bytes(), 256).unwrap().unwrap();
        let events = request
            .events
            .iter()
            .map(|event| match collected(event.as_ref(), request.meta.as_ref()) {
                Ok(event) => String::from_utf8(event.text).unwrap(),
                Err(error) => error.to_string(),
            });
        assert_eq!(events.collect::<Vec<_>>(), expected, "{body}");
    }

    #[test]
    fn evaluations_of_clients() {
        check(
            r#"{"events":[
                {"kind":"feature","contextKind":"user","userKey":"a","creationDate":1680246000,"key":"f","variation":"v","value":{"b":[1,2.5,null],"a":"<"},"default":true,"version":"1","source":"SDK","metadata":{"own":1e21}},
                {"KIND":"custom","creationDate":1680246000123,"unknown":1},
                {"creationDate":1680246000.9,"source":"","metadata":{}},
                {"kind":"feature","version":2}, {"kind":1}, {"metadata":[]}, {"creationDate":"1"}, null
            ]}"#,
            &[
                r#"{"kind":"feature","contextKind":"user","userKey":"a","creationDate":1680246000,"key":"f","variation":"v","value":{"a":"\u003c","b":[1,2.5,null]},"default":true,"version":"1","source":"SDK","metadata":{"own":1e+21}}"#,
                r#"{"kind":"custom","userKey":"","creationDate":1680246000,"key":"","variation":"","value":null,"default":false,"version":"","source":"PROVIDER_CACHE"}"#,
                r#"{"kind":"","userKey":"","creationDate":1680246000,"key":"","variation":"","value":null,"default":false,"version":"","source":"PROVIDER_CACHE"}"#,
                "version is not a text",
                "kind is not a text",
                "metadata is not an object",
                "creationDate is not a number of seconds",
                "it is null",
            ],
        );
    }

    #[test]
    fn meta_replaces_metadata() {
        check(
            r#"{"meta":{"p":"x"},"events":[{"kind":"feature","metadata":{"own":1}},{"kind":"tracking"}]}"#,
            &[
                r#"{"kind":"feature","userKey":"","creationDate":0,"key":"","variation":"","value":null,"default":false,"version":"","source":"PROVIDER_CACHE","metadata":{"p":"x"}}"#,
                r#"{"kind":"tracking","userKey":"","creationDate":0,"key":"","evaluationContext":null,"trackingEventDetails":null}"#,
            ],
        );
        check(
            r#"{"meta":{},"events":[{"metadata":{"own":1}}]}"#,
            &[
                r#"{"kind":"","userKey":"","creationDate":0,"key":"","variation":"","value":null,"default":false,"version":"","source":"PROVIDER_CACHE"}"#,
            ],
        );
    }

    #[test]
    fn tracking() {
        check(
            r#"{"events":[{"kind":"tracking","contextKind":"user","userKey":"t","creationDate":7.5,"key":"checkout","evaluationContext":{"targetingKey":"t","deep":{"a":[1]}},"trackingEventDetails":{}}]}"#,
            &[
                r#"{"kind":"tracking","contextKind":"user","userKey":"t","creationDate":7,"key":"checkout","evaluationContext":{"deep":{"a":[1]},"targetingKey":"t"},"trackingEventDetails":{}}"#,
            ],
        );
    }
}
