//! Counts what changes in flag sets.

use std::sync::Arc;

use flagstaff_flagset::FlagSet;
use flagstaff_telemetry::metrics::Metrics;

/// Counts the changes of a flag set for as long as it lives. The flags of the start count as created if `initial`.
pub(crate) async fn count(set: Arc<FlagSet>, metrics: Metrics, initial: bool) {
    let mut revisions = set.changes();
    revisions.mark_unchanged();
    let mut known = set.snapshot();
    if initial && !known.flags().is_empty() {
        metrics.flag_changes.inc();
        known
            .flags()
            .iter()
            .for_each(|flag| metrics.flags_created.count(flag.key()));
    }
    while revisions.changed().await.is_ok() {
        let newer = set.snapshot();
        let change = known.diff(&newer);
        if !change.is_empty() {
            metrics.flag_changes.inc();
        }
        change
            .added
            .iter()
            .for_each(|flag| metrics.flags_created.count(flag.key()));
        change
            .updated
            .iter()
            .for_each(|(_, flag)| metrics.flags_updated.count(flag.key()));
        change
            .deleted
            .iter()
            .for_each(|flag| metrics.flags_deleted.count(flag.key()));
        known = newer;
    }
}
