//! Bodies of requests, bounded.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flagstaff_protocol::request::RequestError;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;

use crate::answer::Problem;
use crate::coding;

/// What is read of a body that is too large, so that its sender gets to read the answer; beyond it the connection breaks.
const DISCARD_LIMIT: u64 = 64 << 20;

/// What is read of a body that nobody asks for, so that its sender can use the connection again: as much as Go's servers read.
const UNREAD_LIMIT: u64 = 256 << 10;

/// How long is read of either.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

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

/// Reads a body within the limits, and decodes it; `None` when the request has none.
pub(crate) async fn read<B>(
    body: B,
    most: usize,
    timeout: Option<Duration>,
    headers: &HeaderMap,
) -> Result<Option<Bytes>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    let body = receive(body, most, timeout, headers).await?;
    match body {
        Some(body) if is_gzip(&body, headers) => match coding::gunzip(body, most).await {
            Ok(Some(body)) => Ok(Some(body)),
            Ok(None) => Err(too_large()),
            Err(error) => Err(Problem::Message {
                status: StatusCode::BAD_REQUEST,
                message: "request body is no gzip".into(),
                internal: Some(error.to_string()),
            }),
        },
        body => Ok(body),
    }
}

/// Whether a body is in gzip. One that only claims to be is read as it is, as GO Feature Flag does.
fn is_gzip(body: &[u8], headers: &HeaderMap) -> bool {
    body.starts_with(&[0x1f, 0x8b])
        && headers
            .get(CONTENT_ENCODING)
            .is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"))
}

async fn receive<B>(
    body: B,
    most: usize,
    timeout: Option<Duration>,
    headers: &HeaderMap,
) -> Result<Option<Bytes>, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    if body.is_end_stream() {
        return Ok(None);
    }
    let mut collecting = pin!(collect(body, most, headers));
    // most bodies came with their head: there is nothing to wait for, and no timer to set
    if let Poll::Ready(body) = poll_fn(|context| Poll::Ready(collecting.as_mut().poll(context))).await {
        return body.map(Some);
    }
    match timeout {
        None => collecting.await.map(Some),
        Some(timeout) => tokio::time::timeout(timeout, collecting)
            .await
            .unwrap_or_else(|_| Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "Request Timeout")))
            .map(Some),
    }
}

/// Most bodies arrive as one piece, which is taken as it is.
async fn collect<B>(mut body: B, most: usize, headers: &HeaderMap) -> Result<Bytes, Problem>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    if body.size_hint().lower() > most as u64 {
        if !headers.contains_key(EXPECT) {
            discard(body, DISCARD_LIMIT).await;
        }
        return Err(too_large());
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::Message {
            status: StatusCode::BAD_REQUEST,
            message: "request body broke off".into(),
            internal: Some(error.to_string()),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len().max(all.len()) + data.len() > most {
            discard(body, DISCARD_LIMIT).await;
            return Err(too_large());
        }
        if first.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                // a length that is announced is within the limit; pages of it that never come take no memory
                let rest = body.size_hint().exact().unwrap_or_default() as usize;
                all.reserve(first.len() + data.len() + rest);
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Reads the body of a request that is answered without it, be it because nobody asks for one there. Tells whether all of it
/// has come, so that another request can follow on the connection.
pub(crate) async fn finish<B: Body<Data = Bytes> + Unpin>(body: B, headers: &HeaderMap) -> bool {
    // whoever waits to be asked for the body is not asked
    let is_wanted = !headers.contains_key(EXPECT) && body.size_hint().lower() <= UNREAD_LIMIT;
    is_wanted && discard(body, UNREAD_LIMIT).await
}

/// Reads what nobody wants, so that its sender gets to read the answer. Tells whether that was all.
async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B, limit: u64) -> bool {
    let reading = async {
        let mut discarded = 0;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            discarded += frame.data_ref().map_or(0, |data| data.len() as u64);
            if discarded > limit {
                return false;
            }
        }
        true
    };
    // a sender that stops in the middle waits for the answer
    tokio::time::timeout(DISCARD_TIMEOUT, reading).await.unwrap_or(false)
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
