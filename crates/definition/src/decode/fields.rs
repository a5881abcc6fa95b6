//! Which fields there are, and how a name that was written finds its field.

use std::collections::HashSet;

use crate::diagnostic::Code;
use crate::format::Format;
use crate::spelling;
use crate::tree::{Kind, Member, Node};

use super::{Decoder, Step};

/// An object of the flag file: its fields and what people write by mistake.
pub(super) struct Shape {
    /// What it is, for messages.
    pub(super) noun: &'static str,
    /// Names of its fields, at most 16.
    pub(super) known: &'static [&'static str],
    /// Fields that do nothing, with the reason.
    pub(super) ignored: &'static [(&'static str, &'static str)],
    /// Names that look right, with the right ones.
    pub(super) traps: &'static [(&'static str, &'static str)],
}

const FLAG_FIELDS: [&str; 10] = [
    "variations",
    "targeting",
    "defaultRule",
    "bucketingKey",
    "experimentation",
    "scheduledRollout",
    "trackEvents",
    "disable",
    "version",
    "metadata",
];
const FLAG_TRAPS: &[(&str, &str)] = &[
    ("rules", "targeting"),
    ("rule", "targeting"),
    ("disabled", "disable"),
    ("enabled", "disable"),
    ("scheduled", "scheduledRollout"),
    ("rollout", "scheduledRollout"),
    ("default", "defaultRule"),
    ("percentage", "defaultRule"),
];

pub(super) static FLAG: Shape = Shape {
    noun: "a flag",
    known: &FLAG_FIELDS,
    ignored: &[(
        "converter",
        "`converter` is for flag files of the first version and does nothing",
    )],
    traps: FLAG_TRAPS,
};

pub(super) static STEP: Shape = Shape {
    noun: "a scheduled step",
    known: &[
        "variations",
        "targeting",
        "defaultRule",
        "bucketingKey",
        "experimentation",
        "scheduledRollout",
        "trackEvents",
        "disable",
        "version",
        "metadata",
        "date",
    ],
    ignored: &[],
    traps: FLAG_TRAPS,
};

pub(super) static RULE: Shape = Shape {
    noun: "a rule",
    known: &[
        "name",
        "query",
        "variation",
        "percentage",
        "progressiveRollout",
        "disable",
    ],
    ignored: &[],
    traps: &[
        ("disabled", "disable"),
        ("enabled", "disable"),
        ("percentages", "percentage"),
        ("rollout", "progressiveRollout"),
        ("progressive", "progressiveRollout"),
        ("condition", "query"),
        ("value", "variation"),
    ],
};

pub(super) static EXPERIMENTATION: Shape = Shape {
    noun: "an experimentation",
    known: &["start", "end"],
    ignored: &[],
    traps: &[],
};

pub(super) static PROGRESSIVE: Shape = Shape {
    noun: "a progressive rollout",
    known: &["initial", "end"],
    ignored: &[],
    traps: &[("start", "initial"), ("begin", "initial"), ("final", "end")],
};

pub(super) static PROGRESSIVE_STEP: Shape = Shape {
    noun: "an end of a progressive rollout",
    known: &["variation", "percentage", "date"],
    ignored: &[],
    traps: &[],
};

impl<'n> Decoder<'n> {
    /// Hands each field that was written, and is not null, to `visit` under its proper name. Says what is wrong with the others.
    pub(super) fn fields(
        &mut self,
        node: &'n Node,
        shape: &'static Shape,
        mut visit: impl FnMut(&mut Self, &'static str, &'n Node),
    ) {
        let Kind::Map(members) = &node.kind else {
            return self.wrong_type(node, shape.noun);
        };
        let mut seen = [false; 16];
        let mut unknown = Vec::new();
        for (index, member) in members.iter().enumerate() {
            let Some(name) = self.field_name(member) else { continue };
            let Some((at, field)) = self.find(shape, name) else {
                unknown.push((name, index));
                continue;
            };
            self.inside(Step::Name(field), |decoder| {
                if std::mem::replace(&mut seen[at], true) {
                    decoder.twice(member);
                } else if !member.value.is_null() {
                    visit(decoder, field, &member.value);
                }
            });
        }
        let twice = repeated(unknown.clone());
        for (name, index) in unknown {
            if twice.contains(&index) {
                self.twice(&members[index]);
            } else {
                self.unknown_field(shape, &members[index], name);
            }
        }
    }

