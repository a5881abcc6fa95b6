//! Streams over web sockets.
//!
//! A message is the same frame for everybody, since servers do not mask theirs: it is encoded once and written as it is. The
//! library reads, answers pings and closes; its buffers stay as small as what clients send.

use std::future::Future;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{CloseFrame, Frame, Utf8Bytes};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::FAREWELL;
use super::message::Form;
use super::reader::{self, PATIENCE, Piece, Reader};

/// Clients have nothing to say but that they are there.
const READ_BUFFER: usize = 512;

/// The largest message that a client may send. It is not looked at.
const LARGEST_MESSAGE: usize = 16 << 10;

/// A text message as it goes over the wire.
pub(super) fn frame(text: Vec<u8>) -> Bytes {
    let mut out = Vec::with_capacity(text.len() + 10);
    let frame = Frame::message(text, OpCode::Data(Data::Text), true);
    frame.format(&mut out).expect("writing to memory does not fail");
    out.into()
}

/// Tells a web socket what its reader is told, until either of them ends.
pub(crate) async fn serve(connection: impl AsyncRead + AsyncWrite + Unpin, reader: Reader, form: Form) {
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let mut web_socket = WebSocket {
        socket: WebSocketStream::from_raw_socket(connection, Role::Server, Some(limits)).await,
        reader,
        form,
        unanswered: 0,
    };
    let farewell = match web_socket.run().await {
        End::Reader(reader::End::Over) => CloseCode::Away,
        End::Reader(reader::End::Revoked) => CloseCode::Policy,
        End::Client(Error::Capacity(_)) => CloseCode::Size,
        End::Client(Error::Protocol(_)) => CloseCode::Protocol,
        End::Client(_) | End::Silent => return,
    };
    web_socket.close(farewell).await;
}

struct WebSocket<S> {
    socket: WebSocketStream<S>,
    reader: Reader,
    form: Form,
    /// Signs of life given since the last one received.
    unanswered: u64,
}

/// Why a web socket ends.
enum End {
    /// There is nothing more to tell.
    Reader(reader::End),
    /// The client left, or broke the rules.
    Client(Error),
    /// The client takes or says nothing.
    Silent,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    async fn run(&mut self) -> End {
        loop {
            let piece = tokio::select! {
                piece = self.reader.next() => piece,
                received = self.socket.next() => match received {
                    // an answer to a farewell is given by reading on
                    Some(Ok(_)) => {
                        self.unanswered = 0;
                        continue;
                    }
                    Some(Err(error)) => return End::Client(error),
                    None => return End::Client(Error::ConnectionClosed),
                },
            };
            let written = match piece {
                Ok(Piece::Message(message)) => self.write(&message.frame(self.form)).await,
                Ok(Piece::Heartbeat) if self.unanswered >= PATIENCE => return End::Silent,
                Ok(Piece::Heartbeat) => {
                    self.unanswered += 1;
                    self.ping().await
                }
                Err(end) => return End::Reader(end),
            };
            if let Err(end) = written {
                return end;
            }
        }
    }

    /// Writes a frame as it is.
    async fn write(&mut self, frame: &[u8]) -> Result<(), End> {
        let Self { socket, reader, .. } = self;
        let write = async {
            // what the library has to say goes before, so that no frame gets into another one
            socket.flush().await?;
            let connection = socket.get_mut();
            connection.write_all(frame).await?;
            connection.flush().await?;
            Ok(())
        };
        patiently(reader, write).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        let Self { socket, reader, .. } = self;
        patiently(reader, socket.send(Message::Ping(Bytes::new()))).await
    }

    /// Says goodbye, and gives the client a moment to do the same.
    async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(""),
        };
        let goodbye = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            while self.socket.next().await.transpose()?.is_some() {}
            if matches!(code, CloseCode::Size | CloseCode::Protocol) {
                // the library has stopped reading, and what is left unread would reset the connection before the frame arrives
                let connection = self.socket.get_mut();
                connection.shutdown().await?;
                copy(connection, &mut sink()).await?;
            }
            Ok::<_, Error>(())
        };
        // whether the client is polite makes no difference
        let _ = timeout(FAREWELL, goodbye).await;
    }
}

/// Writes for as long as there is hope: whoever takes nothing for too long is given up.
async fn patiently(reader: &mut Reader, write: impl Future<Output = Result<(), Error>>) -> Result<(), End> {
    tokio::select! {
        written = write => written.map_err(End::Client),
        () = reader.lose_patience() => Err(End::Silent),
    }
}
