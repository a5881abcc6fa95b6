//! What users are hashed by, and whether they need to be.

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::flag::{FlagDefinition, RuleDefinition};
use flagstaff_definition::span::Span;

use crate::compile::needs_key;
use crate::schedule::step_rules;

use super::Subject;
use super::findings::Findings;
use super::rules::is_disabled;

fn written_rules(flag: &FlagDefinition) -> impl Iterator<Item = &RuleDefinition> {
    flag.targeting.iter().flatten().chain(&flag.default_rule)
}

pub(super) fn key_path(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(key) = &subject.definition.bucketing_key else {
        return;
    };
    let found = match &*key.value {
        "" => Diagnostic::new(Code::EmptyBucketingKey, "an empty bucketing key is not the same as none")
            .hint("remove it: without a targeting key it answers FLAG_CONFIG instead of TARGETING_KEY_MISSING"),
        "key" => Diagnostic::new(Code::DerivedBucketingKey, "`key` is not the targeting key here")
            .hint("an attribute named `key` is meant, which hardly anybody sends: remove `bucketingKey` to hash the targeting key"),
        "anonymous" => Diagnostic::new(Code::DerivedBucketingKey, "`anonymous` cannot be hashed")
            .hint("only a text can, and `anonymous` is a boolean: name another attribute"),
        path if path.split('.').any(str::is_empty) => {
            Diagnostic::new(Code::BucketingKeyPath, format!("the path {path} has an empty step"))
                .hint("write the names of the attributes with one dot between them")
        }
        path if path.contains('.') => {
            let first = path.split('.').next().unwrap_or(path);
            Diagnostic::new(Code::BucketingKeyPath, format!("{path} is looked up inside the object {first}"))
                .hint("an attribute with dots in its name, or an element of a list, cannot be reached")
                .severity(Severity::Info)
        }
        _ => return,
    };
    findings.add_in_field("bucketingKey", key.span, found);
}

/// A missing attribute is an error even where nobody is split.
pub(super) fn key_is_used(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = subject.definition;
    let Some(key) = flag.bucketing_key.as_ref().filter(|key| !key.value.is_empty()) else {
        return;
    };
    if !written_rules(flag).chain(step_rules(flag)).any(needs_key) {
        let message = format!("nobody is split, and whoever has no {} gets an error", key.value);
        let found = Diagnostic::new(Code::UnusedBucketingKey, message).hint("remove `bucketingKey`");
        findings.add_in_field("bucketingKey", key.span, found);
    }
}

/// GO Feature Flag wants a targeting key as soon as any rule, at any time, could hash it.
pub(super) fn key_is_needed_for_later(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = subject.definition;
    if flag.bucketing_key.is_some() {
        return;
    }
    let (due, later): (Vec<_>, Vec<_>) = flag.scheduled_rollout.iter().flatten().partition(|step| {
        let date = step.date.as_ref();
        date.is_some_and(|date| date.value.instant <= subject.now)
    });
    let active = |rule: &&RuleDefinition| needs_key(rule) && !is_disabled(rule);
    let splits_now = written_rules(flag)
        .chain(due.iter().flat_map(|step| written_rules(&step.change)))
        .any(|rule| active(&rule));
    let off = flag.disable == Some(true);
    let (why, at): (_, Span) = if splits_now {
        if !off {
            return;
        }
        ("the flag is off, and still needs a targeting key", flag.span.0)
    } else if let Some(rule) = flag.targeting.iter().flatten().find(|rule| needs_key(rule)) {
        ("a targeting key is needed because of a disabled rule", rule.span.0)
    } else if let Some(rule) = later
        .iter()
        .flat_map(|step| written_rules(&step.change))
        .find(|rule| needs_key(rule))
    {
        ("a targeting key is needed because of a later step", rule.span.0)
    } else {
        return;
    };
    let found = Diagnostic::new(Code::TargetingKeyNeeded, why)
        .hint("callers without one get TARGETING_KEY_MISSING instead of an answer");
    findings.add(at, found);
}

/// The hash knows the flag and the user, not the rule.
pub(super) fn splits_are_alike(subject: &Subject<'_>, findings: &mut Findings) {
    let splits = |rule: &&RuleDefinition| needs_key(rule) && !is_disabled(rule);
    if let Some(second) = written_rules(subject.definition).filter(splits).nth(1) {
        let found = Diagnostic::new(Code::SharedHash, "several rules split, and each splits users alike")
            .hint("whoever is among the first 10 % of one split is so in all of them: use two flags where they must be independent");
        findings.add(second.span.0, found);
    }
}
