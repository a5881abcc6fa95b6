//! Sockets that systemd opened for this process.

use anyhow::Context;
use flagstaff_relay::{InheritedSocket, InheritedSockets};
use listenfd::ListenFd;

/// The `FileDescriptorName=` of the monitoring socket.
const MONITORING: &str = "monitoring";

/// The sockets of `LISTEN_FDS`, when they are meant for this process: one for the API, one for the monitoring routes. Where
/// `LISTEN_FDNAMES` does not tell them apart the API's is the first. To be called before there are threads, since the
/// variables are taken out of the environment.
pub(crate) fn inherited_sockets() -> anyhow::Result<InheritedSockets> {
    #[expect(clippy::disallowed_methods, reason = "the binary is where the environment comes in")]
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut handed_over = ListenFd::from_env();
    let mut sockets = InheritedSockets::default();
    for index in 0..handed_over.len() {
        let socket =
            take(&mut handed_over, index).context("a descriptor of LISTEN_FDS is no listening stream socket")?;
        let is_monitoring = names.next().is_some_and(|name| name == MONITORING);
        let place = if is_monitoring || sockets.api.is_some() {
            &mut sockets.monitoring
        } else {
            &mut sockets.api
        };
        anyhow::ensure!(
            place.is_none(),
            "too many sockets in LISTEN_FDS: hand over one for the API and one named {MONITORING:?}"
        );
        *place = socket;
    }
    Ok(sockets)
}

fn take(handed_over: &mut ListenFd, index: usize) -> std::io::Result<Option<InheritedSocket>> {
    match handed_over.take_tcp_listener(index) {
        Ok(socket) => Ok(socket.map(InheritedSocket::Tcp)),
        Err(_) => Ok(handed_over.take_unix_listener(index)?.map(InheritedSocket::Unix)),
    }
}
