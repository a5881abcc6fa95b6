//! Where the events of a flag set go: its logs, and the exporters that read them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flagstaff_engine::attribute::Attributes;
use flagstaff_engine::context::{ContextValue, EvaluationContext};
use flagstaff_events::{
    Clock, Delivery, Event, EventLog, EventType, Exporter, LogSettings, Monitor, NotDurable, Schedule, SpoolSettings,
};
use flagstaff_flagset::{ServedFlag, Snapshot};
use flagstaff_protocol::event::{self, Occasion};
use futures_util::future::join_all;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::config::{EventSettings, ExporterSettings, FlagSetSettings};
use crate::evaluate;

/// How long a sink may take for one batch.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long an exporter that is replaced may take for its last batch; what is left goes through its successor.
const REPLACED: Duration = Duration::from_secs(3);

/// How long an exporter that is removed may take for what still waits.
const REMOVED: Duration = Duration::from_secs(30);

/// The logs and exporters of a flag set. An edit of the configuration makes another one that takes over what stays.
#[derive(Debug)]
pub(crate) struct Exports {
    logs: [Option<Arc<EventLog>>; EventType::ALL.len()],
    /// Records the flags of bulk evaluations.
    bulk: bool,
    settings: EventSettings,
    lines: Vec<Line>,
}

/// An exporter at work.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) settings: ExporterSettings,
    pub(crate) monitor: Monitor,
    delivery: Arc<Mutex<Delivery>>,
    log: Arc<EventLog>,
}

/// For whom, when and with what in hand somebody asked for an evaluation.
pub(crate) struct Asked<'a> {
    snapshot: &'a Snapshot,
    context: &'a EvaluationContext<'a>,
    now: SystemTime,
    /// What the caller uses where a flag has no value; `None` is exported as null.
    default: Option<&'a ContextValue<'a>>,
}

/// Everything of [`Exports`] that can fail has happened.
pub(crate) struct Prepared {
    logs: [Option<Arc<EventLog>>; EventType::ALL.len()],
    exporters: Vec<(ExporterSettings, Arc<dyn Exporter>)>,
    settings: EventSettings,
}

impl Exports {
    /// Builds the exporters of a flag set, and the logs that are not there `before`.
    pub(crate) fn prepare(
        name: &str,
        set: &FlagSetSettings,
        before: Option<&Self>,
        clock: &Clock,
    ) -> Result<Prepared, String> {
        let hostname = crate::start::hostname();
        let build = |settings: &ExporterSettings| {
            let exporter = settings
                .build(&hostname, Arc::clone(clock))
                .map_err(|error| error.to_string())?;
            Ok((settings.clone(), exporter))
        };
        let exporters = set.exporters.iter().map(build).collect::<Result<Vec<_>, String>>()?;
        let mut logs = [None, None];
        for (log, event_type) in logs.iter_mut().zip(EventType::ALL) {
            if set.exporters.iter().any(|exporter| exporter.event_type == event_type) {
                let known = before.and_then(|before| before.logs[event_type as usize].clone());
                *log = Some(match known {
                    Some(log) => log,
                    None => Arc::new(start_log(name, event_type, &set.events, clock)?),
                });
            }
        }
        // the logs that are there stay as they are
        let settings = before.map_or(&set.events, |before| &before.settings);
        Ok(Prepared {
            logs,
            exporters,
            settings: EventSettings {
                bulk: set.events.bulk,
                ..settings.clone()
            },
        })
    }

    /// Delivers from now on. Exporters of `before` that are the same go on, those of the same name hand over, and the others send
    /// what still waits for them and go.
    pub(crate) async fn start(prepared: Prepared, before: Option<&Self>) -> Self {
        let Prepared {
            logs,
            exporters,
            settings,
        } = prepared;
        let known = before.map_or(&[][..], |before| &before.lines);
        let mut lines = Vec::new();
        for (settings, exporter) in exporters {
            let Some(log) = &logs[settings.event_type as usize] else {
                continue;
            };
            let predecessor = known
                .iter()
                .find(|line| line.settings.name == settings.name && Arc::ptr_eq(&line.log, log));
            if let Some(line) = predecessor {
                if line.settings == settings {
                    lines.push(line.clone());
                    continue;
                }
                line.delivery.lock().await.finish(Instant::now() + REPLACED).await;
            }
            lines.push(Line::start(settings, exporter, log));
        }
        for line in known {
            let stays = |other: &Line| other.settings.name == line.settings.name && Arc::ptr_eq(&other.log, &line.log);
            if !lines.iter().any(stays) {
                let line = line.clone();
                tokio::spawn(async move { line.remove().await });
            }
        }
        Self {
            logs,
            bulk: settings.bulk,
            settings,
            lines,
        }
    }

    /// Records an evaluation that came to the outcome of this index, if somebody wants to know.
    #[inline]
    pub(crate) fn evaluated(&self, flag: &ServedFlag, outcome: usize, asked: &Asked<'_>) {
        if let Some(log) = &self.logs[EventType::Feature as usize]
            && flag.wire.is_tracked()
        {
            log.record_with(|| Event::packed(&asked.event(|occasion| event::evaluated(&flag.wire, outcome, occasion))));
        }
    }

