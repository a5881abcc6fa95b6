//! `GET /openfeature/v0/manifest`: the flags for the OpenFeature command line.

use flagstaff_protocol::manifest;
use http::{HeaderName, HeaderValue};

use super::Call;
use crate::answer::{Answer, Problem};
use crate::trace::Work;

const CAPABILITIES: HeaderName = HeaderName::from_static("x-manifest-capabilities");

pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let _work = Work::begin(call.span, "getManifest");
    let snapshot = call.serving.flag_sets.of(call.grant)?.load();
    let flags = snapshot
        .flags()
        .iter()
        .map(|served| (&**served.key(), &**served.flag.definition()));
    let body = manifest::encode(
        flags,
        |flag, omission| tracing::warn!(key = flag, %omission, "flag left out of the manifest"),
    );
    call.state.counts.metrics.manifests.inc();
    Ok(Answer::json(body).header(CAPABILITIES, HeaderValue::from_static("read")))
}
