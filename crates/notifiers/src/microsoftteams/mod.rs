//! A channel of Microsoft Teams, by a workflow or an incoming webhook.
//!
//! ```yaml
//! notifiers:
//!   - kind: microsoftteams
//!     webhookUrl: https://prod-00.westeurope.logic.azure.com:443/workflows/...
//! ```
//!
//! One adaptive card with a line for each flag. Teams refuses cards of more than about 28 kB, so the last line of a long list says how
//! many are left out. Any URL is accepted: GO Feature Flag knows a list of Microsoft's hosts, which changes.

use flagstaff_backend::{ErrorKind, Settings, SettingsError};
use flagstaff_protocol::json::{Object, write_list};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::endpoint::Endpoint;
use crate::entry::{Entry, Topic, entries};
use crate::{News, Notification, Notifier, NotifyError};

/// How much of a list is sent, in bytes.
const MOST_TEXT: usize = 20_000;

/// Incoming webhooks answer 200 even where Teams did not take the message, with a text that begins so.
const FAILURE: &[u8] = b"Webhook message delivery failed";

/// Tells a channel of Microsoft Teams.
#[derive(Debug)]
pub struct MicrosoftTeamsNotifier {
    endpoint: Endpoint,
}

impl MicrosoftTeamsNotifier {
    /// Reads `webhookUrl`.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let endpoint = Endpoint::read(settings, "webhookUrl")?;
        Ok(Self { endpoint })
    }

    async fn post(&self, news: &News) -> Result<(), NotifyError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=utf-8");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        let response = self.endpoint.post(headers, message(news)).await?;
        if is_failure(response).await {
            return Err(self
                .endpoint
                .failed(ErrorKind::Unreachable, "the channel did not take the message"));
        }
        Ok(())
    }
}

impl Notifier for MicrosoftTeamsNotifier {
    fn notify<'a>(&'a self, news: &'a News) -> Notification<'a> {
        Box::pin(self.post(news))
    }

    fn contact(&self) -> Notification<'_> {
        Box::pin(self.endpoint.contact())
    }

    fn target(&self) -> String {
        self.endpoint.target()
    }
}

/// Whether the answer's text says that it failed. What breaks off in the middle does not.
async fn is_failure(mut response: Response) -> bool {
    let mut beginning = Vec::new();
    while beginning.len() < FAILURE.len() {
        match response.chunk().await {
            Ok(Some(chunk)) => beginning.extend_from_slice(&chunk),
            _ => return false,
        }
    }
    beginning.starts_with(FAILURE)
}

fn message(news: &News) -> Vec<u8> {
    let mut out = Vec::new();
    let mut message = Object::open(&mut out);
    message.string("type", "message");
    write_list(message.member("attachments"), [list(news)], |out, list| {
        let mut attachment = Object::open(out);
        attachment.string("contentType", "application/vnd.microsoft.card.adaptive");
        let mut card = Object::open(attachment.member("content"));
        card.string("type", "AdaptiveCard");
        card.string("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
        card.string("version", "1.4");
        write_list(
            card.member("body"),
            [("GO Feature Flag", true), (&list, false)],
            write_block,
        );
        Object::open(card.member("msteams")).close();
        card.close();
        attachment.close();
    });
    message.close();
    out
}

fn write_block(out: &mut Vec<u8>, (text, is_heading): (&str, bool)) {
    let mut block = Object::open(out);
    block.string("type", "TextBlock");
    block.string("text", text);
    if is_heading {
        block.string("size", "large");
        block.string("weight", "bolder");
        block.string("style", "heading");
    }
    block.bool("wrap", true);
    block.close();
}

/// The list of changes in Markdown: deleted, created, updated, and what happened by itself.
fn list(news: &News) -> String {
    let mut entries = entries(news);
    entries.sort_by_key(|entry| match entry.topic {
        Topic::Deleted => 0,
        Topic::Added => 1,
        Topic::Updated => 2,
        Topic::Scheduled => 3,
    });
    let mut text = format!("Changes detected in your feature flag file on: **{}**", news.hostname);
    for (at, entry) in entries.iter().enumerate() {
        let line = line(entry);
        if text.len() + line.len() > MOST_TEXT {
            let left = entries.len() - at;
            text.push_str(&format!("\n * and {left} more flags, the logs have them all"));
            break;
        }
        text.push_str(&line);
    }
    text
}

fn line(entry: &Entry<'_>) -> String {
    let mut line = format!("\n * {} Flag **{}** {}", entry.topic.icon(), entry.flag, entry.words);
    for update in &entry.updates {
        line.push_str(&format!("\n   * {}: {}", update.path, update.text));
    }
    line
}

#[cfg(test)]
mod tests;
