//! The outermost service: everything that every request and every answer goes through, in one pass.
//!
//! Cross-origin headers, the version header, authentication, the form of the answer, metrics and the access log cost a few
//! comparisons and no allocation here. As a tower of layers each of them would box the future of the next one, which a
//! measurement showed to cost more than the evaluation itself.

use std::fmt;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use flagstaff_telemetry::logging::{AccessLog, AccessRecord};
use flagstaff_telemetry::metrics::{Exemplar, Sample};
use flagstaff_telemetry::traces::RequestSpan;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body::Body;

use crate::answer::{Answer, Form, PLAIN_TEXT, Problem};
use crate::auth::{Credential, Refusal, authenticate};
use crate::body;
use crate::client_address::client_address;
use crate::content::Content;
use crate::evaluate;
use crate::request_id::REQUEST_ID;
use crate::route::{Group, Listener, Place, Route, is_well_escaped, query_values};
use crate::routes::{self, Call};
use crate::serving::{LiveSet, Serving};
use crate::state::State;
use crate::trace;

const VERSION: HeaderName = HeaderName::from_static("x-gofeatureflag-version");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Who asks, as far as the connection shows, and proxies that are believed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Caller {
    /// The address; `None` for the other end of a Unix socket.
    pub(crate) remote_ip: Option<IpAddr>,
    /// There are too many connections, and this is one of those that are too many.
    pub(crate) crowded: bool,
}

