//! What the tests of exporters share.

use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_backend::{SettingsError, Surroundings};
use serde_json::{Value, json};

use crate::kinds::{self, Context};
use crate::{Event, EventType, Exporter};

/// The exporter of a configuration block, in an environment of these variables.
pub(crate) fn build(options: &Value, variables: &[(&str, &str)]) -> Result<Arc<dyn Exporter>, SettingsError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let context = Context {
        event_type: EventType::Feature,
        hostname: "test",
        surroundings: &Surroundings::new(variables),
        traces: None,
        clock: Arc::new(SystemTime::now),
    };
    kinds::build(options.as_object().expect("options are an object"), &context)
}

/// The evaluation of a flag for a user.
pub(crate) fn event(user: &str) -> Event {
    let event = json!({
        "kind": "feature", "contextKind": "user", "userKey": user, "creationDate": 1_617_970_547, "key": "random-key",
        "variation": "Default", "value": "YO", "default": false, "version": "", "source": "SERVER",
    });
    Event::new(event.to_string())
}

/// The environment of a program that uses AWS at an endpoint.
#[cfg(any(feature = "kinesis", feature = "sqs"))]
pub(crate) fn aws_variables(endpoint: &str) -> [(&'static str, &str); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKtest"),
        ("AWS_SECRET_ACCESS_KEY", "SKtest"),
    ]
}
