//! Events in, batches out: what a sink is sent, and what became of every event.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use flagstaff_events::{
    Counts, Delivery, ErrorKind, Event, EventLog, Export, ExportError, Exporter, Limits, LogSettings, Loss, OnFull,
    Reader, Receipt, Refusal, Schedule, SpoolSettings,
};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// A sink that answers as it was told, and then takes everything.
#[derive(Debug, Default)]
struct Sink {
    answers: Mutex<VecDeque<Answer>>,
    batches: Mutex<Vec<Vec<String>>>,
    limit: Option<usize>,
    /// Events with this text are never taken.
    poison: Option<&'static str>,
    hangs: Option<Notify>,
}

#[derive(Debug)]
enum Answer {
    Fails(ErrorKind),
    TakesAllBut(Vec<usize>),
    Refuses(usize),
}

impl Exporter for Sink {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            if let Some(released) = &self.hangs {
                released.notified().await;
                released.notify_one();
            }
            let texts: Vec<_> = batch.iter().map(text).collect();
            if self.limit.is_some_and(|limit| batch.len() > limit) {
                return Err(ExportError::new(ErrorKind::TooLarge, "too large"));
            }
            if self
                .poison
                .is_some_and(|poison| texts.iter().any(|text| text == poison))
            {
                return Err(ExportError::new(ErrorKind::Refused, "no"));
            }
            let answer = self.answers.lock().expect("no test panics with it").pop_front();
            let (receipt, skipped) = match answer {
                Some(Answer::Fails(kind)) => return Err(ExportError::new(kind, "it fails")),
                Some(Answer::TakesAllBut(again)) => {
                    let receipt = Receipt {
                        again: again.clone(),
                        ..Receipt::default()
                    };
                    (receipt, again)
                }
                Some(Answer::Refuses(index)) => {
                    let reason = "too old".to_owned();
                    let receipt = Receipt {
                        refused: vec![Refusal { index, reason }],
                        ..Receipt::default()
                    };
                    (receipt, vec![index])
                }
                None => (Receipt::delivered(), Vec::new()),
            };
            let taken = texts
                .into_iter()
                .enumerate()
                .filter(|(place, _)| !skipped.contains(place));
            self.batches
                .lock()
                .expect("no test panics with it")
                .push(taken.map(|(_, text)| text).collect());
            Ok(receipt)
        })
    }

    fn target(&self) -> String {
        "a sink".to_owned()
    }

    fn limits(&self) -> Limits {
        Limits::NONE
    }
}

impl Sink {
    fn answering(answers: impl Into<VecDeque<Answer>>) -> Self {
        Self {
            answers: Mutex::new(answers.into()),
            ..Self::default()
        }
    }

    fn batches(&self) -> Vec<String> {
        let batches = self.batches.lock().expect("no test panics with it");
        batches.iter().map(|batch| batch.join(" ")).collect()
    }

    fn taken(&self) -> Vec<String> {
        self.batches.lock().expect("no test panics with it").concat()
    }
}

fn text(event: &Event) -> String {
    String::from_utf8(event.text().to_vec()).expect("events are text")
}

fn log(settings: LogSettings) -> EventLog {
    EventLog::start(
        settings,
        Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)),
    )
    .expect("the spool can be opened")
}

fn in_memory(memory: usize) -> LogSettings {
    LogSettings {
        memory,
        on_full: OnFull::Drop,
        spool: None,
    }
}

fn spooled(memory: usize, path: &Path, durable: bool) -> LogSettings {
    LogSettings {
        spool: Some(SpoolSettings {
            path: path.to_owned(),
            durable,
            max_bytes: 1 << 30,
            max_age: Duration::from_secs(3600),
        }),
        ..in_memory(memory)
    }
}

fn schedule(events: usize) -> Schedule {
    Schedule {
        interval: Some(Duration::from_secs(60)),
        events,
        patience: Duration::from_secs(10),
        dead_letters: None,
        random: || 0.5,
    }
}

fn deliver(log: &EventLog, name: &str, sink: &Arc<Sink>, schedule: Schedule) -> Delivery {
    Delivery::start(log.reader(&name.into()), Arc::clone(sink) as _, schedule)
}

