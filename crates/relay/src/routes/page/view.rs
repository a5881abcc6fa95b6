//! The relay as the operator's page sees it.

use std::time::SystemTime;

use flagstaff_dashboard::view;
use flagstaff_definition::diagnostic::Diagnostic;
use flagstaff_flagset::{FlagFindings, Served, SourceStatus};
use flagstaff_notifiers::Reading;
use flagstaff_telemetry::metrics::StreamKind;

use crate::config::{Grant, Key, Origin, Problem, Scope};
use crate::exports::Line;
use crate::lifetime::Phase;
use crate::readings;
use crate::serving::{FlagSets, LiveSet, ServedSet, Serving};
use crate::state::State;

/// How the relay is doing now. Names, of what an administrator may reach.
pub(super) fn relay(state: &State, serving: &Serving, administrator: Option<Grant>) -> view::Relay {
    let now = state.now();
    let sets = serving.flag_sets.all().iter().enumerate();
    let may_know = |index| administrator.is_some_and(|grant| grant.administrates(index));
    let flag_set = |(index, set): (usize, &ServedSet)| view::FlagSet {
        name: set.name.to_string(),
        served: set.live.as_ref().map(|live| served(live, may_know(index))),
        failure: set
            .failure
            .as_ref()
            .filter(|_| may_know(index))
            .map(ToString::to_string),
    };
    let streams = StreamKind::ALL.map(|kind| view::Streams {
        kind: kind.name(),
        open: u64::try_from(state.counts.metrics.streams.of(kind).open.get()).unwrap_or_default(),
    });
    let count = |scope| serving.keys.iter().filter(|key| key.grant.scope == scope).count() as u64;
    view::Relay {
        running: now.duration_since(state.started).unwrap_or_default(),
        is_stopping: state.phases.now() > Phase::Serving,
        is_detailed: administrator.is_some(),
        refused_edit: state.last_edit.problems().map(|problems| {
            let may_know = administrator.is_some_and(|grant| grant.every_flag_set);
            problems.iter().filter(|_| may_know).map(problem).collect()
        }),
        flag_sets: sets.map(flag_set).collect(),
        streams: streams.into(),
        exporters: serving
            .flag_sets
            .started()
            .flat_map(|live| live.exports.lines())
            .map(exporter)
            .collect(),
        notifiers: serving
            .flag_sets
            .all()
            .iter()
            .enumerate()
            .filter_map(|(index, set)| Some((set.live.as_ref()?, may_know(index))))
            .flat_map(|(live, may_know)| {
                let readings = live.announcements.readings().into_iter();
                readings.map(move |reading| notifier(reading, now, may_know))
            })
            .collect(),
        needs_keys: serving.keys.required(),
        key_counts: [Scope::Client, Scope::Server, Scope::Admin]
            .map(|scope| (scope.name(), count(scope)))
            .into(),
        keys: administrator.map(|grant| keys(serving, grant)).unwrap_or_default(),
        ..view::Relay::new(crate::VERSION, now)
    }
}

fn exporter(line: &Line) -> view::Exporter {
    let reading = readings::exporter(line);
    view::Exporter {
        kind: reading.kind,
        queued: reading.queued + reading.spooled,
        delivered: reading.delivered,
        dropped: reading.dropped.iter().map(|(_, dropped)| dropped).sum(),
    }
}

fn notifier(reading: Reading, now: SystemTime, is_detailed: bool) -> view::Notifier {
    view::Notifier {
        kind: reading.kind.to_owned(),
        target: is_detailed.then_some(reading.target),
        waiting: reading.pending,
        delivered: reading.delivered,
        told: reading.age.and_then(|age| now.checked_sub(age)),
        lost: reading.lost,
        failures: reading.failures,
        error: reading.error.filter(|_| is_detailed).map(|error| error.to_string()),
    }
}

fn served(live: &LiveSet, is_detailed: bool) -> view::ServedFlags {
    let status = live.flags.status();
    let refused_flags = status.refused().filter(|_| is_detailed).map(refused).collect();
    view::ServedFlags {
        is_loaded: status.loaded,
        revision: status.revision,
        flags: status.flags as u64,
        changed: status.updated_at,
        read: status.refreshed_at,
        followers: live.hub.readers() as u64,
        sources: status.sources.iter().map(|known| source(known, is_detailed)).collect(),
        refused: status.refused().count() as u64,
        refused_flags,
    }
}

fn source(source: &SourceStatus, is_detailed: bool) -> view::Source {
    let diagnostics = source
        .diagnostics
        .iter()
        .filter(|_| is_detailed && source.failure.is_some());
    view::Source {
        name: is_detailed.then(|| source.label.to_string()),
        read: source.last_success,
        failures: source.failures.into(),
        error: source.failure.as_ref().filter(|_| is_detailed).map(ToString::to_string),
        findings: diagnostics.map(finding).collect(),
    }
}

fn refused(flag: &FlagFindings) -> view::RefusedFlag {
    view::RefusedFlag {
        key: flag.key.to_string(),
        served: match flag.served {
            Served::Current => "it, as written",
            Served::LastGood => "its last good version",
            Served::Earlier => "that of an earlier source",
            Served::Nothing => "nothing",
        },
        findings: flag.diagnostics.iter().map(finding).collect(),
    }
}

fn finding(diagnostic: &Diagnostic) -> view::Finding {
    let place = diagnostic.file.as_ref().zip(diagnostic.span);
    view::Finding {
        place: place.map(|(file, span)| view::Place {
            file: file.to_string(),
            line: span.line,
            column: span.column,
        }),
        message: diagnostic.message.clone(),
        hint: diagnostic.hint.clone(),
    }
}

/// A problem of the configuration; one of a variable names it.
fn problem(problem: &Problem) -> view::Finding {
    let place = match &problem.origin {
        Origin::File { file, line, column } => Some(view::Place {
            file: file.to_string(),
            line: *line,
            column: *column,
        }),
        _ => None,
    };
    let origin = match &problem.origin {
        Origin::Variable(_) | Origin::WholeFile(_) => Some(problem.origin.to_string()),
        _ => None,
    };
    let setting = Some(&problem.path).filter(|path| !path.is_empty()).cloned();
    let parts = origin.into_iter().chain(setting).chain([problem.message.clone()]);
    view::Finding {
        place,
        message: parts.collect::<Vec<_>>().join(": "),
        hint: None,
    }
}

/// The keys that an administrator may know of, strongest first, then by name.
fn keys(serving: &Serving, administrator: Grant) -> Vec<view::Key> {
    let may_know = |key: &&Key| match key.grant.flag_set {
        Some(index) => administrator.administrates(index),
        None => administrator.every_flag_set,
    };
    let mut known: Vec<_> = serving.keys.iter().filter(may_know).collect();
    known.sort_by(|a, b| b.grant.scope.cmp(&a.grant.scope).then_with(|| a.name.cmp(&b.name)));
    known.into_iter().map(|known| key(known, &serving.flag_sets)).collect()
}

fn key(key: &Key, sets: &FlagSets) -> view::Key {
    let set = key.grant.flag_set.and_then(|index| sets.all().get(index));
    view::Key {
        name: key.name.to_string(),
        scope: key.grant.scope.name(),
        flag_set: set.map(|set| set.name.to_string()),
    }
}
