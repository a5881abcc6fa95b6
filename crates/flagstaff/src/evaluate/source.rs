//! Where the flags come from, as the arguments say.

use anyhow::Context;
use flagstaff_definition::format::Format;
use flagstaff_engine::context::ContextValue;
use flagstaff_flagset::Options;
use flagstaff_protocol::json::{Object, pretty, write_context_value};
use flagstaff_retrievers::kinds;
use serde_json::{Map, Value, json};

use crate::command::EvaluateArguments;
use crate::flag_source;

/// A source of flags, described by arguments.
pub(super) struct Source<'a> {
    arguments: &'a EvaluateArguments,
    /// The path: `--path`, else its old name `--config`.
    path: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn new(arguments: &'a EvaluateArguments) -> Self {
        let old = arguments.config.as_deref().unwrap_or_default();
        let path = if arguments.path.is_empty() {
            old
        } else {
            &arguments.path
        };
        Self { arguments, path }
    }

    /// What a flag set of this source, or the one of a relay's configuration, is made of.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        let Some(mut sets) = flag_source::of_relay(&self.arguments.relay)? else {
            return flag_source::of_options(&self.retriever()?, Format::from_setting(&self.arguments.format));
        };
        let known = flag_source::names(&sets);
        let set = sets.pop().filter(|_| sets.is_empty());
        set.with_context(|| format!("there are several flag sets, choose one with --flag-set: {known}"))
    }

    /// The settings as GO Feature Flag's `--check-mode` prints them: every field it has, by its own name.
    pub(super) fn settings(&self) -> anyhow::Result<String> {
        kinds::check(&self.retriever()?).context("invalid retriever")?;
        let arguments = self.arguments;
        let fields = [
            ("Kind", json!(arguments.kind)),
            ("RepositorySlug", json!("")),
            ("Branch", json!("main")),
            ("Path", json!(self.path)),
            ("GithubToken", json!("")),
            ("URL", json!(arguments.url)),
            ("Timeout", json!(arguments.timeout)),
            ("HTTPMethod", json!(arguments.method)),
            ("HTTPBody", json!(arguments.body)),
            ("HTTPHeaders", json!(self.headers())),
            ("HTTPClientCertPath", json!("")),
            ("HTTPClientKeyPath", json!("")),
            ("HTTPCACertPath", json!("")),
            ("Bucket", json!("")),
            ("Object", json!("")),
            ("Item", json!("")),
            ("Namespace", json!("default")),
            ("ConfigMap", json!("")),
            ("Key", json!("")),
            ("BaseURL", json!("")),
            ("AuthToken", json!("")),
            ("URI", json!("")),
            ("Table", json!("")),
            ("Columns", json!({})),
            ("Database", json!("")),
            ("Collection", json!("")),
            ("RedisOptions", json!(null)),
            ("RedisPrefix", json!("")),
            ("AccountName", json!("")),
            ("AccountKey", json!("")),
            ("Container", json!("")),
        ];
        let mut text = Vec::new();
        let mut object = Object::open(&mut text);
        for (name, value) in &fields {
            write_context_value(object.member(name), &ContextValue::from_json(value));
        }
        object.close();
        Ok(String::from_utf8_lossy(&pretty(&text)).into_owned())
    }

    /// The same as a block of `retrievers` in a configuration file, with what else was typed.
    fn retriever(&self) -> anyhow::Result<Map<String, Value>> {
        let arguments = self.arguments;
        let mut options = flag_source::typed_options(&arguments.option)?;
        // other kinds have properties of these names, which are not meant by what is here by default
        let is_http = arguments.kind == "http";
        let mut set = |name: &str, value: Value, is_meant: bool| {
            if is_meant {
                options.entry(name).or_insert(value);
            }
        };
        set("kind", json!(arguments.kind), true);
        set("path", json!(self.path), !self.path.is_empty());
        set("url", json!(arguments.url), !arguments.url.is_empty());
        set("method", json!(arguments.method), is_http);
        set("body", json!(arguments.body), is_http);
        set("headers", json!(self.headers()), !arguments.header.is_empty());
        set("timeout", json!(arguments.timeout), arguments.timeout > 0);
        Ok(options)
    }

    /// Headers by name; what is neither `NAME:VALUE` nor `NAME=VALUE` is left out, as GO Feature Flag does.
    fn headers(&self) -> Map<String, Value> {
        let mut headers = Map::new();
        for header in &self.arguments.header {
            let Some((name, value)) = header.split_once(':').or_else(|| header.split_once('=')) else {
                continue;
            };
            let values = headers.entry(name.trim()).or_insert_with(|| json!([]));
            if let Value::Array(values) = values {
                values.push(json!(value.trim()));
            }
        }
        headers
    }
}
