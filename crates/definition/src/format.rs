//! The three formats of a flag file.

use std::borrow::Cow;

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tree::{MAX_DEPTH, Node};

pub(crate) mod json;
pub(crate) mod lines;
mod segments;
pub(crate) mod toml;
pub(crate) mod yaml;

/// A format of a flag file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// YAML, also for JSON files under the default setting.
    #[default]
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// The format of a setting: `json` and `toml` in any case, everything else is YAML, as in GO Feature Flag.
    pub fn from_setting(name: &str) -> Self {
        if name.eq_ignore_ascii_case("json") {
            Self::Json
        } else if name.eq_ignore_ascii_case("toml") {
            Self::Toml
        } else {
            Self::Yaml
        }
    }

    /// Reads a whole text into a tree, whatever it is about. Nothing written is a null.
    ///
    /// # Errors
    /// Every syntax error that could be found. A single value that cannot be made sense of is a
    /// [`Kind::Invalid`](crate::tree::Kind::Invalid) instead.
    pub fn parse(self, text: &str) -> Result<Node, Vec<Diagnostic>> {
        match self {
            Self::Yaml => yaml::parse(text)
                .map(|root| root.unwrap_or_else(Node::nothing))
                .map_err(|error| vec![*error]),
            Self::Json => json::parse(text).map_err(|error| vec![*error]),
            Self::Toml => toml::parse(text),
        }
    }

    /// The text of a file's bytes, without a byte order mark.
    ///
    /// Invalid UTF-8 becomes U+FFFD in JSON, one for each byte, as in Go; in the other formats it is a syntax error.
    /// YAML may also be UTF-16 with a byte order mark.
    pub fn decode_bytes(self, bytes: &[u8]) -> Result<Cow<'_, str>, Box<Diagnostic>> {
        match (self, bytes) {
            (_, [0xEF, 0xBB, 0xBF, rest @ ..]) => self.decode_bytes(rest),
            (Self::Yaml, [0xFF, 0xFE, rest @ ..]) => utf16(rest, u16::from_le_bytes),
            (Self::Yaml, [0xFE, 0xFF, rest @ ..]) => utf16(rest, u16::from_be_bytes),
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) if self == Self::Json => Ok(Cow::Owned(replace_invalid(bytes))),
                Err(error) => {
                    let valid = &bytes[..error.valid_up_to()];
                    let text = std::str::from_utf8(valid).expect("the valid prefix of the bytes");
                    let place = lines::Lines::new(text).span(text.len(), text.len());
                    Err(Box::new(
                        Diagnostic::new(Code::Syntax, "the text is not UTF-8")
                            .hint("save the file as UTF-8")
                            .at(place),
                    ))
                }
            },
        }
    }
}

fn too_deep(span: Span) -> Diagnostic {
    let message = format!("lists and objects are nested more than {MAX_DEPTH} levels deep");
    Diagnostic::new(Code::TooDeep, message)
        .hint("flatten the value, or keep it as a text that the application decodes")
        .at(span)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Box<Diagnostic>> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    match String::from_utf16(&units) {
        Ok(text) if bytes.len().is_multiple_of(2) => Ok(Cow::Owned(text)),
        _ => Err(Box::new(
            Diagnostic::new(Code::Syntax, "the text is not UTF-16").hint("save the file as UTF-8"),
        )),
    }
}

fn replace_invalid(bytes: &[u8]) -> String {
    bytes
        .utf8_chunks()
        .fold(String::with_capacity(bytes.len()), |mut text, chunk| {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            text
        })
}
