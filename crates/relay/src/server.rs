//! Listening, and ending without breaking anything off.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::sync::{Notify, watch};

use crate::config::{Limits, Tls};
use crate::connection::Connection;
use crate::descriptors;
use crate::route::Listener;
use crate::service::Caller;
use crate::socket::Socket;
use crate::state::State;

/// How many connections beyond the limit are told so. Those after them wait until there is room.
const TURNED_AWAY: usize = 64;

/// What the connections of a listener share.
pub(crate) struct Listening {
    state: Arc<State>,
    listener: Listener,
    connections: AtomicUsize,
    /// As many as there are file descriptors for.
    most_connections: usize,
    left: Notify,
}

/// How far a listener is with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Not at all.
    Not,
    /// Answers are finished.
    Finish,
    /// There is no time left.
    BreakOff,
}

/// Serves until `stop` resolves, then closes the listener and waits for the answers that are being given, at most for
/// `drain`.
pub(crate) async fn serve(
    socket: Socket,
    listener: Listener,
    state: Arc<State>,
    stop: impl Future<Output = ()>,
    drain: Duration,
) {
    let listening = Arc::new(Listening::new(listener, state));
    let ending = watch::Sender::new(Ending::Not);
    tokio::select! {
        biased;
        () = stop => {}
        () = accept(&socket, &listening, &ending) => {}
    }
    drop(socket);
    ending.send_replace(Ending::Finish);
    // each connection has a receiver
    if tokio::time::timeout(drain, ending.closed()).await.is_err() {
        tracing::warn!(?drain, "requests that were still being answered are broken off");
        ending.send_replace(Ending::BreakOff);
    }
}

/// Takes in connections, whatever happens.
async fn accept(socket: &Socket, listening: &Arc<Listening>, ending: &watch::Sender<Ending>) {
    let mut out_of_order = false;
    loop {
        listening.has_room().await;
        match socket.accept().await {
            Ok((stream, remote_ip)) => {
                out_of_order = false;
                let connection = Connection::new(Arc::clone(listening), remote_ip);
                tokio::spawn(connection.serve(stream, ending.subscribe()));
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                // out of file descriptors, most likely: some of them come back when connections end
                if !out_of_order {
                    tracing::error!(%error, "cannot accept connections, trying again until it works");
                }
                out_of_order = true;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

impl Listening {
    pub(crate) fn new(listener: Listener, state: Arc<State>) -> Self {
        Self {
            state,
            listener,
            connections: AtomicUsize::new(0),
            most_connections: descriptors::for_connections(),
            left: Notify::new(),
        }
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    pub(crate) fn listener(&self) -> Listener {
        self.listener
    }

    /// TLS as it is offered now; `None` without.
    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        let serving = self.state.serving();
        let offered = |tls: &&Tls| tls.monitoring || self.listener != Listener::Monitoring;
        serving.tls.as_ref().filter(offered).map(|tls| Arc::clone(&tls.config))
    }

    /// The limits of now.
    pub(crate) fn limits(&self) -> Limits {
        self.state.serving().limits
    }

    /// The limits of a connection: one that is too many does not stay.
    pub(crate) fn limits_for(&self, caller: &Caller) -> Limits {
        let limits = self.limits();
        Limits {
            idle_timeout: if caller.crowded {
                limits.head_timeout.or(limits.idle_timeout)
            } else {
                limits.idle_timeout
            },
            ..limits
        }
    }

    /// Counts a connection; whether there are too many with it.
    pub(crate) fn enter(&self) -> bool {
        self.connections.fetch_add(1, Ordering::Relaxed) >= self.room()
    }

    /// Counts a connection off.
    pub(crate) fn leave(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        self.left.notify_one();
    }

    /// Resolves when one more connection can be served, be it to be turned away.
    async fn has_room(&self) {
        while self.connections.load(Ordering::Relaxed) >= self.room().saturating_add(TURNED_AWAY) {
            self.left.notified().await;
        }
    }

    fn room(&self) -> usize {
        self.limits().connections.min(self.most_connections)
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
