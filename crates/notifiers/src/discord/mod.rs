//! A channel of Discord, by a webhook.
//!
//! ```yaml
//! notifiers:
//!   - kind: discord
//!     webhookUrl: https://discord.com/api/webhooks/...
//! ```
//!
//! One embed for each flag. Discord refuses messages that are too large as a whole, so of more than ten embeds nine are sent and one
//! that says so, and long fields are cut.

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_protocol::json::{Object, write_integer, write_list};
use reqwest::header::HeaderMap;

use crate::endpoint::Endpoint;
use crate::entry::{Entry, Topic, cut, entries};
use crate::update::Update;
use crate::{News, Notification, Notifier};

/// What Discord takes: embeds of a message, fields of an embed, characters of a title, of a field's name, of its value, and of all
/// embeds together.
const MOST_EMBEDS: usize = 10;
const MOST_FIELDS: usize = 25;
const LONGEST_TITLE: usize = 256;
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 1024;
const MOST_CHARACTERS: usize = 6000;

/// Values that are shorter stand side by side.
const SHORT: usize = 35;

const TOO_MANY: &str = "Wow, lots of updates!\nToo many to fit here. 😔\n\nCheck the logs for the full list.";

/// Tells a channel of Discord.
#[derive(Debug)]
pub struct DiscordNotifier {
    endpoint: Endpoint,
}

impl DiscordNotifier {
    /// Reads `webhookUrl`.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let endpoint = Endpoint::read(settings, "webhookUrl")?;
        Ok(Self { endpoint })
    }
}

impl Notifier for DiscordNotifier {
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

struct Embed {
    title: String,
    colour: u32,
    fields: Vec<Update>,
}

fn message(news: &News) -> Vec<u8> {
    let mut embeds: Vec<_> = entries(news).iter().map(embed).collect();
    embeds.sort_by(|a, b| a.title.cmp(&b.title));
    if embeds.len() > MOST_EMBEDS {
        embeds.truncate(MOST_EMBEDS - 1);
        embeds.push(Embed {
            title: TOO_MANY.to_owned(),
            colour: Topic::Deleted.colour(),
            fields: Vec::new(),
        });
    }
    fit(&mut embeds);
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    let content = format!("Changes detected in your feature flag file on: **{}**", news.hostname);
    body.string("content", &content);
    write_list(body.member("embeds"), &embeds, write_embed);
    body.close();
    out
}

fn embed(entry: &Entry<'_>) -> Embed {
    let fields = entry.updates.iter().take(MOST_FIELDS).map(|update| Update {
        path: cut(&update.path, LONGEST_NAME).into_owned(),
        text: cut(&update.text, LONGEST_VALUE).into_owned(),
    });
    Embed {
        title: cut(&entry.title(), LONGEST_TITLE).into_owned(),
        colour: entry.topic.colour(),
        fields: fields.collect(),
    }
}

/// Leaves fields out from where there would be too many characters.
fn fit(embeds: &mut [Embed]) {
    let titles: usize = embeds.iter().map(|embed| embed.title.chars().count()).sum();
    let mut left = MOST_CHARACTERS.saturating_sub(titles);
    for embed in embeds {
        let fits = |field: &Update| {
            let length = field.path.chars().count() + field.text.chars().count();
            let fits = length <= left;
            left = if fits { left - length } else { 0 };
            fits
        };
        let kept = embed.fields.iter().map(fits).take_while(|fits| *fits).count();
        embed.fields.truncate(kept);
    }
}

fn write_embed(out: &mut Vec<u8>, embed: &Embed) {
    let mut object = Object::open(out);
    object.string("title", &embed.title);
    write_integer(object.member("color"), embed.colour);
    if !embed.fields.is_empty() {
        write_list(object.member("fields"), &embed.fields, |out, field| {
            let mut object = Object::open(out);
            object.string("name", &field.path);
            object.string("value", &field.text);
            object.bool("inline", field.text.len() < SHORT);
            object.close();
        });
    }
    object.close();
}

#[cfg(test)]
mod tests;
