//! OpenFeature's protocol.

use std::time::Duration;

use super::super::decode::Written;
use super::super::file::RootFile;
use super::super::report::Report;
use super::super::settings::{Dialect, Ofrep};
use super::{choice, shown, text};

const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
const DEFAULT_INACTIVITY_DELAY: Duration = Duration::from_secs(120);

pub(super) fn convert(file: &RootFile, report: &mut Report) -> Ofrep {
    let ofrep = file.ofrep.as_ref().map(|ofrep| &ofrep.value);
    let server = file.server.as_ref().map(|server| &server.value);
    Ofrep {
        dialect: dialect(ofrep.and_then(|ofrep| ofrep.dialect.as_ref()), report).unwrap_or_default(),
        token_secret: text(ofrep.and_then(|ofrep| ofrep.token_secret.as_ref())),
        token_lifetime: seconds(
            ofrep.and_then(|ofrep| ofrep.token_lifetime.as_ref()),
            DEFAULT_TOKEN_LIFETIME,
            report,
        ),
        inactivity_delay: seconds(
            ofrep.and_then(|ofrep| ofrep.inactivity_delay.as_ref()),
            DEFAULT_INACTIVITY_DELAY,
            report,
        ),
        public_url: public_url(server.and_then(|server| server.public_url.as_ref()), report),
    }
}

/// A dialect, where one was written.
pub(super) fn dialect(written: Option<&Written<Box<str>>>, report: &mut Report) -> Option<Dialect> {
    let written = written.filter(|dialect| !dialect.value.is_empty());
    choice(
        written,
        "dialect",
        |name| Dialect::parse(name).map(Some),
        Dialect::NAMES,
        report,
    )
}

/// At least a second; 0 means the default.
fn seconds(written: Option<&Written<Duration>>, default: Duration, report: &mut Report) -> Duration {
    let Some(Written { value, origin, path }) = written.filter(|written| !written.value.is_zero()) else {
        return default;
    };
    if *value < Duration::from_secs(1) {
        let message = format!(
            "{} is too short, write at least 1s",
            shown(&format!("{value:?}"), origin)
        );
        report.problem(origin, path, message);
    }
    *value
}

/// An address that paths can be added to.
fn public_url(written: Option<&Written<Box<str>>>, report: &mut Report) -> Option<Box<str>> {
    let Written { value, origin, path } = written.filter(|url| !url.value.is_empty())?;
    let uri = value.parse::<http::Uri>().ok();
    let is_base = |uri: &http::Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    };
    if !uri.as_ref().is_some_and(is_base) {
        let message = format!(
            "{} is no address that clients can come to, write one like https://flags.example.com",
            shown(value, origin)
        );
        report.problem(origin, path, message);
    }
    Some(value.trim_end_matches('/').into())
}
