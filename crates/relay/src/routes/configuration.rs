//! `POST /v1/flag/configuration`: flags as they are written, for clients that evaluate on their own.

use flagstaff_protocol::{configuration, problem, request};
use http::StatusCode;

use super::Call;
use crate::answer::{Answer, Problem};
use crate::body;
use crate::evaluate;
use crate::trace::Work;

/// How many flags were asked for, to a span.
const SIZE: &str = "flagConfiguration.configurationSize";

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "flagConfiguration");
    let keys = body::decode(call.body.as_ref(), call.headers, Vec::new(), |body| {
        request::configuration(body, call.serving.limits.depth)
    })
    .map_err(|unreadable| {
        let body = problem::invalid_configuration_request(&unreadable.nested());
        Problem::from(Answer::with_status(StatusCode::BAD_REQUEST, body))
    })?;
    let snapshot = call.serving.flag_sets.of(call.grant)?.load();
    call.state.counts.metrics.flag_configurations.inc();
    let answer = if keys.is_empty() {
        work.set(SIZE, snapshot.flags().len());
        let (body, tag) = snapshot.configuration_answer();
        let renditions = call.serving.flag_sets.configuration(call.grant, *tag);
        Answer::json(body.clone()).tagged(*tag).rendered(renditions)
    } else {
        let flags = evaluate::select(&snapshot, &keys);
        work.set(SIZE, flags.len());
        let flags = flags.iter().map(|flag| &flag.wire);
        let tag = configuration::tag(flags.clone(), snapshot.enrichment());
        match call.form.known(tag) {
            Some(known) => Answer::not_modified(known),
            None => Answer::json(configuration::encode(flags, snapshot.enrichment())).tagged(tag),
        }
    };
    Ok(answer.modified(snapshot.updated_at()))
}
