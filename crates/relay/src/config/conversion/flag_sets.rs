//! Flag sets, what belongs to each of them, and the keys.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_definition::format::Format;
use flagstaff_flagset::Duplicates;
use flagstaff_retrievers::{Surroundings, kinds};

use super::super::decode::{Options, Written};
use super::super::file::{AuthorizedKeysFile, FlagSetFile, OptionsFile, RetrieverTable};
use super::super::key_list::KeyList;
use super::super::report::{Origin, Report};
use super::super::settings::{FlagSetSettings, FlagSets, HookSecret, RetrieverSettings};
use super::backend::Backend;
use super::keys::{Collection, List};
use super::{choice, exporters, is_set, notifiers, ofrep, shown, text};

const DEFAULT_POLLING_INTERVAL: Duration = Duration::from_secs(60);
const LEAST_POLLING_INTERVAL: Duration = Duration::from_secs(1);

/// Converts the flag sets and collects every key, in the order of GO Feature Flag.
pub(super) fn convert(
    options: OptionsFile,
    flag_sets: Option<Written<Vec<Written<FlagSetFile>>>>,
    authorized: Option<&AuthorizedKeysFile>,
    deprecated: Option<&Written<KeyList>>,
    surroundings: &Surroundings,
    keys: &mut Collection<'_>,
    report: &mut Report,
) -> FlagSets {
    let evaluation = authorized.and_then(|authorized| authorized.evaluation.as_ref());
    for written in [evaluation, deprecated].into_iter().flatten() {
        keys.add(written, List::Evaluation, report);
    }
    let flag_sets = match flag_sets.map(|sets| sets.value).filter(|sets| !sets.is_empty()) {
        Some(sets) => {
            report_ignored(&options, report);
            named(sets, surroundings, keys, report)
        }
        None => {
            let label = Label { name: None, path: "" };
            FlagSets::Default(Box::new(flag_set(options, &label, surroundings, report)))
        }
    };
    if let Some(admin) = authorized.and_then(|authorized| authorized.admin.as_ref()) {
        keys.add(admin, List::Admin, report);
    }
    flag_sets
}

/// How a flag set is called in messages.
pub(super) struct Label<'a> {
    name: Option<&'a str>,
    path: &'a str,
}

impl Label<'_> {
    /// A message of this flag set.
    pub(super) fn message(&self, message: impl std::fmt::Display) -> String {
        match (self.name, self.path) {
            (None, "") => message.to_string(),
            (None, path) => format!("flagset {path}: {message}"),
            (Some(name), _) => format!("flagset {name}: {message}"),
        }
    }

    fn to_text(&self) -> &str {
        self.name.unwrap_or(self.path)
    }
}

fn named(
    sets: Vec<Written<FlagSetFile>>,
    surroundings: &Surroundings,
    keys: &mut Collection<'_>,
    report: &mut Report,
) -> FlagSets {
    let mut converted: Vec<(FlagSetSettings, String)> = Vec::new();
    for (
        at,
        Written {
            value: set,
            origin,
            path,
        },
    ) in sets.into_iter().enumerate()
    {
        let name = set.name.as_ref().filter(|name| !matches!(&*name.value, "" | "default"));
        match (name, &set.name) {
            (None, Some(written)) if &*written.value == "default" => {
                let message =
                    "default is not a name of its own: the flag set counts as unnamed and is known by its keys";
                report.notice(&written.origin, &written.path, message);
            }
            (None, _) => report.notice(&origin, &path, "the flag set has no name and is known by its keys"),
            (Some(name), _) => {
                if converted
                    .iter()
                    .any(|(other, _)| other.name.as_deref() == Some(&*name.value))
                {
                    let message = format!(
                        "flagset {} is there twice, give each flag set a name of its own",
                        name.value
                    );
                    report.problem(&name.origin, &name.path, message);
                }
            }
        }
        let label = Label {
            name: name.map(|name| &*name.value),
            path: &path,
        };
        let listing = set
            .api_keys
            .as_ref()
            .map(|written| keys.add(written, List::FlagSet(at), report))
            .unwrap_or_default();
        let keys_path = format!("{path}.apiKeys");
        let keys_origin = set.api_keys.as_ref().map_or(&origin, |written| &written.origin);
        for other in listing.shared_with {
            let (_, other) = &converted[other];
            let message = format!(
                "an API key is used by multiple flagsets: {other} and {}",
                label.to_text()
            );
            report.problem(keys_origin, &keys_path, message);
        }
        if listing.keys.is_empty() && !report.has_problem(&keys_path) {
            let message = format!("flagset {} has no API keys", label.to_text());
            report.problem(keys_origin, &keys_path, message);
        }
        let name: Option<Arc<str>> = name.map(|name| Arc::from(&*name.value));
        let surroundings = surroundings.of_flag_set(name.clone());
        let settings = flag_set(set.options, &label, &surroundings, report);
        let label = label.to_text().to_owned();
        converted.push((
            FlagSetSettings {
                name,
                api_keys: listing.keys,
                ofrep_dialect: ofrep::dialect(set.ofrep_dialect.as_ref(), report),
                ..settings
            },
            label,
        ));
    }
    FlagSets::Named(converted.into_iter().map(|(set, _)| set).collect())
}

