//! Bodies in gzip, brotli and zstd.

use std::io::{Read, Write};

use super::*;

const CONFIGURATION: &str = "POST /v1/flag/configuration";
const CONTEXT: &str = r#"{"context":{"targetingKey":"x"}}"#;

/// This many flags, all of one version.
fn flags(count: usize, version: &str) -> String {
    let flag = |index| {
        format!("flag-{index}: {{variations: {{a: true}}, defaultRule: {{variation: a}}, version: {version}}}\n")
    };
    (0..count).map(flag).collect()
}

/// An answer with its body decoded.
async fn decoded(relay: &Relay, line: &str, accepted: &str, body: &str) -> (HeaderMap, String) {
    let headers = [("accept-encoding", accepted)];
    let (head, content) = relay.send(line, &headers, body.to_owned().into()).await.into_parts();
    let content = content.collect().await.unwrap().to_bytes();
    let coding = head
        .headers
        .get("content-encoding")
        .map_or("", |coding| coding.to_str().unwrap());
    let mut text = String::new();
    match coding {
        "zstd" => zstd::Decoder::new(&content[..]).unwrap().read_to_string(&mut text),
        "br" => brotli::Decompressor::new(&content[..], 4096).read_to_string(&mut text),
        "gzip" => flate2::read::GzDecoder::new(&content[..]).read_to_string(&mut text),
        _ => (&content[..]).read_to_string(&mut text),
    }
    .unwrap();
    (head.headers, text)
}

#[tokio::test]
async fn answers_are_encoded_as_wanted() {
    // short enough to be encoded at once, and not
    for count in [100, 4000] {
        let relay = Relay::with_flags(&flags(count, "1"), "").await;
        for (line, body) in [
            (CONFIGURATION, ""),
            ("POST /v1/flag/configuration?pretty", ""),
            ("GET /v1/flag/change", ""),
            ("POST /ofrep/v1/evaluate/flags", CONTEXT),
        ] {
            let (plain, text) = decoded(&relay, line, "", body).await;
            assert_eq!(plain.get("content-encoding"), None);
            let mut tags = vec![plain["etag"].clone()];
            for coding in ["zstd", "br", "gzip"] {
                let (headers, same) = decoded(&relay, line, coding, body).await;
                assert_eq!(headers["content-encoding"], coding, "{line}");
                assert!(text == same, "{line} {coding}");
                let varies: Vec<_> = headers.get_all("vary").iter().collect();
                assert_eq!(varies, ["Origin", "Accept-Encoding"]);
                tags.push(headers["etag"].clone());
            }
            // whichever form a caller has, it is told so by its own tag
            for (index, tag) in tags.iter().enumerate() {
                assert!(!tags[index + 1..].contains(tag), "{tags:?}");
                let known = [("if-none-match", tag.to_str().unwrap()), ("accept-encoding", "br")];
                let answer = relay.ask(line, &known, body).await;
                assert_eq!((answer.status, &answer.headers["etag"], &*answer.body), (304, tag, ""));
                let varies: Vec<_> = answer.headers.get_all("vary").iter().collect();
                assert_eq!(varies, ["Origin", "Accept-Encoding"]);
            }
        }
    }
}

#[tokio::test]
async fn what_is_encoded_keeps_in_step_with_the_flags() {
    let settings = "authorizedKeys: {admin: [admin]}";
    let relay = Relay::with_flags(&flags(50, "first"), settings).await;
    let first = decoded(&relay, CONFIGURATION, "gzip", "").await;
    assert!(first.1.contains("first"));
    std::fs::write(relay.folder.path().join("flags.yaml"), flags(50, "second")).unwrap();
    let refresh = [("x-api-key", "admin")];
    assert_eq!(
        relay.ask("POST /admin/v1/retriever/refresh", &refresh, "").await.status,
        200
    );
    let second = decoded(&relay, CONFIGURATION, "gzip", "").await;
    assert!(second.1.contains("second") && !second.1.contains("first"));
    assert_ne!(first.0["etag"], second.0["etag"]);
}

#[tokio::test]
async fn some_answers_stay_as_they_are() {
    let relay = Relay::with_flags(&flags(50, "1"), "").await;
    let off = Relay::with_flags(&flags(50, "1"), "server: {compression: false}").await;
    for (relay, line, accepted) in [
        (&relay, "GET /health", "gzip"),
        (&relay, "HEAD /v1/flag/change", "gzip"),
        (&relay, CONFIGURATION, "deflate, gzip;q=0"),
        (&off, CONFIGURATION, "gzip"),
    ] {
        let (headers, _) = decoded(relay, line, accepted, "").await;
        assert_eq!(headers.get("content-encoding"), None, "{line} {accepted}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn requests_may_come_in_gzip() {
    let relay = Relay::start("").await;
    let evaluate = "POST /ofrep/v1/evaluate/flags/on";
    let padded = |length: usize| format!(r#"{{"context":{{"a":"{}"}}}}"#, "x".repeat(length));
    let mut broken = gzip(CONTEXT);
    broken.truncate(20);
    for (coding, body, status) in [
        ("gzip", gzip(CONTEXT), 200),
        ("GZIP", gzip(CONTEXT), 200),
        // as for GO Feature Flag, what claims to be encoded need not be
        ("gzip", CONTEXT.as_bytes().to_vec(), 200),
        ("gzip", gzip(&padded(900_000)), 200),
        // small on the wire, and larger than the limit
        ("gzip", gzip(&padded(5_000_000)), 413),
        ("gzip", broken, 400),
        ("gzip", gzip("{"), 400),
        ("", gzip(CONTEXT), 400),
    ] {
        let headers = [("content-encoding", coding), ("content-type", "application/json")];
        assert_eq!(relay.ask(evaluate, &headers, body).await.status, status, "{coding}");
    }
}
