//! A JsonLogic rule and the body of a request: compiled, validated, and evaluated on that context.

#![no_main]

use flagstaff_engine::attribute::Attributes;
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::jsonlogic::{Logic, is_jsonlogic};
use flagstaff_protocol::request;
use libfuzzer_sys::fuzz_target;

/// How deep a body may be nested.
const DEPTH: usize = 256;

fuzz_target!(|input: (&str, &[u8])| {
    let (text, body) = input;
    let _ = Logic::validate(text);
    let logic = Logic::compile(text);
    assert_eq!(logic.is_some(), is_jsonlogic(text));
    if let Some(logic) = logic {
        let context = request::ofrep(body, DEPTH)
            .ok()
            .flatten()
            .unwrap_or_else(EvaluationContext::default);
        logic.matches(&Attributes::new(&context, None));
    }
});
