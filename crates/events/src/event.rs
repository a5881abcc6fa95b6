//! Events and their members.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Bytes of events that lie side by side.
const PAGE: usize = 16 << 10;

thread_local! {
    /// Room for the next events of this thread.
    static OPEN_PAGE: RefCell<BytesMut> = RefCell::new(BytesMut::new());
}

/// What happened once: one JSON object, compact, its members in GO Feature Flag's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    text: Bytes,
}

/// Which events an exporter gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// Evaluations of flags.
    Feature,
    /// What an application tells about its users.
    Tracking,
}

impl Event {
    /// What it takes to hold an event, besides its text.
    const OVERHEAD: usize = 64;

    /// An event of this text, which must be a JSON object of one of the two types on one line.
    pub fn new(text: impl Into<Bytes>) -> Self {
        Self { text: text.into() }
    }

    /// The same of a text that is copied to where the events of this thread lie side by side. They are let go together, which costs
    /// much less than one after the other on another thread; so this is for events that go the way of those before and after them.
    pub fn packed(text: &[u8]) -> Self {
        if text.len() > PAGE / 8 {
            return Self::new(text.to_vec());
        }
        let text = OPEN_PAGE.with_borrow_mut(|page| {
            if page.capacity() < text.len() {
                *page = BytesMut::with_capacity(PAGE);
            }
            page.extend_from_slice(text);
            page.split().freeze()
        });
        Self { text }
    }

    /// The same event on its own: one that stays behind would keep all that lay beside it.
    pub(crate) fn unpacked(&self) -> Self {
        Self::new(self.text.to_vec())
    }

    /// The JSON object, without a line end.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// Bytes of memory that it takes.
    pub fn size(&self) -> usize {
        self.text.len() + Self::OVERHEAD
    }

    /// Its members, if it is one of an evaluation.
    pub fn feature(&self) -> Result<FeatureEvent<'_>, serde_json::Error> {
        serde_json::from_slice(&self.text)
    }

    /// Its members, if it is one of tracking.
    pub fn tracking(&self) -> Result<TrackingEvent<'_>, serde_json::Error> {
        serde_json::from_slice(&self.text)
    }
}

impl EventType {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Feature, Self::Tracking];

    /// Its name in settings and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Tracking => "tracking",
        }
    }
}

/// The evaluation of a flag.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeatureEvent<'e> {
    /// `feature`, or what a client called it.
    #[serde(borrow)]
    pub kind: Cow<'e, str>,
    /// `user` or `anonymousUser`; empty where a client did not say.
    #[serde(borrow, default)]
    pub context_kind: Cow<'e, str>,
    /// For whom: the targeting key.
    #[serde(borrow)]
    pub user_key: Cow<'e, str>,
    /// When, in seconds since 1970.
    pub creation_date: i64,
    /// Key of the flag.
    #[serde(borrow)]
    pub key: Cow<'e, str>,
    /// Which variation was served.
    #[serde(borrow)]
    pub variation: Cow<'e, str>,
    /// Which value was served, as JSON.
    #[serde(borrow)]
    pub value: &'e RawValue,
    /// Whether the evaluation failed and the caller's default was served.
    pub default: bool,
    /// Version of the flag; empty where it has none.
    #[serde(borrow)]
    pub version: Cow<'e, str>,
    /// Who evaluated: `SERVER`, `PROVIDER_CACHE` or what a client says.
    #[serde(borrow)]
    pub source: Cow<'e, str>,
    /// What the application adds to its events.
    pub metadata: Option<Map<String, Value>>,
}

/// What an application tells about a user.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackingEvent<'e> {
    /// `tracking`
    #[serde(borrow)]
    pub kind: Cow<'e, str>,
    /// `user` or `anonymousUser`; empty where a client did not say.
    #[serde(borrow, default)]
    pub context_kind: Cow<'e, str>,
    /// About whom: the targeting key.
    #[serde(borrow)]
    pub user_key: Cow<'e, str>,
    /// When, in seconds since 1970.
    pub creation_date: i64,
    /// Name of what happened.
    #[serde(borrow)]
    pub key: Cow<'e, str>,
    /// The evaluation context at that time.
    pub evaluation_context: Option<Map<String, Value>>,
    /// Numbers and texts that go with it.
    pub tracking_event_details: Option<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_events_hold_their_texts() {
        let texts = (0..2000).map(|number| format!("{{\"{number:0>width$}\":1}}", width = number * 7 % 300 + 1));
        let texts: Vec<_> = texts.chain([format!("{{\"{}\":1}}", "x".repeat(PAGE))]).collect();
        let events: Vec<_> = texts.iter().map(|text| Event::packed(text.as_bytes())).collect();
        for (event, text) in events.iter().zip(&texts) {
            assert_eq!(event.text(), text.as_bytes());
            assert_eq!(event.unpacked(), *event);
        }
    }

    #[test]
    fn members_are_read_again() {
        let event = Event::new(
            &br#"{"kind":"feature","userKey":"a\"b","creationDate":7,"key":"f","variation":"v","value":{"x": 1e400},"default":false,"version":"","source":"SDK","metadata":{"a":1}}"#[..],
        );
        let members = event.feature().unwrap();
        assert_eq!((&*members.user_key, &*members.context_kind), ("a\"b", ""));
        assert_eq!(members.value.get(), r#"{"x": 1e400}"#);
        assert_eq!(members.metadata.unwrap()["a"], 1);
        let event = Event::new(
            &br#"{"kind":"tracking","contextKind":"user","userKey":"a","creationDate":7,"key":"click","evaluationContext":null,"trackingEventDetails":{"value":9.5}}"#[..],
        );
        let members = event.tracking().unwrap();
        assert_eq!((members.evaluation_context, &*members.key), (None, "click"));
        assert_eq!(members.tracking_event_details.unwrap()["value"], 9.5);
    }
}
