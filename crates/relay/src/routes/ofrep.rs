//! `POST /ofrep/v1/evaluate/flags/{flagKey}`: a single evaluation in OFREP's form.

use flagstaff_engine::context::EvaluationContext;
use flagstaff_protocol::{ofrep, request};
use http::StatusCode;

use super::Call;
use crate::answer::{Answer, Problem};
use crate::body;
use crate::config::Dialect;
use crate::evaluate;
use crate::exports::Asked;
use crate::route::Place;
use crate::serving::LiveSet;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>, place: &Place<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "flagEvaluation");
    let key = || place.keys().0.into_owned();
    let context = read(call, Some(&key))?;
    let set = flags(call, Some(&key))?;
    let (snapshot, now) = (set.load(), call.state.now());
    let Some(flag) = evaluate::find(&snapshot, place) else {
        let key = place.keys().0;
        set.exports.not_found(&key, &Asked::of(&snapshot, &context, now));
        return Ok(Answer::with_status(StatusCode::NOT_FOUND, ofrep::flag_not_found(&key)));
    };
    let outcome = evaluate::one(&snapshot, flag, &context, now);
    work.evaluated(flag, outcome, || None);
    set.exports
        .evaluated(flag, outcome, &Asked::of(&snapshot, &context, now));
    let (status, body) = match call.dialect() {
        Dialect::Goff => flag.wire.single(outcome),
        Dialect::Standard => flag.standard().single(outcome),
    };
    let status = StatusCode::from_u16(status).expect("the wire knows statuses of HTTP only");
    Ok(Answer::with_status(status, body))
}

/// The caller's flag set. Why there is none is said in the caller's dialect.
pub(super) fn flags<'c>(call: &Call<'c>, key: Option<&dyn Fn() -> String>) -> Result<&'c LiveSet, Problem> {
    call.serving
        .flag_sets
        .of(call.grant)
        .map_err(|problem| match (call.dialect(), problem) {
            (Dialect::Standard, Problem::Message { status, message, .. }) => {
                let body = ofrep::general(&message, key.map(|key| key()).as_deref());
                Answer::with_status(status, body).into()
            }
            (_, problem) => problem,
        })
}

/// The context of a single or bulk evaluation. `key` names the flag of a single one in errors.
pub(super) fn read<'c>(call: &'c Call<'_>, key: Option<&dyn Fn() -> String>) -> Result<EvaluationContext<'c>, Problem> {
    let refuse = |details: &str| Problem::invalid_context(details, key.map(|key| key()).as_deref());
    let depth = call.serving.limits.depth;
    match body::decode(call.body.as_ref(), call.headers, None, |body| {
        request::ofrep(body, depth)
    }) {
        Ok(Some(context)) => Ok(context),
        Ok(None) => Err(refuse(ofrep::CONTEXT_REQUIRED)),
        Err(unreadable) => Err(refuse(&unreadable.nested())),
    }
}
