//! When a server wants to be asked again, as its headers say.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::Pause;

/// A rate limit is named under either of these prefixes; those of GitHub and Bitbucket begin with `X-`, those of GitLab do not.
const PREFIXES: [&str; 2] = ["x-ratelimit", "ratelimit"];

/// A number below this is a number of seconds from now, one above it a time: hosts do not agree which of both the reset of a limit is.
const LONGEST_WAIT: u64 = 30 * 24 * 60 * 60;

/// What the headers of an answer ask for. `Retry-After` counts for an answer that is an error; a limit without anything left counts
/// for every answer, since the next one would be an error.
pub(super) fn asked_for(headers: &HeaderMap, is_error: bool) -> Option<Pause> {
    let retry_after = is_error.then(|| retry_after(headers)).flatten();
    retry_after.or_else(|| PREFIXES.iter().find_map(|prefix| exhausted(headers, prefix)))
}

fn retry_after(headers: &HeaderMap) -> Option<Pause> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    match value.parse() {
        Ok(seconds) => Some(Pause::For(Duration::from_secs(seconds))),
        Err(_) => httpdate::parse_http_date(value).ok().map(Pause::Until),
    }
}

fn exhausted(headers: &HeaderMap, prefix: &str) -> Option<Pause> {
    let number = |name: &str| text(headers, &format!("{prefix}-{name}"))?.parse::<i64>().ok();
    if number("remaining")? > 0 {
        return None;
    }
    let reset = u64::try_from(number("reset")?).ok()?;
    let duration = Duration::from_secs(reset);
    if reset < LONGEST_WAIT {
        Some(Pause::For(duration))
    } else {
        SystemTime::UNIX_EPOCH.checked_add(duration).map(Pause::Until)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}
