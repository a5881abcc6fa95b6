//! A list of keys as it is written: each is a text, as GO Feature Flag knows them, or an object that says more.

use super::decode::{Decode, Section, Written, each, section, take};
use super::report::Report;
use super::shape::{Field, Shape};
use super::tree::{Member, Node, Value};

section! {
    /// A key. Exactly one of `key`, `sha256` and `file` says which.
    ApiKeyFile {
        /// The key itself.
        key: Box<str> = "key", secret;
        /// The SHA-256 of the key: 64 hexadecimal digits, as `flagstaff key new` prints them.
        sha256: Box<str> = "sha256", secret;
        /// A file with keys, one a line (or their hashes, as `sha256:HEX`), or a folder of such files, as Docker and Kubernetes
        /// mount secrets. Empty lines and those that begin with `#` do not count. Read again when it changes.
        file: Box<str> = "file";
        /// What the key may do: `client` evaluates, sends events and learns which flags changed; `server` also reads flags with
        /// their rules, and is what counts when it is not written; `admin` also administrates, as all keys of
        /// `authorizedKeys.admin` do.
        scope: Box<str> = "scope";
        /// What the key is called in logs; otherwise it is called after its file or its place.
        name: Box<str> = "name";
        /// How OFREP answers this key: `goff` or `standard`.
        ofrep_dialect: Box<str> = "ofrepDialect";
    }
}

/// The keys of a list.
#[derive(Clone, Default)]
pub(super) struct KeyList(pub(super) Vec<Written<ApiKeyFile>>);

impl Decode for KeyList {
    const SHAPE: Shape = Shape::Keys(ApiKeyFile::FIELDS);

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        let read = |item: &Node, path: &str, report: &mut Report| {
            let value = match &item.value {
                Value::Map(_) => ApiKeyFile::decode(item, path, report)?,
                _ => text(item, path, report)?,
            };
            Some(Written {
                value,
                origin: item.origin.clone(),
                path: path.to_owned(),
            })
        };
        each(node, path, "a list of keys", report, read).map(Self)
    }
}

/// A key that is written as a text; nothing counts as the empty one.
fn text(item: &Node, path: &str, report: &mut Report) -> Option<ApiKeyFile> {
    let value = match &item.value {
        Value::Null => Box::from(""),
        _ => Box::<str>::decode(item, path, report)?,
    };
    let key = Written {
        value,
        origin: item.origin.clone(),
        path: path.to_owned(),
    };
    Some(ApiKeyFile {
        key: Some(key),
        ..ApiKeyFile::read(&[], path, report)
    })
}
