//! What hands out events inside of AWS Lambda.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// No function takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A runtime API on a free port of this machine.
pub(super) struct RuntimeApi {
    address: SocketAddr,
    events: Sender<Option<(String, String)>>,
    told: Receiver<(String, Value)>,
}

impl RuntimeApi {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (events, next) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let next = Arc::new(Mutex::new(next));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (next, tell) = (Arc::clone(&next), tell.clone());
                // a function that ends breaks off
                thread::spawn(move || stream.and_then(|stream| serve(stream, &next, &tell)));
            }
        });
        Self { address, events, told }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands out an event; the path under which the function tells what came of it, and what that is.
    pub(super) fn invoke(&self, id: &str, event: &Value) -> (String, Value) {
        self.hand_out(Some((id.to_owned(), event.to_string())));
        self.told()
    }

    /// Answers the wish for an event with an error.
    pub(super) fn fail(&self) {
        self.hand_out(None);
    }

    fn hand_out(&self, event: Option<(String, String)>) {
        self.events.send(event).expect("whoever hands out events goes on");
    }

    /// The next thing that the function tells.
    pub(super) fn told(&self) -> (String, Value) {
        self.told.recv_timeout(PATIENCE).expect("the function tells something")
    }
}

type Events = Mutex<Receiver<Option<(String, String)>>>;

/// Answers requests on a connection.
fn serve(stream: TcpStream, next: &Events, tell: &Sender<(String, Value)>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (mut length, mut header) = (0, String::new());
        while reader.read_line(&mut header)? > 2 {
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            ["GET", "/2018-06-01/runtime/invocation/next", _] => {
                match next.lock().expect("nobody panics with events").recv() {
                    Ok(Some((id, event))) => answer(&format!("200 OK\r\nLambda-Runtime-Aws-Request-Id: {id}"), &event),
                    _ => answer("500 Internal Server Error", ""),
                }
            }
            ["POST", path, _] => {
                let told = (path.to_owned(), serde_json::from_slice(&body)?);
                tell.send(told).map_err(io::Error::other)?;
                answer("202 Accepted", "{\"status\": \"OK\"}")
            }
            // the end of the connection
            _ => return Ok(()),
        };
        writer.write_all(answer.as_bytes())?;
    }
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}
