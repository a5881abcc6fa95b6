//! What retrievers, exporters and notifiers of each kind can be told.

use flagstaff_backend::Kind;

use super::shape::KindOptions;

/// What retrievers of each kind can be told.
pub(super) fn retrievers() -> Vec<KindOptions> {
    let always = &["kind", "fileFormat"];
    let kinds = flagstaff_retrievers::kinds::KINDS.iter();
    kinds
        .map(|kind| describe(kind, kind.backend.is_active(), always))
        .collect()
}

/// What exporters of each kind can be told.
pub(super) fn exporters() -> Vec<KindOptions> {
    let always = &["kind", "eventType", "name", "deadLetterFile", "sampling", "aggregate"];
    let kinds = flagstaff_exporters::kinds::KINDS.iter();
    kinds
        .map(|kind| describe(kind, kind.backend.is_active(), always))
        .collect()
}

/// What notifiers of each kind can be told.
pub(super) fn notifiers() -> Vec<KindOptions> {
    let kinds = flagstaff_notifiers::kinds::KINDS.iter();
    kinds
        .map(|kind| describe(kind, kind.backend.is_active(), &["kind"]))
        .collect()
}

/// What locks of notifiers of each kind can be told.
pub(super) fn notifier_locks() -> Vec<KindOptions> {
    let kinds = flagstaff_notifiers::lock::kinds::KINDS.iter();
    kinds
        .map(|kind| describe(kind, kind.backend.is_active(), &["kind"]))
        .collect()
}

/// The options of a kind by the first part of their dotted paths, each once, behind those that all kinds have.
fn describe<B>(kind: &Kind<B>, active: bool, always: &[&'static str]) -> KindOptions {
    let mut options = always.to_vec();
    for path in kind.properties() {
        let name = path.split_once('.').map_or(path, |(first, _)| first);
        if !options.contains(&name) {
            options.push(name);
        }
    }
    KindOptions {
        name: kind.name,
        active,
        required: kind.needs.describe(),
        options,
    }
}