    /// The members of an object whose names are the user's own, each once.
    pub(super) fn entries(
        &mut self,
        node: &'n Node,
        wanted: &str,
        mut visit: impl FnMut(&mut Self, &'n str, &'n Member),
    ) -> bool {
        let Kind::Map(members) = &node.kind else {
            self.wrong_type(node, wanted);
            return false;
        };
        let repeated = repeated_names(members);
        for (at, member) in members.iter().enumerate() {
            let Some(name) = self.field_name(member) else { continue };
            self.inside(Step::Name(name), |decoder| {
                if repeated.contains(&at) {
                    decoder.twice(member);
                } else {
                    visit(decoder, name, member);
                }
            });
        }
        true
    }

    /// Says that a member has the name of an earlier one.
    pub(super) fn twice(&mut self, member: &Member) {
        let name = member.name_text().unwrap_or_default();
        self.report(
            Code::DuplicateField,
            member.name.span,
            format!("`{name}` is written twice"),
            "keep one of the two",
        );
    }

    /// A member's name as text. Reports and leaves out what has none.
    fn field_name(&mut self, member: &'n Member) -> Option<&'n str> {
        if self.format == Format::Yaml && member.name.is_null() {
            let text = member.name_text().unwrap_or_default();
            let hint = if text.is_empty() {
                "write a name before the colon".into()
            } else {
                format!("write \"{text}\" to mean the text")
            };
            self.report(
                Code::DroppedNull,
                member.name.span,
                "an entry whose name is null is dropped",
                hint,
            );
            return None;
        }
        let name = member.name_text();
        if name.is_none() {
            self.wrong_type(&member.name, "a name");
        }
        name
    }

    /// Names are exact in YAML; in JSON and TOML the exact name wins, then any case does.
    fn find(&self, shape: &'static Shape, name: &str) -> Option<(usize, &'static str)> {
        let exact = shape.known.iter().position(|known| *known == name);
        let at = exact.or_else(|| match self.format {
            Format::Yaml => None,
            Format::Json | Format::Toml => shape.known.iter().position(|known| equals_folded(known, name)),
        })?;
        Some((at, shape.known[at]))
    }

    fn unknown_field(&mut self, shape: &'static Shape, member: &'n Member, name: &'n str) {
        self.inside(Step::Name(name), |decoder| {
            if let Kind::Invalid(_) = &member.value.kind {
                return decoder.wrong_type(&member.value, "");
            }
            if let Some((_, reason)) = shape.ignored.iter().find(|(ignored, _)| equals_folded(ignored, name)) {
                return decoder.report(Code::IgnoredField, member.name.span, *reason, "remove it");
            }
            let hint = match nearest(shape, name) {
                Some("disable") if equals_folded("enabled", name) => "write `disable: true` to turn it off".into(),
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("the fields of {} are {}", shape.noun, shape.known.join(", ")),
            };
            decoder.report(
                Code::UnknownField,
                member.name.span,
                format!("{} has no field `{name}`", shape.noun),
                hint,
            );
        });
    }
}

/// Which members have the name of an earlier one.
pub(super) fn repeated_names(members: &[Member]) -> HashSet<usize> {
    repeated(
        members
            .iter()
            .enumerate()
            .filter_map(|(index, member)| Some((member.name_text()?, index)))
            .collect(),
    )
}

/// The indices of names that came before. Sorts, since an object may be large.
fn repeated(mut names: Vec<(&str, usize)>) -> HashSet<usize> {
    names.sort_unstable();
    names
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1)
        .collect()
}

/// The field that was probably meant.
fn nearest(shape: &Shape, name: &str) -> Option<&'static str> {
    if let Some(known) = shape.known.iter().find(|known| equals_folded(known, name)) {
        return Some(known);
    }
    if let Some((_, known)) = shape.traps.iter().find(|(trap, _)| equals_folded(trap, name)) {
        return Some(known);
    }
    spelling::nearest(shape.known.iter().copied(), name)
}

/// Equality under Go's simple case folding, for a known name of ASCII letters.
fn equals_folded(known: &str, name: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    known.chars().map(fold).eq(name.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let check = |name, expected: Option<&str>| assert_eq!(nearest(&FLAG, name), expected, "{name}");
        check("variation", Some("variations"));
        check("defaultrule", Some("defaultRule"));
        check("default_rule", Some("defaultRule"));
        check("rules", Some("targeting"));
        check("tragetting", Some("targeting"));
        check("owner", None);
        check("", None);
    }
}
