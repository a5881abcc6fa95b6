//! What a server can be asked about: its flags, and what their rules look at.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use flagstaff_definition::query::{Comparison, Expression, Literal, Predicate, parse};
use flagstaff_testkit::http::Request;
use serde_json::{Value, json};

use super::server::Peer;

/// Flags and attributes.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) flags: Vec<Flag>,
}

/// A flag, and what its rules look at.
#[derive(Debug, Default)]
pub(super) struct Flag {
    pub(super) key: String,
    /// Paths of attributes, with the values that queries hold against them.
    pub(super) attributes: BTreeMap<String, Vec<Value>>,
    /// Times at which something changes.
    pub(super) dates: BTreeSet<String>,
}

impl Catalogue {
    /// Reads the configuration of a server.
    pub(super) fn discover(server: &mut Peer) -> Result<Self> {
        let answer = server.send(Request::post("/v1/flag/configuration", &json!({})))?;
        ensure!(
            answer.status == 200,
            "the flags cannot be read: {} {} (--key names a key)",
            answer.status,
            answer.text().trim()
        );
        let configuration: Value = serde_json::from_slice(&answer.body).context("the configuration is no JSON")?;
        let flags = configuration["flags"].as_object().into_iter().flatten();
        Ok(Self {
            flags: flags.map(|(key, flag)| Flag::read(key, flag)).collect(),
        })
    }

    /// The path of every attribute that some query names.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        let paths: BTreeSet<_> = self.flags.iter().flat_map(|flag| flag.attributes.keys()).collect();
        paths.into_iter().map(String::as_str)
    }
}

impl Flag {
    fn read(key: &str, flag: &Value) -> Self {
        let mut read = Self {
            key: key.to_owned(),
            ..Self::default()
        };
        read.collect(flag);
        read
    }

    /// Collects from a flag, and from the rules and steps within it.
    fn collect(&mut self, part: &Value) {
        match part {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    match (&**name, member) {
                        ("query", Value::String(query)) => self.collect_query(query),
                        ("bucketingKey", Value::String(path)) => self.look_at(path, Vec::new()),
                        ("date" | "start" | "end", Value::String(date)) => {
                            self.dates.insert(date.clone());
                        }
                        // what is served says nothing about who gets it
                        ("variations" | "metadata", _) => {}
                        _ => self.collect(member),
                    }
                }
            }
            _ => {}
        }
    }

    fn collect_query(&mut self, query: &str) {
        if let Ok(rule @ Value::Object(_)) = serde_json::from_str(query) {
            let (mut paths, mut values) = (Vec::new(), Vec::new());
            collect_jsonlogic(&rule, &mut paths, &mut values);
            for path in paths {
                self.look_at(&path, values.clone());
            }
        } else if let Some(expression) = parse(query).expression {
            self.collect_expression(&expression);
        }
    }

    fn collect_expression(&mut self, expression: &Expression) {
        match expression {
            Expression::Comparison(Comparison { path, predicate, .. }) => {
                let values = match predicate {
                    Predicate::Present => Vec::new(),
                    Predicate::Relation { literal, .. } => values(literal),
                };
                self.look_at(&path.to_string(), values);
            }
            Expression::Not(negation) => self.collect_expression(&negation.operand),
            Expression::Chain(chain) => {
                self.collect_expression(&chain.first);
                chain
                    .rest
                    .iter()
                    .for_each(|(_, condition)| self.collect_expression(condition));
            }
        }
    }

    fn look_at(&mut self, path: &str, values: Vec<Value>) {
        self.attributes.entry(path.to_owned()).or_default().extend(values);
    }
}

/// Values that a literal is about.
fn values(literal: &Literal) -> Vec<Value> {
    match literal {
        Literal::Null => vec![Value::Null],
        Literal::Bool(value) => vec![json!(value)],
        Literal::String(text) => vec![json!(&**text)],
        Literal::Integer(number) => vec![json!(number)],
        Literal::Double(number) => vec![json!(number)],
        Literal::Oversized(text) | Literal::Version(text) => vec![json!(&**text)],
        Literal::Integers(numbers) => numbers.iter().map(|number| json!(number)).collect(),
        Literal::Doubles(numbers) => numbers.iter().map(|number| json!(number)).collect(),
        Literal::Strings(texts) => texts.iter().map(|text| json!(&**text)).collect(),
    }
}

/// The variables of a JsonLogic rule, and every scalar in it.
fn collect_jsonlogic(rule: &Value, paths: &mut Vec<String>, values: &mut Vec<Value>) {
    match rule {
        Value::Object(members) => {
            for (operator, operand) in members {
                let first = operand.get(0).unwrap_or(operand);
                match first {
                    Value::String(path) if operator == "var" => paths.push(path.clone()),
                    _ => collect_jsonlogic(operand, paths, values),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_jsonlogic(item, paths, values)),
        scalar => values.push(scalar.clone()),
    }
}
