//! One connection, from its first byte to its last.

mod activity;
mod interruption;
mod watched;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::header::{CONNECTION, HOST, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::content::Content;
use crate::dormant::Dormant;
use crate::server::{Ending, Listening};
use crate::service::{Caller, bad_request, respond};
use crate::stream::Stream;
use activity::{Activity, Overdue};
use interruption::{Interruption, Interruptions};
use watched::{Protocol, Watched};

/// What the buffer of a connection may always grow to, for bodies and answers; a head may be larger where that is wanted.
const BUFFER: usize = 400 << 10;

/// Requests that a client may have in flight on one HTTP/2 connection.
const STREAMS: u32 = 250;

/// How long, and how much, is read after the last answer: a connection that is closed while bytes come in is reset, and its
/// answer lost.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 4 << 20);

/// Said to a client that does not come to the end of a head.
const SLOW_HEAD: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n\
    content-length: 30\r\n\r\n{\"message\":\"Request Timeout\"}\n";

/// Said to a client that does not know that TLS is spoken.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
    content-length: 39\r\n\r\n{\"message\":\"use https, not http here\"}\n";

/// A connection.
pub(crate) struct Connection {
    listening: Arc<Listening>,
    caller: Caller,
    activity: Activity,
}

/// A request on its way to its answer.
struct Answering(Arc<Connection>);

impl Connection {
    /// A connection of a listener; `crowded` when there are too many.
    pub(crate) fn new(listening: Arc<Listening>, remote_ip: Option<IpAddr>) -> Self {
        let crowded = listening.enter();
        Self {
            listening,
            caller: Caller { remote_ip, crowded },
            activity: Activity::new(),
        }
    }

    /// Serves it to its end.
    pub(crate) async fn serve(self, stream: Stream, ending: watch::Receiver<Ending>) {
        let connection = Arc::new(self);
        let Some(stream) = connection.encrypted(stream).await else {
            return;
        };
        let mut stream = Watched::new(stream, Arc::clone(&connection));
        let mut interruptions = Interruptions::new(Arc::clone(&connection), ending);
        let protocol = tokio::select! {
            biased;
            protocol = stream.protocol() => protocol,
            interruption = interruptions.next(Protocol::Http1) => {
                if interruption == Interruption::Overdue(Overdue::Head) {
                    refuse(stream, SLOW_HEAD).await;
                }
                return;
            }
        };
        match protocol {
            Ok(Protocol::Http1) => connection.http1(stream, interruptions).await,
            // most connections have no need for its room
            Ok(Protocol::Http2) => Box::pin(connection.http2(stream, interruptions)).await,
            Err(error) => tracing::debug!(%error, "a connection broke off"),
        }
    }

    /// Comes to terms about TLS, where that is spoken; `None` when there is nobody left to speak to.
    async fn encrypted(&self, stream: Stream) -> Option<Stream> {
        let Some(config) = self.listening.tls() else {
            return Some(stream);
        };
        let Stream::Tcp(stream) = stream else {
            return Some(stream);
        };
        let handshake = Box::pin(handshake(stream, config));
        let done = match self.listening.limits().head_timeout {
            Some(limit) => tokio::time::timeout(limit, handshake).await.ok()?,
            None => handshake.await,
        };
        done.inspect_err(|error| tracing::debug!(%error, "a client did not come to terms about TLS"))
            .ok()
    }

    async fn http1(self: Arc<Self>, stream: Watched, mut interruptions: Interruptions) {
        let head = self.listening.limits().head;
        let service = service_fn(|request| Arc::clone(&self).answer(request));
        let mut connection = http1::Builder::new()
            .max_header_size(head)
            .max_buf_size(head.max(BUFFER))
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let slow_head = loop {
            let mut next = pin!(interruptions.next(Protocol::Http1));
            let interruption = tokio::select! {
                biased;
                _ = &mut connection => break false,
                interruption = Dormant::new(next.as_mut()) => interruption,
            };
            match interruption {
                Interruption::Leave => Pin::new(&mut connection).graceful_shutdown(),
                Interruption::Overdue(Overdue::Head) => break true,
                Interruption::BreakOff | Interruption::Overdue(_) => return,
            }
        };
        let Some(parts) = connection.into_parts() else { return };
        let stream = parts.io.into_inner();
        if slow_head {
            refuse(stream, SLOW_HEAD).await;
        } else if self.activity.has_refused() && !self.activity.has_received_all() {
            linger(stream).await;
        }
    }

    async fn http2(self: Arc<Self>, stream: Watched, mut interruptions: Interruptions) {
        let head = u32::try_from(self.listening.limits().head).unwrap_or(u32::MAX);
        let service = service_fn(|request| Arc::clone(&self).answer(request));
        let mut connection = pin!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(head)
                .max_concurrent_streams(STREAMS)
                .serve_connection(TokioIo::new(stream), service)
        );
        loop {
            let mut next = pin!(interruptions.next(Protocol::Http2));
            let interruption = tokio::select! {
                biased;
                _ = &mut connection => return,
                interruption = Dormant::new(next.as_mut()) => interruption,
            };
            match interruption {
                Interruption::Leave => connection.as_mut().graceful_shutdown(),
                Interruption::BreakOff | Interruption::Overdue(_) => return,
            }
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Content>, Infallible> {
        self.activity.request_began();
        let answering = Answering(self);
        let connection = &answering.0;
        let listening = &connection.listening;
        let is_http1 = request.version() <= Version::HTTP_11;
        let mut response = if names_its_host(&request) {
            respond(listening.state(), listening.listener(), &connection.caller, request).await
        } else {
            bad_request()
        };
        if is_http1 && listening.state().phases.are_leaving() {
            // a client that is told goes elsewhere before its connection is closed under its next request
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        connection.activity.answered(response.status());
        Ok(match response.body() {
            Content::Whole(_) => response,
            Content::Stream(_) => response.map(|content| content.holding(answering)),
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.listening.leave();
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.activity.request_ended();
    }
}

/// Comes to terms about TLS.
async fn handshake(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Stream> {
    let mut first = [0];
    // a client of plain HTTP would not understand how TLS refuses it
    if stream.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase() {
        refuse(stream, NOT_TLS).await;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it speaks plain HTTP"));
    }
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    Ok(Stream::Tls(Box::new(stream)))
}

/// Whether a request says whom it asks, once, as HTTP/1.1 demands.
fn names_its_host<B>(request: &Request<B>) -> bool {
    request.version() != Version::HTTP_11 || request.headers().get_all(HOST).iter().count() == 1
}

/// Answers what is no request.
async fn refuse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8]) {
    if stream.write_all(answer).await.is_ok() && stream.shutdown().await.is_ok() {
        linger(stream).await;
    }
}

/// Reads on for a moment.
async fn linger(mut stream: impl AsyncRead + Unpin) {
    let (time, most) = LINGER;
    let discard = async {
        let mut buffer = BytesMut::with_capacity(8 << 10);
        let mut discarded = 0;
        while let Ok(read @ 1..) = stream.read_buf(&mut buffer).await {
            buffer.clear();
            discarded += read;
            if discarded > most {
                return;
            }
        }
    };
    // whoever is not done by then has had its time
    let _ = tokio::time::timeout(time, discard).await;
}
