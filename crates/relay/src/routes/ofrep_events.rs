//! `GET /stream/v1/sse/ofrep`: tells OFREP's clients when to fetch again.
//!
//! Bulk answers name this stream, with a token in place of a key.

use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::ofrep::EventStream;
use flagstaff_telemetry::metrics::StreamKind;

use super::Call;
use super::events::{last_event_id, open};
use crate::answer::{Answer, Problem};
use crate::route::{Route, query_values};
use crate::streams::hub::Hub;
use crate::streams::message::{ELSEWHERE, Form};

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let hub = hub(call)?;
    let last = last_event_id(call.headers)?;
    let since = query_values(call.query, "since").next();
    let since = since.and_then(|digits| EntityTag::from_digits(&digits));
    open(call, hub, StreamKind::Ofrep, Form::Refetch, |now| {
        // who comes for the first time may have missed what changed since the answer that named the stream
        last.or_else(|| since.filter(|since| *since != now.digest).map(|_| ELSEWHERE))
    })
}

/// The stream as a bulk answer names it.
pub(super) fn stream<T>(call: &Call<'_>, since: EntityTag, write: impl FnOnce(&EventStream<'_>) -> T) -> T {
    let ofrep = &call.serving.ofrep;
    let path = Route::OfrepEvents.template();
    let token = call.serving.keys.required().then(|| {
        let set = call.serving.flag_sets.name(call.grant).unwrap_or_default();
        let signer = call.serving.signer.as_ref().unwrap_or(&call.state.streams.signer);
        signer.token(set, call.state.now(), ofrep.token_lifetime)
    });
    let path = match token {
        Some(token) => format!("{path}?token={token}"),
        None => path.to_owned(),
    };
    write(&EventStream {
        origin: ofrep.public_url.as_deref(),
        path: &path,
        since,
        inactivity_delay: ofrep.inactivity_delay.as_secs(),
    })
}

/// Who listens to the flag set that the token opens; where no key is needed, no token is either.
fn hub<'c>(call: &Call<'c>) -> Result<&'c Hub, Problem> {
    let sets = &call.serving.flag_sets;
    if !call.serving.keys.required() {
        return sets.hub(None);
    }
    let signer = call.serving.signer.as_ref().unwrap_or(&call.state.streams.signer);
    let token = query_values(call.query, "token").next();
    let set = token.and_then(|token| signer.check(&token, call.state.now()));
    let set = set.and_then(|set| sets.started_as(&set));
    set.map(|set| &*set.hub)
        .ok_or_else(|| Problem::unauthorized("Unauthorized"))
}
