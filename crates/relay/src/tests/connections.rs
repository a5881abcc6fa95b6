//! Connections over loopback: what a client sends, and how slowly.

use std::net::SocketAddr;

use http::{Request, Version};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::server;
use crate::socket::Socket;

const EVALUATE: &str = "POST /ofrep/v1/evaluate/flags/on HTTP/1.1\r\nhost: a\r\n";

const HEALTH: &str = "GET /health HTTP/1.1\r\nhost: a\r\n\r\n";

/// A relay that listens.
struct Listening {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
    _relay: Relay,
}

impl Listening {
    /// Settings are those of `server.limits`.
    async fn start(limits: &str) -> Self {
        let relay = Relay::start(&format!("server: {{limits: {{{limits}}}}}")).await;
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let serving = server::serve(
            Socket::Tcp(socket),
            API,
            Arc::clone(&relay.state),
            async move { drop(stopped.await) },
            Duration::from_secs(30),
        );
        Self {
            address,
            stop,
            ended: tokio::spawn(serving),
            _relay: relay,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// Sends this and nothing else, and reads until the connection ends.
    async fn hear_out(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        say(&mut stream, bytes).await;
        rest(&mut stream).await
    }
}

async fn say(stream: &mut TcpStream, bytes: &str) {
    stream.write_all(bytes.as_bytes()).await.expect("it reads");
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it ends well");
    answer
}

/// Reads an answer up to the end of its JSON.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}\n") {
        assert_ne!(stream.read_buf(&mut answer).await.expect("it answers"), 0);
    }
    String::from_utf8(answer).expect("it is text")
}