fn record(log: &EventLog, texts: impl IntoIterator<Item = impl ToString>) {
    for text in texts {
        assert!(log.record(Event::new(text.to_string())), "there is room");
    }
}

/// Accepted = delivered + waiting in memory + waiting on a disk + dead letters + lost.
fn balance(reader: &Reader) {
    let counts: &Counts = reader.counts();
    let lost: u64 = Loss::ALL.iter().map(|loss| counts.lost(*loss)).sum();
    let known = counts.delivered() + reader.queued() + reader.spooled() + counts.dead_lettered() + lost;
    assert_eq!(
        counts.accepted(),
        known,
        "{counts:?} {} {}",
        reader.queued(),
        reader.spooled()
    );
}

#[tokio::test(start_paused = true)]
async fn batches_leave_when_they_are_full_or_their_time_is_up() {
    let (log, sink) = (log(in_memory(1 << 20)), Arc::new(Sink::default()));
    let delivery = deliver(&log, "one", &sink, schedule(3));
    record(&log, ["a", "b"]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.batches(), [""; 0]);
    record(&log, ["c", "d", "e", "f", "g"]);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(sink.batches(), ["a b c", "d e f"]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(sink.batches(), ["a b c", "d e f", "g"]);
    sleep(Duration::from_secs(600)).await;
    assert_eq!(sink.batches().len(), 3, "nothing is sent when there is nothing");
    balance(delivery.monitor().reader());
    assert_eq!(delivery.monitor().reader().counts().delivered(), 7);
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_events_leave_at_once() {
    let (log, sink) = (log(in_memory(1 << 20)), Arc::new(Sink::default()));
    let _delivery = deliver(
        &log,
        "one",
        &sink,
        Schedule {
            interval: None,
            ..schedule(100)
        },
    );
    for text in ["a", "b"] {
        record(&log, [text]);
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sink.batches(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_sent_again_and_delays_nobody() {
    use Answer::Fails;
    let log = log(in_memory(1 << 20));
    let failing = Arc::new(Sink::answering([
        Fails(ErrorKind::Unreachable),
        Fails(ErrorKind::Denied),
        Fails(ErrorKind::TimedOut),
    ]));
    let working = Arc::new(Sink::default());
    let first = deliver(&log, "failing", &failing, schedule(2));
    let second = deliver(&log, "working", &working, schedule(2));
    record(&log, ["a", "b"]);
    sleep(Duration::from_millis(60)).await;
    assert_eq!((failing.batches(), working.batches()), (vec![], vec!["a b".to_owned()]));
    assert_eq!(first.monitor().status().failures, 1);
    record(&log, ["c"]);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(failing.batches(), ["a b"]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(failing.batches(), ["a b", "c"]);
    assert_eq!(
        (
            first.monitor().reader().counts().failures(),
            first.monitor().status().failures
        ),
        (3, 0)
    );
    balance(first.monitor().reader());
    balance(second.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_takes_a_part_gets_the_rest_again() {
    let log = log(in_memory(1 << 20));
    let sink = Arc::new(Sink::answering([Answer::TakesAllBut(vec![0, 2]), Answer::Refuses(1)]));
    let delivery = deliver(&log, "one", &sink, schedule(4));
    record(&log, ["a", "b", "c", "d"]);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(sink.batches(), ["b d", "a"]);
    let counts = delivery.monitor().reader().counts();
    assert_eq!((counts.delivered(), counts.lost(Loss::Refused)), (3, 1));
    balance(delivery.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_sent_in_parts() {
    let log = log(in_memory(1 << 20));
    let sink = Arc::new(Sink {
        limit: Some(3),
        ..Sink::default()
    });
    let delivery = deliver(&log, "one", &sink, schedule(10));
    record(&log, 0..10);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(sink.taken(), (0..10).map(|event| event.to_string()).collect::<Vec<_>>());
    balance(delivery.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_never_taken_does_not_block_its_batch() {
    let folder = tempfile::tempdir().unwrap();
    for dead_letters in [None, Some(folder.path().join("dead.jsonl"))] {
        let log = log(in_memory(1 << 20));
        let sink = Arc::new(Sink {
            poison: Some("{\"n\":5}"),
            ..Sink::default()
        });
        let with_letters = Schedule {
            dead_letters: dead_letters.clone(),
            ..schedule(8)
        };
        let delivery = deliver(&log, "one", &sink, with_letters);
        record(&log, (0..8).map(|event| format!("{{\"n\":{event}}}")));
        sleep(Duration::from_secs(120)).await;
        let others = (0..8).filter(|event| *event != 5);
        assert_eq!(
            sink.taken(),
            others.map(|event| format!("{{\"n\":{event}}}")).collect::<Vec<_>>()
        );
        let counts = delivery.monitor().reader().counts();
        match dead_letters {
            None => assert_eq!((counts.lost(Loss::Refused), counts.dead_lettered()), (1, 0)),
            Some(path) => {
                assert_eq!((counts.lost(Loss::Refused), counts.dead_lettered()), (0, 1));
                let kept = std::fs::read_to_string(path).unwrap();
                assert_eq!(kept, "{\"event\":{\"n\":5},\"exporter\":\"one\",\"reason\":\"no\"}\n");
            }
        }
        balance(delivery.monitor().reader());
    }
}

#[tokio::test(start_paused = true)]
async fn an_exporter_that_hangs_loses_its_oldest_events_and_no_other_does() {
    const MEMORY: usize = 64 << 10;
    let log = log(in_memory(MEMORY));
    let hanging = Arc::new(Sink {
        hangs: Some(Notify::new()),
        ..Sink::default()
    });
    let working = Arc::new(Sink::default());
    let first = deliver(&log, "hanging", &hanging, schedule(10));
    let second = deliver(&log, "working", &working, schedule(10));
    for event in 0..10_000 {
        record(&log, [event]);
        if event % 100 == 0 {
            sleep(Duration::from_millis(3)).await;
            assert!(log.memory() <= MEMORY);
        }
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(working.taken().len(), 10_000);
    balance(first.monitor().reader());
    balance(second.monitor().reader());
    hanging.hangs.as_ref().unwrap().notify_one();
    sleep(Duration::from_secs(120)).await;
    let (taken, counts) = (hanging.taken(), first.monitor().reader().counts());
    assert!(counts.lost(Loss::Overflow) > 0);
    assert_eq!(taken.len() as u64 + counts.lost(Loss::Overflow), 10_000);
    assert_eq!(taken.last().map(String::as_str), Some("9999"), "the newest are kept");
    balance(first.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn events_are_refused_where_that_is_wanted() {
    let log = log(LogSettings {
        on_full: OnFull::Refuse,
        ..in_memory(32 << 10)
    });
    let sink = Arc::new(Sink {
        hangs: Some(Notify::new()),
        ..Sink::default()
    });
    let delivery = deliver(&log, "one", &sink, schedule(10));
    let mut accepted = 0;
    while !log.refuses(70) {
        record(&log, ["event"]);
        accepted += 1;
        sleep(Duration::from_millis(2)).await;
    }
    assert!(!log.record(Event::new("x".repeat(500))), "there is no room");
    sink.hangs.as_ref().unwrap().notify_one();
    sleep(Duration::from_secs(120)).await;
    assert_eq!(sink.taken().len(), accepted);
    log.record(Event::new("more"));
    sleep(Duration::from_secs(120)).await;
    assert_eq!(delivery.monitor().reader().counts().lost(Loss::Overrun), 1);
    balance(delivery.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn new_events_are_not_written_while_every_exporter_hangs() {
    let log = log(in_memory(64 << 10));
    let sink = Arc::new(Sink {
        hangs: Some(Notify::new()),
        ..Sink::default()
    });
    let delivery = deliver(&log, "one", &sink, schedule(10));
    let (mut written, mut accepted) = (0, 0);
    for _ in 0..2000 {
        for _ in 0..10 {
            accepted += 1;
            log.record_with(|| {
                written += 1;
                Event::new("event")
            });
        }
        sleep(Duration::from_millis(3)).await;
    }
    assert!((500..5000).contains(&written), "{written}");
    sink.hangs.as_ref().unwrap().notify_one();
    sleep(Duration::from_secs(120)).await;
    let reader = delivery.monitor().reader();
    assert_eq!(reader.counts().accepted(), accepted);
    assert!(log.record_with(|| Event::new("more")), "there is room again");
    sleep(Duration::from_secs(61)).await;
    assert_eq!(sink.taken().last().map(String::as_str), Some("more"));
    balance(reader);
}

#[tokio::test(start_paused = true)]
async fn a_spool_takes_what_finds_no_room_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(spooled(64 << 10, &folder.path().join("spool"), false));
    let sink = Arc::new(Sink {
        hangs: Some(Notify::new()),
        ..Sink::default()
    });
    let delivery = deliver(&log, "one", &sink, schedule(100));
    for event in 0..20_000 {
        record(&log, [event]);
        if event % 100 == 0 {
            sleep(Duration::from_millis(3)).await;
        }
    }
    sleep(Duration::from_secs(5)).await;
    assert!(delivery.monitor().reader().spooled() > 0);
    balance(delivery.monitor().reader());
    sink.hangs.as_ref().unwrap().notify_one();
    sleep(Duration::from_secs(180)).await;
    assert_eq!(
        sink.taken(),
        (0..20_000).map(|event| event.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(log.spooled_bytes(), 0, "what was delivered leaves the disk");
    balance(delivery.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_before_the_end_is_sent_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    {
        let log = log(spooled(1 << 20, &path, false));
        let sink = Arc::new(Sink {
            hangs: Some(Notify::new()),
            ..Sink::default()
        });
        let mut delivery = deliver(&log, "one", &sink, schedule(10));
        record(&log, 0..25);
        sleep(Duration::from_secs(1)).await;
        delivery.finish(Instant::now() + Duration::from_secs(3)).await;
        log.close().await;
        assert_eq!(sink.taken(), [""; 0]);
    }
    let log = log(spooled(1 << 20, &path, false));
    let (sink, newcomer) = (Arc::new(Sink::default()), Arc::new(Sink::default()));
    let delivery = deliver(&log, "one", &sink, schedule(10));
    let _newcomer = deliver(&log, "newcomer", &newcomer, schedule(10));
    record(&log, [25]);
    sleep(Duration::from_secs(70)).await;
    assert_eq!(sink.taken(), (0..26).map(|event| event.to_string()).collect::<Vec<_>>());
    assert_eq!(newcomer.taken(), ["25"], "a new exporter begins with what is new");
    balance(delivery.monitor().reader());
}

#[tokio::test(start_paused = true)]
async fn the_last_events_are_sent_at_the_end_or_counted() {
    let log = log(in_memory(1 << 20));
    let (working, failing) = (
        Arc::new(Sink::default()),
        Arc::new(Sink::answering([
            Answer::Fails(ErrorKind::Unreachable),
            Answer::Fails(ErrorKind::Unreachable),
        ])),
    );
    let mut first = deliver(&log, "working", &working, schedule(10));
    let mut second = deliver(&log, "failing", &failing, schedule(10));
    record(&log, ["a", "b"]);
    sleep(Duration::from_secs(1)).await;
    let deadline = Instant::now() + Duration::from_secs(3);
    first.finish(deadline).await;
    second.finish(deadline).await;
    log.close().await;
    assert_eq!(working.batches(), ["a b"]);
    assert_eq!(second.monitor().reader().counts().lost(Loss::Shutdown), 2);
    balance(first.monitor().reader());
    balance(second.monitor().reader());
}

#[tokio::test]
async fn what_was_committed_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("spool"), folder.path().join("copy"));
    let before = log(spooled(1 << 20, &path, true));
    let _reader = before.reader(&"one".into());
    record(&before, 0..1000);
    before.committed().await.unwrap();
    // as the disk would be found after a crash: the relay that writes it has not closed it
    std::fs::copy(&path, &copy).unwrap();
    let log = log(spooled(1 << 20, &copy, true));
    let sink = Arc::new(Sink::default());
    let mut delivery = deliver(&log, "one", &sink, schedule(100));
    delivery.finish(Instant::now() + Duration::from_secs(10)).await;
    assert!(
        sink.taken()
            .iter()
            .eq((0..1000).map(|event| event.to_string()).collect::<Vec<_>>().iter()),
        "all, in their order"
    );
}
