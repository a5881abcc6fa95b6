//! Events: requests as API Gateway and load balancers write them down.
//!
//! They are described in the guides of [API Gateway][v1] (payload 1.0 of REST and HTTP APIs, [2.0][v2] of HTTP APIs and function
//! URLs) and of [load balancers][alb].
//!
//! [v1]: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
//! [v2]: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//! [alb]: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html

use std::collections::BTreeMap;
use std::net::IpAddr;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request};
use http_body_util::Full;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::client_address::nearest_hop;
use crate::config::LambdaEvent;
use crate::route::is_well_escaped;
use crate::service::Caller;

/// What cannot stand in a query string.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// What cannot stand in a path that is escaped already.
const ESCAPED_PATH: &AsciiSet = &QUERY
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// What cannot stand in a path; some come without their escapes.
const PATH: &AsciiSet = &ESCAPED_PATH.add(b'%');

/// Why an event is no request.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    /// It is another document.
    #[error("the event is not of the kind {0:?}: set server.awsLambdaAdapter to what invokes the function")]
    Shape(LambdaEvent, #[source] serde_json::Error),
    /// The body claims to be in Base64.
    #[error("the body of the event is no base64")]
    Body(#[from] data_encoding::DecodeError),
    /// Method or path are none.
    #[error("the event has no method and path of http")]
    Request(#[from] http::Error),
}

/// Payload 1.0, and that of load balancers, which followed it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent {
    http_method: String,
    path: String,
    headers: Option<Single>,
    multi_value_headers: Option<Many>,
    query_string_parameters: Option<Single>,
    multi_value_query_string_parameters: Option<Many>,
    request_context: ProxyContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
struct ProxyContext {
    identity: Option<Source>,
}

/// Payload 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpEvent {
    raw_path: String,
    raw_query_string: Option<String>,
    /// Values of one name are joined by commas.
    headers: Option<Single>,
    request_context: HttpContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
struct HttpContext {
    http: HttpDescription,
}

#[derive(Deserialize)]
struct HttpDescription {
    method: String,
    #[serde(flatten)]
    source: Source,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    /// No address in a test of API Gateway's console.
    source_ip: Option<String>,
}

impl Source {
    fn address(&self) -> Option<IpAddr> {
        self.source_ip.as_ref()?.parse().ok()
    }
}

type Single = BTreeMap<String, String>;
type Many = BTreeMap<String, Vec<String>>;

/// Reads an event: who asks, and what. `base_path` is taken off the front of its path.
pub(super) fn read(
    kind: LambdaEvent,
    base_path: &str,
    event: &[u8],
) -> Result<(Caller, Request<Full<Bytes>>), EventError> {
    match kind {
        LambdaEvent::ApiGatewayV1 | LambdaEvent::Alb => proxied(kind, base_path, event),
        LambdaEvent::ApiGatewayV2 => http(kind, base_path, event),
    }
}

fn proxied(kind: LambdaEvent, base_path: &str, event: &[u8]) -> Result<(Caller, Request<Full<Bytes>>), EventError> {
    let event: ProxyEvent = serde_json::from_slice(event).map_err(|error| EventError::Shape(kind, error))?;
    let parameters = pairs(
        event.query_string_parameters.as_ref(),
        event.multi_value_query_string_parameters.as_ref(),
    );
    // a load balancer passes parameters on as they came, API Gateway decodes them
    let unfit = match kind {
        LambdaEvent::Alb => QUERY,
        LambdaEvent::ApiGatewayV1 | LambdaEvent::ApiGatewayV2 => NON_ALPHANUMERIC,
    };
    let encode = |text| utf8_percent_encode(text, unfit);
    let query: Vec<_> = parameters
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let headers = headers(pairs(event.headers.as_ref(), event.multi_value_headers.as_ref()));
    let remote_ip = match kind {
        // it adds whom it asks for
        LambdaEvent::Alb => nearest_hop(&headers),
        LambdaEvent::ApiGatewayV1 | LambdaEvent::ApiGatewayV2 => {
            event.request_context.identity.as_ref().and_then(Source::address)
        }
    };
    let target = target(&event.path, base_path, &query.join("&"));
    let body = body(event.body, event.is_base64_encoded)?;
    request(&event.http_method, &target, headers, body).map(|request| (caller(remote_ip), request))
}

fn http(kind: LambdaEvent, base_path: &str, event: &[u8]) -> Result<(Caller, Request<Full<Bytes>>), EventError> {
    let event: HttpEvent = serde_json::from_slice(event).map_err(|error| EventError::Shape(kind, error))?;
    let HttpDescription { method, source } = event.request_context.http;
    let query = event.raw_query_string.unwrap_or_default();
    let query = utf8_percent_encode(&query, QUERY).to_string();
    let headers = headers(pairs(event.headers.as_ref(), None));
    let target = target(&event.raw_path, base_path, &query);
    let body = body(event.body, event.is_base64_encoded)?;
    request(&method, &target, headers, body).map(|request| (caller(source.address()), request))
}

fn request(method: &str, target: &str, headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, EventError> {
    let method = Method::from_bytes(method.as_bytes()).map_err(http::Error::from)?;
    let mut request = Request::builder().method(method).uri(target).body(Full::new(body))?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn caller(remote_ip: Option<IpAddr>) -> Caller {
    Caller {
        remote_ip,
        ..Caller::default()
    }
}

/// Path and query below the base path.
fn target(path: &str, base_path: &str, query: &str) -> String {
    let path = match path.strip_prefix(base_path) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let unfit = if is_well_escaped(path) { ESCAPED_PATH } else { PATH };
    let path = utf8_percent_encode(path, unfit);
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{slash}{path}{mark}{query}")
}

/// All pairs; those with one value for each name are only a part of the others.
fn pairs<'e>(single: Option<&'e Single>, many: Option<&'e Many>) -> impl Iterator<Item = (&'e str, &'e str)> {
    let many = many.filter(|many| !many.is_empty());
    let single = single.filter(|_| many.is_none());
    let many = many.into_iter().flatten();
    let many = many.flat_map(|(name, values)| values.iter().map(move |value| (&**name, &**value)));
    let single = single.into_iter().flatten();
    many.chain(single.map(|(name, value)| (&**name, &**value)))
}

/// Headers; what is none is left out.
fn headers<'e>(pairs: impl Iterator<Item = (&'e str, &'e str)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
            headers.append(name, value);
        }
    }
    headers
}

fn body(body: Option<String>, is_base64_encoded: Option<bool>) -> Result<Bytes, EventError> {
    let body = body.unwrap_or_default();
    if is_base64_encoded.unwrap_or_default() {
        return Ok(BASE64.decode(body.as_bytes())?.into());
    }
    Ok(body.into())
}
