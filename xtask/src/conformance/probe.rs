//! A query asked through a whole flag: a targeting rule with it answers `true`, the default rule `false`.

use anyhow::Context;
use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_definition::document::parse_flag;
use flagstaff_definition::timestamp::Instant;
use flagstaff_definition::value::Value;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Flag, Subject};
use flagstaff_engine::validate::validate;
use serde_json::json;

/// The time that probes are asked at; none of them has a date.
const NOW: Instant = Instant {
    seconds: 1_644_454_800,
    nanos: 0,
};

/// A flag around one query.
pub(super) struct Probe {
    flag: Flag,
    errors: Vec<Diagnostic>,
}

impl Probe {
    /// Loads the query as a relay would, and goes on where a relay would refuse it.
    pub(super) fn compile(query: &str) -> anyhow::Result<Self> {
        let flag = json!({
            "variations": {"yes": true, "no": false},
            "targeting": [{"query": query, "variation": "yes"}],
            "defaultRule": {"variation": "no"},
        });
        let parsed = parse_flag("probe", &flag.to_string());
        let definition = parsed
            .definition
            .as_ref()
            .context("the flag around the query does not decode")?;
        let found = parsed.diagnostics.into_iter().chain(validate("probe", definition, NOW));
        Ok(Self {
            flag: Flag::compile("probe", definition, &mut AttributeTable::default()),
            errors: found.filter(|found| found.severity == Severity::Error).collect(),
        })
    }

    /// Why a relay would refuse it.
    pub(super) fn errors(&self) -> &[Diagnostic] {
        &self.errors
    }

    /// Whether the query is true on a context.
    pub(super) fn matches(&self, context: &serde_json::Value) -> bool {
        let context = EvaluationContext::from_json(context);
        let attributes = Attributes::new(&context, None);
        let subject = Subject::new(&attributes, (NOW, NOW));
        self.flag.evaluate(&subject, &mut ()).outcome().value == Some(Value::Bool(true))
    }
}