/// Answers a request.
pub(crate) async fn respond<B>(
    state: &Arc<State>,
    listener: Listener,
    caller: &Caller,
    request: Request<B>,
) -> Response<Content>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    let began = Instant::now();
    let serving = state.serving();
    let (head, body) = request.into_parts();
    if !is_well_escaped(head.uri.path()) {
        return bad_request();
    }
    let place = Place::find_below(&serving.base_path, head.uri.path(), listener);
    let caller = &Caller {
        remote_ip: client_address(&serving.trusted_proxies, caller.remote_ip, &head.headers),
        ..*caller
    };
    let mut headers = HeaderMap::with_capacity(8);
    serving.cross_origin.answer(&head.headers, &mut headers);
    // a preflight is nobody's route, only its group's
    let route = if head.method == Method::OPTIONS {
        Route::Nothing(place.route.group())
    } else {
        place.route
    };
    let tracer = state.tracer.as_ref().filter(|_| listener != Listener::Monitoring);
    let span = tracer.and_then(|tracer| trace::request(tracer, route, &head, caller.remote_ip));
    let request_bytes = request_size(&head) + body.size_hint().lower();
    let mut body = Some(body);
    let (status, content) = if head.method == Method::OPTIONS {
        preflight(&serving, &head.headers, place.route, &mut headers);
        (StatusCode::NO_CONTENT, Content::default())
    } else {
        if let Some(version) = serving.version.as_ref().filter(|_| listener != Listener::Monitoring) {
            headers.insert(VERSION, version.clone());
        }
        let form = form(&serving, &head);
        let answer = dispatch(state, &serving, caller, &place, &form, span.as_ref(), &mut body).await;
        let answer = answer.unwrap_or_else(|problem| {
            if let Some((span, cause)) = span.as_ref().and_then(|span| Some((span, problem.cause()?))) {
                span.failed(&cause);
            }
            problem.into_answer(serving.debug)
        });
        answer.into_parts(&form, &mut headers).await
    };
    let is_finished = match body {
        // boxed, so that requests whose body is read, or that have none, do not make room for it
        Some(unread) if !unread.is_end_stream() => Box::pin(body::finish(unread, &head.headers)).await,
        _ => true,
    };
    if (caller.crowded || !is_finished) && head.version <= Version::HTTP_11 {
        headers.insert(CONNECTION, CLOSE);
    }
    let host = host(&head);
    if let Some(span) = &span {
        span.answered(status.as_u16());
    }
    if listener != Listener::Monitoring {
        state.counts.route(route).record(&Sample {
            method: head.method.as_str(),
            host,
            status: status.as_u16(),
            duration: began.elapsed(),
            request_bytes,
            response_bytes: content.len() as u64,
            exemplar: span.as_ref().map(|span| Exemplar {
                span: span.reference(),
                at: state.now(),
            }),
        });
    }
    // probes and scrapes would drown everything else
    let access_log = match serving.access_log {
        AccessLog::All if place.route.group() == Group::Open => AccessLog::Problems,
        other => other,
    };
    let is_logged = AccessRecord::is_logged(access_log, status.as_u16());
    let request_id = state.request_ids.of(&head.headers, status, is_logged);
    if is_logged {
        let text = |name: HeaderName| {
            head.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let record = AccessRecord {
            remote_ip: caller.remote_ip,
            latency: began.elapsed(),
            host,
            method: head.method.as_str(),
            uri: head.uri.path_and_query().map_or("", |uri| uri.as_str()),
            status: status.as_u16(),
            size: content.len() as u64,
            user_agent: text(USER_AGENT),
            request_id: request_id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default(),
            trace: span.as_ref().map(RequestSpan::reference),
        };
        record.log(access_log);
    }
    if let Some(id) = request_id {
        headers.insert(REQUEST_ID, id);
    }
    let mut response = Response::new(content);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Checks whether there is room, then the caller, then the method, then answers. Takes the body if it reads that.
async fn dispatch<B>(
    state: &Arc<State>,
    serving: &Serving,
    caller: &Caller,
    place: &Place<'_>,
    form: &Form<'_>,
    span: Option<&RequestSpan>,
    body: &mut Option<B>,
) -> Result<Answer, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    let head = form.request;
    let admitted = state.occupancy.admit(place.route, caller, &serving.limits);
    let _admitted = admitted.inspect_err(|_| state.counts.metrics.refusals.shed.inc())?;
    let query = head.uri.query().unwrap_or_default();
    if let (Some(limiter), Some(address)) = (&serving.rates.addresses, caller.remote_ip)
        && !place.route.is_about_the_relay()
    {
        limiter.check_address(address).map_err(|wait| {
            state.counts.metrics.refusals.rate_limited_addresses.inc();
            Problem::TooManyRequests(wait)
        })?;
    }
    if place.route == Route::Profile && !serving.profiler {
        return Err(Problem::not_found());
    }
    let credential = identify(state, serving, place.route, &head.headers, query)
        .await
        .inspect_err(|_| state.counts.metrics.refusals.keys.inc())?;
    if let (Some(limiter), Some(credential)) = (&serving.rates.keys, &credential) {
        limiter.check(credential.fingerprint()).map_err(|wait| {
            state.counts.metrics.refusals.rate_limited_keys.inc();
            Problem::TooManyRequests(wait)
        })?;
    }
    let grant = credential.as_ref().map(Credential::grant);
    if place.route == Route::Swagger && serving.documentation.is_none() {
        return Err(Problem::not_found());
    }
    place.route.check_method(&head.method).map_err(Problem::Method)?;
    let mut call = Call {
        state,
        serving,
        form,
        credential: credential.as_ref(),
        grant,
        headers: &head.headers,
        query,
        extensions: &head.extensions,
        body: None,
        span,
    };
    let limit = match place.route {
        Route::Evaluation | Route::Ofrep => {
            let set = serving.flag_sets.of(grant).ok().map(LiveSet::load);
            let flag = set.as_ref().and_then(|snapshot| evaluate::find(snapshot, place));
            state.counts.evaluations.count(flag.map(|flag| flag.key()));
            serving.limits.body
        }
        Route::AllFlags | Route::Configuration | Route::OfrepBulk => serving.limits.body,
        Route::Collector => serving.limits.collector_body,
        Route::Refresh => {
            let credential = credential.expect("administrators are never anonymous");
            return routes::refresh::answer(state, serving, &credential, query, caller.remote_ip, span).await;
        }
        Route::RefreshHook => {
            let body = match body.take() {
                Some(body) => body::read(body, serving.limits.body, serving.limits.body_timeout, &head.headers).await?,
                None => None,
            };
            let body = body.unwrap_or_default();
            return routes::refresh_hook::answer(state, serving, place, &head.headers, &body, caller.remote_ip);
        }
        Route::Profile => {
            let credential = credential.expect("administrators are never anonymous");
            return routes::profile::answer(state, &credential, query, caller.remote_ip).await;
        }
        _ => return answer(place, &call),
    };
    if let Some(body) = body.take() {
        call.body = body::read(body, limit, serving.limits.body_timeout, &head.headers).await?;
    }
    let answered = answer(place, &call)?;
    if place.route == Route::Collector
        && let Ok(set) = serving.flag_sets.of(grant)
        && set.exports.is_durable()
    {
        // boxed, so that requests that need not wait do not make room for it
        let committed = Box::pin(set.exports.committed()).await;
        committed.map_err(|_| Problem::Busy("the events could not be kept safe"))?;
    }
    Ok(answered)
}

