//! Fields that hold one scalar.

use std::sync::Arc;

use crate::diagnostic::Code;
use crate::format::Format;
use crate::span::{Spanned, Text};
use crate::timestamp::Timestamp;
use crate::tree::{Kind, Node, Resolved, Scalar};

use super::Decoder;

impl<'n> Decoder<'n> {
    /// A text field. YAML takes any scalar by its letters.
    pub(super) fn string(&mut self, node: &'n Node) -> Option<Spanned<Arc<str>>> {
        let scalar = self.text_scalar(node)?;
        Some(Spanned::new(Arc::from(&*scalar.text), node.span))
    }

    /// A text field that is itself parsed.
    pub(super) fn text(&mut self, node: &'n Node) -> Option<Text> {
        let scalar = self.text_scalar(node)?;
        Some(Text {
            value: Arc::from(&*scalar.text),
            span: node.span,
            segments: scalar.segments(node.span),
        })
    }

    /// A switch. YAML also takes the words of YAML 1.1.
    pub(super) fn boolean(&mut self, node: &'n Node) -> Option<bool> {
        let on = match &node.kind {
            Kind::Scalar(Scalar {
                resolved: Resolved::Bool(on),
                ..
            }) => Some(*on),
            Kind::Scalar(Scalar {
                resolved: Resolved::String,
                text,
                ..
            }) if self.format == Format::Yaml => match &**text {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if on.is_none() {
            self.wrong_type(node, "true or false");
        }
        on
    }

    /// A finite number. TOML's whole numbers must fit a float exactly.
    pub(super) fn number(&mut self, node: &'n Node) -> Option<f64> {
        match &node.kind {
            Kind::Scalar(Scalar {
                resolved: Resolved::Int(number),
                ..
            }) => {
                if self.format == Format::Toml && number.unsigned_abs() >= 1 << 53 {
                    self.report(
                        Code::InvalidNumber,
                        node.span,
                        format!("the number {number} does not fit a float"),
                        "write a smaller one",
                    );
                    return None;
                }
                Some(*number as f64)
            }
            Kind::Scalar(Scalar {
                resolved: Resolved::UInt(number),
                ..
            }) => Some(*number as f64),
            Kind::Scalar(Scalar {
                resolved: Resolved::Float(number),
                text,
                ..
            }) => self.finite(*number, text, node),
            _ => {
                self.wrong_type(node, "a number");
                None
            }
        }
    }

    /// A number unless it is infinite or not a number.
    pub(super) fn finite(&mut self, number: f64, text: &str, node: &'n Node) -> Option<f64> {
        if !number.is_finite() {
            let message = format!("`{}` is not a finite number", text.chars().take(40).collect::<String>());
            self.report(
                Code::InvalidNumber,
                node.span,
                message,
                "write a number below 1.8e308, or a text",
            );
            return None;
        }
        Some(number)
    }

    /// A point in time.
    pub(super) fn date(&mut self, node: &'n Node) -> Option<Spanned<Timestamp>> {
        let Kind::Scalar(scalar) = &node.kind else {
            self.wrong_type(node, "a date");
            return None;
        };
        let date = match &scalar.resolved {
            Resolved::Date(date) => {
                if self.format == Format::Toml && !has_zone(&scalar.text) {
                    let message = format!("the date {} has no time zone: it is read as UTC", scalar.text);
                    self.report(Code::LocalDate, node.span, message, "write `Z` or an offset after it");
                }
                Some(*date)
            }
            Resolved::String => Timestamp::parse(&scalar.text),
            _ if self.format == Format::Yaml => Timestamp::parse(&scalar.text),
            _ => {
                self.wrong_type(node, "a date");
                return None;
            }
        };
        if date.is_none() {
            let message = format!("`{}` is not a date", scalar.text.chars().take(40).collect::<String>());
            self.report(
                Code::InvalidDate,
                node.span,
                message,
                "write RFC 3339, like 2024-05-01T00:00:00Z",
            );
        }
        date.map(|date| Spanned::new(date, node.span))
    }

    fn text_scalar(&mut self, node: &'n Node) -> Option<&'n Scalar> {
        match &node.kind {
            Kind::Scalar(scalar) if self.format == Format::Yaml || scalar.resolved == Resolved::String => Some(scalar),
            _ => {
                self.wrong_type(node, "a text");
                None
            }
        }
    }
}

/// What a node is, in words.
pub(crate) fn describe(node: &Node) -> String {
    let Kind::Scalar(scalar) = &node.kind else {
        return if matches!(node.kind, Kind::List(_)) {
            "a list"
        } else {
            "an object"
        }
        .into();
    };
    let mut text: String = scalar.text.chars().take(40).collect();
    if text.len() < scalar.text.len() {
        text.push('…');
    }
    match scalar.resolved {
        Resolved::Null => "null".into(),
        Resolved::Bool(on) => on.to_string(),
        Resolved::Int(_) | Resolved::UInt(_) | Resolved::Float(_) => format!("the number {text}"),
        Resolved::String => format!("the text {text:?}"),
        Resolved::Date(_) => format!("the date {text}"),
    }
}

/// What to do about a value of the wrong type.
pub(super) fn mend(node: &Node, wanted: &str, format: Format) -> String {
    let Kind::Scalar(scalar) = &node.kind else {
        return format!("write {wanted}");
    };
    let unquoted = match format {
        Format::Yaml => !matches!(
            crate::format::yaml::scalar::resolve(&scalar.text),
            Resolved::String | Resolved::Null
        ),
        Format::Json | Format::Toml => scalar.text.parse::<f64>().is_ok() || matches!(&*scalar.text, "true" | "false"),
    };
    match scalar.resolved {
        Resolved::String if unquoted && wanted != "a text" => "remove the quotes".into(),
        Resolved::Bool(_) | Resolved::Int(_) | Resolved::UInt(_) | Resolved::Float(_) if wanted == "a text" => {
            format!("put quotes around it: \"{}\"", scalar.text)
        }
        _ => format!("write {wanted}"),
    }
}

/// Whether a TOML date says its offset.
fn has_zone(text: &str) -> bool {
    text.ends_with(['Z', 'z']) || text.len() > 10 && text[10..].contains(['+', '-'])
}
