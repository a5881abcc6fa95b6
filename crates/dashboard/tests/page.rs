//! The page of made-up relays, as text.

use std::time::{Duration, SystemTime};

use flagstaff_dashboard::view::{
    Exporter, Finding, FlagSet, Key, Notifier, Place, RefusedFlag, Relay, ServedFlags, Source, Streams,
};
use flagstaff_dashboard::{ASSETS, fragment, page};

/// A relay of which everything can be said, with a name that would like to be more than text.
fn relay() -> Relay {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let ago = |seconds| now - Duration::from_secs(seconds);
    let finding = Finding {
        place: Some(Place {
            file: "checkout.yaml".to_owned(),
            line: 12,
            column: 21,
        }),
        message: "invalid variation: <b>of</b> does not exist".to_owned(),
        hint: Some("the variations are `on`, `off`".to_owned()),
    };
    let source = Source {
        name: Some("checkout.yaml".to_owned()),
        read: Some(ago(90)),
        failures: 3,
        error: Some("unclosed bracket".to_owned()),
        findings: vec![finding.clone()],
    };
    let served = ServedFlags {
        is_loaded: true,
        revision: 1234,
        flags: 10_000,
        changed: ago(7200),
        read: None,
        followers: 9_500,
        sources: vec![source],
        refused: 1,
        refused_flags: vec![RefusedFlag {
            key: "<script>alert(1)</script>".to_owned(),
            served: "its last good version",
            findings: vec![finding],
        }],
    };
    Relay {
        running: Duration::from_secs(100_000),
        is_detailed: true,
        refused_edit: Some(vec![Finding {
            place: Some(Place {
                file: "goff-proxy.yaml".to_owned(),
                line: 2,
                column: 9,
            }),
            message: "server.port: expected a whole number, found a text".to_owned(),
            hint: None,
        }]),
        flag_sets: vec![
            FlagSet {
                name: "checkout".to_owned(),
                served: Some(served),
                failure: None,
            },
            FlagSet {
                name: "mobile".to_owned(),
                served: None,
                failure: Some("no such file (path: mobile.yaml)".to_owned()),
            },
        ],
        streams: vec![Streams {
            kind: "sse",
            open: 9_500,
        }],
        exporters: vec![Exporter {
            kind: "kafka".to_owned(),
            queued: 1,
            delivered: 2,
            dropped: 3,
        }],
        notifiers: vec![Notifier {
            kind: "slack".to_owned(),
            target: Some("https://hooks.slack.com/***".to_owned()),
            waiting: 1,
            delivered: 2,
            told: Some(ago(60)),
            lost: 4,
            failures: 5,
            error: Some("it was answered with code 503".to_owned()),
        }],
        needs_keys: true,
        key_counts: vec![("client", 1)],
        keys: vec![Key {
            name: "web-shop".to_owned(),
            scope: "client",
            flag_set: Some("checkout".to_owned()),
        }],
        ..Relay::new("1.2.3", now)
    }
}

#[test]
fn everything_is_told() {
    insta::assert_snapshot!(words(&fragment(&relay())), @"
    Flagstaff
    serving, with problems
    version 1.2.3 running for 1 d
    1 of 2 flag sets serving
    10 000 flags
    1 flags refused as written
    1 of 1 sources failing
    9 500 streams open
    The last edit of the configuration not in effect
    goff-proxy.yaml:2:9 server.port: expected a whole number, found a text
    checkout stale
    flags | 10 000
    revision | 1 234
    changed | 2 h ago
    all sources read | never
    streams | 9 500
    source | read | failed in a row | last error
    checkout.yaml | 1 min ago | 3
    checkout.yaml:12:21 invalid variation: &#60;b&#62;of&#60;/b&#62; does not exist the variations are on , off
    Flags refused as they are written
    flag | served | what is wrong
    &#60;script&#62;alert(1)&#60;/script&#62; | its last good version
    checkout.yaml:12:21 invalid variation: &#60;b&#62;of&#60;/b&#62; does not exist the variations are on , off
    mobile not started
    It could not start, and is tried again; until then its keys are refused.
    no such file (path: mobile.yaml)
    Streams
    sse | 9 500
    Exporters
    kind | waiting | delivered | dropped
    kafka | 1 | 2 | 3
    Notifiers
    notifier | told | delivered | waiting | given up | failed in a row | last error
    slack https://hooks.slack.com/*** | 1 min ago | 2 | 1 | 4 | 5 | it was answered with code 503
    Keys
    client | 1
    key | scope | flag set
    web-shop | client | checkout
    As of 2023-11-14T22:13:20Z
    ");
}

#[test]
fn a_relay_without_anything() {
    let relay = Relay::new("1.2.3", SystemTime::UNIX_EPOCH);
    insta::assert_snapshot!(words(&fragment(&relay)), @"
    Flagstaff
    not ready
    version 1.2.3 running for 0 s
    0 of 0 flag sets serving
    0 flags
    0 flags refused as written
    0 of 0 sources failing
    0 streams open
    Streams
    Exporters
    None is active.
    Keys
    Flags are evaluated for everybody: no key is configured for that.
    Names of sources, keys and flags, and what is wrong with them, are for administrators: show them with any user name and an administrator's key as the password.
    As of 1970-01-01T00:00:00Z
    ");
}

#[test]
fn names_are_text() {
    let page = page(&relay());
    assert!(!page.contains("<script>alert") && !page.contains("<b>of"), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = page(&relay());
    let attributes = ["src=\"", "href=\""];
    let links = attributes.iter().flat_map(|attribute| page.split(attribute).skip(1));
    let links: Vec<_> = links.filter_map(|rest| rest.split('"').next()).collect();
    for asset in ASSETS {
        assert!(links.contains(&asset.path), "{} is not used", asset.path);
    }
    for link in links {
        assert!(!link.contains("//") && !link.starts_with('/'), "{link}");
    }
    for asset in ASSETS.iter().filter(|asset| !asset.path.ends_with(".svg")) {
        assert!(
            !asset.text.contains("//") || asset.path.ends_with(".js"),
            "{}",
            asset.path
        );
        assert!(!asset.text.contains("http"), "{}", asset.path);
    }
}

#[test]
fn the_page_holds_the_fragment() {
    let relay = relay();
    assert!(page(&relay).contains(&fragment(&relay)));
}

/// What one reads: the text between the tags, a line for each part.
fn words(html: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let line = lines.last_mut().expect("there is always a line");
        line.push_str(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        match name {
            "code" | "b" | "small" | "time" | "a" | "br" | "span" => line.push(' '),
            "td" | "th" | "dt" | "dd" if !line.is_empty() => line.push_str(" | "),
            _ => lines.push(String::new()),
        }
        rest = after;
    }
    let lines = lines
        .iter()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines = lines.map(|line| line.replace("| |", "|").trim_matches(['|', ' ']).to_owned());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
