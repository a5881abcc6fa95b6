//! What exporters get when only a share of the events, or their counts, are wanted.

#![expect(clippy::unwrap_used, reason = "a sink that breaks fails its test")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use flagstaff_events::{
    Aggregated, Delivery, ErrorKind, Event, EventLog, Export, ExportError, Exporter, Limits, LogSettings, Loss, OnFull,
    Receipt, Refusal, Sampled, Schedule,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Takes at most two events at once; nothing of flag `down` this time, nothing of flag `never` at all.
#[derive(Debug, Default)]
struct Sink {
    taken: Mutex<Vec<Value>>,
    /// Fails once that many batches were taken.
    breaks_after: Option<usize>,
    batches: Mutex<usize>,
}

impl Exporter for Sink {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        assert!((1..=2).contains(&batch.len()), "{batch:?}");
        Box::pin(async move {
            let mut batches = self.batches.lock().unwrap();
            *batches += 1;
            if self.breaks_after.is_some_and(|after| *batches > after) {
                return Err(ExportError::new(ErrorKind::Unreachable, "it is gone"));
            }
            let mut receipt = Receipt::default();
            for (index, event) in batch.iter().enumerate() {
                let event: Value = serde_json::from_slice(event.text()).unwrap();
                match event["key"].as_str() {
                    Some("down") => receipt.again.push(index),
                    Some("never") => receipt.refused.push(Refusal {
                        index,
                        reason: "no".to_owned(),
                    }),
                    _ => self.taken.lock().unwrap().push(event),
                }
            }
            Ok(receipt)
        })
    }

    fn target(&self) -> String {
        "a sink".to_owned()
    }

    fn limits(&self) -> Limits {
        Limits {
            events: 2,
            bytes: usize::MAX,
        }
    }
}

fn event(user: &str, date: i64, key: &str, variation: &str) -> Event {
    Event::new(format!(
        r#"{{"kind":"feature","contextKind":"user","userKey":"{user}","creationDate":{date},"key":"{key}","variation":"{variation}","value":"{variation}","default":false,"version":"1","source":"SERVER","metadata":{{"a":1}}}}"#
    ))
}

/// Flag, variation, window and count of each event that was taken.
fn counts(sink: &Sink) -> Vec<(String, String, i64, u64)> {
    let taken = sink.taken.lock().unwrap();
    let count = |event: &Value| {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let (date, count) = (&event["creationDate"], &event["metadata"]["count"]);
        (
            text("key"),
            text("variation"),
            date.as_i64().unwrap(),
            count.as_u64().unwrap(),
        )
    };
    taken.iter().map(count).collect()
}

#[tokio::test]
async fn evaluations_are_counted_by_what_was_served_and_when() {
    let sink = Arc::new(Sink::default());
    let exporter = Aggregated::new(Arc::clone(&sink) as _, Duration::from_secs(10));
    let batch = [
        event("a", 100, "f", "on"),
        event("b", 109, "f", "on"),
        event("c", 109, "f", "off"),
        event("a", 110, "f", "on"),
        event("a", 101, "g", "on"),
        event("d", 100, "f", "on"),
        event("e", -1, "f", "on"),
    ];
    let receipt = exporter.export(&batch).await.unwrap();
    assert!(receipt.again.is_empty() && receipt.refused.is_empty());
    let expected = [
        ("f", "on", 100, 3),
        ("f", "off", 100, 1),
        ("f", "on", 110, 1),
        ("g", "on", 100, 1),
        ("f", "on", -10, 1),
    ];
    let expected = expected.map(|(key, variation, date, count)| (key.to_owned(), variation.to_owned(), date, count));
    assert_eq!(counts(&sink), expected);
    assert_eq!(
        sink.taken.lock().unwrap()[0],
        json!({
            "kind": "feature", "userKey": "", "creationDate": 100, "key": "f", "variation": "on", "value": "on", "default": false,
            "version": "1", "source": "SERVER", "metadata": {"count": 3},
        })
    );
}

