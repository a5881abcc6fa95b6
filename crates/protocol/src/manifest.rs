//! `/openfeature/v0/manifest`: the flags of a set for the OpenFeature command line.

use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::value::Value;

use crate::json::{Object, write_list, write_string, write_value};

/// Why a flag is left out of the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Omission {
    /// A manifest needs a default value.
    #[error("flag has no metadata.defaultValue: add one to list it in the manifest")]
    NoDefaultValue,
    /// A manifest knows booleans, texts, numbers and objects.
    #[error(
        "type of the flag's variations has no name in a manifest: use booleans, strings, numbers or objects of one type"
    )]
    NoType,
}

/// The manifest's word for the type of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    String,
    Integer,
    Float,
    Object,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Object => "object",
        }
    }

    fn of_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(_) => Some(Self::Boolean),
            Value::String(_) => Some(Self::String),
            Value::Int(_) | Value::UInt(_) => Some(Self::Integer),
            Value::Float(_) => Some(Self::Float),
            Value::Map(_) => Some(Self::Object),
            Value::List(_) | Value::Null => None,
        }
    }

    /// The type of all variations. Whole numbers beside fractional ones are floats, beside integral floats integers.
    fn of_flag(flag: &FlagDefinition) -> Option<Self> {
        let values = || flag.variations.iter().flatten().map(|variation| &variation.value);
        let mut kinds = values().map(Self::of_value);
        let first = kinds.next()??;
        kinds.try_fold(first, |kind, next| match (kind, next?) {
            (kind, next) if kind == next => Some(kind),
            (Self::Integer | Self::Float, Self::Integer | Self::Float) => {
                let integral = values().all(|value| !matches!(value, Value::Float(number) if number.fract() != 0.0));
                Some(if integral { Self::Integer } else { Self::Float })
            }
            _ => None,
        })
    }
}

/// The manifest of flags given in byte order of their keys. `omitted` is told about each flag that is left out.
pub fn encode<'f>(
    flags: impl IntoIterator<Item = (&'f str, &'f FlagDefinition)>,
    mut omitted: impl FnMut(&str, Omission),
) -> Vec<u8> {
    let listed: Vec<_> = flags
        .into_iter()
        .filter_map(|(key, flag)| match describe(flag) {
            Ok((kind, default, description)) => Some((key, kind, default, description)),
            Err(omission) => {
                omitted(key, omission);
                None
            }
        })
        .collect();
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    write_list(
        body.member("flags"),
        listed,
        |out, (key, kind, default, description)| {
            let mut entry = Object::open(out);
            entry.string("key", key);
            entry.string("type", kind.name());
            write_value(entry.member("defaultValue"), default);
            write_string(entry.member("description"), description);
            entry.close();
        },
    );
    body.close();
    out.push(b'\n');
    out
}

fn describe(flag: &FlagDefinition) -> Result<(Kind, &Value, &str), Omission> {
    let metadata = flag.metadata.as_ref().ok_or(Omission::NoDefaultValue)?;
    let default = metadata.get("defaultValue").ok_or(Omission::NoDefaultValue)?;
    let description = match metadata.get("description") {
        Some(Value::String(text)) => text,
        _ => "",
    };
    Ok((Kind::of_flag(flag).ok_or(Omission::NoType)?, default, description))
}
