use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{MongodbOptions, MongodbRetriever};
use crate::settings::{Settings, SettingsError};
use crate::{ErrorKind, Retriever};

fn options(written: &Value) -> Result<MongodbOptions, SettingsError> {
    MongodbOptions::read(Settings::new(
        "mongodb",
        written.as_object().expect("options are an object"),
    ))
}

#[test]
fn options_are_checked_without_showing_them() {
    let with = |uri: &str| json!({"uri": uri, "database": "team", "collection": "flags"});
    for (written, expected) in [
        (
            with("mongodb://u:secret@a:1,b:2/?replicaSet=r"),
            "mongodb://a:1,b:2 team.flags",
        ),
        (
            with("mongodb+srv://u:secret@cluster0.example.net"),
            "mongodb://cluster0.example.net team.flags",
        ),
        (
            json!({"uri": "mongodb://a", "database": "team"}),
            "no \"collection\" property found for kind \"mongodb\"",
        ),
        (
            with("mongodb://u:sec/ret@a"),
            "property \"uri\" of kind \"mongodb\" is not the URI of a MongoDB server like \
             mongodb://user:password@host:27017/?tls=true; write special characters of user and password as %XX",
        ),
    ] {
        let options = options(&written).map(|options| {
            assert!(!format!("{options:?}").contains("secret"), "{options:?}");
            options.place()
        });
        assert_eq!(options.unwrap_or_else(|error| error.to_string()), expected);
    }
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_is_told_without_secrets() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (silent_port, closed_port) = (silent.local_addr().unwrap().port(), closed.local_addr().unwrap().port());
    drop(closed);
    for (port, kind, text) in [
        (closed_port, ErrorKind::Unreachable, "cannot connect: "),
        (
            silent_port,
            ErrorKind::TimedOut,
            "deadline exceeded: no complete answer within 700 ms",
        ),
    ] {
        let selection = if port == closed_port { 100 } else { 10_000 };
        let uri = format!("mongodb://u:secret@127.0.0.1:{port}/?serverSelectionTimeoutMS={selection}");
        let written = json!({"uri": uri, "database": "team", "collection": "flags", "timeout": 700});
        let retriever = MongodbRetriever::new(options(&written).unwrap());
        let error = retriever.retrieve(None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("(place: mongodb://127.0.0.1:{port} team.flags)")),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?} {retriever:?}").contains("secret"),
            "{error:?}"
        );
    }
}