/// Finds out who asks. Only whoever brings a token that nobody known has signed has to wait: there may be new keys.
async fn identify<'s>(
    state: &State,
    serving: &'s Serving,
    route: Route,
    headers: &HeaderMap,
    query: &str,
) -> Result<Option<Credential<'s>>, Problem> {
    let authenticated = authenticate(serving, route, headers, query, &state.clock);
    if let (Err(Refusal::UnknownSigner(_)), Some(tokens)) = (&authenticated, &serving.tokens) {
        // boxed, so that requests that need not wait do not make room for it
        Box::pin(tokens.renew()).await;
        return Ok(authenticate(serving, route, headers, query, &state.clock)?);
    }
    Ok(authenticated?)
}

/// Answers a request that has been let in and read.
fn answer(place: &Place<'_>, call: &Call<'_>) -> Result<Answer, Problem> {
    // nothing is left half done by a panic: the state is only read, and counted in
    let answered = catch_unwind(AssertUnwindSafe(|| match place.route {
        Route::Evaluation => routes::evaluation::answer(call, place),
        Route::AllFlags => routes::all_flags::answer(call),
        Route::Configuration => routes::configuration::answer(call),
        Route::Change => routes::change::answer(call),
        Route::Collector => routes::collector::answer(call),
        Route::Ofrep => routes::ofrep::answer(call, place),
        Route::OfrepBulk => routes::ofrep_bulk::answer(call),
        Route::Manifest => routes::manifest::answer(call),
        Route::Health => Ok(routes::monitoring::health()),
        Route::Information => Ok(routes::monitoring::information(call.serving)),
        Route::Alive => Ok(routes::monitoring::alive()),
        Route::Ready => {
            let administrator = Route::Nothing(Group::Admin);
            let key = authenticate(call.serving, administrator, call.headers, "", &call.state.clock);
            Ok(routes::monitoring::ready(call.state, call.serving, key.is_ok()))
        }
        Route::Metrics => routes::monitoring::metrics(call.state, call.headers),
        Route::Events => routes::events::answer(call),
        Route::OfrepEvents => routes::ofrep_events::answer(call),
        Route::WebSocket => routes::web_socket::answer(call),
        Route::LegacyWebSocket => routes::web_socket::legacy(call),
        Route::Page => routes::page::answer(call, place.key),
        Route::Swagger => match &call.serving.documentation {
            Some(documentation) => documentation.answer(place.key),
            None => Err(Problem::not_found()),
        },
        Route::Refresh | Route::RefreshHook | Route::Profile | Route::Nothing(_) => Err(Problem::not_found()),
    }));
    answered.unwrap_or_else(|_| {
        tracing::error!(
            route = place.route.template(),
            "a request could not be answered because of a defect"
        );
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
    })
}

fn form<'h>(serving: &Serving, head: &'h Parts) -> Form<'h> {
    let query = head.uri.query();
    Form {
        request: head,
        pretty: serving.debug || query.is_some_and(|query| query_values(query, "pretty").next().is_some()),
        coded: serving.compression,
    }
}

/// What browsers ask before they ask. Nobody needs a key for that.
fn preflight(serving: &Serving, asked: &HeaderMap, route: Route, headers: &mut HeaderMap) {
    serving.cross_origin.preflight(asked, headers);
    if route.group() == Group::Open && !matches!(route, Route::Nothing(_)) {
        let allowed = route.check_method(&Method::GET).err().unwrap_or("OPTIONS, GET");
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
    }
}

/// What cannot be decoded, or does not say whom it asks, is no HTTP, as for GO Feature Flag's server: none of the usual
/// headers, and the end of the connection.
pub(crate) fn bad_request() -> Response<Content> {
    let mut response = Response::new(Content::from(Bytes::from_static(b"400 Bad Request")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONTENT_TYPE, PLAIN_TEXT);
    response.headers_mut().insert(CONNECTION, CLOSE);
    response
}

/// The host that was asked.
pub(crate) fn host(head: &Parts) -> &str {
    let header = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| head.uri.host()).unwrap_or_default()
}

/// About what the head of a request takes on the wire.
fn request_size(head: &Parts) -> u64 {
    let line =
        head.method.as_str().len() + head.uri.path().len() + head.uri.query().map_or(0, str::len) + "HTTP/1.1".len();
    let headers: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    (line + headers) as u64
}
