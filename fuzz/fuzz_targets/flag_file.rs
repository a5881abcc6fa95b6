//! Any bytes as a flag file in each format, and again over themselves; whatever decodes is compiled, validated and evaluated.

#![no_main]

use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Flag, Subject};
use flagstaff_engine::validate::validate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::default();
    let context = EvaluationContext {
        targeting_key: "user".into(),
        ..EvaluationContext::default()
    };
    let attributes = Attributes::new(&context, None);
    for format in [Format::Yaml, Format::Json, Format::Toml] {
        let Ok(document) = Document::parse_bytes(bytes, format, None) else {
            continue;
        };
        let again = Document::parse_bytes(bytes, format, Some(&document)).expect("the same bytes parse again");
        assert_eq!(document.diagnostics(None), again.diagnostics(None));
        let mut table = AttributeTable::default();
        for entry in &document.entries {
            let Some(definition) = &entry.parsed.definition else {
                continue;
            };
            validate(&entry.key, definition, now);
            let flag = Flag::compile(&entry.key, definition, &mut table);
            flag.evaluate(&Subject::new(&attributes, (now, now)), &mut ()).outcome();
        }
    }
});
