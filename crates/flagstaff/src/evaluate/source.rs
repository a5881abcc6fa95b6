//! Where the flags come from, as the arguments say.

use anyhow::Context;
use flagstaff_engine::context::ContextValue;
use flagstaff_protocol::json::{Object, pretty, write_context_value};
use flagstaff_retrievers::{Fetched, Surroundings, kinds};
use serde_json::{Map, Value, json};

use crate::command::EvaluateArguments;
use crate::environment;

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

    /// Fetches the flags once; the source's name for people, and the bytes.
    pub(super) fn fetch(&self) -> anyhow::Result<(String, Vec<u8>)> {
        let surroundings = Surroundings::new(environment::variables());
        let retriever = kinds::build(&self.options(), &surroundings).context("invalid retriever")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let fetched = runtime.block_on(retriever.retrieve(None))?;
        let name = if self.arguments.kind == "file" {
            self.path.to_owned()
        } else {
            retriever.place()
        };
        match fetched {
            Fetched::Content(content) if content.parts.len() > 1 => {
                anyhow::bail!("{name}: holds several files, evaluate the flags of one of them")
            }
            Fetched::Content(content) => Ok((name, content.bytes().to_vec())),
            Fetched::Unchanged(_) => anyhow::bail!("{name}: answered that nothing changed without having been asked"),
        }
    }

    /// The settings as GO Feature Flag's `--check-mode` prints them: every field it has, by its own name.
    pub(super) fn settings(&self) -> anyhow::Result<String> {
        kinds::check(&self.options()).context("invalid retriever")?;
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

    /// The same as a block of `retrievers` in a configuration file.
    fn options(&self) -> Map<String, Value> {
        let arguments = self.arguments;
        let options = json!({
            "kind": arguments.kind,
            "path": self.path,
            "url": arguments.url,
            "method": arguments.method,
            "body": arguments.body,
            "headers": self.headers(),
            "timeout": arguments.timeout,
        });
        match options {
            Value::Object(options) => options,
            _ => unreachable!("an object literal is an object"),
        }
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
