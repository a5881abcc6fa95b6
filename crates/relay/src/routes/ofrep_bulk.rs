//! `POST /ofrep/v1/evaluate/flags`: a bulk evaluation in OFREP's form.

use flagstaff_protocol::ofrep::BulkBody;

use super::{Call, ofrep, ofrep_events};
use crate::answer::{Answer, Problem};
use crate::config::Dialect;
use crate::evaluate;
use crate::exports::Asked;
use crate::trace::Work;

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut work = Work::begin(call.span, "AllFlagsState");
    let context = ofrep::read(call, None)?;
    let set = ofrep::flags(call, None)?;
    let (snapshot, now) = (set.load(), call.state.now());
    let dialect = call.dialect();
    let counts = &call.state.counts;
    let body = evaluate::many(
        &snapshot,
        &context,
        now,
        |flags| {
            work.set("AllFlagsState.numberEvaluation", flags);
            match dialect {
                Dialect::Goff => BulkBody::with_room_for(flags),
                Dialect::Standard => BulkBody::standard(flags),
            }
        },
        |body, flag, outcome| {
            body.push(match dialect {
                Dialect::Goff => flag.wire.bulk_entry(outcome),
                Dialect::Standard => flag.standard().bulk_entry(outcome),
            });
            if set.exports.records_bulk() {
                set.exports
                    .evaluated(flag, outcome, &Asked::of(&snapshot, &context, now));
            }
            if call.serving.bulk_flag_names {
                counts.bulk_evaluations.count(Some(flag.key()));
            }
        },
    );
    counts.metrics.all_flag_evaluations.inc();
    let (body, tag) = match dialect {
        Dialect::Goff => body.finish(),
        Dialect::Standard => ofrep_events::stream(call, snapshot.digest(), |stream| body.finish_with(stream)),
    };
    Ok(Answer::json(body).tagged(tag))
}
