//! The values a flag can have.

use std::fmt;

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::flag::Variation;
use flagstaff_definition::value::Value;

use super::Subject;
use super::findings::Findings;

/// Kinds of values that may not be mixed in one flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Bool,
    Number,
    String,
    List,
    Map,
}

impl ValueKind {
    /// The kind of a value; `null` has none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Bool),
            Value::Int(_) | Value::UInt(_) | Value::Float(_) => Some(Self::Number),
            Value::String(_) => Some(Self::String),
            Value::List(_) => Some(Self::List),
            Value::Map(_) => Some(Self::Map),
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a text",
            Self::List => "a list",
            Self::Map => "an object",
        })
    }
}

/// The variation of a name, in variations sorted by name.
pub(super) fn find<'a>(variations: &'a [Variation], name: &str) -> Option<&'a Variation> {
    let at = variations.binary_search_by(|known| (*known.name).cmp(name)).ok()?;
    Some(&variations[at])
}

/// What to write instead of the name of a variation that does not exist.
pub(super) fn known_names(variations: &[Variation]) -> String {
    const SHOWN: usize = 6;
    let names: Vec<_> = variations
        .iter()
        .take(SHOWN)
        .map(|known| format!("`{}`", known.name))
        .collect();
    let more = variations.len().saturating_sub(SHOWN);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("the variations are {}{rest}", names.join(", "))
}

pub(super) fn exist(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = subject.definition;
    if flag.variations.as_ref().is_none_or(Vec::is_empty) {
        let found = Diagnostic::new(Code::NoVariation, "no variation available")
            .hint("name at least one value, like `variations: {on: true, off: false}`");
        findings.add_in_field("variations", flag.span.0, found);
    }
}

pub(super) fn have_values(subject: &Subject<'_>, findings: &mut Findings) {
    findings.within_field("variations", |findings| {
        for variation in subject.definition.variations.iter().flatten() {
            has_a_value(variation, findings);
        }
    });
}

pub(super) fn has_a_value(variation: &Variation, findings: &mut Findings) {
    if variation.value == Value::Null {
        let message = format!("nil value for variation: {}", variation.name);
        let found = Diagnostic::new(Code::NullVariation, message).hint("give it a value, or remove it");
        findings.add_in_name(&variation.name, variation.span.0, found);
    }
}

/// One finding is enough: it names both kinds.
pub(super) fn are_of_one_kind(subject: &Subject<'_>, findings: &mut Findings) {
    let variations = subject.definition.variations.as_deref().unwrap_or(&[]);
    let first = first_kind(variations);
    findings.within_field("variations", |findings| {
        for variation in variations {
            if !has_kind(first, variation, findings) {
                break;
            }
        }
    });
}

/// The first variation that has a kind, which the others have to have too.
pub(super) fn first_kind(variations: &[Variation]) -> Option<(&Variation, ValueKind)> {
    variations
        .iter()
        .find_map(|variation| Some((variation, ValueKind::of(&variation.value)?)))
}

/// Whether a variation is of the kind that the first one has.
pub(super) fn has_kind(first: Option<(&Variation, ValueKind)>, variation: &Variation, findings: &mut Findings) -> bool {
    let (Some((first, expected)), Some(kind)) = (first, ValueKind::of(&variation.value)) else {
        return true;
    };
    if kind != expected {
        let hint = format!(
            "`{}` is {expected}, `{}` is {kind}: write both alike",
            first.name, variation.name
        );
        let found = Diagnostic::new(Code::MixedVariationTypes, "all variations should have the same type").hint(hint);
        findings.add_in_name(&variation.name, variation.span.0, found);
    }
    kind == expected
}

/// The manifest declares a type for a flag and takes the default from its metadata, unchecked.
pub(super) fn manifest_default(subject: &Subject<'_>, findings: &mut Findings) {
    let flag = subject.definition;
    let Some(default) = flag.metadata.as_ref().and_then(|metadata| metadata.get("defaultValue")) else {
        return;
    };
    let mut values = flag.variations.iter().flatten().map(|variation| &variation.value);
    let Some(kind) = values.clone().find_map(ValueKind::of) else {
        return;
    };
    let whole = kind == ValueKind::Number
        && values
            .clone()
            .any(|value| matches!(value, Value::Int(_) | Value::UInt(_)))
        && values.all(is_whole);
    let message = if kind == ValueKind::List {
        "the manifest has no type for lists, and fails".to_owned()
    } else if ValueKind::of(default) != Some(kind) {
        let written = ValueKind::of(default).map_or_else(|| "null".to_owned(), |kind| kind.to_string());
        format!("`defaultValue` is {written}, and the variations are not: each is {kind}")
    } else if whole && !is_whole(default) {
        "`defaultValue` has a fraction, and the variations are whole numbers".to_owned()
    } else {
        return;
    };
    let found = Diagnostic::new(Code::ManifestDefault, message)
        .hint("write a value of the variations' kind, or remove `defaultValue` to leave the flag out of the manifest");
    findings.within_field("metadata", |findings| {
        findings.add_in_field("defaultValue", flag.span.0, found);
    });
}

fn is_whole(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::UInt(_) => true,
        Value::Float(number) => number.fract() == 0.0,
        _ => false,
    }
}
