//! Bodies of requests, bounded.

use std::fmt;

use bytes::{Bytes, BytesMut};
use flagstaff_protocol::request::RequestError;
use http::header::{CONTENT_TYPE, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;

use crate::answer::Problem;

/// What is read of a body that is too large, so that its sender gets to read the answer; beyond it the connection breaks.
const DISCARD_LIMIT: u64 = 64 << 20;

/// Why a request has nothing to go by.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is no JSON, and does not claim to be.
    MediaType,
    /// It is no JSON of the right shape.
    Request(RequestError),
}

impl Unreadable {
    /// The text for answers that embed it.
    pub(crate) fn nested(&self) -> String {
        match self {
            Self::MediaType => "code=415, message=Unsupported Media Type".to_owned(),
            Self::Request(error) => error.nested(),
        }
    }
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::MediaType => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type"),
            Unreadable::Request(error) => {
                let internal = Some(error.to_string());
                Self::Message {
                    status: StatusCode::BAD_REQUEST,
                    message: error.to_string().into(),
                    internal,
                }
            }
        }
    }
}

/// Reads a body of at most `limit` bytes; `None` when the request has none.
pub(crate) async fn read<B>(body: B, limit: usize, headers: &HeaderMap) -> Result<Option<Bytes>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    if body.is_end_stream() {
        return Ok(None);
    }
    if body.size_hint().lower() > limit as u64 {
        if !headers.contains_key(EXPECT) {
            discard(body).await;
        }
        return Err(too_large());
    }
    collect(body, limit).await.map(Some)
}

/// Most bodies arrive as one piece, which is taken as it is.
async fn collect<B>(mut body: B, limit: usize) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::Message {
            status: StatusCode::BAD_REQUEST,
            message: "request body broke off".into(),
            internal: Some(error.to_string()),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(all.len()) + data.len() > limit {
            discard(body).await;
            return Err(too_large());
        }
        if first.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
        if discarded > DISCARD_LIMIT {
            return;
        }
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
}

/// Decodes a body. JSON is read as JSON whatever it is called; what is none is judged by what it is called, as GO Feature
/// Flag does: other encodings that it knows come to an empty request.
pub(crate) fn decode<'b, T>(
    body: Option<&'b Bytes>,
    headers: &HeaderMap,
    empty: T,
    decode: impl FnOnce(&'b [u8]) -> Result<T, RequestError>,
) -> Result<T, Unreadable> {
    let Some(body) = body else { return Ok(empty) };
    decode(body).or_else(|error| {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" => Err(Unreadable::Request(error)),
            "application/xml" | "text/xml" | "application/x-www-form-urlencoded" | "multipart/form-data" => Ok(empty),
            _ => Err(Unreadable::MediaType),
        }
    })
}
