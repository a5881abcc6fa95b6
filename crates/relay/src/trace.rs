//! What spans tell about requests. Without traces nothing here is done.

use std::net::IpAddr;

use flagstaff_definition::value::Value;
use flagstaff_flagset::ServedFlag;
use flagstaff_protocol::json;
use flagstaff_telemetry::traces::{AttributeValue, ChildSpan, RequestSpan, TracedRequest, Tracer};
use http::header::USER_AGENT;
use http::request::Parts;

use crate::route::Route;
use crate::service::host;

/// The span of a request. Not inlined: a relay without traces shall not carry it through its caches.
#[cold]
pub(crate) fn request(tracer: &Tracer, route: Route, head: &Parts, client: Option<IpAddr>) -> Option<RequestSpan> {
    tracer.request(&TracedRequest {
        method: head.method.as_str(),
        route: route.template(),
        path: head.uri.path(),
        host: host(head),
        version: head.version,
        client,
        user_agent: head.headers.get(USER_AGENT).and_then(|name| name.to_str().ok()),
        headers: &head.headers,
    })
}

/// The span of what a request asks for: there is one if the request has one. It ends when it is dropped.
pub(crate) struct Work(Option<ChildSpan>);

impl Work {
    /// Begins within the span of a request.
    #[inline]
    pub(crate) fn begin(request: Option<&RequestSpan>, name: &'static str) -> Self {
        Self(request.map(|request| request.child(name)))
    }

    /// Adds an attribute.
    #[inline]
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<AttributeValue>) {
        if let Some(span) = &mut self.0 {
            span.set(name, value);
        }
    }

    /// Tells what an evaluation came to; `set` names the flag set where that is told.
    #[inline]
    pub(crate) fn evaluated(&mut self, flag: &ServedFlag, outcome: usize, set: impl FnOnce() -> Option<String>) {
        if let Some(span) = &mut self.0 {
            evaluated(span, flag, outcome, set());
        }
    }

    /// Tells that there is no such flag.
    #[inline]
    pub(crate) fn not_found(&mut self, key: impl FnOnce() -> String) {
        if let Some(span) = &mut self.0 {
            span.set("flagEvaluation.flagName", key());
            span.set("flagEvaluation.failed", true);
            span.set("flagEvaluation.reason", "ERROR");
            span.set("flagEvaluation.errorCode", "FLAG_NOT_FOUND");
        }
    }
}

#[cold]
fn evaluated(span: &mut ChildSpan, flag: &ServedFlag, outcome: usize, set: Option<String>) {
    let flag = &flag.flag;
    span.set("flagEvaluation.flagName", &**flag.key());
    span.set("flagEvaluation.trackEvents", flag.track_events());
    span.set("flagEvaluation.version", flag.version());
    if let Some(set) = set {
        span.set("flagEvaluation.flagSetName", set);
    }
    let Some(outcome) = flag.outcomes().get(outcome) else {
        return;
    };
    span.set("flagEvaluation.variant", &*outcome.variant);
    span.set("flagEvaluation.failed", outcome.error.is_some());
    span.set("flagEvaluation.reason", outcome.reason.name());
    let code = outcome.error.as_ref().map_or("", |error| error.code.name());
    span.set("flagEvaluation.errorCode", code);
    span.set("flagEvaluation.cacheable", outcome.cacheable);
    if let Some(value) = &outcome.value {
        span.set("flagEvaluation.value", text(value));
    }
}

/// A text as it is, everything else as JSON.
fn text(value: &Value) -> String {
    if let Value::String(text) = value {
        return text.as_ref().to_owned();
    }
    let mut text = Vec::new();
    json::write_value(&mut text, value);
    String::from_utf8_lossy(&text).into_owned()
}
