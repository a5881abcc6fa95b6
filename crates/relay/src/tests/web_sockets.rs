use std::net::{Ipv4Addr, SocketAddr};

use flagstaff_telemetry::metrics::StreamKind;
use futures_util::{SinkExt, StreamExt};
use http::header::{CONNECTION, UPGRADE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::streams::{flag, updated};
use super::*;
use crate::lifetime::Phase;
use crate::socket::Socket;
use crate::{server, streams};

const PATH: &str = "/stream/v1/ws/flag/change";

impl Relay {
    /// Opens a socket, and says where.
    async fn serve(&self) -> SocketAddr {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let ended = self.state.phases.reached(Phase::Ending);
        let drain = Duration::from_secs(5);
        tokio::spawn(server::serve(
            Socket::Tcp(socket),
            API,
            Arc::clone(&self.state),
            ended,
            drain,
        ));
        address
    }

    async fn end_streams(&self) {
        let serving = self.state.serving();
        streams::close(serving.flag_sets.started().map(|set| &*set.hub)).await;
    }
}

async fn connect(address: SocketAddr, path: &str) -> WebSocketStream<TcpStream> {
    let connection = TcpStream::connect(address).await.unwrap();
    let (socket, answer) = client_async(format!("ws://{address}{path}"), connection).await.unwrap();
    let mut headers: Vec<_> = answer.headers().keys().filter(|name| *name != "date").collect();
    headers.sort_by_key(|name| name.as_str());
    assert_eq!(headers, ["connection", "sec-websocket-accept", "upgrade"]);
    socket
}

/// The next message that is no sign of life.
async fn next(socket: &mut WebSocketStream<TcpStream>) -> Option<Message> {
    loop {
        match socket.next().await.transpose().unwrap() {
            Some(Message::Ping(_)) => {}
            other => return other,
        }
    }
}

/// The next text.
async fn text(socket: &mut WebSocketStream<TcpStream>) -> String {
    match next(socket).await {
        Some(Message::Text(text)) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The code of the farewell that comes next.
async fn farewell(socket: &mut WebSocketStream<TcpStream>) -> CloseCode {
    match next(socket).await {
        Some(Message::Close(Some(frame))) => frame.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn changes_are_told_on_both_paths() {
    let relay = Relay::streaming("apiKeys: [back, {key: web, scope: client}]").await;
    relay.edit(&flag(0)).await;
    let address = relay.serve().await;
    let mut sockets = Vec::new();
    for path in [PATH, "/ws/v1/flag/change"] {
        for key in ["back", "web"] {
            sockets.push((key, connect(address, &format!("{path}?apiKey={key}")).await));
        }
    }
    // what clients say is not looked at
    for (_, socket) in &mut sockets {
        socket.send(Message::text("hello")).await.unwrap();
        socket.send(Message::binary(vec![0; 4096])).await.unwrap();
    }
    for value in 1..=2 {
        relay.edit(&flag(value)).await;
        for (key, socket) in &mut sockets {
            let expected = match *key {
                "back" => updated(value - 1, value),
                _ => r#"{"deleted":{},"added":{},"updated":{"f":{}}}"#.to_owned(),
            };
            assert_eq!(text(socket).await, format!("{expected}\n"), "{key}");
        }
    }
    let metrics = relay.ask("GET /metrics", &[], "").await.body;
    let open = r#"flagstaff_streams_open{kind="websocket"} 4"#;
    assert!(metrics.lines().any(|line| line == open), "{metrics}");
}

#[tokio::test]
async fn large_messages_arrive_whole() {
    let relay = Relay::streaming("").await;
    let address = relay.serve().await;
    let mut socket = connect(address, PATH).await;
    for length in [100, 200, 70_000, 3_000_000] {
        let value = "x".repeat(length);
        relay
            .edit(&format!(
                "f: {{variations: {{a: {value}}}, defaultRule: {{variation: a}}}}"
            ))
            .await;
        assert!(text(&mut socket).await.contains(&value));
    }
}

#[tokio::test]
async fn handshakes_that_fail() {
    let relay = Relay::streaming("apiKeys: [k]").await;
    let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let version = ("sec-websocket-version", "13");
    let (connection, upgrade) = (
        (CONNECTION.as_str(), "keep-alive, Upgrade"),
        (UPGRADE.as_str(), "WebSocket"),
    );
    let bad = "400 Bad Request";
    let missing = "426 Upgrade Required";
    for (headers, expected) in [
        (&[][..], bad),
        (&[upgrade, version, key], bad),
        (&[connection, version, key], missing),
        (&[connection, ("upgrade", "h2c"), version, key], missing),
        (&[connection, upgrade, key], bad),
        (&[connection, upgrade, ("sec-websocket-version", "8"), key], bad),
        (&[connection, upgrade, version], bad),
        (&[connection, upgrade, version, ("sec-websocket-key", "abc")], bad),
        // a connection that cannot change its protocol
        (&[connection, upgrade, version, key], bad),
    ] {
        for path in [PATH, "/ws/v1/flag/change"] {
            let answer = relay.ask(&format!("GET {path}?apiKey=k"), headers, "").await;
            let shown = format!("{} {}", answer.status, answer.body.trim_end());
            assert_eq!(shown, expected, "{headers:?}");
            assert_eq!(answer.header("sec-websocket-version"), "13");
            let legacy = path.starts_with("/ws");
            assert_eq!(answer.header("deprecation"), if legacy { "true" } else { "" });
            assert_eq!(!answer.header("link").is_empty(), legacy);
        }
    }
    relay
        .check(&format!("GET {PATH}"), &[], "", r#"401 {"message":"Unauthorized"}"#)
        .await;
}

#[tokio::test]
async fn whose_key_goes_is_told() {
    let relay = Relay::streaming("apiKeys: [web, back]").await;
    let address = relay.serve().await;
    let mut leaving = connect(address, &format!("{PATH}?apiKey=web")).await;
    let mut staying = connect(address, &format!("{PATH}?apiKey=back")).await;
    relay.configure("authorizedKeys: {admin: [admin]}\napiKeys: [back]");
    assert_eq!(farewell(&mut leaving).await, CloseCode::Policy);
    relay.edit(&flag(1)).await;
    assert!(text(&mut staying).await.contains("added"));
}

#[tokio::test]
async fn goodbyes() {
    let relay = Relay::streaming("").await;
    let address = relay.serve().await;
    let mut leaving = connect(address, PATH).await;
    let frame = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    leaving.close(Some(frame)).await.unwrap();
    assert_eq!(farewell(&mut leaving).await, CloseCode::Normal);

    let mut talkative = connect(address, PATH).await;
    talkative.send(Message::binary(vec![0; 100_000])).await.unwrap();
    assert_eq!(
        farewell(&mut talkative).await,
        CloseCode::Size,
        "too much is refused with a reason"
    );

    drop((leaving, talkative));

    let mut staying = connect(address, PATH).await;
    let reading = async {
        let code = farewell(&mut staying).await;
        // reading on answers it
        while next(&mut staying).await.is_some() {}
        code
    };
    let ((), code) = tokio::join!(relay.end_streams(), reading);
    assert_eq!(code, CloseCode::Away);
    let metrics = relay.ask("GET /metrics", &[], "").await.body;
    let none = r#"flagstaff_streams_open{kind="websocket"} 0"#;
    assert!(metrics.lines().any(|line| line == none), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_is_given_up_and_holds_up_nobody() {
    let relay = Relay::streaming("streams: {heartbeat: 2s}").await;
    let address = relay.serve().await;
    // neither of them ever reads, so the one does not answer and the other takes nothing
    let mut silent = raw(address).await;
    let mut stuck = raw(address).await;
    let mut reading = connect(address, PATH).await;
    let large = "x".repeat(500_000);
    for value in 0..20 {
        relay
            .edit(&format!(
                "f: {{variations: {{a: {large}{value}}}, defaultRule: {{variation: a}}}}"
            ))
            .await;
        text(&mut reading).await;
    }
    let streams = relay.state.counts.metrics.streams.of(StreamKind::WebSocket);
    while streams.open.get() > 1 {
        // the paused clock goes on when nobody has anything to do
        reading.next().await.expect("the stream goes on").unwrap();
    }
    relay.edit(&flag(1)).await;
    text(&mut reading).await;
    for socket in [&mut silent, &mut stuck] {
        let mut everything = Vec::new();
        // the connection may be reset
        let _ = socket.read_to_end(&mut everything).await;
    }
}

/// A web socket whose client does nothing more.
async fn raw(address: SocketAddr) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    connection
}
