//! Who is asking.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::answer::Problem;
use crate::config::{Grant, KeyClass, Keys};
use crate::route::{Group, query_values};

/// At most this many `Authorization` lines are tried.
const AUTHORIZATION_LINES: usize = 20;

/// Checks the key of a request for a group of routes. `None` where none is needed.
///
/// The key that authenticates is also the one that picks the flag set.
pub(crate) fn authenticate(
    keys: &Keys,
    group: Group,
    headers: &HeaderMap,
    query: &str,
) -> Result<Option<Grant>, Problem> {
    match group {
        Group::Open => Ok(None),
        Group::Admin => from_headers(keys, headers, |grant| grant.class == KeyClass::Admin).map(Some),
        Group::Stream if keys.required() => from_query(keys, query).map(Some),
        Group::Goff | Group::Ofrep | Group::OpenFeature if keys.required() => {
            from_headers(keys, headers, |_| true).map(Some)
        }
        Group::Goff | Group::Ofrep | Group::OpenFeature | Group::Stream => Ok(None),
    }
}

/// `X-API-Key` when it is there and not empty, else the first `Authorization` line whose key opens what is asked for.
fn from_headers(keys: &Keys, headers: &HeaderMap, opens: impl Fn(&Grant) -> bool) -> Result<Grant, Problem> {
    if let Some(key) = headers.get("x-api-key").filter(|key| !key.is_empty()) {
        let grant = keys.find(key.as_bytes()).filter(&opens);
        return grant.ok_or_else(|| Problem::unauthorized("code=401, message=Unauthorized"));
    }
    let mut refusal = "missing key in request header";
    for line in headers.get_all(AUTHORIZATION).iter().take(AUTHORIZATION_LINES) {
        let Some(key) = bearer(line.as_bytes()) else {
            refusal = "invalid key in the request header";
            continue;
        };
        match keys.find(key).filter(&opens) {
            Some(grant) => return Ok(grant),
            None => refusal = "invalid key",
        }
    }
    Err(Problem::unauthorized(refusal))
}

/// The first `apiKey` of the query.
fn from_query(keys: &Keys, query: &str) -> Result<Grant, Problem> {
    let key = query_values(query, "apiKey").next();
    let grant = key.and_then(|key| keys.find(key.as_bytes()));
    grant.ok_or_else(|| Problem::unauthorized("Unauthorized"))
}

/// The key of `Bearer KEY`: the scheme in any case, one space, and something.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = line.split_at_checked("Bearer ".len())?;
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !key.is_empty()).then_some(key)
}
