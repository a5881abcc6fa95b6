//! Sending a share of the events only.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use crate::{Contacting, Event, Export, ExportError, Exporter, Limits, Receipt, Refusal};

/// An exporter that gets the events of some users: all of theirs, and always of the same users.
///
/// Users are picked by a hash of their key, which has nothing to do with the one that decides on their variations, so each variation
/// keeps its share. What is left out counts as lost by [`Sampled`](crate::Loss::Sampled).
#[derive(Debug)]
pub struct Sampled {
    exporter: Arc<dyn Exporter>,
    /// The highest hash that is in; `None`: none is.
    highest: Option<u64>,
}

impl Sampled {
    /// Keeps a share of the users, from 0 to 1.
    pub fn new(exporter: Arc<dyn Exporter>, share: f64) -> Self {
        // a product beyond the largest number becomes that
        let highest = (share > 0.0).then_some((share * u64::MAX as f64) as u64);
        Self { exporter, highest }
    }

    async fn send(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let places: Vec<usize> = (0..batch.len()).filter(|place| self.is_in(&batch[*place])).collect();
        let left_out = batch.len() - places.len();
        if places.is_empty() {
            return Ok(Receipt {
                left_out,
                ..Receipt::default()
            });
        }
        let kept: Vec<Event> = places.iter().map(|place| batch[*place].clone()).collect();
        let receipt = self.exporter.export(&kept).await?;
        let refused = receipt.refused.into_iter().map(|refusal| Refusal {
            index: places[refusal.index],
            ..refusal
        });
        Ok(Receipt {
            refused: refused.collect(),
            again: receipt.again.into_iter().map(|place| places[place]).collect(),
            left_out: receipt.left_out + left_out,
        })
    }

    /// Whether the user of an event is in. An event without a user is none to be left out.
    fn is_in(&self, event: &Event) -> bool {
        match serde_json::from_slice::<User<'_>>(event.text()) {
            Ok(user) => self
                .highest
                .is_some_and(|highest| xxh3_64(user.user_key.as_bytes()) <= highest),
            Err(_) => true,
        }
    }
}

impl Exporter for Sampled {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.send(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        self.exporter.contact()
    }

    fn target(&self) -> String {
        self.exporter.target()
    }

    fn limits(&self) -> Limits {
        self.exporter.limits()
    }
}

/// Whom an event is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User<'e> {
    #[serde(borrow)]
    user_key: Cow<'e, str>,
}
