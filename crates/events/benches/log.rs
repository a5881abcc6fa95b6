//! How many events a second pass through the log: from whoever records them to exporters that take everything at once.
//!
//! `cargo bench -p flagstaff-events`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use divan::Bencher;
use divan::counter::ItemsCount;
use flagstaff_events::{
    Delivery, Event, EventLog, Export, Exporter, LogSettings, OnFull, Receipt, Schedule, SpoolSettings,
};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// Events of one run, which all find room in memory.
const EVENTS: u64 = 200_000;

/// An evaluation event as the relay writes it.
const TEXT: &str = r#"{"kind":"feature","contextKind":"user","userKey":"d45e303a-38c2-11ed-a261-0242ac120002","creationDate":1680246000,"key":"new-checkout","variation":"enabled","value":true,"default":false,"version":"1.0.0","source":"SERVER","metadata":{}}"#;

/// Takes everything.
#[derive(Debug)]
struct Nowhere;

impl Exporter for Nowhere {
    fn export<'a>(&'a self, _batch: &'a [Event]) -> Export<'a> {
        Box::pin(async { Ok(Receipt::delivered()) })
    }

    fn target(&self) -> String {
        "nowhere".to_owned()
    }
}

/// A log with so many exporters behind it.
struct Line {
    log: EventLog,
    deliveries: Vec<Delivery>,
}

impl Line {
    fn start(exporters: usize, spool: Option<&Path>) -> Self {
        let settings = LogSettings {
            memory: 256 << 20,
            on_full: OnFull::Drop,
            spool: spool.map(|folder| SpoolSettings {
                path: folder.join("events.redb"),
                durable: true,
                max_bytes: 1 << 30,
                max_age: Duration::from_secs(3600),
            }),
        };
        let log = EventLog::start(settings, Arc::new(SystemTime::now)).expect("a log can be started");
        let deliveries = (0..exporters).map(|number| {
            let schedule = Schedule {
                interval: None,
                events: 10_000,
                patience: Duration::from_secs(60),
                dead_letters: None,
                random: || 0.5,
            };
            Delivery::start(
                log.reader(&format!("nowhere-{number}").into()),
                Arc::new(Nowhere),
                schedule,
            )
        });
        let deliveries = deliveries.collect();
        Self { log, deliveries }
    }

    /// Records a run of events and waits until the last one is delivered.
    async fn pass(&self) {
        for number in 1..=EVENTS {
            assert!(
                self.log.record(Event::new(TEXT.as_bytes().to_vec())),
                "there is room for each"
            );
            if number % 100 == 0 {
                // a request is over
                tokio::task::yield_now().await;
            }
        }
        self.log.committed().await.expect("a disk");
        let reader = |delivery: &Delivery| delivery.monitor().reader().clone();
        let readers: Vec<_> = self.deliveries.iter().map(reader).collect();
        while readers.iter().any(|reader| reader.queued() + reader.spooled() > 0) {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime can be built")
}

#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 4])]
fn in_memory(bencher: Bencher<'_, '_>, exporters: usize) {
    let runtime = runtime();
    let line = runtime.block_on(async { Line::start(exporters, None) });
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| runtime.block_on(line.pass()));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn durable(bencher: Bencher<'_, '_>) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().expect("a folder"));
    let line = runtime.block_on(async { Line::start(1, Some(folder.path())) });
    bencher
        .counter(ItemsCount::new(EVENTS))
        .bench_local(|| runtime.block_on(line.pass()));
}
