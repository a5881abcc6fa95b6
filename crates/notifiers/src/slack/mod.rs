//! A channel of Slack, by an incoming webhook.
//!
//! ```yaml
//! notifiers:
//!   - kind: slack
//!     webhookUrl: https://hooks.slack.com/services/...
//! ```
//!
//! One attachment for each flag: deleted, updated, created, and what happened by itself. Slack refuses more than 100, so the last of
//! these says how many are left out.

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_protocol::json::{Object, write_list};
use reqwest::header::HeaderMap;

use crate::endpoint::Endpoint;
use crate::entry::{Entry, Topic, entries};
use crate::update::Update;
use crate::{News, Notification, Notifier};

const LOGO: &str = "https://raw.githubusercontent.com/thomaspoignant/go-feature-flag/main/logo_128.png";

/// Slack refuses a message with more attachments.
const MOST_ATTACHMENTS: usize = 100;

/// Values that are shorter stand side by side.
const SHORT: usize = 35;

/// Tells a channel of Slack.
#[derive(Debug)]
pub struct SlackNotifier {
    endpoint: Endpoint,
}

impl SlackNotifier {
    /// Reads `webhookUrl` or, as long as that is empty, `slackWebhookUrl`.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let property = if settings.text("webhookUrl")?.is_empty() {
            "slackWebhookUrl"
        } else {
            "webhookUrl"
        };
        let endpoint = Endpoint::read(settings, property)?;
        Ok(Self { endpoint })
    }
}

impl Notifier for SlackNotifier {
    fn notify<'a>(&'a self, news: &'a News) -> Notification<'a> {
        Box::pin(async {
            self.endpoint.post(HeaderMap::new(), message(news)).await?;
            Ok(())
        })
    }

    fn contact(&self) -> Notification<'_> {
        Box::pin(self.endpoint.contact())
    }

    fn target(&self) -> String {
        self.endpoint.target()
    }
}

fn message(news: &News) -> Vec<u8> {
    let entries = entries(news);
    let shown = if entries.len() > MOST_ATTACHMENTS {
        MOST_ATTACHMENTS - 1
    } else {
        entries.len()
    };
    let mut attachments: Vec<_> = entries[..shown].iter().map(attachment).collect();
    if shown < entries.len() {
        let title = format!("and {} more flags, the logs have them all", entries.len() - shown);
        attachments.push(Attachment {
            colour: "#808080",
            title,
            fields: &[],
        });
    }
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.string("icon_url", LOGO);
    let text = format!("Changes detected in your feature flag file on: *{}*", news.hostname);
    body.string("text", &text);
    write_list(body.member("attachments"), &attachments, write_attachment);
    body.close();
    out
}

struct Attachment<'e> {
    colour: &'static str,
    title: String,
    fields: &'e [Update],
}

fn attachment<'e>(entry: &'e Entry<'_>) -> Attachment<'e> {
    Attachment {
        colour: match entry.topic {
            Topic::Deleted => "#FF0000",
            Topic::Updated => "#FFA500",
            Topic::Added => "#008000",
            Topic::Scheduled => "#1E90FF",
        },
        title: entry.title(),
        fields: &entry.updates,
    }
}

fn write_attachment(out: &mut Vec<u8>, attachment: &Attachment<'_>) {
    let mut object = Object::open(out);
    object.string("color", attachment.colour);
    object.string("title", &attachment.title);
    let fields = object.member("fields");
    if attachment.fields.is_empty() {
        fields.extend_from_slice(b"null");
    } else {
        write_list(fields, attachment.fields, |out, field| {
            let mut object = Object::open(out);
            object.string("title", &field.path);
            object.string("value", &field.text);
            object.bool("short", field.text.len() < SHORT);
            object.close();
        });
    }
    object.string("footer_icon", LOGO);
    object.string("footer", "go-feature-flag");
    object.close();
}

#[cfg(test)]
mod tests;
