//! What no server should take for a request.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer, and the end of the connection, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that are no request.
pub(super) struct Sample {
    pub(super) about: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// Every kind of malformed request.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples: Vec<_> = TEXTS
        .iter()
        .map(|(about, text)| Sample {
            about,
            bytes: text.as_bytes().to_vec(),
        })
        .collect();
    let mut add = |about, bytes: Vec<u8>| samples.push(Sample { about, bytes });
    let post = |headers: &str| format!("POST /v1/allflags HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n");
    add(
        "a target of 2 MB",
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(2 << 20)).into(),
    );
    add(
        "a header of 2 MB",
        post(&format!("X-Long: {}", "a".repeat(2 << 20))).into(),
    );
    add("100,000 headers", post(&"X-Many: a\r\n".repeat(100_000)).into());
    add(
        "a method of 64 KB",
        format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "A".repeat(64 << 10)).into(),
    );
    add("a zero byte in a header", post("X-Zero: a\0b").into());
    add(
        "a zero byte in the target",
        b"GET /hea\0lth HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
    );
    add(
        "an extension of a chunk of 2 MB",
        (post("Transfer-Encoding: chunked") + "1;" + &"a".repeat(2 << 20) + "\r\nx\r\n0\r\n\r\n").into(),
    );
    add(
        "trailers of 2 MB",
        (post("Transfer-Encoding: chunked") + "1\r\nx\r\n0\r\nX: " + &"a".repeat(2 << 20) + "\r\n\r\n").into(),
    );
    add(
        "the beginning of TLS",
        vec![0x16, 3, 1, 0, 165, 1, 0, 0, 161, 3, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    add("zero bytes", vec![0; 100_000]);
    add("bytes beyond ASCII", vec![0xff; 100_000]);
    samples
}

const TEXTS: &[(&str, &str)] = &[
    ("a line of nonsense", "nonsense\r\n\r\n"),
    ("an empty line, then nonsense", "\r\n\r\nnonsense\r\n\r\n"),
    ("no version", "GET /v1/flag/change\r\n\r\n"),
    (
        "a version that does not exist",
        "GET /v1/flag/change HTTP/9.9\r\nHost: a\r\n\r\n",
    ),
    (
        "a version in small letters",
        "GET /v1/flag/change http/1.1\r\nHost: a\r\n\r\n",
    ),
    ("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("two targets", "GET /health /health HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no method", " /health HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a method of brackets", "(GET) /health HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no host", "GET /v1/flag/change HTTP/1.1\r\n\r\n"),
    (
        "two hosts",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ),
    ("a broken escape", "GET /v1/flag/%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
    (
        "a header without a colon",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
    ),
    (
        "a header without a name",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
    ),
    (
        "a blank before the colon",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\nX-A : a\r\n\r\n",
    ),
    (
        "a folded header",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\nX-A: a\r\n b\r\n\r\n",
    ),
    (
        "a return within a header",
        "GET /v1/flag/change HTTP/1.1\r\nHost: a\r\nX-A: a\rb\r\n\r\n",
    ),
    (
        "a negative length",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ),
    (
        "a length with a sign",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
    ),
    (
        "a length in words",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: two\r\n\r\n{}",
    ),
    (
        "a length beyond 64 bits",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    ),
    (
        "two lengths",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    ),
    (
        "a length and chunks, and a second request within",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    (
        "a coding that is not known",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: nonsense\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
    (
        "chunks that are not last",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
    (
        "a size of a chunk in words",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\ntwo\r\n{}\r\n0\r\n\r\n",
    ),
    (
        "a size of a chunk beyond 64 bits",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n",
    ),
    (
        "a negative size of a chunk",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    ),
    (
        "a chunk that is longer than it says",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    ),
    ("half of a head", "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-"),
    (
        "half of a body",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"evaluationContext\"",
    ),
    (
        "half of the chunks",
        "POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"evaluation",
    ),
    (
        "a WebSocket without a key",
        "GET /stream/v1/ws/flag/change HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ),
];

/// Some bytes, half of them after the beginning of a request.
pub(super) fn random(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let beginning: &[u8] = match random.u8(..4) {
        0 => b"POST /v1/allflags HTTP/1.1\r\nHost: a\r\n",
        1 => b"POST /v1/allflags HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        _ => b"",
    };
    let mut bytes = beginning.to_vec();
    let length = random.usize(1..4096);
    bytes.extend((0..length).map(|_| match random.u8(..8) {
        0 => b'\r',
        1 => b'\n',
        2 => b':',
        _ => random.u8(..),
    }));
    bytes
}

/// Sends bytes, then says that nothing will follow; the status of each answer until the connection ends.
pub(super) fn send(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u16>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // a server may have had enough before everything is sent
    let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answers = Vec::new();
    match stream.read_to_end(&mut answers) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => return Err(error),
        _ => {}
    }
    let answers = String::from_utf8_lossy(&answers);
    let statuses = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|answer| answer.get(..3)?.parse().ok());
    Ok(statuses.collect())
}
