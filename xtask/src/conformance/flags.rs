//! `flags.jsonl`: `{now, input: {flagKey, flag, evalContext, flagContext?}, expected}`, whole evaluations; `expected` is the text
//! of GO Feature Flag's raw result. Also rows `{flagKey, flag, evalContext, flagContext?, expected}`, evaluated now.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use flagstaff_definition::document::parse_flag;
use flagstaff_definition::timestamp::{Instant, Timestamp};
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::{ContextMap, ContextValue, EvaluationContext};
use flagstaff_engine::flag::{Evaluation, Flag, Subject, times};
use flagstaff_protocol::json::write_context_value;
use flagstaff_protocol::wire::{EvaluationText, FlagWire};
use flagstaff_testkit::json::{Json, Rules, differences};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Tally, Verdict};

#[derive(Deserialize)]
struct Row<'a> {
    now: Option<String>,
    #[serde(borrow)]
    input: Option<Input<'a>>,
    #[serde(borrow)]
    expected: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    flag_key: String,
    #[serde(borrow)]
    flag: &'a RawValue,
    eval_context: serde_json::Value,
    #[serde(default)]
    flag_context: FlagContext,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct FlagContext {
    default_sdk_value: serde_json::Value,
    evaluation_context_enrichment: serde_json::Value,
}

pub(super) fn check(line: &str, _: &mut Tally) -> anyhow::Result<Verdict> {
    let row: Row<'_> = serde_json::from_str(line)?;
    let input = match row.input {
        Some(input) => input,
        None => serde_json::from_str(line)?,
    };
    let now = match row.now {
        Some(text) => {
            Timestamp::parse(&text)
                .with_context(|| format!("no date: {text}"))?
                .instant
        }
        None => wall_clock(),
    };
    let expected: String = serde_json::from_str(row.expected.get()).unwrap_or_else(|_| row.expected.get().to_owned());
    if expected.starts_with(r#"{"trap""#) {
        evaluate(&input, now)?;
        return Ok(Verdict::Pass);
    }
    let got = evaluate(&input, now)?;
    if got == expected {
        return Ok(Verdict::Pass);
    }
    let found = differences(&Json::parse(&expected)?, &Json::parse(&got)?, &Rules::default());
    Ok(Verdict::of(
        (!found.is_empty()).then(|| format!("{}: {}", input.flag_key, found.join("; "))),
    ))
}

/// The raw result as GO Feature Flag writes it.
fn evaluate(input: &Input<'_>, now: Instant) -> anyhow::Result<String> {
    let parsed = parse_flag(&input.flag_key, input.flag.get());
    let definition = parsed
        .definition
        .as_ref()
        .with_context(|| format!("{} does not decode", input.flag))?;
    let flag = Flag::compile(&input.flag_key, definition, &mut AttributeTable::default());
    let context = EvaluationContext::from_json(&input.eval_context);
    let enrichment = match ContextValue::from_json(&input.flag_context.evaluation_context_enrichment) {
        ContextValue::Map(enrichment) => enrichment,
        _ => ContextMap::default(),
    };
    let attributes = Attributes::new(&context, Some(&enrichment));
    let subject = Subject::new(&attributes, times(&context, Some(&enrichment), now, true));
    let evaluation = flag.evaluate(&subject, &mut ());
    Ok(raw_result(&evaluation, &input.flag_context.default_sdk_value))
}

/// The system's time, for rows that name none.
fn wall_clock() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant {
        seconds: since.as_secs() as i64,
        nanos: since.subsec_nanos(),
    }
}

/// What `/v1/feature/{key}/eval` answers: the text of the raw result.
fn raw_result(evaluation: &Evaluation<'_>, default: &serde_json::Value) -> String {
    let text = match FlagWire::encode(evaluation.flag).evaluation(evaluation.index) {
        EvaluationText::Complete(text) => text.to_vec(),
        EvaluationText::AroundDefault(before, after) => {
            let mut text = before.to_vec();
            write_context_value(&mut text, &ContextValue::from_json(default));
            text.extend_from_slice(after);
            text
        }
    };
    String::from_utf8_lossy(&text).trim_end().to_owned()
}
