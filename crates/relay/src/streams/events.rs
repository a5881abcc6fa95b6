//! Streams as server-sent events.

use std::convert::Infallible;

use bytes::Bytes;
use flagstaff_protocol::stream::HEARTBEAT;
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;

use super::message::Form;
use super::reader::{Piece, Reader};
use crate::content::Content;

/// Everything that a reader is told, as the body of an answer. It ends when the flag set or the relay does, or when the reader may
/// not listen any more.
pub(crate) fn content(opening: impl Into<Bytes>, reader: Reader, form: Form) -> Content {
    let state = (Some(opening.into()), reader);
    let frames = stream::unfold(state, move |(opening, mut reader)| async move {
        let bytes = match opening {
            Some(opening) => opening,
            None => match reader.next().await.ok()? {
                Piece::Message(message) => message.event(form),
                Piece::Heartbeat => Bytes::from_static(HEARTBEAT),
            },
        };
        Some((Ok::<_, Infallible>(Frame::data(bytes)), (None, reader)))
    });
    Content::Stream(Box::pin(StreamBody::new(frames)))
}
