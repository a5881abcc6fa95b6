//! What retrievers, exporters and notifiers of each kind can be told.

use super::shape::KindOptions;

/// What retrievers of each kind can be told.
pub(super) fn retrievers() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_retrievers::kinds::Kind| KindOptions {
        name: kind.name,
        active: kind.feature.is_some(),
        required: listed(kind.required, ", "),
        options: sections(
            kind.required.iter().chain(kind.optional).copied(),
            &["kind", "fileFormat"],
        ),
    };
    flagstaff_retrievers::kinds::KINDS.iter().map(describe).collect()
}

/// What exporters of each kind can be told.
pub(super) fn exporters() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_backend::Kind<flagstaff_exporters::kinds::Backend>| KindOptions {
        name: kind.name,
        active: kind.backend.is_active(),
        required: kind.needs.describe(),
        options: sections(kind.properties(), &["kind", "eventType", "name", "deadLetterFile"]),
    };
    flagstaff_exporters::kinds::KINDS.iter().map(describe).collect()
}

/// What notifiers of each kind can be told.
pub(super) fn notifiers() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_backend::Kind<flagstaff_notifiers::kinds::Backend>| KindOptions {
        name: kind.name,
        active: kind.backend.is_active(),
        required: kind.needs.describe(),
        options: sections(kind.properties(), &["kind"]),
    };
    flagstaff_notifiers::kinds::KINDS.iter().map(describe).collect()
}

fn listed(names: &[&str], word: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(word)
}

/// The options of a backend that dotted paths begin with, each once.
fn sections(paths: impl Iterator<Item = &'static str>, always: &[&'static str]) -> Vec<&'static str> {
    let mut names = always.to_vec();
    for path in paths {
        let name = path.split_once('.').map_or(path, |(first, _)| first);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
