//! How the options of a backend are read from a configuration: names in any case, values coerced as GO Feature Flag
//! coerces them.

use std::fs::File;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

/// Options that cannot be used. The texts are those of GO Feature Flag where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// No such kind.
    #[error("kind {kind:?} is not supported; known kinds: {known}")]
    UnknownKind {
        /// As written.
        kind: String,
        /// Every kind there is, separated by commas.
        known: String,
    },
    /// A kind that this binary was built without.
    #[error("kind {kind:?} is not part of this build; build with `--features {feature}`")]
    NotCompiled {
        /// Its name.
        kind: &'static str,
        /// The Cargo feature that brings it.
        feature: &'static str,
    },
    /// A property is missing or empty.
    #[error("no {what} property found for kind \"{kind}\"")]
    Missing {
        /// Path of the property in quotes, or several of which one would do.
        what: String,
        /// The kind.
        kind: &'static str,
    },
    /// Several properties belong together, and one is missing.
    #[error("{what} are required for kind \"{kind}\"")]
    Incomplete {
        /// Paths of the properties in quotes.
        what: String,
        /// The kind.
        kind: &'static str,
    },
    /// A property does not hold what it should. The value is not shown: it may be a secret.
    #[error("property \"{property}\" of kind \"{kind}\" {problem}")]
    Invalid {
        /// Path of the property.
        property: String,
        /// The kind.
        kind: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// The options of one backend, as written.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    kind: &'static str,
    map: &'a Map<String, Value>,
}

impl<'a> Settings<'a> {
    /// Reads the options of a backend of a kind.
    pub fn new(kind: &'static str, map: &'a Map<String, Value>) -> Self {
        Self { kind, map }
    }

    /// A text; numbers and booleans count as what they look like, null and absent as empty.
    pub fn text(&self, property: &'static str) -> Result<String, SettingsError> {
        match find(self.map, property) {
            None => Ok(String::new()),
            Some(value) => scalar(value).ok_or_else(|| self.invalid(property, "is not a text")),
        }
    }

    /// The path of a file that can be opened; `None` when nothing is written. A local file that cannot be read is a mistake in
    /// the settings, not a source that fails.
    pub fn file(&self, property: &'static str) -> Result<Option<PathBuf>, SettingsError> {
        let path = PathBuf::from(self.text(property)?);
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        match File::open(&path) {
            Ok(_) => Ok(Some(path)),
            Err(error) => Err(self.invalid(property, format!("names a file that cannot be read: {error}"))),
        }
    }

    /// Yes or no, no when absent; numbers and texts count as what they look like.
    pub fn flag(&self, property: &'static str) -> Result<bool, SettingsError> {
        let flag = match find(self.map, property) {
            None | Some(Value::Null) => Some(false),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::Number(number)) => Some(number.as_f64() != Some(0.0)),
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "" | "0" | "f" | "false" => Some(false),
                "1" | "t" | "true" => Some(true),
                _ => None,
            },
            Some(_) => None,
        };
        flag.ok_or_else(|| self.invalid(property, "is neither true nor false"))
    }

    /// A list of texts; a single text counts as a list of one.
    pub fn texts(&self, property: &'static str) -> Result<Vec<String>, SettingsError> {
        let texts = match find(self.map, property) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(scalar).collect(),
            Some(single) => scalar(single).map(|text| vec![text]),
        };
        texts.ok_or_else(|| self.invalid(property, "is not a list of texts"))
    }

    /// Headers: names with one value or a list of them. Their values are secrets.
    pub fn headers(&self, property: &'static str) -> Result<HeaderMap, SettingsError> {
        let mut headers = HeaderMap::new();
        for (name, values) in self.lists(property)? {
            let path = format!("{property}.{name}");
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| self.invalid(path.as_str(), "is not the name of a header"))?;
            for value in values {
                let mut value = HeaderValue::from_str(&value)
                    .map_err(|_| self.invalid(path.as_str(), "holds characters that a header cannot carry"))?;
                value.set_sensitive(true);
                headers.append(header.clone(), value);
            }
        }
        Ok(headers)
    }

    /// A URL of `http` or `https` that must be there.
    pub fn url(&self, property: &'static str) -> Result<Url, SettingsError> {
        let url = Url::parse(&self.required(property)?)
            .map_err(|error| self.invalid(property, format!("is not a URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(self.invalid(property, "must begin with http:// or https://"));
        }
        Ok(url)
    }

    /// Whatever is written there.
    pub fn value(&self, property: &str) -> Option<&'a Value> {
        find(self.map, property)
    }

    /// A text that must not be empty.
    pub fn required(&self, property: &'static str) -> Result<String, SettingsError> {
        match self.text(property)? {
            text if text.is_empty() => Err(SettingsError::Missing {
                what: format!("\"{property}\""),
                kind: self.kind,
            }),
            text => Ok(text),
        }
    }

    /// A whole number, 0 when absent; a text that reads as one is accepted.
    pub fn integer(&self, property: &'static str) -> Result<i64, SettingsError> {
        let number = match find(self.map, property) {
            None | Some(Value::Null) => Some(0),
            Some(Value::Bool(flag)) => Some(i64::from(*flag)),
            Some(Value::Number(number)) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
            Some(Value::String(text)) if text.trim().is_empty() => Some(0),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number.ok_or_else(|| self.invalid(property, "is not a whole number"))
    }

    /// Names with lists of texts; a single text counts as a list of one.
    pub fn lists(&self, property: &'static str) -> Result<Vec<(String, Vec<String>)>, SettingsError> {
        let members = match find(self.map, property) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(self.invalid(property, "is not a map from names to lists of texts")),
        };
        let list = |name: &String, value: &Value| {
            let texts = match value {
                Value::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>(),
                Value::Null => Some(Vec::new()),
                single => scalar(single).map(|text| vec![text]),
            };
            let texts =
                texts.ok_or_else(|| self.invalid(format!("{property}.{name}"), "is not a text or a list of texts"))?;
            Ok((name.clone(), texts))
        };
        members.iter().map(|(name, value)| list(name, value)).collect()
    }

    /// Names with texts.
    pub fn members(&self, property: &'static str) -> Result<Vec<(String, String)>, SettingsError> {
        let members = match find(self.map, property) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(self.invalid(property, "is not a map from names to texts")),
        };
        let member = |(name, value): (&String, &Value)| match scalar(value) {
            Some(text) => Ok((name.clone(), text)),
            None => Err(self.invalid(format!("{property}.{name}"), "is not a text")),
        };
        members.iter().map(member).collect()
    }

    /// An error about a property.
    pub fn invalid(&self, property: impl Into<String>, problem: impl Into<String>) -> SettingsError {
        SettingsError::Invalid {
            property: property.into(),
            kind: self.kind,
            problem: problem.into(),
        }
    }
}

/// A member by its dotted path, in any case.
pub fn find<'a>(map: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let value = map.get(name).or_else(|| {
        map.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })?;
    match rest {
        None => Some(value),
        Some(rest) => find(value.as_object()?, rest),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(if *flag { "1" } else { "0" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
