//! Sources: fetched, read and compiled as a relay would.

use std::sync::Arc;

use flagstaff_flagset::{Options, Source, Survey};
use flagstaff_retrievers::{ErrorKind, kinds};

use super::hint::Description;
use super::{Contacted, Effort, Outcome, Probe};
use crate::config::RetrieverSettings;

/// Fetches one source; `lint` is the command that shows what is wrong with its flags.
pub(super) fn probe(settings: &RetrieverSettings, flag_set: &Arc<str>, lint: &str, effort: Effort) -> Probe {
    let built = kinds::build(&settings.options, &settings.surroundings);
    let target = match &built {
        Ok(retriever) => retriever.place(),
        Err(_) => String::new(),
    };
    let (format, name, lint) = (settings.format, Arc::clone(flag_set), lint.to_owned());
    let contact = async move {
        match built {
            Ok(retriever) => {
                let options = Options::new(name, vec![Source::new(retriever, format)]);
                survey(options, &lint, effort).await
            }
            Err(error) => Contacted::failed(ErrorKind::Settings, error.to_string()),
        }
    };
    let kind = kinds::check(&settings.options).ok();
    Probe {
        flag_set: Arc::clone(flag_set),
        kind: settings.kind().to_owned(),
        name: None,
        target,
        contact: Box::pin(contact),
        description: kind.map(Description::of).unwrap_or_default(),
    }
}

async fn survey(options: Options, lint: &str, effort: Effort) -> Contacted {
    let survey = match Survey::take(options, Some(effort.patience)).await {
        Ok(survey) => survey,
        Err(error) => return Contacted::failed(ErrorKind::Refused, error.to_string()),
    };
    let source = &survey.sources[0];
    let see = format!("see what is wrong, and where: `{lint}`");
    if let Some(error) = &survey.status.sources[0].failure {
        return match source.failure {
            Some(kind) => Contacted::failed(kind, &**error),
            None => {
                Contacted::failed(ErrorKind::Refused, format!("no flags can be read: {error}")).with_hint(Some(see))
            }
        };
    }
    let bytes: usize = source.files.iter().map(|file| file.bytes.len()).sum();
    let refused = survey.status.refused().count();
    let flags = survey.snapshot.flags().len();
    let mut found = format!("{flags} flag{}", if flags == 1 { "" } else { "s" });
    if refused > 0 {
        found.push_str(&format!(", {refused} more with errors"));
    }
    if source.files.len() > 1 {
        found.push_str(&format!(", {} files", source.files.len()));
    }
    found.push_str(&format!(", {}", size(bytes)));
    Contacted::new(Outcome::Works(found)).with_hint((refused > 0).then_some(see))
}

/// Bytes for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
