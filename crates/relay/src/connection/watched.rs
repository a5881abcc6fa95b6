//! The bytes of a connection, and what they show of what it is doing.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::Connection;
use crate::stream::Stream;

/// What a client that speaks HTTP/2 sends first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The version of HTTP that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// One request after the other.
    Http1,
    /// Many requests at a time.
    Http2,
}

/// A stream that is watched.
pub(super) struct Watched {
    stream: Stream,
    connection: Arc<Connection>,
    /// What was read to learn the protocol.
    ahead: [u8; PREFACE.len()],
    ahead_length: u8,
    ahead_taken: u8,
}

impl Watched {
    pub(super) fn new(stream: Stream, connection: Arc<Connection>) -> Self {
        Self {
            stream,
            connection,
            ahead: [0; PREFACE.len()],
            ahead_length: 0,
            ahead_taken: 0,
        }
    }

    /// Waits until it is clear what the client speaks. What was read for that will be read again.
    pub(super) async fn protocol(&mut self) -> io::Result<Protocol> {
        loop {
            let read = usize::from(self.ahead_length);
            if self.ahead[..read] != PREFACE[..read] {
                return Ok(Protocol::Http1);
            }
            if read == PREFACE.len() {
                return Ok(Protocol::Http2);
            }
            let more = self.stream.read(&mut self.ahead[read..]).await?;
            if more == 0 {
                return Ok(Protocol::Http1);
            }
            self.connection.activity.received();
            self.ahead_length += more as u8;
        }
    }

    /// Whether something was read that nobody has read again.
    pub(super) fn has_ahead(&self) -> bool {
        self.ahead_taken < self.ahead_length
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.has_ahead() {
            let ahead = &this.ahead[usize::from(this.ahead_taken)..usize::from(this.ahead_length)];
            let taken = ahead.len().min(buffer.remaining());
            buffer.put_slice(&ahead[..taken]);
            this.ahead_taken += taken as u8;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            this.connection.activity.received();
        } else {
            this.connection.activity.received_all();
        }
        Poll::Ready(Ok(()))
    }
}

impl Watched {
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(_) => self.connection.activity.sent(),
            Poll::Pending => self.connection.activity.blocked(),
        }
        written
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // asked for when everything was handed over
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        match flushed {
            Poll::Ready(_) => self.connection.activity.sent_all(),
            Poll::Pending => self.connection.activity.blocked(),
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