#[tokio::test]
async fn what_becomes_of_a_count_becomes_of_its_events() {
    let tracking = Event::new(
        r#"{"kind":"tracking","userKey":"a","creationDate":1,"key":"click","evaluationContext":null,"trackingEventDetails":null}"#,
    );
    let batch = [
        event("a", 1, "down", "on"),
        event("a", 1, "f", "on"),
        event("b", 2, "never", "on"),
        event("c", 3, "down", "on"),
        tracking,
        event("d", 3, "never", "on"),
    ];
    let sink = Arc::new(Sink::default());
    let exporter = Aggregated::new(Arc::clone(&sink) as _, Duration::from_secs(60));
    let receipt = exporter.export(&batch).await.unwrap();
    assert_eq!(receipt.again, [0, 3]);
    let refused: Vec<_> = receipt.refused.iter().map(|refusal| refusal.index).collect();
    assert_eq!(refused, [2, 5]);
    assert_eq!(sink.taken.lock().unwrap()[1]["key"], "click", "it is no evaluation");

    for (after, expected) in [(0, None), (1, Some(vec![0, 2, 3, 4, 5]))] {
        let sink = Sink {
            breaks_after: Some(after),
            ..Sink::default()
        };
        let exporter = Aggregated::new(Arc::new(sink), Duration::from_secs(60));
        let again = exporter.export(&batch).await.ok().map(|receipt| receipt.again);
        assert_eq!(again, expected);
    }
}

#[tokio::test]
async fn a_sample_has_all_events_of_its_users() {
    let sink = Arc::new(Sink::default());
    let exporter = Sampled::new(
        Arc::new(Aggregated::new(Arc::clone(&sink) as _, Duration::from_secs(60))),
        0.25,
    );
    let batch: Vec<Event> = (0..8_000)
        .map(|number| event(&format!("user-{}", number % 4_000), 0, "f", "on"))
        .collect();
    let receipt = exporter.export(&batch).await.unwrap();
    let kept: u64 = counts(&sink).iter().map(|(_, _, _, count)| count).sum();
    assert_eq!(receipt.left_out as u64 + kept, 8_000);
    assert!(kept.is_multiple_of(2), "each user has two events");
    assert!((1_800..2_200).contains(&kept), "a quarter, more or less: {kept}");
    for (share, expected) in [(0.0, 8_000), (1.0, 0), (2.0, 0), (-1.0, 8_000), (f64::NAN, 8_000)] {
        let inner = Arc::new(Aggregated::new(Arc::new(Sink::default()), Duration::from_secs(60)));
        let receipt = Sampled::new(inner, share).export(&batch).await.unwrap();
        assert_eq!(receipt.left_out, expected, "{share}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_balance_holds_behind_both() {
    let settings = LogSettings {
        memory: 1 << 20,
        on_full: OnFull::Drop,
        spool: None,
    };
    let log = EventLog::start(settings, Arc::new(SystemTime::now)).unwrap();
    let counted = Aggregated::new(Arc::new(Sink::default()), Duration::from_secs(60));
    let schedule = Schedule {
        interval: Some(Duration::from_secs(1)),
        events: 100,
        patience: Duration::from_secs(10),
        dead_letters: None,
        random: || 0.5,
    };
    let mut delivery = Delivery::start(
        log.reader(&"one".into()),
        Arc::new(Sampled::new(Arc::new(counted), 0.5)),
        schedule,
    );
    for number in 0..1_000 {
        let key = ["f", "never"][number % 2];
        assert!(log.record(event(&format!("user-{number}"), 0, key, "on")));
    }
    delivery
        .finish(tokio::time::Instant::now() + Duration::from_secs(30))
        .await;
    let reader = delivery.monitor().reader();
    let counts = reader.counts();
    let lost: HashMap<_, _> = Loss::ALL.iter().map(|loss| (loss.name(), counts.lost(*loss))).collect();
    assert!((400..600).contains(&lost["sampled"]), "{lost:?}");
    assert!((200..300).contains(&lost["refused"]), "{lost:?}");
    let all =
        counts.delivered() + reader.queued() + reader.spooled() + counts.dead_lettered() + lost.values().sum::<u64>();
    assert_eq!(counts.accepted(), all, "{counts:?}");
}

proptest! {
    #[test]
    fn every_event_is_counted_once(events in proptest::collection::vec((0_u8..3, 0_u8..3, 0_i64..40), 1..300), window in 0_u64..20) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sink = Arc::new(Sink::default());
        let exporter = Aggregated::new(Arc::clone(&sink) as _, Duration::from_secs(window));
        let batch: Vec<Event> = events
            .iter()
            .map(|(key, variation, date)| event("u", *date, &key.to_string(), &variation.to_string()))
            .collect();
        runtime.block_on(exporter.export(&batch)).unwrap();
        let seconds = window.max(1) as i64;
        let mut expected: BTreeMap<_, u64> = BTreeMap::new();
        for (key, variation, date) in events {
            *expected.entry((key.to_string(), variation.to_string(), date - date % seconds)).or_default() += 1;
        }
        let counted: BTreeMap<_, u64> = counts(&sink).into_iter().map(|(key, variation, date, count)| ((key, variation, date), count)).collect();
        prop_assert_eq!(counted, expected);
    }
}
