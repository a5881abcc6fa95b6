//! The page and the part of it that changes.

use askama::Template;

use crate::view::{Condition, Relay};

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'v> {
    relay: &'v Relay,
}

#[derive(Template)]
#[template(path = "fragment.html")]
struct Fragment<'v> {
    relay: &'v Relay,
}

/// The whole page.
pub fn page(relay: &Relay) -> String {
    render(&Page { relay })
}

/// What changes, to be put in place of the page's `main`.
pub fn fragment(relay: &Relay) -> String {
    render(&Fragment { relay })
}

fn render(template: &impl Template) -> String {
    template.render().expect("writing to memory does not fail")
}

/// What the relay's condition is called.
pub(crate) fn state(relay: &Relay) -> &'static str {
    match relay.condition() {
        _ if relay.is_stopping => "stopping",
        Condition::Good => "serving",
        Condition::Stale => "serving, with problems",
        Condition::Bad => "not ready",
    }
}
