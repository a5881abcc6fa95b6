//! `authentication.jwt`.

use std::time::Duration;

use flagstaff_retrievers::{Surroundings, kinds};

use super::super::decode::{TextMap, Written};
use super::super::file::JwtFile;
use super::super::keys::Scope;
use super::super::report::Report;
use super::super::settings::TokenSettings;
use super::{choice, shown, text};

/// Algorithms with a public key. With others, everybody who can check a token could issue one.
const ALGORITHMS: &[&str] = &[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];
const DEFAULT_ALGORITHMS: &[&str] = &["RS256", "ES256"];

const LEEWAY: Duration = Duration::from_secs(60);
const LONGEST_LEEWAY: Duration = Duration::from_secs(10 * 60);
const REFRESH_INTERVAL: Duration = Duration::from_secs(60 * 60);
const LEAST_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// Converts the settings of a provider. What is missing is a problem: tokens that were meant for somebody else must not open
/// anything.
pub(super) fn convert(written: &Written<JwtFile>, report: &mut Report) -> Option<TokenSettings> {
    let Written {
        value: file,
        origin,
        path,
    } = written;
    if !cfg!(feature = "jwt") {
        let message = "this build checks no tokens, take one with the feature jwt";
        report.problem(origin, path, message);
    }
    let issuer = text(file.issuer.as_ref());
    if issuer.is_none() {
        report.problem(origin, path, "has no issuer, which tokens have as their iss");
    }
    let audiences = file.audience.iter().flat_map(|written| &written.value);
    let audiences: Vec<_> = audiences.filter(|text| !text.is_empty()).cloned().collect();
    if audiences.is_empty() {
        report.problem(
            origin,
            path,
            "has no audience, which tokens for this relay have as their aud",
        );
    }
    let mut scope = |written| {
        choice(
            written,
            "scope",
            |name| Scope::parse(name).map(Some),
            Scope::NAMES,
            report,
        )
    };
    let default_scope = scope(file.default_scope.as_ref().filter(|scope| !scope.value.is_empty()));
    let settings = TokenSettings {
        issuer: issuer?,
        audiences,
        jwks_url: text(file.jwks_url.as_ref()),
        ca_certificates: text(file.ca_certificates.as_ref()),
        algorithms: algorithms(file.algorithms.as_ref(), report),
        leeway: duration(file.leeway.as_ref(), Duration::ZERO, LONGEST_LEEWAY, report).unwrap_or(LEEWAY),
        refresh_interval: duration(
            file.refresh_interval.as_ref(),
            LEAST_REFRESH_INTERVAL,
            Duration::MAX,
            report,
        )
        .unwrap_or(REFRESH_INTERVAL),
        scope_claim: text(file.scope_claim.as_ref()).unwrap_or_else(|| "scope".into()),
        scopes: scopes(file.scopes.as_ref(), report),
        default_scope,
        flag_set_claim: text(file.flag_set_claim.as_ref()).unwrap_or_else(|| "flagset".into()),
    };
    check_url(&settings, written, report);
    Some(settings)
}

/// Whether the keys can be fetched from where they are said to be.
fn check_url(settings: &TokenSettings, written: &Written<JwtFile>, report: &mut Report) {
    let named = written.value.jwks_url.as_ref().filter(|url| !url.value.is_empty());
    let Some(Written { origin, path, value }) = named.or(written.value.issuer.as_ref()) else {
        return;
    };
    let url = settings
        .jwks_url
        .as_ref()
        .map_or_else(|| settings.discovery_url(), ToString::to_string);
    if kinds::build(&settings.source(&url), &Surroundings::default()).is_err() {
        let message = format!(
            "{} is no URL of which keys can be fetched, name one in jwksUrl",
            shown(value, origin)
        );
        report.problem(origin, path, message);
    } else if !url.starts_with("https:") {
        let message = "is not https: whoever is on the way there can replace the keys";
        report.notice(origin, path, message);
    }
}

fn algorithms(written: Option<&Written<Vec<Box<str>>>>, report: &mut Report) -> Vec<&'static str> {
    let mut algorithms = Vec::new();
    if let Some(Written { value, origin, path }) = written {
        for name in value.iter().filter(|name| !name.is_empty()) {
            match ALGORITHMS.iter().find(|known| known.eq_ignore_ascii_case(name)) {
                Some(known) => algorithms.push(*known),
                None => {
                    let known = ALGORITHMS.join(", ");
                    let message = format!("{} is not an algorithm, use some of {known}", shown(name, origin));
                    report.problem(origin, path, message);
                }
            }
        }
    }
    if algorithms.is_empty() {
        algorithms.extend(DEFAULT_ALGORITHMS);
    }
    algorithms
}

/// What values of the claim mean; scopes have their own names unless others are written.
fn scopes(written: Option<&Written<TextMap>>, report: &mut Report) -> Vec<(Box<str>, Scope)> {
    let Some(Written { value, origin, path }) = written else {
        let scopes = [Scope::Client, Scope::Server, Scope::Admin];
        return scopes.map(|scope| (scope.name().into(), scope)).into();
    };
    let mut scopes = Vec::new();
    for (claimed, name) in &value.0 {
        match Scope::parse(name) {
            Some(scope) => scopes.push((claimed.clone(), scope)),
            None => {
                let known = Scope::NAMES.join(", ");
                let message = format!("{} is not a scope, use one of {known}", shown(name, origin));
                report.problem(origin, format!("{path}.{claimed}"), message);
            }
        }
    }
    scopes
}

fn duration(
    written: Option<&Written<Duration>>,
    least: Duration,
    most: Duration,
    report: &mut Report,
) -> Option<Duration> {
    let Written { value, origin, path } = written?;
    if !(least..=most).contains(value) {
        let bound = if *value < least {
            format!("at least {least:?}")
        } else {
            format!("at most {most:?}")
        };
        report.problem(origin, path, format!("must be {bound}"));
    }
    Some(*value)
}
