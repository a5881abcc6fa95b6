//! Notifiers: looked at, or told of a flag that does not exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use flagstaff_notifiers::{Difference, News, NotifyError, Recipient, kinds};

use super::hint::Description;
use super::{Contacted, Effort, Outcome, Probe};

/// The flag that is told to be new.
const KEY: &str = "flagstaff-check (a test, no flag changed)";

/// That flag.
const FLAG: &[u8] = br#"{"variations":{"test":"sent by flagstaff check"},"defaultRule":{"variation":"test"}}"#;

/// Looks at one notifier, or tells it something.
pub(super) fn probe(recipient: &Recipient, flag_set: &Arc<str>, hostname: &str, effort: Effort) -> Probe {
    let (hostname, notifier) = (Arc::from(hostname), Arc::clone(recipient.notifier()));
    let target = notifier.target();
    let contact = async move {
        let (done, contacted) = if effort.sends {
            (notifier.notify(&news(hostname)).await, "1 notification delivered")
        } else {
            (notifier.contact().await, "answers")
        };
        match done {
            Ok(()) => Contacted::new(Outcome::Works(contacted.to_owned())),
            Err(error) => failed(&error),
        }
    };
    let kind = kinds::KINDS.iter().find(|kind| kind.name == recipient.kind());
    Probe {
        flag_set: Arc::clone(flag_set),
        kind: recipient.kind().to_owned(),
        name: None,
        target,
        contact: Box::pin(contact),
        description: kind.map(Description::of).unwrap_or_default(),
    }
}

fn failed(error: &NotifyError) -> Contacted {
    Contacted::failed(error.kind(), error.to_string())
}

fn news(hostname: Arc<str>) -> News {
    let difference = Difference {
        old: None,
        new: Some(Bytes::from_static(FLAG)),
    };
    News {
        hostname,
        flags: BTreeMap::from([(Arc::from(KEY), difference)]),
        ..News::default()
    }
}
