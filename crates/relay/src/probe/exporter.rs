//! Exporters: looked at, or sent one event.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flagstaff_events::{Contact, ErrorKind, Event, EventType, ExportError, Exporter, Receipt};
use flagstaff_exporters::kinds;
use serde_json::json;

use super::hint::Description;
use super::{Contacted, Effort, Outcome, Probe, written_name};
use crate::config::ExporterSettings;

/// Key and user of the event that is sent.
const KEY: &str = "flagstaff-check";

/// Looks at one exporter, or sends it an event.
pub(super) fn probe(settings: &ExporterSettings, flag_set: &Arc<str>, hostname: &str, effort: Effort) -> Probe {
    // a sample may leave the event out, and counting takes away what it is marked with
    let built = settings.build_sink(hostname, Arc::new(SystemTime::now));
    let target = match &built {
        Ok(exporter) => exporter.target(),
        Err(_) => String::new(),
    };
    let event_type = settings.event_type;
    let contact = async move {
        match built {
            Ok(exporter) if effort.sends => send(&*exporter, event(event_type, SystemTime::now())).await,
            Ok(exporter) => look(&*exporter).await,
            Err(error) => Contacted::failed(ErrorKind::Settings, error.to_string()),
        }
    };
    let kind = kinds::check(&settings.options).ok();
    Probe {
        flag_set: Arc::clone(flag_set),
        kind: settings.kind().to_owned(),
        name: written_name(&settings.options),
        target,
        contact: Box::pin(contact),
        description: kind.map(Description::of).unwrap_or_default(),
    }
}

async fn look(exporter: &dyn Exporter) -> Contacted {
    match exporter.contact().await {
        Ok(Contact::Answers(found)) => Contacted::new(Outcome::Works(found)),
        Ok(Contact::Unclear(why)) => {
            let hint = "`--send-test` sends one event, which tells".to_owned();
            Contacted::new(Outcome::Unclear(why)).with_hint(Some(hint))
        }
        Err(error) => failed(&error),
    }
}

async fn send(exporter: &dyn Exporter, event: Event) -> Contacted {
    let receipt = match exporter.export(&[event]).await {
        Ok(receipt) => receipt,
        Err(error) => return failed(&error),
    };
    match receipt {
        Receipt { refused, .. } if !refused.is_empty() => Contacted::failed(
            ErrorKind::Refused,
            format!("the event is refused: {}", refused[0].reason),
        ),
        Receipt { again, .. } if !again.is_empty() => {
            Contacted::failed(ErrorKind::Unreachable, "the event was not taken this time")
        }
        _ => Contacted::new(Outcome::Works("1 event delivered".to_owned())),
    }
}

fn failed(error: &ExportError) -> Contacted {
    Contacted::failed(error.kind(), error.to_string())
}

/// An event that nobody takes for a real one. Its members are in the order in which all others have them.
fn event(event_type: EventType, now: SystemTime) -> Event {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let note = json!("sent by flagstaff check, nobody evaluated a flag");
    let begin = |kind: &str| {
        format!(
            "{{\"kind\":\"{kind}\",\"contextKind\":\"user\",\"userKey\":\"{KEY}\",\"creationDate\":{seconds},\"key\":\"{KEY}\","
        )
    };
    Event::new(match event_type {
        EventType::Feature => format!(
            "{}\"variation\":\"test\",\"value\":{note},\"default\":false,\"version\":\"\",\"source\":\"SERVER\",\"metadata\":{{\"test\":\
             true}}}}",
            begin("feature")
        ),
        EventType::Tracking => format!(
            "{}\"evaluationContext\":{{\"targetingKey\":\"{KEY}\"}},\"trackingEventDetails\":{{\"note\":{note}}}}}",
            begin("tracking")
        ),
    })
}
