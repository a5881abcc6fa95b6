//! `POST /hooks/v1/refresh/{flagset}`: whoever keeps the flags tells that they changed. What it says about the change is not read;
//! that it knows the secret is enough to look at the sources.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use data_encoding::HEXLOWER_PERMISSIVE;
use flagstaff_protocol::monitoring;
use flagstaff_telemetry::logging::AuditRecord;
use http::{HeaderMap, StatusCode};
use subtle::ConstantTimeEq as _;

use crate::answer::{Answer, Problem};
use crate::config::HookSecret;
use crate::route::Place;
use crate::serving::{ServedSet, Serving};
use crate::state::State;

/// Who calls is named so in the audit.
const CALLER: &str = "hook";

/// A signature of the body: GitHub's header, and that of Bitbucket.
const SIGNATURES: [&str; 2] = ["x-hub-signature-256", "x-hub-signature"];

/// The secret itself, as GitLab sends it.
const TOKEN: &str = "x-gitlab-token";

/// Has the sources of a flag set fetched, and does not wait for that: those who call hooks give up soon.
pub(crate) fn answer(
    state: &State,
    serving: &Serving,
    place: &Place<'_>,
    headers: &HeaderMap,
    body: &[u8],
    remote_ip: Option<IpAddr>,
) -> Result<Answer, Problem> {
    let (name, raw) = place.keys();
    let hook = |set: &ServedSet| Some((set.clone(), set.settings.refresh_hook.clone()?));
    let mut sets = serving.flag_sets.all().iter();
    let set = sets.find(|set| *set.name == *name || *set.name == *raw);
    let (set, secret) = set.and_then(hook).ok_or_else(Problem::not_found)?;
    let record = |outcome| {
        AuditRecord {
            action: "refresh",
            key: CALLER,
            flag_sets: &set.name,
            outcome,
            remote_ip,
        }
        .log();
    };
    if !is_from_holder(&secret, headers, body) {
        state.counts.metrics.refusals.keys.inc();
        record("refused");
        return Err(Problem::unauthorized(
            "the signature does not fit the body and the secret",
        ));
    }
    record("accepted");
    if let Some(live) = &set.live {
        let flags = Arc::clone(&live.flags);
        // what cannot be fetched is logged there
        tokio::spawn(async move { flags.refresh().await });
    }
    Ok(Answer::with_status(StatusCode::ACCEPTED, monitoring::ACCEPTED))
}

/// Whether the sender knows the secret. Takes as long for a wrong answer as for the right one.
fn is_from_holder(secret: &HookSecret, headers: &HeaderMap, body: &[u8]) -> bool {
    let mut signatures = SIGNATURES.iter().filter_map(|name| headers.get(*name));
    if let Some(signature) = signatures.next() {
        let signature = signature.as_bytes().strip_prefix(b"sha256=");
        let signature = signature.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok());
        let key = hmac::Key::new(HMAC_SHA256, secret.as_bytes());
        return signature.is_some_and(|signature| hmac::verify(&key, body, &signature).is_ok());
    }
    let token = headers.get(TOKEN);
    token.is_some_and(|token| token.as_bytes().ct_eq(secret.as_bytes()).into())
}
