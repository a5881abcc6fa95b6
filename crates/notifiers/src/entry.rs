//! What people read about one flag.

use std::borrow::Cow;

use flagstaff_engine::calendar::Occasion;

use crate::News;
use crate::update::{Update, updates};

/// What happened to a flag, for people.
#[derive(Debug)]
pub(crate) struct Entry<'n> {
    pub(crate) topic: Topic,
    pub(crate) flag: &'n str,
    /// What follows the flag's key, like `deleted`.
    pub(crate) words: Cow<'static, str>,
    /// The fields that have other values.
    pub(crate) updates: Vec<Update>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Deleted,
    Updated,
    Added,
    /// It happened by itself.
    Scheduled,
}

/// Everything that there is to read: what is deleted, updated, added, and what happened by itself; flags in byte order of their
/// keys.
pub(crate) fn entries(news: &News) -> Vec<Entry<'_>> {
    let entry = |topic, flag, words| Entry {
        topic,
        flag,
        words: Cow::Borrowed(words),
        updates: Vec::new(),
    };
    let deleted = news.deleted().map(|(flag, _)| entry(Topic::Deleted, flag, "deleted"));
    let updated = news.updated().map(|(flag, old, new)| Entry {
        updates: updates(old, new),
        ..entry(Topic::Updated, flag, "updated")
    });
    let added = news.added().map(|(flag, _)| entry(Topic::Added, flag, "created"));
    let scheduled = news.moments.iter().map(|(flag, moment)| Entry {
        words: words(&moment.occasion),
        ..entry(Topic::Scheduled, flag, "")
    });
    deleted.chain(updated).chain(added).chain(scheduled).collect()
}

fn words(occasion: &Occasion) -> Cow<'static, str> {
    match occasion {
        Occasion::TurnedOn => "turned on by its schedule".into(),
        Occasion::TurnedOff => "turned off by its schedule".into(),
        Occasion::Stepped => "changed by its schedule".into(),
        Occasion::ExperimentBegan => "began its experiment".into(),
        Occasion::ExperimentEnded => "ended its experiment".into(),
        Occasion::RolloutCompleted(None) => "completed its progressive rollout".into(),
        Occasion::RolloutCompleted(Some(rule)) => format!("completed the progressive rollout of rule {rule}").into(),
    }
}

impl Topic {
    /// What stands in front of the entry.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::Deleted => "❌",
            Self::Updated => "✏️",
            Self::Added => "🆕",
            Self::Scheduled => "⏰",
        }
    }

    /// Its colour as 24 bits of red, green and blue.
    #[cfg(feature = "discord")]
    pub(crate) fn colour(self) -> u32 {
        match self {
            Self::Deleted => 0xe7_4c_3c,
            Self::Updated => 0xff_a5_00,
            Self::Added => 0x00_80_00,
            Self::Scheduled => 0x1e_90_ff,
        }
    }
}

impl Entry<'_> {
    /// A line with the flag's key in quotes.
    #[cfg(any(feature = "discord", feature = "slack"))]
    pub(crate) fn title(&self) -> String {
        format!("{} Flag \"{}\" {}", self.topic.icon(), self.flag, self.words)
    }
}

/// A text that is cut where it has more characters than this, with a sign that it was.
#[cfg(feature = "discord")]
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return text.into();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…").into()
}
