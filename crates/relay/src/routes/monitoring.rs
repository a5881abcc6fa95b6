//! `GET /health`, `/info`, `/readyz` and `/metrics`.

use std::time::SystemTime;

use flagstaff_definition::timestamp::{Instant, Timestamp};
use flagstaff_protocol::monitoring::{self, Readiness};
use flagstaff_telemetry::metrics;
use http::{HeaderValue, StatusCode};

use crate::answer::{Answer, Problem};
use crate::evaluate::instant;
use crate::serving::Serving;
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
        .filter_map(|set| Some((&*set.name, set.flags.as_ref()?.refreshed_at())))
        .collect();
    let newest = sets.iter().filter_map(|(_, at)| *at).max();
    let named = sets.iter().map(|(name, at)| (*name, timestamp(*at)));
    let named = serving.flag_sets.are_named().then(|| named.collect::<Vec<_>>());
    Answer::json(monitoring::information(timestamp(newest), named))
}

/// Whether flags can be served: 503 while no set has any to serve.
pub(crate) fn ready(serving: &Serving) -> Answer {
    let sets: Vec<_> = serving
        .flag_sets
        .all()
        .iter()
        .map(|set| {
            let readiness = match &set.flags {
                None => Readiness::NotStarted,
                Some(flags) if flags.status().loaded => Readiness::Ready,
                Some(_) => Readiness::NotLoaded,
            };
            (&*set.name, readiness)
        })
        .collect();
    let ready = sets.iter().any(|(_, readiness)| *readiness == Readiness::Ready);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Answer::with_status(status, monitoring::readiness(ready, sets))
}

/// Metrics in Prometheus' text format.
pub(crate) fn metrics(state: &State) -> Result<Answer, Problem> {
    let text = metrics::render(&state.counts.registry)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Answer::text(HeaderValue::from_static(metrics::CONTENT_TYPE), text))
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
