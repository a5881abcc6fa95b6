//! `POST /v1/data/collector`: events of clients. Those that cannot be understood are logged and counted, and stop no other.

use flagstaff_protocol::{collector, event, request};
use http::StatusCode;

use super::Call;
use crate::answer::{Answer, Problem};
use crate::body;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "collectEventData");
    const INVALID: &str = "collectEvalData: invalid input data";
    let refuse = |message: String| Problem::new(StatusCode::BAD_REQUEST, message);
    let request = body::decode(call.body.as_ref(), call.headers, None, |body| {
        request::collector(body, call.serving.limits.depth)
    })
    .map_err(|unreadable| refuse(format!("{INVALID} {}", unreadable.nested())))?
    .ok_or_else(|| refuse(INVALID.to_owned()))?;
    let exports = &call.serving.flag_sets.of(call.grant)?.exports;
    let size = call.body.as_ref().map_or(0, bytes::Bytes::len);
    if exports.refuses(size) {
        return Err(Problem::Busy("the log of events is full"));
    }
    let events = request.events.len();
    work.set("collectEventData.eventCollectionSize", events);
    let mut is_kept = true;
    for event in &request.events {
        match event::collected(event.as_ref(), request.meta.as_ref()) {
            Ok(event) => is_kept &= exports.collected(&event),
            Err(error) => {
                call.state.counts.metrics.unreadable_events.inc();
                tracing::error!(%error, "impossible to read an event of a client, it is left out");
            }
        }
    }
    if !is_kept && exports.is_durable() {
        return Err(Problem::Busy("the log of events is full"));
    }
    call.state.counts.metrics.collected_events.inc_by(events as u64);
    Ok(Answer::json(collector::ingested(events)))
}
