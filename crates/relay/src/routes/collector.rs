//! `POST /v1/data/collector`: events of clients. They are checked and counted.

use flagstaff_protocol::{collector, request};
use http::StatusCode;

use super::Call;
use crate::answer::{Answer, Problem};
use crate::body;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "collectEventData");
    const INVALID: &str = "collectEvalData: invalid input data";
    let refuse = |message: String| Problem::new(StatusCode::BAD_REQUEST, message);
    let events = body::decode(call.body.as_ref(), call.headers, None, request::collector)
        .map_err(|unreadable| refuse(format!("{INVALID} {}", unreadable.nested())))?
        .ok_or_else(|| refuse(INVALID.to_owned()))?;
    call.serving.flag_sets.of(call.grant)?;
    work.set("collectEventData.eventCollectionSize", events);
    call.state.counts.metrics.collected_events.inc_by(events as u64);
    Ok(Answer::json(collector::ingested(events)))
}
