//! `POST /v1/allflags`: a bulk evaluation in GO Feature Flag's form.

use flagstaff_protocol::goff::AllFlagsBody;

use super::{Call, evaluation};
use crate::answer::{Answer, Problem};
use crate::evaluate;
use crate::exports::Asked;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "AllFlagsState");
    let context = evaluation::read(call)?.context.ok_or_else(evaluation::no_context)?;
    let set = call.serving.flag_sets.of(call.grant)?;
    let snapshot = set.load();
    let (now, counts) = (call.state.now(), &call.state.counts);
    let begin = |flags| {
        work.set("AllFlagsState.valid", true);
        work.set("AllFlagsState.numberEvaluation", flags);
        AllFlagsBody::new(flags, evaluate::instant(now).seconds)
    };
    let body = evaluate::many(&snapshot, &context, now, begin, |body, flag, outcome| {
        body.push(&flag.wire, outcome);
        if set.exports.records_bulk() {
            set.exports
                .evaluated(flag, outcome, &Asked::of(&snapshot, &context, now));
        }
        if call.serving.bulk_flag_names {
            counts.bulk_evaluations.count(Some(flag.key()));
        }
    });
    counts.metrics.all_flag_evaluations.inc();
    Ok(Answer::json(body.finish()))
}
