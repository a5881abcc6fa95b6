//! The routes, one file each: extract, call, convert. None of them waits: what is to be waited for (the body, a forced
//! refresh) has happened before.

use std::sync::Arc;

use bytes::Bytes;
use flagstaff_telemetry::traces::RequestSpan;
use http::{Extensions, HeaderMap};

use crate::answer::Form;
use crate::auth::Credential;
use crate::config::{Dialect, Grant};
use crate::serving::Serving;
use crate::state::State;

pub(crate) mod all_flags;
pub(crate) mod change;
pub(crate) mod collector;
pub(crate) mod configuration;
pub(crate) mod evaluation;
pub(crate) mod events;
pub(crate) mod manifest;
pub(crate) mod monitoring;
pub(crate) mod ofrep;
pub(crate) mod ofrep_bulk;
pub(crate) mod ofrep_events;
pub(crate) mod page;
pub(crate) mod profile;
pub(crate) mod refresh;
pub(crate) mod refresh_hook;
pub(crate) mod web_socket;

/// A request that was let in, and its body.
pub(crate) struct Call<'c> {
    pub(crate) state: &'c Arc<State>,
    pub(crate) serving: &'c Serving,
    pub(crate) form: &'c Form<'c>,
    /// What the caller showed; `None` where no key is needed.
    pub(crate) credential: Option<&'c Credential<'c>>,
    /// What that opens.
    pub(crate) grant: Option<Grant>,
    pub(crate) headers: &'c HeaderMap,
    /// As it stands behind the `?`.
    pub(crate) query: &'c str,
    pub(crate) extensions: &'c Extensions,
    /// `None` when the request has none.
    pub(crate) body: Option<Bytes>,
    /// `None` without traces.
    pub(crate) span: Option<&'c RequestSpan>,
}

impl Call<'_> {
    /// How the caller is answered over OFREP.
    pub(crate) fn dialect(&self) -> Dialect {
        self.serving.dialect(self.grant)
    }
}