#[tokio::test]
async fn a_head_that_does_not_end_is_answered() {
    let relay = Listening::start("readHeaderTimeout: 50ms").await;
    for head in ["G", "PRI * HTTP/2.0\r\n", "GET /health HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let answer = relay.hear_out(head).await;
        assert!(
            answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{head}: {answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "{\"message\":\"Request Timeout\"}\n");
        assert!(head.contains(&format!("content-length: {}", body.len())));
        assert!(head.contains("connection: close"));
    }
    let mut kept = relay.connect().await;
    say(&mut kept, HEALTH).await;
    assert!(answer(&mut kept).await.starts_with("HTTP/1.1 200 "));
    say(&mut kept, &HEALTH[..20]).await;
    assert!(rest(&mut kept).await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn a_request_says_once_whom_it_asks() {
    let relay = Listening::start("").await;
    for (head, status) in [
        ("GET /health HTTP/1.1\r\n", "400 Bad Request"),
        ("GET http://a/health HTTP/1.1\r\n", "400 Bad Request"),
        ("GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n", "400 Bad Request"),
        ("GET /health HTTP/1.1\r\nhost:\r\nconnection: close\r\n", "200 OK"),
        ("GET /health HTTP/1.0\r\n", "200 OK"),
    ] {
        let answer = relay.hear_out(&format!("{head}\r\n")).await;
        assert_eq!(
            answer.split_once(' ').map(|(_, rest)| &rest[..status.len()]),
            Some(status),
            "{head}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_connection_without_requests_ends_silently() {
    let relay = Listening::start("idleTimeout: 50ms").await;
    assert_eq!(relay.hear_out("").await, "");
    let answers = relay.hear_out(&HEALTH.repeat(2)).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert!(answers.ends_with("{\"initialized\":true}\n"));
}

#[tokio::test]
async fn a_body_that_does_not_end_is_answered() {
    let relay = Listening::start("readBodyTimeout: 50ms").await;
    for rest in [
        "content-length: 20\r\n\r\n{\"context\":",
        "transfer-encoding: chunked\r\n\r\n4\r\n{\"co\r\n",
    ] {
        let answer = relay.hear_out(&format!("{EVALUATE}{rest}")).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        assert!(answer.ends_with("{\"message\":\"Request Timeout\"}\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_while_it_is_sent() {
    let relay = Listening::start("maxBodyBytes: 1000").await;
    let mut stream = relay.connect().await;
    say(&mut stream, &format!("{EVALUATE}content-length: 5000000\r\n\r\n")).await;
    let body = vec![b' '; 5_000_000];
    stream.write_all(&body).await.expect("it is read");
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_body_that_nobody_asks_for_does_not_cost_the_connection() {
    let relay = Listening::start("").await;
    for line in [
        "POST /nothing",
        "POST /v1/feature/a/b/eval",
        "POST /admin/v1/retriever/refresh",
        "GET /v1/flag/change",
        "OPTIONS /v1/allflags",
    ] {
        for (length, body) in [
            ("content-length: 8", "{\"a\": 1}"),
            ("transfer-encoding: chunked", "8\r\n{\"a\": 1}\r\n0\r\n\r\n"),
        ] {
            let mut stream = relay.connect().await;
            say(&mut stream, &format!("{line} HTTP/1.1\r\nhost: a\r\n{length}\r\n\r\n")).await;
            // the head has arrived before the body
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            say(&mut stream, body).await;
            say(
                &mut stream,
                "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
            )
            .await;
            let answers = rest(&mut stream).await;
            assert!(
                answers.ends_with("{\"initialized\":true}\n"),
                "{line}, {length}: {answers}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_sends_too_much_that_nobody_asks_for_is_told_that_the_connection_ends() {
    let relay = Listening::start("").await;
    for head in ["content-length: 300000", "content-length: 8\r\nexpect: 100-continue"] {
        let answer = relay
            .hear_out(&format!("POST /nothing HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n"))
            .await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered() {
    let relay = Listening::start("maxHeaderBytes: 20000").await;
    let long = |length| {
        format!(
            "GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-long: {}\r\n\r\n",
            "x".repeat(length)
        )
    };
    assert!(relay.hear_out(&long(19_000)).await.starts_with("HTTP/1.1 200 "));
    assert!(relay.hear_out(&long(21_000)).await.starts_with("HTTP/1.1 431 "));
    assert!(relay.hear_out(&long(3_000_000)).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_broken_off() {
    let relay = Listening::start("writeTimeout: 50ms").await;
    let mut stream = relay.connect().await;
    let requests = HEALTH.repeat(1000);
    // the relay stops reading when nobody takes its answers, and then ends the connection
    while stream.write_all(requests.as_bytes()).await.is_ok() {}
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so() {
    let relay = Listening::start("maxConnections: 1").await;
    let mut first = relay.connect().await;
    say(&mut first, HEALTH).await;
    answer(&mut first).await;
    let refused = relay.hear_out("GET /v1/flag/change HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n") && refused.contains("\r\nconnection: close\r\n"));
    let health = relay.hear_out(HEALTH).await;
    assert!(health.starts_with("HTTP/1.1 200 ") && health.contains("\r\nconnection: close\r\n"));
    say(&mut first, HEALTH).await;
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn http2_is_understood_without_being_asked_for() {
    let relay = Listening::start("").await;
    let stream = TokioIo::new(relay.connect().await);
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let requests = ["/ofrep/v1/evaluate/flags/on", "/v1/allflags", "/v1/flag/configuration"].map(|path| {
        let body = r#"{"context":{"targetingKey":"x"},"evaluationContext":{"key":"x"}}"#;
        let request = Request::post(format!("http://relay{path}")).body(Full::new(Bytes::from(body)));
        client.send_request(request.expect("it is a request"))
    });
    for answer in futures_util::future::join_all(requests).await {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
        assert!(answer.into_body().collect().await.unwrap().to_bytes().ends_with(b"}\n"));
    }
    relay.stop.send(()).unwrap();
    relay.ended.await.unwrap();
    connection.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_http2_connection_without_requests_ends() {
    let relay = Listening::start("idleTimeout: 50ms").await;
    let stream = TokioIo::new(relay.connect().await);
    let (_client, connection) = http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), stream)
        .await
        .unwrap();
    connection.await.unwrap();
}

#[tokio::test]
async fn what_was_asked_before_the_end_is_answered() {
    let relay = Listening::start("").await;
    let mut idle = relay.connect().await;
    let mut asking = relay.connect().await;
    say(&mut idle, HEALTH).await;
    answer(&mut idle).await;
    say(
        &mut asking,
        &format!("{EVALUATE}expect: 100-continue\r\ncontent-length: 14\r\n\r\n"),
    )
    .await;
    let mut go_on = [0; 25];
    asking.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    relay.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    say(&mut asking, r#"{"context":{}}"#).await;
    assert!(rest(&mut asking).await.starts_with("HTTP/1.1 200 OK\r\n"));
    relay.ended.await.unwrap();
}
