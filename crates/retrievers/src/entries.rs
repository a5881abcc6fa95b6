//! A document put together from entries that a source holds one by one, as rows of a table or keys of a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{Content, FormatHint, MAX_DOCUMENT, RetrieveError};

/// Entries by their key, each the text of a JSON value.
///
/// The text of an entry goes into the document as it is. One that is no JSON goes into it as a JSON string: whoever reads the document
/// finds a text where something else should be and says so with the entry's key, and no other entry is lost with it.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    texts: BTreeMap<String, Box<RawValue>>,
    size: usize,
}

impl Entries {
    /// Adds an entry. Of several with the same key the last one counts, loudly.
    ///
    /// # Errors
    /// When all of them together are too large for a document.
    pub(crate) fn insert(&mut self, key: String, text: &str) -> Result<(), RetrieveError> {
        self.size += key.len() + text.len();
        if self.size as u64 > MAX_DOCUMENT {
            return Err(RetrieveError::too_large());
        }
        let value = serde_json::from_str(text).or_else(|_| serde_json::value::to_raw_value(text));
        let value: Box<RawValue> = value.expect("a text is a JSON string at least");
        if self.texts.contains_key(&key) {
            tracing::warn!(key, "the source holds this key more than once: the last one counts");
        }
        self.texts.insert(key, value);
        Ok(())
    }

    /// The document: one JSON object, with the keys in order.
    pub(crate) fn into_content(self, token: Option<Arc<str>>) -> Content {
        let document = serde_json::to_vec(&self.texts).expect("keys are texts and values are JSON");
        Content::new(Bytes::from(document), token).in_format(FormatHint::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_entry_stays_as_it_is() {
        for (entries, document) in [
            (&[][..], "{}"),
            (
                &[("b", "{\"x\": 1.0,\n \"x\": 1e2}"), ("a", " null ")],
                "{\"a\":null,\"b\":{\"x\": 1.0,\n \"x\": 1e2}}",
            ),
            (&[("a", "1"), ("a", "2")], "{\"a\":2}"),
            (&[("a", "{oops"), ("b\"", "")], "{\"a\":\"{oops\",\"b\\\"\":\"\"}"),
        ] {
            let mut collected = Entries::default();
            for (key, text) in entries {
                collected.insert((*key).to_owned(), text).unwrap();
            }
            let content = collected.into_content(None);
            assert_eq!(content.bytes(), document);
            assert_eq!(content.parts[0].format_hint, Some(FormatHint::Json));
        }
    }

    #[test]
    fn a_document_has_a_largest_size() {
        let mut entries = Entries::default();
        let text = format!("\"{}\"", "x".repeat(MAX_DOCUMENT as usize));
        assert!(entries.insert("a".to_owned(), &text).is_err());
    }
}
