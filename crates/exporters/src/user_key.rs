//! For whom an event is.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Event;

#[derive(Deserialize)]
struct Keyed<'e> {
    #[serde(borrow, default, rename = "userKey")]
    user_key: Cow<'e, str>,
}

/// The targeting key of an event; empty where it has none.
pub(crate) fn user_key(event: &Event) -> Cow<'_, str> {
    serde_json::from_slice::<Keyed<'_>>(event.text()).map_or(Cow::Borrowed(""), |event| event.user_key)
}
