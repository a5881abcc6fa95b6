//! What browsers may do with answers that pages of other origins ask for (CORS).

use http::HeaderMap;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    HeaderValue, ORIGIN, VARY,
};

use crate::config::{self, Origins};

const ORIGIN_VARIES: HeaderValue = HeaderValue::from_static("Origin");
const PREFLIGHT_VARIES: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE");

/// The answers of a relay that pages may read beside the body.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("ETag, Last-Modified, Retry-After, X-GOFEATUREFLAG-VERSION, X-Request-Id");

/// Who may read answers, ready to be said.
#[derive(Debug, Clone)]
pub(crate) struct CrossOrigin {
    origins: Origins,
    credentials: bool,
    /// Headers that a page may send; `None` for whatever it asks for.
    headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

impl CrossOrigin {
    /// What these settings allow.
    pub(crate) fn new(settings: &config::CrossOrigin) -> Self {
        let text = |text: &str| HeaderValue::from_str(text).expect("the settings hold what a header can carry");
        Self {
            origins: settings.origins.clone(),
            credentials: settings.credentials,
            headers: settings.headers.as_ref().map(|headers| text(&headers.join(", "))),
            max_age: settings.max_age.map(|age| HeaderValue::from(age.as_secs())),
        }
    }

    /// Adds to any answer what concerns it.
    pub(crate) fn answer(&self, asked: &HeaderMap, headers: &mut HeaderMap) {
        headers.insert(VARY, ORIGIN_VARIES);
        let Some(origin) = asked.get(ORIGIN) else { return };
        let allowed = match &self.origins {
            // what is sent with credentials must be allowed by name
            Origins::Any if self.credentials => origin.clone(),
            Origins::Any => ANY_ORIGIN,
            Origins::Only(origins) if origins.iter().any(|known| known.as_bytes() == origin.as_bytes()) => {
                origin.clone()
            }
            Origins::Only(_) => return,
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if self.credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    /// Adds to the answer of a preflight what a page may send.
    pub(crate) fn preflight(&self, asked: &HeaderMap, headers: &mut HeaderMap) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
        if !asked.contains_key(ORIGIN) {
            return;
        }
        headers.insert(VARY, PREFLIGHT_VARIES);
        if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        let wanted = asked.get(ACCESS_CONTROL_REQUEST_HEADERS);
        if let Some(allowed) = self.headers.as_ref().or(wanted) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        }
        if let Some(age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
    }
}
