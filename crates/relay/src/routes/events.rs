//! `GET /stream/v1/sse/flag/change`: changes as server-sent events.

use std::sync::Arc;
use std::time::Duration;

use flagstaff_protocol::stream;
use flagstaff_telemetry::metrics::StreamKind;
use http::header::{CACHE_CONTROL, CONNECTION, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use super::Call;
use crate::answer::{Answer, Problem};
use crate::auth::Credential;
use crate::config::{Grant, Scope};
use crate::streams::events;
use crate::streams::guest::Guest;
use crate::streams::hub::{Hub, LANES};
use crate::streams::message::{ELSEWHERE, Form, Moment};
use crate::streams::reader::Reader;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells nginx to pass events on as they come.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let hub = call.serving.flag_sets.hub(call.grant)?;
    let last = last_event_id(call.headers)?;
    open(call, hub, guest(call), StreamKind::Events, form(call.grant), |_| last)
}

/// Opens a stream. Given the state that is served, `after` says after which one to go on, if it is not that one.
pub(super) fn open(
    call: &Call<'_>,
    hub: &Arc<Hub>,
    guest: Guest,
    kind: StreamKind,
    form: Form,
    after: impl FnOnce(&Moment) -> Option<u64>,
) -> Result<Answer, Problem> {
    let reader = listen(call, hub, guest, kind)?;
    let retry = retry(call.serving.streams.retry, reader.lane());
    let now = reader.now();
    let (id, reader) = match after(&now) {
        Some(position) => (None, reader.resume(position)),
        None => (Some(now.id), reader),
    };
    let content = events::content(stream::opening(retry, id), reader, form);
    Ok(Answer::stream(EVENT_STREAM, content)
        .header(CACHE_CONTROL, NO_CACHE)
        .header(CONNECTION, HeaderValue::from_static("keep-alive"))
        .header(ACCEL_BUFFERING, HeaderValue::from_static("no")))
}

/// Who a caller is once it listens.
pub(super) fn guest(call: &Call<'_>) -> Guest {
    call.credential.map_or(Guest::Anybody, Credential::guest)
}

/// What a caller gets to know: with a key for browsers and devices not how flags are written.
pub(super) fn form(grant: Option<Grant>) -> Form {
    match grant {
        Some(grant) if grant.scope == Scope::Client => Form::Names,
        _ => Form::Flags,
    }
}

/// Takes a seat and begins to listen, or asks the caller to come back later.
pub(super) fn listen(call: &Call<'_>, hub: &Arc<Hub>, guest: Guest, kind: StreamKind) -> Result<Reader, Problem> {
    let seat = call.state.streams.seat(kind, call.serving.streams.max_open);
    seat.and_then(|seat| hub.listen(guest, seat, call.state))
        .ok_or_else(|| {
            let message = "too many streams are open, try again later";
            let body = flagstaff_protocol::problem::message(message, None);
            Answer::with_status(StatusCode::SERVICE_UNAVAILABLE, body)
                .header(RETRY_AFTER, HeaderValue::from(call.state.streams.retry_after()))
                .into()
        })
}

/// The id to go on from. A number that is no id of ours is as good as any other that is unknown.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let number = id.to_str().ok().and_then(|id| id.parse::<i64>().ok());
    let refusal = || {
        Answer::refusal(StatusCode::BAD_REQUEST, "Last-Event-ID must be a number!\n").header(CACHE_CONTROL, NO_CACHE)
    };
    let number = number.ok_or_else(refusal)?;
    Ok(Some(u64::try_from(number).unwrap_or(ELSEWHERE)))
}

/// Milliseconds to wait before coming back: from three quarters of what is configured to five quarters, by lane, so that not
/// everybody comes at once.
fn retry(configured: Duration, lane: usize) -> u64 {
    let milliseconds = configured.as_millis() as u64;
    milliseconds * 3 / 4 + milliseconds * lane as u64 / (2 * LANES as u64)
}
