//! `GET /` on the monitoring listener: the operator's page, and the files that it loads.

use flagstaff_dashboard::{ASSETS, CONTENT_SECURITY_POLICY, fragment, page};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};

use super::Call;
use crate::answer::{Answer, PLAIN_TEXT, Problem};
use crate::auth::{Credential, administrator};
use crate::route::query_values;

mod view;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What the page and its files are sent with.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// The page, the part of it that changes (`?fragment`), or a file. Names are for administrators; a browser asks for a key when it
/// is sent to `?names`.
pub(crate) fn answer(call: &Call<'_>, file: &str) -> Result<Answer, Problem> {
    let answer = if file.is_empty() {
        let is_asked = |name| query_values(call.query, name).next().is_some();
        let administrator = administrator(call.serving, call.headers, &call.state.clock);
        if administrator.is_none() && is_asked("names") {
            return Err(challenge());
        }
        let view = view::relay(call.state, call.serving, administrator.as_ref().map(Credential::grant));
        Answer::text(
            HTML,
            if is_asked("fragment") {
                fragment(&view)
            } else {
                page(&view)
            },
        )
    } else {
        let asset = ASSETS
            .iter()
            .find(|asset| asset.path == file)
            .ok_or_else(Problem::not_found)?;
        Answer::text(HeaderValue::from_static(asset.content_type), asset.text)
    };
    Ok(HEADERS
        .into_iter()
        .fold(answer, |answer, (name, value)| answer.header(name, value)))
}

/// Makes a browser ask for a user, who does not matter, and a password, which is the key.
fn challenge() -> Problem {
    const BASIC: HeaderValue = HeaderValue::from_static(
        "Basic realm=\"any user name, an administrator's key as the password\", charset=\"UTF-8\"",
    );
    Answer::with_status(StatusCode::UNAUTHORIZED, "an administrator's key is needed\n")
        .of_type(PLAIN_TEXT)
        .header(WWW_AUTHENTICATE, BASIC)
        .into()
}
