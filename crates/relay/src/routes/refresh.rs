//! `POST /admin/v1/retriever/refresh`: fetches the flags now.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use flagstaff_protocol::monitoring;
use flagstaff_telemetry::logging::AuditRecord;
use flagstaff_telemetry::traces::RequestSpan;
use http::StatusCode;
use tokio::task::JoinSet;

use crate::answer::{Answer, Problem};
use crate::auth::Credential;
use crate::config::Grant;
use crate::route::query_values;
use crate::serving::{FlagSets, ServedSet, Serving};
use crate::state::State;
use crate::trace::Work;

/// Refreshes the caller's set, or the sets that `?flagset=NAME` names (`*` for all that the caller administrates).
pub(crate) async fn answer(
    state: &State,
    serving: &Serving,
    credential: &Credential<'_>,
    query: &str,
    remote_ip: Option<IpAddr>,
    span: Option<&RequestSpan>,
) -> Result<Answer, Problem> {
    let mut work = Work::begin(span, "retrieverRefresh");
    state.counts.metrics.force_refreshes.inc();
    let record = move |flag_sets: &str, outcome: &str, key: &str| {
        AuditRecord {
            action: "refresh",
            key,
            flag_sets,
            outcome,
            remote_ip,
        }
        .log();
    };
    let wanted = wanted(&serving.flag_sets, credential.grant(), query).inspect_err(|_| {
        let named: Vec<_> = query_values(query, "flagset").collect();
        record(&named.join(","), "refused", credential.name());
    })?;
    let names = wanted.iter().map(|set| &*set.name).collect::<Vec<_>>().join(",");
    let key = Arc::clone(credential.name());
    // a caller who does not wait for the answer has refreshed all the same
    let refreshing = tokio::spawn(async move {
        let mut refreshing = JoinSet::new();
        for live in wanted.into_iter().filter_map(|set| set.live) {
            refreshing.spawn(async move { live.flags.refresh().await.refreshed });
        }
        let refreshed = refreshing.join_all().await.into_iter().all(|refreshed| refreshed);
        let outcome = if refreshed {
            "refreshed"
        } else {
            "the last good flags stay"
        };
        record(&names, outcome, &key);
        refreshed
    });
    let refreshed = refreshing
        .await
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))?;
    work.set("retrieverRefresh.refreshed", refreshed);
    Ok(Answer::json(monitoring::refreshed(refreshed)))
}

/// The sets to refresh, each once.
fn wanted(sets: &FlagSets, grant: Grant, query: &str) -> Result<Vec<ServedSet>, Problem> {
    let mut wanted = BTreeSet::new();
    for name in query_values(query, "flagset") {
        match &*name {
            "*" => wanted.extend((0..sets.all().len()).filter(|index| grant.administrates(*index))),
            name => {
                let index = sets.named(name)?;
                if !grant.administrates(index) {
                    return Err(Problem::forbidden());
                }
                wanted.insert(index);
            }
        }
    }
    if wanted.is_empty() {
        sets.of(Some(grant))?;
        wanted.extend(sets.index_of(Some(grant)));
    }
    let wanted = wanted.into_iter().map(|index| sets.all()[index].clone());
    Ok(wanted.filter(|set| set.live.is_some()).collect())
}
