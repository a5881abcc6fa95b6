//! `GET /health`, `/livez`, `/info`, `/readyz` and `/metrics`.

use std::time::{Duration, SystemTime};

use flagstaff_definition::timestamp::{Instant, Timestamp};
use flagstaff_flagset::SourceStatus;
use flagstaff_notifiers::Reading;
use flagstaff_protocol::monitoring::{
    self, ExporterReadiness, NotifierReadiness, Readiness, SetReadiness, SourceReadiness,
};
use flagstaff_telemetry::metrics;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer::{Answer, Problem};
use crate::evaluate::instant;
use crate::exports::Line;
use crate::lifetime::Phase;
use crate::serving::{LiveSet, Serving};
use crate::state::State;

/// The process is alive.
pub(crate) fn health() -> Answer {
    Answer::json(monitoring::HEALTH)
}

/// When flags were last fetched.
pub(crate) fn information(serving: &Serving) -> Answer {
    let sets: Vec<_> = serving
        .flag_sets
        .all()
        .iter()
        .filter_map(|set| Some((&*set.name, set.live.as_ref()?.flags.refreshed_at())))
        .collect();
    let newest = sets.iter().filter_map(|(_, at)| *at).max();
    let named = sets.iter().map(|(name, at)| (*name, timestamp(*at)));
    let named = serving.flag_sets.are_named().then(|| named.collect::<Vec<_>>());
    Answer::json(monitoring::information(timestamp(newest), named))
}

/// The process answers; says nothing about flags.
pub(crate) fn alive() -> Answer {
    Answer::json(monitoring::ALIVE)
}

/// Whether flags can be served: 503 while no set has any to serve, and once the relay is about to end. What sources are called
/// and what is wrong with them is for administrators.
pub(crate) fn ready(state: &State, serving: &Serving, is_administrator: bool) -> Answer {
    let now = state.now();
    let sets: Vec<_> = serving
        .flag_sets
        .all()
        .iter()
        .map(|set| (&*set.name, set_readiness(set.live.as_ref(), now, is_administrator)))
        .collect();
    let stopping = state.phases.now() > Phase::Serving;
    let ready = !stopping && sets.iter().any(|(_, set)| set.is_ready());
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness { ready, stopping, sets };
    Answer::with_status(status, monitoring::readiness(&readiness))
}

fn set_readiness(live: Option<&LiveSet>, now: SystemTime, detailed: bool) -> SetReadiness {
    let Some(live) = live else {
        return SetReadiness::NotStarted;
    };
    let age = |since: Option<SystemTime>| Some(seconds(now.duration_since(since?).unwrap_or_default()));
    let status = live.flags.status();
    let source = |source: &SourceStatus| SourceReadiness {
        age: age(source.last_success),
        failures: source.failures,
        details: detailed.then(|| {
            let failure = source.failure.as_ref().map(ToString::to_string);
            (source.label.to_string(), failure)
        }),
    };
    SetReadiness::Started {
        loaded: status.loaded,
        revision: status.revision,
        flags: status.flags,
        invalid_flags: status.refused().count(),
        age: age(status.refreshed_at),
        sources: status.sources.iter().map(source).collect(),
        exporters: live
            .exports
            .lines()
            .iter()
            .map(|line| exporter(line, detailed))
            .collect(),
        notifiers: live
            .announcements
            .readings()
            .into_iter()
            .map(|reading| notifier(reading, detailed))
            .collect(),
    }
}

fn exporter(line: &Line, detailed: bool) -> ExporterReadiness {
    let (reader, status) = (line.monitor.reader(), line.monitor.status());
    ExporterReadiness {
        name: reader.name().to_string(),
        waiting: reader.queued() + reader.spooled(),
        failures: status.failures,
        error: status.error.filter(|_| detailed).map(|error| error.to_string()),
    }
}

fn notifier(reading: Reading, detailed: bool) -> NotifierReadiness {
    NotifierReadiness {
        kind: reading.kind,
        waiting: reading.pending,
        age: reading.age.map(seconds),
        failures: reading.failures,
        details: detailed.then(|| (reading.target, reading.error.map(|error| error.to_string()))),
    }
}

/// To the millisecond.
fn seconds(age: Duration) -> f64 {
    (age.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Metrics in Prometheus' text format. With traces, whoever asks for OpenMetrics gets that, which has exemplars.
pub(crate) fn metrics(state: &State, headers: &HeaderMap) -> Result<Answer, Problem> {
    if state.tracer.is_some() && accepts_open_metrics(headers) {
        let text = metrics::render_with_exemplars(&state.counts.registry, &state.counts.metrics.requests);
        let content_type = HeaderValue::from_static(metrics::OPEN_METRICS_CONTENT_TYPE);
        return Ok(Answer::text(content_type, text));
    }
    let text = metrics::render(&state.counts.registry)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Answer::text(HeaderValue::from_static(metrics::CONTENT_TYPE), text))
}

/// Prometheus names every format that it reads, and prefers this one.
fn accepts_open_metrics(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    accepted.any(|line| line.contains("application/openmetrics-text"))
}

/// A time; the year 1 stands for never.
fn timestamp(at: Option<SystemTime>) -> Timestamp {
    const NEVER: Instant = Instant {
        seconds: -62_135_596_800,
        nanos: 0,
    };
    Timestamp {
        instant: at.map_or(NEVER, instant),
        offset: 0,
    }
}
