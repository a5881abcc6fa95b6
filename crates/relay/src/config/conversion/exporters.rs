//! Exporters and the log that they read.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_backend::Surroundings;
use flagstaff_events::{EventType, OnFull};
use flagstaff_exporters::kinds::{self, Mode};
use serde_json::Value;

use super::super::decode::{Options, Written};
use super::super::file::{EventsFile, ExporterTable, OptionsFile, SpoolFile};
use super::super::report::Report;
use super::super::settings::{EventSettings, ExporterSettings, Spool};
use super::backend::Backend;
use super::flag_sets::Label;
use super::{is_set, shown, text};

const FORMATS: &[&str] = &["JSON", "CSV", "Parquet"];

const CODECS: &[&str] = &[
    "UNCOMPRESSED",
    "SNAPPY",
    "GZIP",
    "LZO",
    "BROTLI",
    "LZ4",
    "ZSTD",
    "LZ4_RAW",
];

/// Creation dates are whole seconds.
const LEAST_WINDOW: Duration = Duration::from_secs(1);
const FLUSH_INTERVAL: Duration = Duration::from_secs(60);
const EVENTS_IN_MEMORY: usize = 100_000;
const MEMORY: usize = 64 << 20;
const LEAST_MEMORY: usize = 1 << 20;
const SPOOL_SIZE: u64 = 1 << 30;
const SPOOL_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The exporters of a flag set, each under a name of its own.
pub(super) fn convert(
    options: &OptionsFile,
    surroundings: &Surroundings,
    label: &Label<'_>,
    report: &mut Report,
) -> Vec<ExporterSettings> {
    let single = options.exporter.iter().map(|written| (None, written));
    let list = options.exporters.iter().flat_map(|list| &list.value).enumerate();
    let all = single.chain(list.map(|(at, written)| (Some(at), written)));
    let mut names = HashSet::new();
    let converted =
        all.filter_map(|(index, written)| exporter(written, index, &mut names, surroundings, label, report));
    converted.collect()
}

fn exporter(
    written: &Written<Options<ExporterTable>>,
    index: Option<usize>,
    names: &mut HashSet<Arc<str>>,
    surroundings: &Surroundings,
    label: &Label<'_>,
    report: &mut Report,
) -> Option<ExporterSettings> {
    let value = &written.value;
    let mut backend = Backend {
        noun: "exporter",
        written,
        index,
        label,
        report,
    };
    let event_type = match value.text("eventType") {
        "" | "feature" => EventType::Feature,
        "tracking" => EventType::Tracking,
        _ => {
            let message = format!(
                "eventType {} is not one of feature, tracking",
                backend.shown("eventType")
            );
            backend.refuse("eventType", &message);
            return None;
        }
    };
    // checked for every kind, as GO Feature Flag does
    let format = value.text("format");
    if !format.is_empty() && !FORMATS.iter().any(|known| known.eq_ignore_ascii_case(format)) {
        let message = format!(
            "format {} is not one of {}",
            backend.shown("format"),
            FORMATS.join(", ")
        );
        backend.refuse("format", &message);
        return None;
    }
    let codec = value.text("parquetCompressionCodec");
    if !codec.is_empty() && !CODECS.contains(&codec) {
        let (property, known) = ("parquetCompressionCodec", CODECS.join(", "));
        let message = format!("\"{property}\" err: {} is not one of {known}", backend.shown(property));
        backend.refuse(property, &message);
        return None;
    }
    let share = share(&mut backend)?;
    let window = window(&mut backend, event_type)?;
    let number = |property: &str| {
        value
            .values
            .get(property)
            .and_then(Value::as_i64)
            .filter(|number| *number > 0)
    };
    let mut settings = ExporterSettings {
        name: value.text("name").into(),
        options: value.values.clone(),
        event_type,
        interval: None,
        batch: EVENTS_IN_MEMORY,
        share,
        window,
        dead_letters: Some(value.text("deadLetterFile"))
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
        surroundings: surroundings.clone(),
        traces: None,
    };
    let target = match settings.build("", Arc::new(std::time::SystemTime::now)) {
        Ok(exporter) => exporter.target(),
        Err(error) => {
            backend.refuse_because(&error);
            return None;
        }
    };
    // the kind was found, or it would not have been built
    if kinds::check(&settings.options).is_ok_and(|kind| kind.backend.mode == Mode::Batches) {
        let interval = number("flushInterval").map(|millis| Duration::from_millis(millis.unsigned_abs()));
        settings.interval = Some(interval.unwrap_or(FLUSH_INTERVAL));
        settings.batch = number("maxEventInMemory").map_or(EVENTS_IN_MEMORY, |events| events as usize);
    } else {
        // what is sent at once would not be counted together
        settings.interval = window;
    }
    if settings.name.is_empty() {
        settings.name = unused(&settings.default_name(&target), names);
    }
    if !names.insert(Arc::clone(&settings.name)) {
        let message = format!(
            "the name {} is there twice, give each exporter one of its own",
            backend.shown("name")
        );
        backend.refuse("name", &message);
        return None;
    }
    Some(settings)
}

