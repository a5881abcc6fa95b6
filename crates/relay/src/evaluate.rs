//! Evaluations for a request, on one view of the flags.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::attribute::{Attributes, Lookup, ResolvedAttributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Subject, times};
use flagstaff_flagset::{ServedFlag, Snapshot};
use flagstaff_protocol::request;

use crate::route::Place;

/// The flag that a path names: by its decoded key, or else by the key as it stands in the path.
pub(crate) fn find<'s>(snapshot: &'s Snapshot, place: &Place<'_>) -> Option<&'s Arc<ServedFlag>> {
    let (decoded, raw) = place.keys();
    snapshot.get(&decoded).or_else(|| snapshot.get(raw))
}

/// Evaluates a flag; the answer is the index of its outcome.
pub(crate) fn one(snapshot: &Snapshot, flag: &ServedFlag, context: &EvaluationContext<'_>, now: SystemTime) -> usize {
    let attributes = Attributes::new(context, Some(snapshot.enrichment()));
    let subject = Subject::new(&attributes, moments(snapshot, context, now));
    flag.flag.evaluate(&subject, &mut ()).index
}

/// Evaluates the flags that the context asks for (all of them unless it names some), in byte order of their keys. `begin`
/// learns how many there are, `visit` gets each with the index of its outcome.
pub(crate) fn many<T>(
    snapshot: &Snapshot,
    context: &EvaluationContext<'_>,
    now: SystemTime,
    begin: impl FnOnce(usize) -> T,
    visit: impl FnMut(&mut T, &ServedFlag, usize),
) -> T {
    let attributes = Attributes::new(context, Some(snapshot.enrichment()));
    let moments = moments(snapshot, context, now);
    let names = request::flag_list(context);
    if names.is_empty() {
        // what several flags ask about is looked up once
        let resolved = ResolvedAttributes::new(attributes, snapshot.attributes());
        return each(snapshot.flags(), &Subject::new(&resolved, moments), begin, visit);
    }
    let flags = select(snapshot, names);
    each(&flags, &Subject::new(&attributes, moments), begin, visit)
}

/// The flags of these keys, each once, in byte order; unknown keys are passed over.
pub(crate) fn select<K: AsRef<str>>(snapshot: &Snapshot, keys: impl IntoIterator<Item = K>) -> Vec<Arc<ServedFlag>> {
    let mut flags: Vec<_> = keys
        .into_iter()
        .filter_map(|key| snapshot.get(key.as_ref()).cloned())
        .collect();
    flags.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    flags.dedup_by(|a, b| Arc::ptr_eq(a, b));
    flags
}

fn each<L: Lookup, T>(
    flags: &[Arc<ServedFlag>],
    subject: &Subject<'_, L>,
    begin: impl FnOnce(usize) -> T,
    mut visit: impl FnMut(&mut T, &ServedFlag, usize),
) -> T {
    let mut result = begin(flags.len());
    for flag in flags {
        visit(&mut result, flag, flag.flag.evaluate(subject, &mut ()).index);
    }
    result
}

fn moments(snapshot: &Snapshot, context: &EvaluationContext<'_>, now: SystemTime) -> (Instant, Instant) {
    times(
        context,
        Some(snapshot.enrichment()),
        instant(now),
        snapshot.client_time(),
    )
}

/// A clock's time as the engine knows it.
pub(crate) fn instant(time: SystemTime) -> Instant {
    let nanos = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    Instant::from_unix_nanos(nanos)
}
