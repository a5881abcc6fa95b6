//! `POST /ofrep/v1/evaluate/flags`: a bulk evaluation in OFREP's form.

use flagstaff_protocol::ofrep::BulkBody;

use super::{Call, ofrep};
use crate::answer::{Answer, Problem};
use crate::evaluate;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "AllFlagsState");
    let context = ofrep::read(call, None)?;
    let snapshot = call.serving.flag_sets.of(call.grant)?.load();
    let counts = &call.state.counts;
    let body = evaluate::many(
        &snapshot,
        &context,
        call.state.now(),
        |flags| {
            work.set("AllFlagsState.numberEvaluation", flags);
            BulkBody::with_room_for(flags)
        },
        |body, flag, outcome| {
            body.push(flag.wire.bulk_entry(outcome));
            if call.serving.bulk_flag_names {
                counts.bulk_evaluations.count(Some(flag.key()));
            }
        },
    );
    counts.metrics.all_flag_evaluations.inc();
    let (body, tag) = body.finish();
    Ok(Answer::json(body).tagged(tag))
}
