//! The evaluation context of a request, and the view of it that rules see.

use std::borrow::Cow;

use flagstaff_definition::timestamp::Timestamp;

/// A value of an evaluation context. Borrows from the request where it can.
#[derive(Debug, Clone, PartialEq)]
pub enum ContextValue<'a> {
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// A top-level attribute that is a whole number below 2^63 in size, or an integer of an enrichment.
    Int(i64),
    /// Any other number, nested ones always.
    Float(f64),
    /// Text.
    String(Cow<'a, str>),
    /// A list.
    List(Vec<ContextValue<'a>>),
    /// An object.
    Map(ContextMap<'a>),
}

impl<'a> ContextValue<'a> {
    /// A nested value of a JSON document: every number is a [`ContextValue::Float`].
    pub fn from_json(value: &'a serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            serde_json::Value::String(text) => Self::String(Cow::Borrowed(text)),
            serde_json::Value::Array(elements) => Self::List(elements.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(name.as_str()), Self::from_json(value)));
                Self::Map(ContextMap::from_members(members.collect()))
            }
        }
    }

    /// A number that stands at the top level of a context: whole numbers below 2^63 in size are integers there.
    pub fn top_level_number(number: f64) -> Self {
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        if number.abs() < LIMIT && number.trunc() == number {
            Self::Int(number as i64)
        } else {
            Self::Float(number)
        }
    }
}

/// Names and values, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContextMap<'a> {
    members: Vec<(Cow<'a, str>, ContextValue<'a>)>,
    sorted: bool,
}

/// Up to this many members a linear search beats a binary one.
const LINEAR: usize = 16;

impl<'a> ContextMap<'a> {
    /// No members.
    pub const EMPTY: Self = Self {
        members: Vec::new(),
        sorted: false,
    };

    /// Takes members in any order; of equal names the last one stays.
    pub fn from_members(mut members: Vec<(Cow<'a, str>, ContextValue<'a>)>) -> Self {
        if members.len() <= LINEAR {
            let mut at = members.len();
            while at > 0 {
                at -= 1;
                if members[at + 1..].iter().any(|(name, _)| *name == members[at].0) {
                    members.remove(at);
                }
            }
            return Self { members, sorted: false };
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        members.reverse();
        members.dedup_by(|later, kept| later.0 == kept.0);
        members.reverse();
        Self { members, sorted: true }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&ContextValue<'a>> {
        if self.sorted {
            let at = self.members.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
            return Some(&self.members[at].1);
        }
        self.members
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The members, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ContextValue<'a>)> {
        self.members.iter().map(|(name, value)| (&**name, value))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

/// Who asks: a targeting key and attributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EvaluationContext<'a> {
    /// The targeting key; empty when there is none.
    pub targeting_key: Cow<'a, str>,
    /// The attributes as the request sent them (over OFREP `targetingKey` is one of them), top-level whole numbers as
    /// [`ContextValue::Int`].
    pub attributes: ContextMap<'a>,
}

impl<'a> EvaluationContext<'a> {
    /// The context that a JSON object describes, as it stands in an OFREP request: every member is an attribute, and the
    /// targeting key is the member `targetingKey` when that is a text. Anything but an object is an empty context.
    pub fn from_json(object: &'a serde_json::Value) -> Self {
        let members = object.as_object().into_iter().flatten();
        let attributes = members.map(|(name, value)| {
            let value = match ContextValue::from_json(value) {
                ContextValue::Float(number) => ContextValue::top_level_number(number),
                other => other,
            };
            (Cow::Borrowed(name.as_str()), value)
        });
        let targeting_key = object
            .get("targetingKey")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        Self {
            targeting_key: Cow::Borrowed(targeting_key),
            attributes: ContextMap::from_members(attributes.collect()),
        }
    }

    /// `gofeatureflag.currentDateTime` of the attributes, when it is a text in the accepted form.
    pub fn current_date_time(&self) -> Option<Timestamp> {
        current_date_time(&self.attributes)
    }
}

/// `gofeatureflag.currentDateTime` of a map of attributes.
pub(crate) fn current_date_time(attributes: &ContextMap<'_>) -> Option<Timestamp> {
    match attributes.get("gofeatureflag")? {
        ContextValue::Map(reserved) => match reserved.get("currentDateTime")? {
            ContextValue::String(text) => Timestamp::parse(text),
            _ => None,
        },
        _ => None,
    }
}
