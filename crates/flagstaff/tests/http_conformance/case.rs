//! Cases and recorded answers as they stand in their files.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use flagstaff_testkit::http::Request;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A request, or a conversation of several steps.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) id: String,
    /// Whether it needs a relay of its own.
    pub(crate) fresh: bool,
    pub(crate) steps: Vec<Step>,
}

/// One step: a request, a change of a file, or a time of waiting.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) request: Option<RequestText>,
    pub(crate) write: Option<Write>,
    pub(crate) wait: Option<f64>,
    pub(crate) until: Option<Until>,
    pub(crate) save: BTreeMap<String, String>,
    pub(crate) same: BTreeMap<String, String>,
    pub(crate) changed: BTreeMap<String, String>,
    pub(crate) compare: Compare,
    pub(crate) expect: Expect,
}

/// A request as it is written.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(crate) struct RequestText {
    method: Option<String>,
    path: String,
    headers: Vec<(String, String)>,
    json: Option<Box<RawValue>>,
    body: Option<String>,
    body_b64: Option<String>,
    repeat: Option<Repeat>,
    chunked: bool,
    no_content_type: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Repeat {
    before: String,
    text: String,
    times: usize,
    after: String,
}

/// A change of a file of the relay's folder.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Write {
    pub(crate) file: String,
    pub(crate) from: Option<String>,
    pub(crate) text: String,
    pub(crate) remove: bool,
    pub(crate) in_place: bool,
}

/// A request that is repeated until its answer is as wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Until {
    pub(crate) request: RequestText,
    pub(crate) status: Option<u16>,
    pub(crate) json: Option<Value>,
    pub(crate) absent: Option<String>,
}

/// Where comparing is narrowed or widened.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Compare {
    pub(crate) body: Option<BodyRule>,
    pub(crate) contains: Vec<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) loose: Vec<String>,
    pub(crate) unordered: Vec<String>,
    pub(crate) skip_headers: Vec<String>,
    pub(crate) headers: Vec<String>,
}

/// The answer that is right where the recorded one is not.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Expect {
    pub(crate) status: Option<Statuses>,
    pub(crate) headers: BTreeMap<String, HeaderRule>,
    pub(crate) json: Option<Box<RawValue>>,
    pub(crate) body: Option<BodyRule>,
    pub(crate) contains: Option<Vec<String>>,
}

/// One status or several that are accepted.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Statuses {
    One(u16),
    Any(Vec<u16>),
}

/// What a header must be: absent (`null`), a text, or a text that an expression describes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum HeaderRule {
    Absent(()),
    Text(String),
    Expression { regex: String },
}

/// How bodies are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BodyRule {
    Json,
    Bytes,
    Text,
    None,
    Contains,
}

/// What was recorded for one step; steps without an answer are empty.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Recorded {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Option<String>,
    pub(crate) body_b64: Option<String>,
}

impl Case {
    /// Every case of a file. A case without steps is its own only one.
    pub(crate) fn read_all(path: &Path) -> Vec<Self> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            #[serde(default)]
            fresh: bool,
            steps: Option<Vec<Step>>,
        }
        let read = |line: &str| -> serde_json::Result<Self> {
            let Row { id, fresh, steps } = serde_json::from_str(line)?;
            let steps = match steps {
                Some(steps) => steps,
                None => vec![serde_json::from_str(line)?],
            };
            Ok(Self { id, fresh, steps })
        };
        read_lines(path, read)
    }
}

impl Recorded {
    /// The answers of each case, by its id.
    pub(crate) fn read_all(path: &Path) -> HashMap<String, Vec<Self>> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            steps: Vec<Recorded>,
        }
        read_lines(path, |line| serde_json::from_str::<Row>(line))
            .into_iter()
            .map(|row| (row.id, row.steps))
            .collect()
    }

    /// The recorded body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.body_b64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(text)) => decode_base64(text),
            (None, None) => Vec::new(),
        }
    }
}

impl RequestText {
    /// The request, with `${name}` replaced by what was saved under the name.
    pub(crate) fn to_request(&self, saved: &BTreeMap<String, String>) -> Request {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), substitute(value, saved)))
            .collect();
        let typed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let body = if let Some(json) = &self.json {
            if !typed && !self.no_content_type {
                headers.push(("Content-Type".into(), "application/json".into()));
            }
            json.get().as_bytes().to_vec()
        } else if let Some(body) = &self.body {
            body.clone().into_bytes()
        } else if let Some(body) = &self.body_b64 {
            decode_base64(body)
        } else if let Some(part) = &self.repeat {
            format!("{}{}{}", part.before, part.text.repeat(part.times), part.after).into_bytes()
        } else {
            Vec::new()
        };
        Request {
            method: self.method.clone().unwrap_or_else(|| "GET".into()),
            path: substitute(&self.path, saved),
            headers,
            body,
            chunked: self.chunked,
        }
    }
}

fn substitute(text: &str, saved: &BTreeMap<String, String>) -> String {
    saved.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), value)
    })
}

fn read_lines<T>(path: &Path, read: impl Fn(&str) -> serde_json::Result<T>) -> Vec<T> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| read(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display())))
        .collect()
}

/// RFC 4648, section 4.
fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
