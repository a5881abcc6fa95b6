//! A program, by a webhook.
//!
//! ```yaml
//! notifiers:
//!   - kind: webhook
//!     endpointUrl: https://hooks.example.com/flags
//!     secret: a-long-and-random-secret    # optional: signs each request
//!     meta: {team: checkout}
//!     headers: {Authorization: Bearer token}
//! ```
//!
//! Posts `{"meta":{"hostname":...},"flags":{"deleted":{...},"added":{...},"updated":{...}}}`, flags as `/v1/flag/configuration` shows
//! them, an updated one as `{"old_value":...,"new_value":...}`. What happened by itself follows as
//! `"schedule":[{"flag":...,"event":...,"date":...,"rule":...}]`, where there is any.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use flagstaff_backend::{Settings, SettingsError};
use flagstaff_definition::timestamp::Timestamp;
use flagstaff_engine::calendar::{Moment, Occasion};
use flagstaff_protocol::json::{Object, write_list};
use reqwest::header::HeaderValue;

use crate::{News, Notification, Notifier, NotifyError};

pub use options::WebhookOptions;

mod options;

/// The header of the signature.
const SIGNATURE: &str = "x-hub-signature-256";

/// Tells a program.
#[derive(Debug)]
pub struct WebhookNotifier {
    options: WebhookOptions,
}

impl WebhookNotifier {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let options = WebhookOptions::read(settings)?;
        Ok(Self { options })
    }

    async fn post(&self, news: &News) -> Result<(), NotifyError> {
        let body = self.message(news);
        let mut headers = self.options.headers.clone();
        if let Some(secret) = &self.options.secret {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
            let signature = HEXLOWER.encode(hmac::sign(&key, &body).as_ref());
            let signature = HeaderValue::try_from(format!("sha256={signature}")).expect("digits are a header's value");
            headers.insert(SIGNATURE, signature);
        }
        self.options.endpoint.post(headers, body).await?;
        Ok(())
    }

    fn message(&self, news: &News) -> Vec<u8> {
        let mut out = Vec::new();
        let mut body = Object::open(&mut out);
        let mut meta = self.options.meta.clone();
        meta.entry("hostname".to_owned())
            .or_insert_with(|| news.hostname.to_string());
        let mut object = Object::open(body.member("meta"));
        for (name, value) in &meta {
            object.string(name, value);
        }
        object.close();
        write_flags(body.member("flags"), news);
        if !news.moments.is_empty() {
            write_list(body.member("schedule"), &news.moments, |out, (flag, moment)| {
                write_moment(out, flag, moment);
            });
        }
        body.close();
        out
    }
}

impl Notifier for WebhookNotifier {
    fn notify<'a>(&'a self, news: &'a News) -> Notification<'a> {
        Box::pin(self.post(news))
    }

    fn contact(&self) -> Notification<'_> {
        Box::pin(self.options.endpoint.contact())
    }

    fn target(&self) -> String {
        self.options.endpoint.target()
    }
}

fn write_flags(out: &mut Vec<u8>, news: &News) {
    let mut flags = Object::open(out);
    let mut deleted = Object::open(flags.member("deleted"));
    for (key, flag) in news.deleted() {
        deleted.member(key).extend_from_slice(flag);
    }
    deleted.close();
    let mut added = Object::open(flags.member("added"));
    for (key, flag) in news.added() {
        added.member(key).extend_from_slice(flag);
    }
    added.close();
    let mut updated = Object::open(flags.member("updated"));
    for (key, old, new) in news.updated() {
        let mut pair = Object::open(updated.member(key));
        pair.member("old_value").extend_from_slice(old);
        pair.member("new_value").extend_from_slice(new);
        pair.close();
    }
    updated.close();
    flags.close();
}

fn write_moment(out: &mut Vec<u8>, flag: &str, Moment { at, occasion }: &Moment) {
    let mut object = Object::open(out);
    object.string("flag", flag);
    object.string("event", occasion.name());
    let date = Timestamp {
        instant: *at,
        offset: 0,
    };
    object.string("date", &date.to_string());
    if let Occasion::RolloutCompleted(Some(rule)) = occasion {
        object.string("rule", rule);
    }
    object.close();
}

#[cfg(test)]
mod tests;
