//! `/health`, `/livez`, `/info`, `/readyz`, and the answer of a forced refresh.

use flagstaff_definition::timestamp::Timestamp;

use crate::json::{Object, write_bool, write_integer, write_list, write_number, write_string};

/// The body of `/health`.
pub const HEALTH: &str = "{\"initialized\":true}\n";

/// Whether a relay can serve, and its flag sets one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct Readiness<'r> {
    /// Whether callers are welcome.
    pub ready: bool,
    /// It is about to end, or ending.
    pub stopping: bool,
    /// The flag sets by name.
    pub sets: Vec<(&'r str, SetReadiness)>,
}

/// How a flag set is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum SetReadiness {
    /// It could not start.
    NotStarted,
    /// It serves.
    Started {
        /// Every source has given a document at least once.
        loaded: bool,
        /// Revision of what is served.
        revision: u64,
        /// Flags that are served.
        flags: usize,
        /// Flags of which something else is served than was written last, or nothing.
        invalid_flags: usize,
        /// Seconds since last everything could be fetched and read.
        age: Option<f64>,
        /// The sources in their order.
        sources: Vec<SourceReadiness>,
        /// The exporters in their order.
        exporters: Vec<ExporterReadiness>,
        /// The notifiers in their order.
        notifiers: Vec<NotifierReadiness>,
    },
}

/// How an exporter is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct ExporterReadiness {
    /// Its name.
    pub name: String,
    /// Events that wait for it.
    pub waiting: u64,
    /// How often in a row its sink failed.
    pub failures: u32,
    /// What went wrong last, for those who may know.
    pub error: Option<String>,
}

/// How a notifier is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct NotifierReadiness {
    /// Its kind.
    pub kind: &'static str,
    /// Changes that it has not been told yet.
    pub waiting: u64,
    /// Seconds since it was told something.
    pub age: Option<f64>,
    /// How often in a row it could not be.
    pub failures: u64,
    /// Where it is and what went wrong last, for those who may know.
    pub details: Option<(String, Option<String>)>,
}

/// How a source is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceReadiness {
    /// Seconds since it was last fetched and read.
    pub age: Option<f64>,
    /// How often in a row it could not be.
    pub failures: u32,
    /// What it is called and why it cannot be used, for those who may know.
    pub details: Option<(String, Option<String>)>,
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

/// The answer to who told that flags changed.
pub const ACCEPTED: &str = "{\"accepted\":true}\n";

/// The body of `/livez`.
pub const ALIVE: &str = "{\"alive\":true}\n";

/// The body of `/readyz`.
pub fn readiness(readiness: &Readiness<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.bool("ready", readiness.ready);
    if readiness.stopping {
        body.bool("stopping", true);
    }
    let mut members = Object::open(body.member("flagsets"));
    for (name, set) in &readiness.sets {
        let mut member = Object::open(members.member(name));
        member.string("status", set.name());
        set.write(&mut member);
        member.close();
    }
    members.close();
    body.close();
    out.push(b'\n');
    out
}

impl SetReadiness {
    /// Whether it has flags to serve.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Started { loaded: true, .. })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Started { loaded: false, .. } => "not loaded",
            Self::Started { sources, .. } if sources.iter().any(|source| source.failures > 0) => "stale",
            Self::Started { .. } => "ready",
        }
    }

    fn write(&self, member: &mut Object<'_>) {
        let Self::Started {
            loaded: _,
            revision,
            flags,
            invalid_flags,
            age,
            sources,
            exporters,
            notifiers,
        } = self
        else {
            return;
        };
        write_integer(member.member("revision"), *revision);
        write_integer(member.member("flags"), *flags);
        write_integer(member.member("invalidFlags"), *invalid_flags);
        write_age(member, *age);
        write_list(member.member("sources"), sources, |out, source| {
            let mut member = Object::open(out);
            if let Some((name, _)) = &source.details {
                member.string("name", name);
            }
            write_age(&mut member, source.age);
            write_integer(member.member("failures"), source.failures);
            if let Some((_, Some(error))) = &source.details {
                member.string("error", error);
            }
            member.close();
        });
        if !exporters.is_empty() {
            write_list(member.member("exporters"), exporters, |out, exporter| {
                let mut member = Object::open(out);
                member.string("name", &exporter.name);
                write_integer(member.member("waiting"), exporter.waiting);
                write_integer(member.member("failures"), exporter.failures);
                if let Some(error) = &exporter.error {
                    member.string("error", error);
                }
                member.close();
            });
        }
        if !notifiers.is_empty() {
            write_list(member.member("notifiers"), notifiers, |out, notifier| {
                let mut member = Object::open(out);
                member.string("kind", notifier.kind);
                if let Some((target, _)) = &notifier.details {
                    member.string("target", target);
                }
                write_integer(member.member("waiting"), notifier.waiting);
                write_age(&mut member, notifier.age);
                write_integer(member.member("failures"), notifier.failures);
                if let Some((_, Some(error))) = &notifier.details {
                    member.string("error", error);
                }
                member.close();
            });
        }
    }
}

fn write_age(member: &mut Object<'_>, age: Option<f64>) {
    if let Some(age) = age {
        write_number(member.member("ageSeconds"), age);
    }
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
