//! What a token says.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::{Token, TokenError};
use crate::config::{ApiKey, Scope, TokenSettings};

/// Members of a verified token.
pub(super) type Claims = Map<String, Value>;

/// Reads what a token says about its holder.
pub(super) fn read(
    claims: &Claims,
    key: ApiKey,
    settings: &TokenSettings,
    now: SystemTime,
) -> Result<Token, TokenError> {
    let expires = time(claims, "exp").ok_or(TokenError::Invalid)? + settings.leeway;
    if expires <= now {
        return Err(TokenError::Expired);
    }
    if let Some(begins) = time(claims, "nbf")
        && begins > now + settings.leeway
    {
        return Err(TokenError::Early);
    }
    let subject = claims
        .get("sub")
        .and_then(Value::as_str)
        .filter(|subject| !subject.is_empty());
    Ok(Token {
        subject: Arc::from(subject.unwrap_or("a token without subject")),
        // all tokens of a subject are one holder; without a subject each token is one
        fingerprint: subject
            .and_then(|subject| ApiKey::new(subject.as_bytes()))
            .unwrap_or(key)
            .prefix(),
        scope: scope(claims, settings).ok_or(TokenError::Unprivileged)?,
        flag_set: find(claims, &settings.flag_set_claim).map(flag_set),
        expires,
    })
}

/// The greatest of the scopes that the claim gives.
fn scope(claims: &Claims, settings: &TokenSettings) -> Option<Scope> {
    let given = find(claims, &settings.scope_claim).into_iter().flat_map(texts);
    let known = |name: &str| {
        settings
            .scopes
            .iter()
            .find(|(known, _)| **known == *name)
            .map(|(_, scope)| *scope)
    };
    given.filter_map(known).max().or(settings.default_scope)
}

/// The name of a flag set; empty, which is no flag set's name, where the claim is not a single name.
fn flag_set(claim: &Value) -> Arc<str> {
    match claim {
        Value::String(name) => Arc::from(&**name),
        Value::Array(names) => match &**names {
            [Value::String(name)] => Arc::from(&**name),
            _ => Arc::from(""),
        },
        _ => Arc::from(""),
    }
}

/// A claim by its name or, in objects, by names joined by dots.
fn find<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    claims.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        find(claims.get(first)?.as_object()?, rest)
    })
}

/// The texts of a claim: a list of them, or words in one text, as OAuth writes scopes.
fn texts(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(text) => text.split_ascii_whitespace().collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A time in seconds since 1970, whole or not.
fn time(claims: &Claims, name: &str) -> Option<SystemTime> {
    let seconds = claims
        .get(name)?
        .as_f64()
        .filter(|seconds| (0.0..=1e12).contains(seconds))?;
    Some(UNIX_EPOCH + Duration::from_secs_f64(seconds))
}
