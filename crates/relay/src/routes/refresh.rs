//! `POST /admin/v1/retriever/refresh`: fetches the flags now.

use std::sync::Arc;

use flagstaff_flagset::FlagSet;
use flagstaff_protocol::monitoring;

use crate::answer::{Answer, Problem};
use crate::config::Grant;
use crate::route::query_values;
use crate::serving::Serving;
use crate::state::State;

/// Refreshes the caller's set, or the sets that `?flagset=NAME` names (`*` for all).
pub(crate) async fn answer(
    state: &State,
    serving: &Serving,
    grant: Option<Grant>,
    query: &str,
) -> Result<Answer, Problem> {
    state.counts.metrics.force_refreshes.inc();
    let mut refreshed = true;
    for set in wanted(serving, grant, query)? {
        refreshed &= set.refresh().await.refreshed;
    }
    Ok(Answer::json(monitoring::refreshed(refreshed)))
}

fn wanted<'s>(serving: &'s Serving, grant: Option<Grant>, query: &str) -> Result<Vec<&'s Arc<FlagSet>>, Problem> {
    let sets = &serving.flag_sets;
    let mut wanted = Vec::new();
    for name in query_values(query, "flagset") {
        match &*name {
            "*" => wanted.extend(sets.started()),
            name => wanted.push(sets.named(name)?),
        }
    }
    if wanted.is_empty() {
        wanted.push(sets.of(grant)?);
    }
    Ok(wanted)
}
