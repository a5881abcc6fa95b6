use std::sync::{Arc, Mutex};

use flagstaff_events::{Event, EventType};
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;

use crate::samples::{Sample, exporter, stored};

/// Level and message of every line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                assert_eq!(field.name(), "message", "a line has a message only");
                self.0 = format!("{value:?}");
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        let line = format!("{} {}", event.metadata().level(), message.0);
        self.0.lock().unwrap().push(line);
    }
}

/// What the events are logged as.
async fn lines(options: &Value, event_type: EventType, batch: &[Event]) -> Vec<String> {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(registry().with(lines.clone()));
    let receipt = exporter(options, event_type).unwrap().export(batch).await.unwrap();
    drop(guard);
    assert!(receipt.refused.is_empty() && receipt.again.is_empty(), "{receipt:?}");
    std::mem::take(&mut *lines.0.lock().unwrap())
}

#[tokio::test]
async fn lines_are_those_of_go_feature_flag() {
    let sample = Sample::named("log-default");
    let recorded = sample.log.iter().map(|line| {
        let line: Value = serde_json::from_str(&line.replace("<unix>", "0")).unwrap();
        format!("INFO {}", line["msg"].as_str().unwrap())
    });
    let recorded: Vec<String> = recorded.collect();
    let lines = lines(&json!({"kind": "log"}), EventType::Feature, &sample.events()).await;
    let masked = lines.iter().map(|line| {
        line.replace("2023-03-31T07:00:00Z", "<rfc3339>")
            .replace("2023-03-31T07:00:01Z", "<rfc3339>")
    });
    assert_eq!(masked.collect::<Vec<_>>(), recorded);
}

#[tokio::test]
async fn a_template_says_what_a_line_holds() {
    let feature = stored(&json!({"kind": "feature", "userKey": "c1", "value": true, "metadata": {"a": 1}}));
    let tracking = stored(&json!({
        "kind": "tracking", "userKey": "t1", "creationDate": 1_680_246_000, "key": "checkout", "trackingEventDetails": {"value": 99.5},
    }));
    let format = "{{ .UserKey}}={{ .Value}} {{ .Metadata}} {{ .Version}}";
    for (options, event_type, event, expected) in [
        (
            json!({"kind": "log", "logFormat": format}),
            EventType::Feature,
            feature,
            "INFO c1=true map[a:1] ",
        ),
        (
            json!({"kind": "log"}),
            EventType::Tracking,
            tracking.clone(),
            r#"INFO [2023-03-31T07:00:00Z] user="t1", event="checkout", details="map[value:99.5]""#,
        ),
        (
            json!({"kind": "log", "logFormat": "{{ .Key}} {{ .TrackingDetails}}"}),
            EventType::Tracking,
            tracking,
            "INFO checkout map[value:99.5]",
        ),
    ] {
        assert_eq!(lines(&options, event_type, &[event]).await, [expected]);
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_printed_is_refused_alone() {
    let exporter = exporter(
        &json!({"kind": "log", "logFormat": "{{ .Value.a.b }}"}),
        EventType::Feature,
    )
    .unwrap();
    let event = |value: Value| stored(&json!({"kind": "feature", "value": value}));
    let batch = [
        event(json!({"a": {"b": 1}})),
        event(json!({"a": 1})),
        event(json!({"a": {}})),
    ];
    let receipt = exporter.export(&batch).await.unwrap();
    assert_eq!(receipt.refused.len(), 1);
    assert_eq!(receipt.refused[0].index, 1);
    assert!(
        receipt.refused[0].reason.contains("can't evaluate field b"),
        "{}",
        receipt.refused[0].reason
    );
}
