//! `GET /debug/pprof/profile?seconds=N`: where the processor's time goes, in pprof's format.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use flagstaff_telemetry::logging::AuditRecord;
use flagstaff_telemetry::profile::{Profile, ProfileError};
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, StatusCode};
use tokio::task::spawn_blocking;

use crate::answer::{Answer, Problem};
use crate::auth::Credential;
use crate::lifetime::Phase;
use crate::route::query_values;
use crate::state::State;

/// How long a profile takes that does not say, as in Go.
const DEFAULT_SECONDS: u64 = 30;

/// How long it may take.
const SECONDS: RangeInclusive<u64> = 1..=60;

/// Takes a profile of the whole process, which goes on serving. A caller who leaves, and the end of the relay, end it.
pub(crate) async fn answer(
    state: &State,
    credential: &Credential<'_>,
    query: &str,
    remote_ip: Option<IpAddr>,
) -> Result<Answer, Problem> {
    if !credential.grant().every_flag_set {
        return Err(Problem::forbidden());
    }
    let seconds = seconds(query)?;
    let profile = Profile::start()?;
    AuditRecord {
        action: "profile",
        key: credential.name(),
        flag_sets: "*",
        outcome: "started",
        remote_ip,
    }
    .log();
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        () = state.phases.reached(Phase::Ending) => {}
    }
    let finished = spawn_blocking(move || profile.finish()).await;
    let profile = finished.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    let content_type = HeaderValue::from_static("application/octet-stream");
    Ok(Answer::text(content_type, profile).header(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"profile\""),
    ))
}

fn seconds(query: &str) -> Result<u64, Problem> {
    let Some(seconds) = query_values(query, "seconds").next() else {
        return Ok(DEFAULT_SECONDS);
    };
    let seconds = seconds.parse().ok().filter(|seconds| SECONDS.contains(seconds));
    seconds.ok_or_else(|| {
        let message = format!("seconds is not a number from {} to {}", SECONDS.start(), SECONDS.end());
        Problem::new(StatusCode::BAD_REQUEST, message)
    })
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        let status = match error {
            ProfileError::NotBuilt => StatusCode::NOT_IMPLEMENTED,
            ProfileError::Busy => StatusCode::CONFLICT,
            ProfileError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}
