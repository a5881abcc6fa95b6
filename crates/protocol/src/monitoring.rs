//! `/health`, `/info`, `/readyz`, and the answer of a forced refresh.

use flagstaff_definition::timestamp::Timestamp;

use crate::json::{Object, write_bool, write_string};

/// The body of `/health`.
pub const HEALTH: &str = "{\"initialized\":true}\n";

/// How a flag set is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It has flags to serve.
    Ready,
    /// None of its sources has answered yet.
    NotLoaded,
    /// It could not start.
    NotStarted,
}

impl Readiness {
    fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotLoaded => "not loaded",
            Self::NotStarted => "not started",
        }
    }
}

/// The body of `/info`: when flags were last fetched, and by flag set where there are several.
pub fn information(refreshed: Timestamp, sets: Option<Vec<(&str, Timestamp)>>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.string("cacheRefresh", &refreshed.to_string());
    if let Some(mut sets) = sets {
        sets.sort_by_key(|(name, _)| *name);
        let mut members = Object::open(body.member("flagsets"));
        for (name, refreshed) in sets {
            write_string(members.member(name), &refreshed.to_string());
        }
        members.close();
    }
    body.close();
    out.push(b'\n');
    out
}

/// The body of `/readyz`.
pub fn readiness<'n>(ready: bool, sets: impl IntoIterator<Item = (&'n str, Readiness)>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.bool("ready", ready);
    let mut members = Object::open(body.member("flagsets"));
    for (name, readiness) in sets {
        members.string(name, readiness.name());
    }
    members.close();
    body.close();
    out.push(b'\n');
    out
}

/// The body of a forced refresh.
pub fn refreshed(refreshed: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    write_bool(body.member("refreshed"), refreshed);
    body.close();
    out.push(b'\n');
    out
}
