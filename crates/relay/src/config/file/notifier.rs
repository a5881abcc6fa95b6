//! The options of notifiers of all kinds.

use super::super::decode::OptionTable;
use super::super::kinds;
use super::super::shape::{Field, Shape};

/// Options of a notifier.
#[derive(Clone, Default)]
pub(in super::super) struct NotifierTable;

impl OptionTable for NotifierTable {
    const FIELDS: &'static [Field] = &[
        text(&["kind"], "What kind of notifier it is.").picks(kinds::notifiers),
        text(&["webhookUrl"], "The webhook.").webhook(),
        text(&["slackWebhookUrl"], "The webhook.")
            .deprecated("webhookUrl")
            .webhook(),
        text(&["endpointUrl"], "Where changes are sent.").webhook(),
        text(
            &["secret"],
            "Signs each request: its HMAC-SHA256 is sent as `X-Hub-Signature-256`.",
        )
        .secret(),
        Field::new(&["meta"], Shape::TextMap, "Sent with each request."),
        Field::new(
            &["headers"],
            Shape::TextsMap,
            "Headers of each request: names with one value or a list of them.",
        )
        .secret(),
    ];
}

const fn text(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Text, about)
}