/// The share of users that is sampled; the outer `None` when it is none.
fn share(backend: &mut Backend<'_, ExporterTable>) -> Option<Option<f64>> {
    let text = backend.written.value.text("sampling").trim();
    if text.is_empty() {
        return Some(None);
    }
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Some((share < 1.0).then_some(share)),
        _ => {
            let message = format!(
                "sampling {} is not a share from 0 to 1, like 0.1",
                backend.shown("sampling")
            );
            backend.refuse("sampling", &message);
            None
        }
    }
}

/// The window in which evaluations are counted; the outer `None` when it is none.
fn window(backend: &mut Backend<'_, ExporterTable>, event_type: EventType) -> Option<Option<Duration>> {
    let written = backend.written.value.values.get("aggregate").and_then(Value::as_u64);
    let window = Duration::from_nanos(written.unwrap_or_default());
    let message = match event_type {
        _ if window.is_zero() => return Some(None),
        EventType::Tracking => "aggregate is for eventType feature, tracking events are not counted",
        EventType::Feature if window < LEAST_WINDOW => "aggregate takes windows of one second or more, like 10s",
        EventType::Feature => return Some(Some(window)),
    };
    backend.refuse("aggregate", message);
    None
}

/// A name that no other exporter has.
fn unused(name: &str, names: &HashSet<Arc<str>>) -> Arc<str> {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
    let free = candidates.find(|name| !names.contains(name.as_str()));
    free.expect("there is always another number").into()
}

/// What is recorded, and how much of it may wait.
pub(super) fn events(options: &OptionsFile, report: &mut Report) -> EventSettings {
    let file = options.events.as_ref().map(|written| &written.value);
    EventSettings {
        memory: memory(file, report),
        on_full: on_full(file, report),
        spool: file
            .and_then(|file| file.spool.as_ref())
            .and_then(|written| spool(written, report)),
        bulk: is_set(options.export_bulk_evaluations.as_ref()),
    }
}

fn memory(file: Option<&EventsFile>, report: &mut Report) -> usize {
    let Some(written) = file.and_then(|file| file.max_memory.as_ref()) else {
        return MEMORY;
    };
    match usize::try_from(written.value) {
        Ok(0) => MEMORY,
        Ok(bytes) if bytes >= LEAST_MEMORY => bytes,
        _ => {
            let message = format!("less than {LEAST_MEMORY} bytes are not enough for a log of events");
            report.problem(&written.origin, &written.path, message);
            MEMORY
        }
    }
}

fn on_full(file: Option<&EventsFile>, report: &mut Report) -> OnFull {
    let Some(written) = file.and_then(|file| file.on_full.as_ref()) else {
        return OnFull::default();
    };
    match &*written.value {
        "" | "drop" => OnFull::Drop,
        "refuse" => OnFull::Refuse,
        other => {
            let message = format!("{} is not one of drop, refuse", shown(other, &written.origin));
            report.problem(&written.origin, &written.path, message);
            OnFull::default()
        }
    }
}

fn spool(written: &Written<SpoolFile>, report: &mut Report) -> Option<Spool> {
    let file = &written.value;
    let Some(folder) = text(file.path.as_ref()) else {
        if is_set(file.durable.as_ref()) {
            let message = "a spool needs a path: the folder in which it is kept";
            report.problem(&written.origin, &written.path, message);
        }
        return None;
    };
    Some(Spool {
        folder: PathBuf::from(String::from(folder)),
        durable: is_set(file.durable.as_ref()),
        max_bytes: file
            .max_bytes
            .as_ref()
            .and_then(|written| u64::try_from(written.value).ok())
            .filter(|bytes| *bytes > 0)
            .unwrap_or(SPOOL_SIZE),
        max_age: file
            .max_age
            .as_ref()
            .map(|written| written.value)
            .filter(|age| !age.is_zero())
            .unwrap_or(SPOOL_AGE),
    })
}
