//! News as data, recorded from GO Feature Flag, and a notifier that does what it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use flagstaff_backend::{ErrorKind, SettingsError};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::watch;

use crate::{Difference, News, Notification, Notifier, NotifyError, Recipient};

const SAMPLES: &str = include_str!("../../../conformance/notifiers/samples.jsonl");

/// Each recorded change, and what GO Feature Flag sent about it to a target.
pub(crate) fn samples(target: &str) -> Vec<(News, &'static str)> {
    let rows: Vec<BTreeMap<&str, &RawValue>> = SAMPLES.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let name = |row: &BTreeMap<&str, &RawValue>, member| serde_json::from_str::<String>(row[member].get()).unwrap();
    let body = |change: &str, to: &str| {
        let row = rows
            .iter()
            .find(|row| name(row, "change") == change && name(row, "to") == to);
        row.unwrap()["body"].get()
    };
    let changes = rows
        .iter()
        .filter(|row| name(row, "to") == target)
        .map(|row| name(row, "change"));
    changes
        .map(|change| (news(body(&change, "webhook")), body(&change, target)))
        .collect()
}

/// The news that a webhook was told.
fn news(body: &'static str) -> News {
    type Object = BTreeMap<&'static str, &'static RawValue>;
    let object = |text: &'static RawValue| -> Object { serde_json::from_str(text.get()).unwrap() };
    let body: Object = serde_json::from_str(body).unwrap();
    let flags = object(body["flags"]);
    let bytes = |text: &'static RawValue| Some(Bytes::from_static(text.get().as_bytes()));
    let mut all = BTreeMap::new();
    for (key, flag) in object(flags["deleted"]) {
        all.insert(
            Arc::from(key),
            Difference {
                old: bytes(flag),
                new: None,
            },
        );
    }
    for (key, flag) in object(flags["added"]) {
        all.insert(
            Arc::from(key),
            Difference {
                old: None,
                new: bytes(flag),
            },
        );
    }
    for (key, pair) in object(flags["updated"]) {
        let pair = object(pair);
        let (old, new) = (bytes(pair["old_value"]), bytes(pair["new_value"]));
        all.insert(Arc::from(key), Difference { old, new });
    }
    News {
        hostname: "<hostname>".into(),
        flags: all,
        ..News::default()
    }
}

/// News of flags before and after: `key:old>new`, nothing for none.
pub(crate) fn written(flags: &str) -> News {
    let side = |text: &str| (!text.is_empty()).then(|| Bytes::from(text.to_owned()));
    let flags = flags.split_whitespace().map(|flag| {
        let (key, sides) = flag.split_once(':').unwrap();
        let (old, new) = sides.split_once('>').unwrap();
        let (old, new) = (side(old), side(new));
        (Arc::from(key), Difference { old, new })
    });
    News {
        flags: flags.collect(),
        ..News::default()
    }
}

/// News about so many flags that are new.
pub(crate) fn many(flags: usize) -> News {
    let flag = |at| {
        let new = Some(Bytes::from_static(b"{}"));
        (Arc::from(format!("flag-{at:04}")), Difference { old: None, new })
    };
    News {
        hostname: "host".into(),
        flags: (0..flags).map(flag).collect(),
        ..News::default()
    }
}

/// A notifier with the given options.
pub(crate) fn recipient(options: &Value) -> Result<Recipient, SettingsError> {
    Recipient::build(options.as_object().expect("options are an object"))
}

/// What a [`Scripted`] notifier does when it is told something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Takes,
    Fails,
    Refuses,
    Hangs,
}

/// Does one thing after the other, then takes everything.
#[derive(Debug)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    attempts: watch::Sender<Vec<News>>,
}

impl Scripted {
    pub(crate) fn new(answers: &[Answer]) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.to_vec().into()),
            attempts: watch::Sender::default(),
        })
    }

    /// As a recipient of this name.
    pub(crate) fn recipient(self: &Arc<Self>, name: &str) -> Recipient {
        let options = [("name".to_owned(), name.into())];
        Recipient {
            kind: "scripted",
            options: Arc::new(options.into_iter().collect()),
            notifier: Arc::<Self>::clone(self),
        }
    }

    /// What it was told, once that was so often.
    pub(crate) async fn told(&self, times: usize) -> Vec<News> {
        let mut attempts = self.attempts.subscribe();
        attempts.wait_for(|told| told.len() >= times).await.unwrap().clone()
    }

    /// What it was told so far.
    pub(crate) fn attempts(&self) -> Vec<News> {
        self.attempts.borrow().clone()
    }
}

impl Notifier for Scripted {
    fn notify<'a>(&'a self, news: &'a News) -> Notification<'a> {
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Takes);
        self.attempts.send_modify(|attempts| attempts.push(news.clone()));
        Box::pin(async move {
            match answer {
                Answer::Takes => Ok(()),
                Answer::Fails => Err(NotifyError::new(ErrorKind::Unreachable, "here", "not now")),
                Answer::Refuses => Err(NotifyError::new(ErrorKind::Refused, "here", "never")),
                Answer::Hangs => std::future::pending().await,
            }
        })
    }

    fn contact(&self) -> Notification<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn target(&self) -> String {
        "here".to_owned()
    }
}
