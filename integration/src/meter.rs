//! Counts what a server sends, whatever its protocol is.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use anyhow::Result;

use crate::server::loopback;

/// A port in front of a server's port.
#[derive(Debug)]
pub(crate) struct Meter {
    port: u16,
    sent: Arc<AtomicU64>,
}

impl Meter {
    /// Hands connections on to a port until this program ends.
    pub(crate) fn before(server: u16) -> Result<Self> {
        let listener = TcpListener::bind(loopback(0))?;
        let port = listener.local_addr()?.port();
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // the client sees a server that is down as one that hangs up
                let _ = connect(client, server, &counter);
            }
        });
        Ok(Self { port, sent })
    }

    /// Where to connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many bytes the server has sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

fn connect(client: TcpStream, server: u16, counter: &Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(loopback(server))?;
    let (asks, answers) = (client.try_clone()?, server.try_clone()?);
    let counter = Arc::clone(counter);
    thread::spawn(move || hand_on(asks, &server, |_| ()));
    thread::spawn(move || {
        hand_on(answers, &client, |length| {
            counter.fetch_add(length, Ordering::Relaxed);
        });
    });
    Ok(())
}

/// Copies until one of both ends, and then ends the other.
fn hand_on(mut from: TcpStream, mut to: &TcpStream, mut count: impl FnMut(u64)) {
    let mut block = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut block) {
        count(length as u64);
        if to.write_all(&block[..length]).is_err() {
            break;
        }
    }
    // an end that is gone needs no goodbye
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
