//! `POST /v1/feature/{flagKey}/eval`: a single evaluation in GO Feature Flag's form.

use flagstaff_engine::context::ContextValue;
use flagstaff_protocol::goff;
use flagstaff_protocol::request::{self, EvaluationRequest};
use http::StatusCode;

use super::Call;
use crate::answer::{Answer, Problem};
use crate::body;
use crate::evaluate;
use crate::exports::Asked;
use crate::route::Place;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>, place: &Place<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "flagEvaluation");
    let request = read(call)?;
    let context = request.context.ok_or_else(no_context)?;
    let set = call.serving.flag_sets.of(call.grant)?;
    let (snapshot, now) = (set.load(), call.state.now());
    let asked = Asked::of(&snapshot, &context, now).or_else(&request.default_value);
    Ok(Answer::json(match evaluate::find(&snapshot, place) {
        Some(flag) => {
            let outcome = evaluate::one(&snapshot, flag, &context, now);
            work.evaluated(flag, outcome, || Some(set.flags.status().name.to_string()));
            set.exports.evaluated(flag, outcome, &asked);
            goff::evaluation(&flag.wire, outcome, &request.default_value)
        }
        None => {
            work.not_found(|| place.keys().0.into_owned());
            set.exports.not_found(&place.keys().0, &asked);
            goff::flag_not_found(&request.default_value).into()
        }
    }))
}

/// The request of a single or bulk evaluation.
pub(super) fn read<'c>(call: &'c Call<'_>) -> Result<EvaluationRequest<'c>, Problem> {
    let empty = EvaluationRequest {
        context: None,
        default_value: ContextValue::Null,
    };
    Ok(body::decode(call.body.as_ref(), call.headers, empty, |body| {
        request::evaluation(body, call.serving.limits.depth)
    })?)
}

/// A request must say for whom.
pub(super) fn no_context() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "assertRequest: impossible to find user in request",
    )
}
