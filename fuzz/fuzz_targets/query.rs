//! A query, then (after a line break that queries would join) a context: parsed, compiled, and run on that context and on none.

#![no_main]

use flagstaff_definition::query;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::query::Matcher;
use flagstaff_protocol::request;
use libfuzzer_sys::fuzz_target;

/// How deep a body may be nested.
const DEPTH: usize = 256;

fuzz_target!(|input: (&str, &[u8])| {
    let (text, body) = input;
    let parsed = query::parse(text);
    let Some(expression) = parsed.expression else {
        assert!(!parsed.problems.is_empty(), "a query was rejected without a reason");
        return;
    };
    let matcher = Matcher::compile(&expression, &mut AttributeTable::default());
    let _ = matcher.check_on_empty();
    let context = request::ofrep(body, DEPTH)
        .ok()
        .flatten()
        .unwrap_or_else(EvaluationContext::default);
    matcher.matches(&Attributes::new(&context, None), &mut ());
});
