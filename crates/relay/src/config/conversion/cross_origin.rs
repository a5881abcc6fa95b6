//! What browsers may do with answers that pages of other origins ask for.

use http::HeaderValue;
use http::header::HeaderName;

use super::super::decode::Written;
use super::super::file::CrossOriginFile;
use super::super::report::Report;
use super::super::settings::{CrossOrigin, Origins};
use super::{is_set, shown};

/// Converts the section; without it every page may read every answer, as in GO Feature Flag.
pub(super) fn convert(file: Option<&CrossOriginFile>, report: &mut Report) -> CrossOrigin {
    let Some(file) = file else {
        return CrossOrigin::default();
    };
    CrossOrigin {
        origins: file
            .origins
            .as_ref()
            .map_or(Origins::Any, |written| origins(written, report)),
        headers: file.headers.as_ref().map(|written| headers(written, report)),
        credentials: is_set(file.credentials.as_ref()),
        max_age: file.max_age.as_ref().map(|written| written.value),
    }
}

fn origins(written: &Written<Vec<Box<str>>>, report: &mut Report) -> Origins {
    if written.value.iter().any(|origin| &**origin == "*") {
        return Origins::Any;
    }
    let mut known = Vec::new();
    for origin in &written.value {
        let (scheme, host) = origin.split_once("://").unwrap_or_default();
        let is_origin = !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']);
        match HeaderValue::from_str(origin) {
            Ok(value) if is_origin => known.push(value),
            _ => {
                let shown = shown(origin, &written.origin);
                let message = format!("{shown} is not an origin, write one like https://app.example.com, or *");
                report.problem(&written.origin, &written.path, message);
            }
        }
    }
    Origins::Only(known.into())
}

fn headers(written: &Written<Vec<Box<str>>>, report: &mut Report) -> Vec<Box<str>> {
    for name in &written.value {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = format!("{} is not the name of a header", shown(name, &written.origin));
            report.problem(&written.origin, &written.path, message);
        }
    }
    written.value.clone()
}
