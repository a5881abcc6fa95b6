//! From a document to a flag.

use mongodb::bson::{Bson, Document};
use serde_json::{Map, Value};

/// The field that names the flag.
const KEY: &str = "flag";

/// The field by which the database knows a document.
const IDENTITY: &str = "_id";

/// Key and text of the flag that a document holds; `None` when its field `flag` is no text.
pub(super) fn flag(document: Document) -> Option<(String, String)> {
    let key = document.get_str(KEY).ok()?.to_owned();
    let fields = document.into_iter().filter(|(name, _)| name != KEY && name != IDENTITY);
    let flag: Map<String, Value> = fields.map(|(name, value)| (name, json(value))).collect();
    Some((key, Value::Object(flag).to_string()))
}

/// A value as GO Feature Flag reads it: identities as hexadecimal digits, times as RFC 3339, numbers as numbers.
fn json(value: Bson) -> Value {
    match value {
        Bson::Double(number) => number.into(),
        Bson::Int32(number) => number.into(),
        Bson::Int64(number) => number.into(),
        Bson::Boolean(flag) => flag.into(),
        Bson::String(text) | Bson::Symbol(text) => text.into(),
        Bson::Array(items) => items.into_iter().map(json).collect(),
        Bson::Document(fields) => fields.into_iter().map(|(name, value)| (name, json(value))).collect(),
        Bson::ObjectId(identity) => identity.to_hex().into(),
        Bson::DateTime(time) => time.try_to_rfc3339_string().unwrap_or_else(|_| time.to_string()).into(),
        Bson::Null | Bson::Undefined => Value::Null,
        // No part of a flag is any of the rest.
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::oid::ObjectId;
    use mongodb::bson::{DateTime, doc};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_a_flag_with_its_key_inside() {
        let id = ObjectId::parse_str("507f1f77bcf86cd799439011").unwrap();
        let document = doc! {
            "_id": id,
            "flag": "new-admin-access",
            "variations": {"a": false, "b": true, "c": [1_i32, 2_i64, 2.5, Bson::Null]},
            "defaultRule": {"percentage": {"a": 70, "b": 30.0}},
            "experimentation": {"start": DateTime::from_millis(1_700_000_000_000)},
            "metadata": {"owner": id},
        };
        let (key, text) = flag(document).unwrap();
        assert_eq!(key, "new-admin-access");
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({
                "variations": {"a": false, "b": true, "c": [1, 2, 2.5, null]},
                "defaultRule": {"percentage": {"a": 70, "b": 30.0}},
                "experimentation": {"start": "2023-11-14T22:13:20Z"},
                "metadata": {"owner": "507f1f77bcf86cd799439011"},
            })
        );
        for nameless in [doc! {"variations": {}}, doc! {"flag": 1}, doc! {"flag": null}] {
            assert_eq!(flag(nameless), None);
        }
    }
}