    /// Records that somebody asked for a flag that does not exist.
    pub(crate) fn not_found(&self, key: &str, asked: &Asked<'_>) {
        if let Some(log) = &self.logs[EventType::Feature as usize] {
            log.record_with(|| Event::packed(&asked.event(|occasion| event::not_found(key, occasion))));
        }
    }

    /// Whether flags of bulk evaluations are recorded.
    #[inline]
    pub(crate) fn records_bulk(&self) -> bool {
        self.bulk && self.logs[EventType::Feature as usize].is_some()
    }

    /// Whether events of so many bytes should be refused, since there is no room for them.
    pub(crate) fn refuses(&self, bytes: usize) -> bool {
        self.logs.iter().flatten().any(|log| log.refuses(bytes))
    }

    /// Records what a client reports; `false` when there was no room for it.
    pub(crate) fn collected(&self, event: &event::Collected) -> bool {
        let event_type = if event.is_tracking {
            EventType::Tracking
        } else {
            EventType::Feature
        };
        let log = self.logs[event_type as usize].as_ref();
        log.is_none_or(|log| log.record_with(|| Event::packed(&event.text)))
    }

    /// Resolves when what was recorded before is safe, where that is promised.
    pub(crate) async fn committed(&self) -> Result<(), NotDurable> {
        for log in self.logs.iter().flatten() {
            log.committed().await?;
        }
        Ok(())
    }

    /// Whether a collector has to wait until its events are safe.
    pub(crate) fn is_durable(&self) -> bool {
        let is_promised = self.settings.spool.as_ref().is_some_and(|spool| spool.durable);
        is_promised && self.logs.iter().any(Option::is_some)
    }

    /// The exporters at work.
    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Sends what waits, each batch once, until a deadline; the rest is spooled or counted.
    pub(crate) async fn finish(&self, deadline: Instant) {
        join_all(
            self.lines
                .iter()
                .map(|line| async { line.delivery.lock().await.finish(deadline).await }),
        )
        .await;
        for log in self.logs.iter().flatten() {
            log.close().await;
        }
    }

    /// Whether exporters and what they read are the same under other settings.
    pub(crate) fn serve_as(before: &FlagSetSettings, after: &FlagSetSettings) -> bool {
        before.exporters == after.exporters && before.events.bulk == after.events.bulk
    }

    /// Ends an exporter set that no flag set has any more.
    pub(crate) async fn remove(&self) {
        self.finish(Instant::now() + REMOVED).await;
    }
}

impl<'a> Asked<'a> {
    /// An evaluation without a value of the caller's.
    #[inline]
    pub(crate) fn of(snapshot: &'a Snapshot, context: &'a EvaluationContext<'a>, now: SystemTime) -> Self {
        Self {
            snapshot,
            context,
            now,
            default: None,
        }
    }

    /// The same with a value that the caller uses where a flag has none.
    #[inline]
    pub(crate) fn or_else(self, default: &'a ContextValue<'a>) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    fn event(&self, write: impl FnOnce(&Occasion<'_>) -> Vec<u8>) -> Vec<u8> {
        write(&Occasion {
            user_key: &self.context.targeting_key,
            attributes: &Attributes::new(self.context, Some(self.snapshot.enrichment())),
            seconds: evaluate::instant(self.now).seconds,
            default: self.default,
        })
    }
}

impl Line {
    fn start(settings: ExporterSettings, exporter: Arc<dyn Exporter>, log: &Arc<EventLog>) -> Self {
        let schedule = Schedule {
            interval: settings.interval,
            events: settings.batch,
            patience: PATIENCE,
            dead_letters: settings.dead_letters.clone(),
            random: crate::start::random,
        };
        let delivery = Delivery::start(log.reader(&settings.name), exporter, schedule);
        Self {
            monitor: delivery.monitor().clone(),
            delivery: Arc::new(Mutex::new(delivery)),
            log: Arc::clone(log),
            settings,
        }
    }

    /// Sends what waits, then leaves the log.
    async fn remove(self) {
        self.delivery.lock().await.finish(Instant::now() + REMOVED).await;
        self.log.remove(self.monitor.reader());
    }
}

fn start_log(name: &str, event_type: EventType, settings: &EventSettings, clock: &Clock) -> Result<EventLog, String> {
    let spool = settings.spool.as_ref().map(|spool| SpoolSettings {
        path: spool.folder.join(format!("{name}-{}.redb", event_type.name())),
        durable: spool.durable,
        max_bytes: spool.max_bytes,
        max_age: spool.max_age,
    });
    if let Some(spool) = &settings.spool {
        std::fs::create_dir_all(&spool.folder).map_err(|error| {
            format!(
                "the folder of the spool cannot be made: {}: {error}",
                spool.folder.display()
            )
        })?;
    }
    let settings = LogSettings {
        memory: settings.memory,
        on_full: settings.on_full,
        spool,
    };
    EventLog::start(settings, Arc::clone(clock)).map_err(|error| format!("the spool cannot be opened: {error}"))
}
