//! `GET /stream/v1/ws/flag/change` and `/ws/v1/flag/change`: changes over a web socket.

use flagstaff_telemetry::metrics::StreamKind;
use http::header::{
    CONNECTION, HeaderName, HeaderValue, LINK, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Call;
use super::events::{form, guest, listen};
use crate::answer::{Answer, Problem};
use crate::streams::web_socket;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUCCESSOR: HeaderValue = HeaderValue::from_static("</stream/v1/ws/flag/change>; rel=\"successor-version\"");
const WEB_SOCKET: HeaderValue = HeaderValue::from_static("websocket");
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// The answer under the path of today.
pub(crate) fn answer(call: &Call<'_>) -> Result<Answer, Problem> {
    let hub = call.serving.flag_sets.hub(call.grant)?;
    let upgrade = call.extensions.get::<OnUpgrade>().cloned();
    // a connection that cannot change its protocol is like one that does not want to
    let (key, upgrade) = shake_hands(call.headers)?.zip(upgrade).ok_or_else(refusal)?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes())).expect("Base64 is printable ASCII");
    let (reader, form) = (listen(call, hub, guest(call), StreamKind::WebSocket)?, form(call.grant));
    tokio::spawn(async move {
        match upgrade.await {
            Ok(connection) => web_socket::serve(TokioIo::new(connection), reader, form).await,
            Err(error) => tracing::debug!(%error, "a connection broke before it was a web socket"),
        }
    });
    Ok(Answer::switching_protocols()
        .header(UPGRADE, WEB_SOCKET)
        .header(CONNECTION, HeaderValue::from_static("Upgrade"))
        .header(SEC_WEBSOCKET_ACCEPT, accept))
}

/// The answer under the former path, which says where to go instead unless the web socket opens.
pub(crate) fn legacy(call: &Call<'_>) -> Result<Answer, Problem> {
    answer(call).map_err(|problem| {
        let answer = problem.into_answer(call.serving.debug);
        answer
            .header(DEPRECATION, HeaderValue::from_static("true"))
            .header(LINK, SUCCESSOR)
            .into()
    })
}

/// The key of a handshake; `None` when it is none. The order of checks is GO Feature Flag's.
fn shake_hands(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Problem> {
    if !has_token(headers, CONNECTION, "upgrade") {
        return Ok(None);
    }
    if !has_token(headers, UPGRADE, "websocket") {
        let refusal = Answer::refusal(StatusCode::UPGRADE_REQUIRED, "Upgrade Required\n");
        return Err(refusal
            .header(SEC_WEBSOCKET_VERSION, VERSION)
            .header(UPGRADE, WEB_SOCKET)
            .into());
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
    Ok(key.filter(|_| has_token(headers, SEC_WEBSOCKET_VERSION, "13")))
}

fn refusal() -> Problem {
    Answer::refusal(StatusCode::BAD_REQUEST, "Bad Request\n")
        .header(SEC_WEBSOCKET_VERSION, VERSION)
        .into()
}

/// Whether a list has a token, in any case.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let lists = headers.get_all(name).into_iter().filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// Whether it is Base64 of 16 bytes.
fn is_key(key: &[u8]) -> bool {
    data_encoding::BASE64.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}
