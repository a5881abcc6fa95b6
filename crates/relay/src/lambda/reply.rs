//! Replies: answers as API Gateway and load balancers read them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::BASE64;
use flagstaff_protocol::problem;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::answer::JSON;
use crate::config::LambdaEvent;
use crate::content::Content;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'r> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'r str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'r str, Vec<Cow<'r, str>>>>,
    body: Cow<'r, str>,
    is_base64_encoded: bool,
}

/// Writes an answer in the form that goes with the event. What is no text becomes Base64.
pub(super) fn write(kind: LambdaEvent, response: Response<Content>) -> Vec<u8> {
    let (mut head, content) = response.into_parts();
    let body = match content {
        Content::Whole(body) => body,
        Content::Stream(_) => {
            head.status = StatusCode::NOT_IMPLEMENTED;
            head.headers.insert(CONTENT_TYPE, JSON);
            Bytes::from(problem::message("streams are not available in mode lambda", None))
        }
    };
    let (body, is_base64_encoded) = match std::str::from_utf8(&body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (Cow::Owned(BASE64.encode(&body)), true),
    };
    let many = || Some(many(&head.headers));
    let joined = || Some(joined(&head.headers));
    let (headers, multi_value_headers) = match kind {
        // what stands in both would be sent twice
        LambdaEvent::ApiGatewayV1 => (None, many()),
        LambdaEvent::ApiGatewayV2 => (joined(), None),
        // which of them counts is a setting of the target group
        LambdaEvent::Alb => (joined(), many()),
    };
    let reply = Reply {
        status_code: head.status.as_u16(),
        status_description: (kind == LambdaEvent::Alb).then(|| head.status.to_string()),
        headers,
        multi_value_headers,
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&reply).expect("numbers and texts can be written as JSON")
}

fn many(headers: &HeaderMap) -> BTreeMap<&str, Vec<Cow<'_, str>>> {
    let values = |name| headers.get_all(name).iter().map(text).collect();
    headers.keys().map(|name| (name.as_str(), values(name))).collect()
}

fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let all = many(headers).into_iter();
    all.map(|(name, values)| (name, values.join(", "))).collect()
}

fn text(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}
