//! `GET /stream/v1/sse/ofrep`: tells OFREP's clients when to fetch again.
//!
//! Bulk answers name this stream, with a token in place of a key.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::ofrep::EventStream;
use flagstaff_telemetry::metrics::StreamKind;

use super::Call;
use super::events::{last_event_id, open};
use crate::answer::{Answer, Problem};
use crate::auth::Credential;
use crate::config::{ApiKey, Key, Scope};
use crate::route::{Route, query_values};
use crate::serving::Serving;
use crate::streams::guest::Guest;
use crate::streams::hub::Hub;
use crate::streams::message::{ELSEWHERE, Form};
use crate::streams::token::{Holder, Signer, seconds};

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let (hub, guest) = guest(call)?;
    let last = last_event_id(call.headers)?;
    let since = query_values(call.query, "since").next();
    let since = since.and_then(|digits| EntityTag::from_digits(&digits));
    open(call, hub, guest, StreamKind::Ofrep, Form::Refetch, |now| {
        // who comes for the first time may have missed what changed since the answer that named the stream
        last.or_else(|| since.filter(|since| *since != now.digest).map(|_| ELSEWHERE))
    })
}

/// The stream as a bulk answer names it.
pub(super) fn stream<T>(call: &Call<'_>, since: EntityTag, write: impl FnOnce(&EventStream<'_>) -> T) -> T {
    let ofrep = &call.serving.ofrep;
    let path = Route::OfrepEvents.template();
    let token = call.credential.map(|credential| {
        let set = call.serving.flag_sets.name(call.grant).unwrap_or_default();
        let signer = signer(call);
        let holder = match credential {
            Credential::Key(key) => Holder::Key(signer.pseudonym(key.key())),
            Credential::Token { token, .. } => Holder::Token(seconds(token.expires)),
        };
        signer.token(holder, set, call.state.now(), ofrep.token_lifetime)
    });
    let path = match token {
        Some(token) => format!("{path}?token={token}"),
        None => path.to_owned(),
    };
    write(&EventStream {
        origin: ofrep.public_url.as_deref(),
        path: &path,
        since,
        inactivity_delay: ofrep.inactivity_delay.as_secs(),
    })
}

/// Whom the token lets listen, and to whom; where no key is needed, no token is either.
fn guest<'c>(call: &Call<'c>) -> Result<(&'c Arc<Hub>, Guest), Problem> {
    let serving = call.serving;
    if !serving.keys.required() {
        return Ok((serving.flag_sets.hub(None)?, Guest::Anybody));
    }
    let token = query_values(call.query, "token").next().unwrap_or_default();
    let signer = signer(call);
    let guest = signer.check(&token, call.state.now(), |claims| {
        let guest = match claims.holder {
            Holder::Key(pseudonym) => Guest::Key(key(serving, signer, claims.set, pseudonym)?, Scope::Client),
            Holder::Token(end) => Guest::Token {
                tokens: Arc::clone(serving.tokens.as_ref()?),
                flag_set: Some(Arc::from(claims.set)),
                expires: UNIX_EPOCH + Duration::from_secs(end),
            },
        };
        Some((serving.flag_sets.started_as(claims.set)?, guest))
    });
    let (set, guest) = guest.ok_or_else(|| Problem::unauthorized("Unauthorized"))?;
    Ok((&set.hub, guest))
}

/// The key of a flag set that goes by this pseudonym.
fn key(serving: &Serving, signer: &Signer, set: &str, pseudonym: u64) -> Option<ApiKey> {
    let of_set = |key: &&Key| serving.flag_sets.name(Some(key.grant)) == Some(set);
    let mut keys = serving.keys.iter().filter(of_set).map(Key::key);
    keys.find(|key| signer.pseudonym(*key) == pseudonym)
}

fn signer<'c>(call: &Call<'c>) -> &'c Signer {
    call.serving.signer.as_ref().unwrap_or(&call.state.streams.signer)
}
