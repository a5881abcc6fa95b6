//! Counting evaluations instead of sending each of them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Contacting, ErrorKind, Event, Export, ExportError, Exporter, Limits, Receipt, Refusal};

/// An exporter that gets one feature event with a count instead of many that differ in their users only.
///
/// Counted are evaluations of the same flag, variation, version, source and failure whose creation dates are in the same window. The count
/// stands in the metadata as `count`, since every format has a place for these; the user key is empty, and the creation date is
/// the begin of the window. The events of one batch are counted together, so there may be several events of one window, and
/// their counts are to be added. What a sink refuses or wants again are all the events that were counted.
#[derive(Debug)]
pub struct Aggregated {
    exporter: Arc<dyn Exporter>,
    window: Window,
}

/// A batch of more events is counted on a thread where that delays nobody.
const LARGE: usize = 200;

/// Seconds.
#[derive(Debug, Clone, Copy)]
struct Window(i64);

/// What is sent, and the places of the events that it stands for.
struct Group {
    event: Event,
    places: Vec<usize>,
}

impl Aggregated {
    /// Counts in windows of this time, at least one second.
    pub fn new(exporter: Arc<dyn Exporter>, window: Duration) -> Self {
        let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX).max(1);
        Self {
            exporter,
            window: Window(seconds),
        }
    }

    async fn send(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let groups = self.groups(batch).await?;
        let limits = self.exporter.limits();
        let mut receipt = Receipt::default();
        let mut rest = &groups[..];
        while !rest.is_empty() {
            let (next, after) = rest.split_at(fitting(rest, limits));
            let events: Vec<Event> = next.iter().map(|group| group.event.clone()).collect();
            match self.exporter.export(&events).await {
                Ok(answer) => receipt.add(next, answer),
                Err(error) if rest.len() == groups.len() => return Err(error),
                // what went before was taken; this is tried again first, and its error told then
                Err(_) => {
                    receipt.again.extend(rest.iter().flat_map(|group| &group.places));
                    break;
                }
            }
            rest = after;
        }
        receipt.again.sort_unstable();
        Ok(receipt)
    }

    async fn groups(&self, batch: &[Event]) -> Result<Vec<Group>, ExportError> {
        let window = self.window;
        if batch.len() <= LARGE {
            return Ok(window.groups(batch));
        }
        let batch = batch.to_vec();
        let counted = tokio::task::spawn_blocking(move || window.groups(&batch)).await;
        counted
            .map_err(|error| ExportError::new(ErrorKind::Unreachable, "the events cannot be counted").caused_by(error))
    }
}

impl Exporter for Aggregated {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.send(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        self.exporter.contact()
    }

    fn target(&self) -> String {
        self.exporter.target()
    }

    /// It takes any number, since much less comes out.
    fn limits(&self) -> Limits {
        Limits::NONE
    }
}

impl Receipt {
    /// What became of groups.
    fn add(&mut self, groups: &[Group], answer: Self) {
        for refusal in answer.refused {
            let places = groups[refusal.index].places.iter();
            self.refused.extend(places.map(|place| Refusal {
                index: *place,
                reason: refusal.reason.clone(),
            }));
        }
        let again = answer.again.iter().flat_map(|group| &groups[*group].places);
        self.again.extend(again);
    }
}

impl Window {
    /// Counts events, in the order of the first of each group. What is no feature event stays as it is.
    fn groups(self, batch: &[Event]) -> Vec<Group> {
        let mut known: HashMap<Alike<'_>, usize> = HashMap::new();
        let mut counted: Vec<(Option<Evaluation<'_>>, Vec<usize>)> = Vec::new();
        for (place, event) in batch.iter().enumerate() {
            let Ok(mut evaluation) = serde_json::from_slice::<Evaluation<'_>>(event.text()) else {
                counted.push((None, vec![place]));
                continue;
            };
            evaluation.creation_date -= evaluation.creation_date.rem_euclid(self.0);
            let group = *known.entry(evaluation.alike()).or_insert(counted.len());
            match counted.get_mut(group) {
                Some((_, places)) => places.push(place),
                None => counted.push((Some(evaluation), vec![place])),
            }
        }
        let group = |(evaluation, places): (Option<Evaluation<'_>>, Vec<usize>)| Group {
            event: match evaluation {
                Some(evaluation) => evaluation.counted(places.len()),
                None => batch[places[0]].clone(),
            },
            places,
        };
        counted.into_iter().map(group).collect()
    }
}

/// A feature event without its user, as it is read and written.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Evaluation<'e> {
    #[serde(borrow)]
    kind: Cow<'e, str>,
    #[serde(skip_deserializing)]
    user_key: &'static str,
    creation_date: i64,
    #[serde(borrow)]
    key: Cow<'e, str>,
    #[serde(borrow)]
    variation: Cow<'e, str>,
    #[serde(borrow)]
    value: &'e RawValue,
    default: bool,
    #[serde(borrow)]
    version: Cow<'e, str>,
    #[serde(borrow)]
    source: Cow<'e, str>,
    #[serde(skip_deserializing)]
    metadata: Count,
}

/// How many evaluations there were.
#[derive(Default, Serialize)]
struct Count {
    count: usize,
}

/// What makes evaluations the same.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'e> {
    kind: Cow<'e, str>,
    creation_date: i64,
    key: Cow<'e, str>,
    variation: Cow<'e, str>,
    /// Which the variation has, but for what callers serve in its place.
    value: &'e str,
    default: bool,
    version: Cow<'e, str>,
    source: Cow<'e, str>,
}

impl<'e> Evaluation<'e> {
    fn alike(&self) -> Alike<'e> {
        Alike {
            kind: self.kind.clone(),
            creation_date: self.creation_date,
            key: self.key.clone(),
            variation: self.variation.clone(),
            value: self.value.get(),
            default: self.default,
            version: self.version.clone(),
            source: self.source.clone(),
        }
    }

    fn counted(mut self, count: usize) -> Event {
        self.metadata = Count { count };
        Event::new(serde_json::to_vec(&self).expect("texts and numbers are JSON"))
    }
}

/// How many groups fit, at least one.
fn fitting(groups: &[Group], limits: Limits) -> usize {
    let mut bytes: usize = 0;
    let fit = groups.iter().take(limits.events).take_while(|group| {
        bytes = bytes.saturating_add(group.event.text().len());
        bytes <= limits.bytes
    });
    fit.count().max(1)
}
