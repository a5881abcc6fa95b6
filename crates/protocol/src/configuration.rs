//! `/v1/flag/configuration`: flags as they are written, for clients that evaluate on their own.

use flagstaff_definition::flag::{
    Experimentation, FlagDefinition, ProgressiveRollout, ProgressiveStep, RuleDefinition, ScheduledStep,
};
use flagstaff_definition::timestamp::Timestamp;
use flagstaff_engine::context::ContextMap;

use crate::etag::{EntityTag, fingerprint};
use crate::json::{Object, write_context_map, write_list, write_map, write_number, write_string, write_value};
use crate::wire::FlagWire;

/// The answer for flags given in byte order of their keys. An enrichment without attributes is left out.
pub fn encode<'f>(flags: impl IntoIterator<Item = &'f FlagWire>, enrichment: &ContextMap<'_>) -> Vec<u8> {
    let mut out = b"{\"flags\":{".to_vec();
    for (index, flag) in flags.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(flag.configuration_member());
    }
    out.push(b'}');
    if !enrichment.is_empty() {
        let mut object = Object::resume(&mut out);
        write_context_map(object.member("evaluationContextEnrichment"), enrichment);
    }
    out.extend_from_slice(b"}\n");
    out
}

/// The tag of the same answer. It costs no encoding of flags.
pub fn tag<'f>(flags: impl IntoIterator<Item = &'f FlagWire>, enrichment: &ContextMap<'_>) -> EntityTag {
    let mut tag = EntityTag::new("configuration");
    for flag in flags {
        tag.add(flag.configuration_fingerprint());
    }
    if !enrichment.is_empty() {
        let mut out = Vec::new();
        write_context_map(&mut out, enrichment);
        tag.add(fingerprint(&out));
    }
    tag
}

/// Writes a flag as GO Feature Flag publishes it: members in its order, those that were not written left out.
pub fn write_flag(out: &mut Vec<u8>, flag: &FlagDefinition) {
    let mut object = Object::open(out);
    write_members(&mut object, flag);
    object.close();
}

fn write_members(object: &mut Object<'_>, flag: &FlagDefinition) {
    if let Some(variations) = &flag.variations {
        let mut values = Object::open(object.member("variations"));
        for variation in variations {
            write_value(values.member(&variation.name), &variation.value);
        }
        values.close();
    }
    if let Some(rules) = &flag.targeting {
        write_list(object.member("targeting"), rules, write_rule);
    }
    if let Some(key) = &flag.bucketing_key {
        object.string("bucketingKey", &key.value);
    }
    if let Some(rule) = &flag.default_rule {
        write_rule(object.member("defaultRule"), rule);
    }
    if let Some(window) = &flag.experimentation {
        write_experimentation(object.member("experimentation"), window);
    }
    if let Some(steps) = &flag.scheduled_rollout {
        write_list(object.member("scheduledRollout"), steps, write_step);
    }
    if let Some(track_events) = flag.track_events {
        object.bool("trackEvents", track_events);
    }
    if let Some(disable) = flag.disable {
        object.bool("disable", disable);
    }
    if let Some(version) = &flag.version {
        object.string("version", version);
    }
    if let Some(metadata) = &flag.metadata {
        write_map(object.member("metadata"), metadata);
    }
}

fn write_rule(out: &mut Vec<u8>, rule: &RuleDefinition) {
    let mut object = Object::open(out);
    if let Some(name) = &rule.name {
        object.string("name", &name.value);
    }
    if let Some(query) = &rule.query {
        object.string("query", &query.value);
    }
    if let Some(variation) = &rule.variation {
        object.string("variation", &variation.value);
    }
    if let Some(percentages) = &rule.percentage {
        let mut shares = Object::open(object.member("percentage"));
        for percentage in &percentages.value {
            write_number(shares.member(&percentage.variation), percentage.share);
        }
        shares.close();
    }
    if let Some(rollout) = &rule.progressive_rollout {
        write_progressive_rollout(object.member("progressiveRollout"), rollout);
    }
    if let Some(disable) = rule.disable {
        object.bool("disable", disable);
    }
    object.close();
}

fn write_progressive_rollout(out: &mut Vec<u8>, rollout: &ProgressiveRollout) {
    let mut object = Object::open(out);
    for (name, step) in [("initial", &rollout.initial), ("end", &rollout.end)] {
        if let Some(step) = step {
            write_progressive_step(object.member(name), step);
        }
    }
    object.close();
}

fn write_progressive_step(out: &mut Vec<u8>, step: &ProgressiveStep) {
    let mut object = Object::open(out);
    if let Some(variation) = &step.variation {
        object.string("variation", &variation.value);
    }
    if let Some(percentage) = step.percentage {
        write_number(object.member("percentage"), percentage);
    }
    if let Some(date) = &step.date {
        write_date(object.member("date"), date.value);
    }
    object.close();
}

fn write_experimentation(out: &mut Vec<u8>, window: &Experimentation) {
    let mut object = Object::open(out);
    for (name, date) in [("start", &window.start), ("end", &window.end)] {
        if let Some(date) = date {
            write_date(object.member(name), date.value);
        }
    }
    object.close();
}

fn write_step(out: &mut Vec<u8>, step: &ScheduledStep) {
    let mut object = Object::open(out);
    write_members(&mut object, &step.change);
    if let Some(date) = &step.date {
        write_date(object.member("date"), date.value);
    }
    object.close();
}

fn write_date(out: &mut Vec<u8>, date: Timestamp) {
    write_string(out, &date.to_string());
}
