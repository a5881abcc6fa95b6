//! Counts what a server sends, whatever its protocol is, and can cut the line to it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Result;

use crate::server::loopback;

/// A port in front of a server's port.
#[derive(Debug)]
pub(crate) struct Meter {
    port: u16,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    sent: AtomicU64,
    /// The ends of connections towards clients; `None` while the line is cut.
    clients: Mutex<Option<Vec<TcpStream>>>,
}

impl Meter {
    /// Hands connections on to a port until this program ends.
    pub(crate) fn before(server: u16) -> Result<Self> {
        let listener = TcpListener::bind(loopback(0))?;
        let port = listener.local_addr()?.port();
        let line = Arc::new(Line {
            sent: AtomicU64::new(0),
            clients: Mutex::new(Some(Vec::new())),
        });
        let open = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // the client sees a server that is down as one that hangs up
                let _ = open.connect(client, server);
            }
        });
        Ok(Self { port, line })
    }

    /// Where to connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many bytes the server has sent.
    pub(crate) fn sent(&self) -> u64 {
        self.line.sent.load(Ordering::Relaxed)
    }

    /// Breaks every connection, and lets none through.
    pub(crate) fn cut(&self) {
        for client in self.line.clients().take().into_iter().flatten() {
            // one that is closed already is as good as cut
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.line.clients().get_or_insert_default();
    }
}

impl Line {
    fn connect(self: &Arc<Self>, client: TcpStream, server: u16) -> io::Result<()> {
        let server = TcpStream::connect(loopback(server))?;
        let (asks, answers) = (client.try_clone()?, server.try_clone()?);
        match &mut *self.clients() {
            Some(clients) => clients.push(client.try_clone()?),
            None => return Ok(()),
        }
        let line = Arc::clone(self);
        thread::spawn(move || hand_on(asks, &server, |_| ()));
        thread::spawn(move || {
            hand_on(answers, &client, |length| {
                line.sent.fetch_add(length, Ordering::Relaxed);
            });
        });
        Ok(())
    }

    fn clients(&self) -> MutexGuard<'_, Option<Vec<TcpStream>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