/// Says what is written at the top of the file and does not count, since flag sets inherit nothing.
fn report_ignored(options: &OptionsFile, report: &mut Report) {
    let mut ignored = |origin: Option<(&Origin, &str)>| {
        if let Some((origin, path)) = origin {
            report.notice(
                origin,
                path,
                "is ignored because there are flag sets, write it into each of them",
            );
        }
    };
    ignored(
        options
            .retriever
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .retrievers
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .exporter
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .exporters
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .notifiers
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .notifier
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .notifier_lock
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
    ignored(
        options
            .evaluation_context_enrichment
            .as_ref()
            .map(|written| (&written.origin, &*written.path)),
    );
}

fn flag_set(
    options: OptionsFile,
    label: &Label<'_>,
    surroundings: &Surroundings,
    report: &mut Report,
) -> FlagSetSettings {
    let format = options
        .file_format
        .as_ref()
        .map(|written| format(&written.value, &written.origin, &written.path, report));
    let retrievers = retrievers(&options, format.unwrap_or_default(), surroundings, label, report);
    let exporters = exporters::convert(&options, surroundings, label, report);
    let events = exporters::events(&options, report);
    let notifiers = notifiers::convert(&options, label, report);
    let notifier_lock = notifiers::lock(&options, surroundings, label, report);
    FlagSetSettings {
        name: None,
        api_keys: Vec::new(),
        retrievers,
        exporters,
        events,
        duplicates: duplicates(options.on_duplicate.as_ref(), report),
        polling_interval: polling_interval(options.polling_interval.map_or(0, |written| written.value)),
        polling_jitter: is_set(options.enable_polling_jitter.as_ref()),
        start_with_retriever_error: is_set(options.start_with_retriever_error.as_ref()),
        notifiers,
        notifier_lock,
        disable_notifier_on_init: is_set(options.disable_notifier_on_init.as_ref()),
        announce_schedule: is_set(options.announce_schedule.as_ref()),
        persistent_file: text(options.persistent_flag_configuration_file.as_ref())
            .map(|path| PathBuf::from(String::from(path))),
        refresh_hook: text(options.refresh_hook_secret.as_ref()).and_then(HookSecret::new),
        allow_client_time: options.allow_client_time.is_none_or(|written| written.value),
        ofrep_dialect: None,
        enrichment: options
            .evaluation_context_enrichment
            .map(|written| written.value)
            .unwrap_or_default(),
    }
}

/// What becomes of a flag that stands in several sources.
fn duplicates(written: Option<&Written<Box<str>>>, report: &mut Report) -> Duplicates {
    const NAMES: &[(&str, Duplicates)] = &[("override", Duplicates::Override), ("error", Duplicates::Refuse)];
    let parse = |name: &str| Some(NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1);
    let written = written.filter(|written| !written.value.is_empty());
    choice(
        written,
        "way to treat duplicates",
        parse,
        &["override", "error"],
        report,
    )
}

/// Milliseconds as written: 0 is the default, less than a second is a second, negative is no polling.
fn polling_interval(milliseconds: i64) -> Option<Duration> {
    match u64::try_from(milliseconds).ok()? {
        0 => Some(DEFAULT_POLLING_INTERVAL),
        milliseconds => Some(Duration::from_millis(milliseconds).max(LEAST_POLLING_INTERVAL)),
    }
}

/// A format; an unknown one is YAML, as in GO Feature Flag, with a notice.
fn format(name: &str, origin: &Origin, path: &str, report: &mut Report) -> Format {
    if !["", "yaml", "json", "toml"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
    {
        let message = format!(
            "{} is not a format, yaml is used; others are json and toml",
            shown(name, origin)
        );
        report.notice(origin, path, message);
    }
    Format::from_setting(name)
}

fn retrievers(
    options: &OptionsFile,
    format: Format,
    surroundings: &Surroundings,
    label: &Label<'_>,
    report: &mut Report,
) -> Vec<RetrieverSettings> {
    let mut converted = Vec::new();
    if let Some(written) = &options.retriever {
        converted.extend(retriever(written, None, format, surroundings, label, report));
    }
    for (at, written) in options.retrievers.iter().flat_map(|list| &list.value).enumerate() {
        converted.extend(retriever(written, Some(at), format, surroundings, label, report));
    }
    let none = options.retriever.is_none() && options.retrievers.as_ref().is_none_or(|list| list.value.is_empty());
    // one that was written but could not be read has been reported already
    let prefix = if label.path.is_empty() {
        "retriever".to_owned()
    } else {
        format!("{}.retriever", label.path)
    };
    if none && !report.has_problem(&prefix) {
        let origin = options
            .retrievers
            .as_ref()
            .map(|list| list.origin.clone())
            .unwrap_or_default();
        let message = label.message(
            "no retriever available in the configuration, add one like retriever: {kind: file, path: flags.yaml}",
        );
        report.problem(&origin, label.path, message);
    }
    converted
}

fn retriever(
    written: &Written<Options<RetrieverTable>>,
    index: Option<usize>,
    default: Format,
    surroundings: &Surroundings,
    label: &Label<'_>,
    report: &mut Report,
) -> Option<RetrieverSettings> {
    let Written { value, origin: _, path } = written;
    let mut options = value.values.clone();
    options.remove("fileFormat");
    if let Err(error) = kinds::build(&options, surroundings) {
        let mut backend = Backend {
            noun: "retriever",
            written,
            index,
            label,
            report,
        };
        backend.refuse_because(&error);
        return None;
    }
    let own = value.text("fileFormat");
    let format = match value.origin("fileFormat") {
        Some(origin) if !own.is_empty() => format(own, origin, &format!("{path}.fileFormat"), report),
        _ => default,
    };
    Some(RetrieverSettings {
        options,
        format,
        surroundings: surroundings.clone(),
    })
}
