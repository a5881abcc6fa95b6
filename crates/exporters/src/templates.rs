//! Templates in the syntax of Go's `text/template`, as people have written them for GO Feature Flag.

use std::fmt;

use flagstaff_backend::{Settings, SettingsError};
use gotmpl::parse::{CommandNode, Expr, ListNode, Node, PipeNode, Pos};
use gotmpl::{MissingKey, TemplateError, Value};

pub(crate) use event::EventTemplate;
pub(crate) use zone::time_zone;

mod event;
mod value;
mod zone;

/// A template that prints some fields.
pub(crate) struct Template {
    property: &'static str,
    parsed: gotmpl::Template,
}

/// What every value passes that is printed. No template can name it.
const PRINT: &str = "as Go prints it";

impl Template {
    /// Parses the template of a property. `blank` has every field that there is, all of them without a value: a field that it does
    /// not have is a mistake, what is inside of a field is known at run time only.
    pub(crate) fn parse(
        settings: Settings<'_>,
        property: &'static str,
        text: &str,
        blank: &Value,
    ) -> Result<Self, SettingsError> {
        let invalid = |error: &TemplateError| settings.invalid(property, format!("cannot be used: {error}"));
        let parsed = gotmpl::Template::new(property)
            .func(PRINT, |values| Ok(value::printable(values)))
            .parse(text)
            .map_err(|error| invalid(&error))?;
        let names: Vec<String> = parsed.templates().into_iter().map(str::to_owned).collect();
        if !names.iter().any(|name| name == property) {
            return Err(settings.invalid(property, "prints nothing"));
        }
        let parsed = names.iter().fold(parsed, |parsed, name| {
            let mut tree = parsed.lookup(name).cloned().expect("the name was listed");
            print_like_go(&mut tree);
            parsed.add_parse_tree(name, tree)
        });
        let strict = Self {
            property,
            parsed: parsed.missing_key(MissingKey::Error),
        };
        match strict.render(blank) {
            Err(TemplateError::MissingKey { key }) => {
                return Err(settings.invalid(
                    property,
                    format!(
                        "cannot be used: can't evaluate field {key}; the fields are {}",
                        fields(blank)
                    ),
                ));
            }
            Err(error @ (TemplateError::UndefinedFunction(_) | TemplateError::UndefinedTemplate(_))) => {
                return Err(invalid(&error));
            }
            _ => {}
        }
        Ok(Self {
            property,
            parsed: strict.parsed.missing_key(MissingKey::Invalid),
        })
    }

    /// Prints the fields of a map.
    pub(crate) fn render(&self, fields: &Value) -> Result<String, TemplateError> {
        let mut text = String::new();
        self.print(&mut text, fields)?;
        Ok(text)
    }

    /// Prints the fields of a map behind a text.
    pub(crate) fn print(&self, text: &mut String, fields: &Value) -> Result<(), TemplateError> {
        self.parsed.execute_template_fmt(text, self.property, fields)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.property).finish()
    }
}

/// The library prints numbers as Rust does. Here every action that prints hands its value to a function that knows Go's way.
fn print_like_go(tree: &mut ListNode) {
    for node in &mut tree.nodes {
        match node {
            Node::Action(action) if action.pipe.decl.is_empty() => pipe_through(&mut action.pipe),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                print_like_go(&mut branch.body);
                branch.else_body.iter_mut().for_each(print_like_go);
            }
            Node::List(list) => print_like_go(list),
            Node::Define(define) => print_like_go(&mut define.body),
            Node::Action(_) | Node::Text(_) | Node::Template(_) | Node::Break(_) | Node::Continue(_) => {}
        }
    }
}

fn pipe_through(pipe: &mut PipeNode) {
    let pos: Pos = pipe.pos;
    pipe.commands.push(CommandNode {
        pos,
        args: vec![Expr::Identifier(pos, PRINT.into())],
    });
}

/// The names of fields, for people.
fn fields(fields: &Value) -> String {
    let names = match fields {
        Value::Map(fields) => fields.keys().map(|name| format!(".{name}")).collect(),
        _ => Vec::new(),
    };
    names.join(", ")
}

#[cfg(test)]
mod tests;
