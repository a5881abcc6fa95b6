//! Listening, and ending without breaking anything off.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;

use crate::route::Listener;
use crate::service::respond;
use crate::socket::Socket;
use crate::state::State;

/// The largest head of a request: 1 MiB and a little slack, as in Go's server.
const HEAD_LIMIT: usize = (1 << 20) + 4096;

/// Serves until `stop` resolves, then closes the listener and waits for the answers that are being given, at most for
/// `drain`.
pub(crate) async fn serve(
    socket: Socket,
    listener: Listener,
    state: Arc<State>,
    stop: impl Future<Output = ()>,
    drain: Duration,
) {
    let mut http1 = http1::Builder::new();
    http1.max_buf_size(HEAD_LIMIT);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, remote_ip)) => {
                let state = Arc::clone(&state);
                let service = service_fn(move |request| {
                    let state = Arc::clone(&state);
                    async move { Ok::<_, Infallible>(respond(&state, listener, remote_ip, request).await) }
                });
                let connection = http1.serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connections.watch(connection));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                // out of file descriptors, most likely: some of them come back when answers are done
                tracing::error!(%error, "cannot accept connections, trying again");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(socket);
    if tokio::time::timeout(drain, connections.shutdown()).await.is_err() {
        tracing::warn!(?drain, "requests that were still being answered are broken off");
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
