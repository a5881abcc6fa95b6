//! Who is asking.

use data_encoding::BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::answer::Problem;
use crate::config::{Key, Keys};
use crate::route::{Group, Route, query_values};

/// At most this many `Authorization` lines are tried.
const AUTHORIZATION_LINES: usize = 20;

/// Checks the key of a request for a route. `None` where none is needed.
///
/// The key that authenticates is also the one that picks the flag set.
pub(crate) fn authenticate<'k>(
    keys: &'k Keys,
    route: Route,
    headers: &HeaderMap,
    query: &str,
) -> Result<Option<&'k Key>, Problem> {
    match route.group() {
        Group::Open => Ok(None),
        Group::Admin => from_headers(keys, route, headers).map(Some),
        // it has a token instead
        Group::Stream if route == Route::OfrepEvents => Ok(None),
        Group::Stream if keys.required() => from_query(keys, route, query).map(Some),
        Group::Goff | Group::Ofrep | Group::OpenFeature if keys.required() => {
            from_headers(keys, route, headers).map(Some)
        }
        Group::Goff | Group::Ofrep | Group::OpenFeature | Group::Stream => Ok(None),
    }
}

/// `X-API-Key` when it is there and not empty, else the first `Authorization` line whose key opens what is asked for.
fn from_headers<'k>(keys: &'k Keys, route: Route, headers: &HeaderMap) -> Result<&'k Key, Problem> {
    if let Some(key) = headers.get("x-api-key").filter(|key| !key.is_empty()) {
        return admit(keys.find(key.as_bytes()), route, "code=401, message=Unauthorized");
    }
    let mut refusal = Problem::unauthorized("missing key in request header");
    for line in headers.get_all(AUTHORIZATION).iter().take(AUTHORIZATION_LINES) {
        let Some(key) = bearer(line.as_bytes()) else {
            refusal = Problem::unauthorized("invalid key in the request header");
            continue;
        };
        match admit(keys.find(key), route, "invalid key") {
            Ok(key) => return Ok(key),
            Err(problem) => refusal = problem,
        }
    }
    Err(refusal)
}

/// The administrator who asks, if it is one: by a key as everywhere, or as the password of a browser's own dialogue.
pub(crate) fn administrator<'k>(keys: &'k Keys, headers: &HeaderMap) -> Option<&'k Key> {
    let route = Route::Nothing(Group::Admin);
    let by_password = || {
        let mut passwords = headers
            .get_all(AUTHORIZATION)
            .iter()
            .filter_map(|line| password(line.as_bytes()));
        passwords.find_map(|password| admit(keys.find(&password), route, "").ok())
    };
    from_headers(keys, route, headers).ok().or_else(by_password)
}

/// The first `apiKey` of the query.
fn from_query<'k>(keys: &'k Keys, route: Route, query: &str) -> Result<&'k Key, Problem> {
    let key = query_values(query, "apiKey").next();
    admit(key.and_then(|key| keys.find(key.as_bytes())), route, "Unauthorized")
}

/// Whether a key opens a route. Routes of administrators do not tell other keys from unknown ones, as in GO Feature Flag.
fn admit<'k>(key: Option<&'k Key>, route: Route, unknown: &'static str) -> Result<&'k Key, Problem> {
    match key {
        Some(key) if key.grant.scope >= route.scope() => Ok(key),
        Some(_) if route.group() != Group::Admin => Err(Problem::forbidden()),
        _ => Err(Problem::unauthorized(unknown)),
    }
}

/// The password of `Basic BASE64`, whoever the user is.
fn password(line: &[u8]) -> Option<Vec<u8>> {
    let (scheme, credentials) = line.split_at_checked("Basic ".len())?;
    let credentials = BASE64
        .decode(credentials)
        .ok()
        .filter(|_| scheme.eq_ignore_ascii_case(b"Basic "))?;
    let colon = credentials.iter().position(|byte| *byte == b':')?;
    Some(credentials[colon + 1..].to_vec())
}

/// The key of `Bearer KEY`: the scheme in any case, one space, and something.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = line.split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !key.is_empty()).then_some(key)
}
