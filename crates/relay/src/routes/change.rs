//! `GET /v1/flag/change`: hashes to poll for changes.

use super::Call;
use crate::answer::{Answer, Problem};

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let snapshot = call.serving.flag_sets.of(call.grant)?.load();
    Ok(Answer::json(snapshot.change_answer().clone()).tagged(snapshot.digest()))
}
