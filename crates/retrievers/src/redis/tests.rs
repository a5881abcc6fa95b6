use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use flagstaff_databases::redis::Protocol;

use super::{RedisOptions, RedisRetriever, escaped};
use crate::settings::{Settings, SettingsError};
use crate::{ErrorKind, Retriever};

fn options(written: &Value) -> Result<RedisOptions, SettingsError> {
    RedisOptions::read(Settings::new(
        "redis",
        written.as_object().expect("options are an object"),
    ))
}

#[test]
fn an_address_is_a_host_and_a_port_or_a_socket() {
    for (connection, place) in [
        (
            json!({"addr": "redis.internal:7000"}),
            "redis://redis.internal:7000/0 goff:*",
        ),
        (
            json!({"addr": "redis.internal", "db": "3"}),
            "redis://redis.internal:6379/3 goff:*",
        ),
        (
            json!({"addr": ":7000", "tlsEnabled": true}),
            "rediss://localhost:7000/0 goff:*",
        ),
        (json!({"addr": "[::1]:7000"}), "redis://[::1]:7000/0 goff:*"),
        (json!({"addr": "::1"}), "redis://[::1]:6379/0 goff:*"),
        (
            json!({"addr": "/run/redis.sock", "network": "unix", "db": 2}),
            "redis+unix:///run/redis.sock?db=2 goff:*",
        ),
    ] {
        let options = options(&json!({"redisOptions": connection, "redisPrefix": "goff:"})).unwrap();
        assert_eq!(options.place(), place);
    }
}

#[test]
fn what_is_not_written_is_as_in_go_feature_flag() {
    let options = options(&json!({"redisOptions": {"addr": "a", "maxRetries": 0, "readTimeout": 0}})).unwrap();
    assert_eq!(
        (options.server.protocol, options.retries, options.server.tls),
        (None, 3, false)
    );
    assert_eq!(options.pauses, (Duration::from_millis(8), Duration::from_millis(512)));
    assert_eq!(options.server.dial_timeout, Duration::from_secs(5));
    assert_eq!(options.server.read_timeout, Duration::from_secs(3));
    assert_eq!(options.server.longest_idle, Some(Duration::from_secs(1800)));
    assert_eq!((options.server.longest_life, &*options.prefix), (None, ""));
    assert_eq!(options.server.identity.as_deref(), Some("flagstaff"));
    assert_eq!((options.keyspace_events, options.channel), (false, None));
}

#[test]
fn every_limit_can_be_written_and_lifted() {
    let written = json!({
        "redisOptions": {
            "addr": "a", "protocol": 2, "maxRetries": -1, "minRetryBackoff": 1, "maxRetryBackoff": -1, "dialTimeout": 10,
            "readTimeout": -1, "connMaxIdleTime": -1, "connMaxLifetime": 60000, "identitySuffix": "eu", "clientName": "relay",
        },
        "keyspaceEvents": "true",
        "channel": "flags",
    });
    let options = options(&written).unwrap();
    assert_eq!((options.server.protocol, options.retries), (Some(Protocol::Two), 0));
    assert_eq!(options.pauses, (Duration::from_millis(1), Duration::ZERO));
    assert_eq!(options.server.dial_timeout, Duration::from_millis(10));
    assert_eq!(options.server.read_timeout, Duration::MAX);
    assert_eq!(
        (options.server.longest_idle, options.server.longest_life),
        (None, Some(Duration::from_secs(60)))
    );
    assert_eq!(options.server.identity.as_deref(), Some("flagstaff-eu"));
    assert_eq!(
        (options.keyspace_events, options.channel.as_deref()),
        (true, Some("flags"))
    );
}

#[test]
fn options_are_checked_without_showing_them() {
    for (written, problem) in [
        (
            json!({"redisPrefix": "a"}),
            "no \"redisOptions.addr\" property found for kind \"redis\"",
        ),
        (
            json!({"redisOptions": {"addr": "secret:secret"}}),
            "property \"redisOptions.addr\" of kind \"redis\" is not a host and a port like localhost:6379",
        ),
        (
            json!({"redisOptions": {"addr": "a", "network": "udp"}}),
            "property \"redisOptions.network\" of kind \"redis\" is neither tcp nor unix",
        ),
        (
            json!({"redisOptions": {"addr": "a", "protocol": 4}}),
            "property \"redisOptions.protocol\" of kind \"redis\" is neither 2 nor 3",
        ),
    ] {
        assert_eq!(options(&written).unwrap_err().to_string(), problem);
    }
}

#[test]
fn a_prefix_stands_for_itself() {
    assert_eq!(escaped(r"a*b?[c]\d:"), r"a\*b\?\[c\]\\d:");
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_is_told_without_secrets() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (silent_port, closed_port) = (silent.local_addr().unwrap().port(), closed.local_addr().unwrap().port());
    drop(closed);
    for (port, kind, text) in [
        (closed_port, ErrorKind::Unreachable, "cannot connect"),
        (silent_port, ErrorKind::TimedOut, "deadline exceeded"),
    ] {
        let connection = json!({
            "addr": format!("127.0.0.1:{port}"), "username": "u", "password": "secret", "maxRetries": 1, "minRetryBackoff": 1,
            "dialTimeout": 100,
        });
        let retriever = RedisRetriever::new(options(&json!({"redisOptions": connection})).unwrap());
        let error = retriever.retrieve(None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("(place: redis://127.0.0.1:{port}/0 *)")),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?} {retriever:?}").contains("secret"),
            "{error:?}"
        );
    }
}
