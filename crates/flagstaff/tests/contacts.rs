//! `flagstaff check` through the built program: a configuration in, a table and an exit code out.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use flagstaff_testkit::collector::Collector;
use flagstaff_testkit::flag_server::{Answer, FlagServer};
use regex_lite::Regex;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const GOOD: &str = "\
new-checkout: {variations: {on: true, off: false}, defaultRule: {variation: off}}
banner: {variations: {calm: navy}, defaultRule: {variation: calm}}
";

const BAD: &str = "\
new-checkout: {variations: {on: true, off: false}, defaultRule: {variation: off}}
banner: {variations: {calm: navy}, defaultRule: {variation: loud}}
";

/// Part of every secret.
const SECRET: &str = "s3cr3t";

#[test]
fn sources_are_fetched_and_read() {
    let runtime = Runtime::new().expect("threads can be started");
    let server = runtime.block_on(FlagServer::start());
    server.answer(Answer::ok(GOOD));
    let place = Place::new(&[
        ("flags.yaml", GOOD),
        ("bad.yaml", BAD),
        ("broken.yaml", "banner: [\n"),
        ("folder/a.yaml", GOOD),
        ("folder/b.json", "{}"),
    ]);
    let url = server.url("/flags.yaml?token=s3cr3t");
    let configuration = format!(
        "retrievers:
  - {{kind: file, path: flags.yaml}}
  - {{kind: http, url: '{url}', headers: {{Authorization: Bearer s3cr3t}}}}
  - {{kind: directory, path: folder}}
  - {{kind: file, path: bad.yaml}}
  - {{kind: file, path: broken.yaml}}
  - {{kind: file, path: missing.yaml}}
"
    );
    insta::assert_snapshot!(place.check(&configuration, &["sources"]), @"
    FLAG SET  KIND  SOURCE  RESULT  TIME
    default  file  flags.yaml  2 flags, 149 B  1 ms
    default  http  http://127.0.0.1:1/flags.yaml?***  2 flags, 149 B  1 ms
    default  directory  folder  2 flags, 2 files, 151 B  1 ms
    default  file  bad.yaml  1 flag, 1 more with errors, 149 B  1 ms
      help: see what is wrong, and where: `flagstaff lint --relay-config relay.yaml`
    default  file  broken.yaml  fails  1 ms
      error: no flags can be read: unclosed bracket '[' (line 1, column 9)
      help: see what is wrong, and where: `flagstaff lint --relay-config relay.yaml`
    default  file  missing.yaml  fails  1 ms
      error: no such file (path: missing.yaml)
      help: there is nothing at that place: check `path`

    relay.yaml: 4 work, 2 fail
    exit 1
    ");
    insta::assert_snapshot!(place.check("retriever: {kind: file, path: flags.yaml}", &["sources"]), @"
    FLAG SET  KIND  SOURCE  RESULT  TIME
    default  file  flags.yaml  2 flags, 149 B  1 ms

    relay.yaml: 1 works
    exit 0
    ");
    let sets = "
flagSets:
  - {name: checkout, apiKeys: [s3cr3t-a], retriever: {kind: file, path: flags.yaml}}
  - {name: search, apiKeys: [s3cr3t-b], retriever: {kind: file, path: bad.yaml}}
";
    insta::assert_snapshot!(place.check(sets, &["sources"]), @"
    FLAG SET  KIND  SOURCE  RESULT  TIME
    checkout  file  flags.yaml  2 flags, 149 B  1 ms
    search  file  bad.yaml  1 flag, 1 more with errors, 149 B  1 ms
      help: see what is wrong, and where: `flagstaff lint --relay-config relay.yaml --flag-set search`

    relay.yaml: 2 work
    exit 0
    ");
}

#[test]
fn each_failure_has_its_own_next_step() {
    let runtime = Runtime::new().expect("threads can be started");
    let place = Place::new(&[]);
    let answering = |answer| {
        let server = runtime.block_on(FlagServer::start());
        server.answer(answer);
        server
    };
    let denying = answering(Answer::status(401));
    let empty = answering(Answer::status(404));
    let troubled = answering(Answer::status(503));
    let silent = answering(Answer::Silence);
    let untrusted = runtime.block_on(FlagServer::start_tls(false));
    let without_tls = format!("https://{}/", plain_server().expect("a port is free"));
    for (url, expected) in [
        (denying.url("/"), "check the credentials, `headers`"),
        (empty.url("/"), "nothing at that place: check `url`"),
        (troubled.url("/"), "trouble of its own"),
        (silent.url("/"), "use `--timeout`"),
        (untrusted.url("/"), "`caCertPath`"),
        (without_tls, "does not speak TLS"),
        ("http://127.0.0.1:9/".to_owned(), "nobody listens there"),
        ("http://nowhere.invalid/".to_owned(), "ask this machine's DNS"),
    ] {
        let configuration = format!("retriever: {{kind: http, url: '{url}'}}");
        let timeout = if url.starts_with(&silent.url("")) { "1" } else { "60" };
        let shown = place.check(&configuration, &["sources", "--timeout", timeout]);
        let help = shown.lines().find(|line| line.starts_with("  help: "));
        assert!(help.is_some_and(|line| line.contains(expected)), "{url}: {shown}");
        assert!(shown.ends_with("1 fails\nexit 1"), "{url}: {shown}");
    }
}

#[test]
fn exporters_are_looked_at_without_a_trace() {
    let runtime = Runtime::new().expect("threads can be started");
    let server = runtime.block_on(FlagServer::start());
    server.answer(Answer::status(405));
    let collector = Collector::over_http();
    let place = Place::new(&[("flags.yaml", GOOD), ("a-file", "")]);
    let configuration = exporters(&server, &collector);
    insta::assert_snapshot!(place.check(&configuration, &["exporters"]), @"
    FLAG SET  KIND  EXPORTER  RESULT  TIME
    default  file  archive (events)  will be made  1 ms
    default  file  a-file  fails  1 ms
      error: the file of events cannot be written (path: a-file): Not a directory (os error 20)
    default  log  the log  the log of the relay  1 ms
    default  webhook  http://127.0.0.1:1  answers  1 ms
    default  webhook  http://127.0.0.1:9  fails  1 ms
      error: cannot reach the webhook (url: http://127.0.0.1:9): error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
      help: nobody listens there: check host and port, and that the server runs
    default  opentelemetry  http://127.0.0.1:1  answers  1 ms

    relay.yaml: 4 work, 2 fail
    exit 1
    ");
    let asked: Vec<_> = server.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(asked, ["HEAD /"], "the webhook itself is not asked");
    assert!(collector.received().spans.is_empty());
    assert!(!place.path("events").exists());
    assert_eq!(
        place.check("retriever: {kind: file, path: flags.yaml}", &["exporters"]),
        "relay.yaml: no exporters\nexit 0"
    );
}

#[test]
fn exporters_get_one_event_that_says_what_it_is() {
    let runtime = Runtime::new().expect("threads can be started");
    let server = runtime.block_on(FlagServer::start());
    server.answer(Answer::ok("{}"));
    let collector = Collector::over_http();
    let place = Place::new(&[("flags.yaml", GOOD), ("a-file", "")]);
    let shown = place.check(&exporters(&server, &collector), &["exporters", "--send-test"]);
    insta::assert_snapshot!(shown, @r#"
    FLAG SET  KIND  EXPORTER  RESULT  TIME
    default  file  archive (events)  1 event delivered  1 ms
    default  file  a-file  fails  1 ms
      error: the file of events cannot be written (path: a-file/flag-variation-HOST-1.json): Not a directory (os error 20)
    default  log  the log  1 event delivered  1 ms
    default  webhook  http://127.0.0.1:1  1 event delivered  1 ms
    default  webhook  http://127.0.0.1:9  fails  1 ms
      error: cannot reach the webhook (url: http://127.0.0.1:9): error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)
      help: nobody listens there: check host and port, and that the server runs
    default  opentelemetry  http://127.0.0.1:1  1 event delivered  1 ms

    relay.yaml: 4 work, 2 fail
    {"level":"info","ts":1,"msg":"[TIME user=\"flagstaff-check\", flag=\"flagstaff-check\", value=\"sent by flagstaff check, nobody evaluated a flag\""}
    exit 1
    "#);
    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("one request: {requests:?}")
    };
    let body: Value = serde_json::from_str(&request.body).expect("a webhook gets JSON");
    assert_eq!(request.line, "POST /s3cr3t?key=s3cr3t");
    assert_eq!(body["events"][0]["key"], "flagstaff-check");
    assert_eq!(body["events"].as_array().map(Vec::len), Some(1));
    let file = fs::read_dir(place.path("events"))
        .expect("a folder")
        .next()
        .expect("a file")
        .expect("a file");
    let event: Value = serde_json::from_slice(&fs::read(file.path()).expect("a file")).expect("one event");
    assert_eq!(
        (&event["key"], &event["userKey"]),
        (&"flagstaff-check".into(), &"flagstaff-check".into())
    );
    let spans = collector.received().spans;
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].attributes["feature_flag.key"], "flagstaff-check");
}

#[test]
fn notifiers_are_looked_at_or_told_of_a_test() {
    let runtime = Runtime::new().expect("threads can be started");
    let server = runtime.block_on(FlagServer::start());
    server.answer(Answer::ok("1"));
    let place = Place::new(&[("flags.yaml", GOOD)]);
    let kinds = ["slack", "discord", "microsoftteams"];
    let url = server.url("/s3cr3t?key=s3cr3t");
    let mut configuration = "retriever: {kind: file, path: flags.yaml}\nnotifiers:\n".to_owned();
    for kind in kinds {
        configuration.push_str(&format!("  - {{kind: {kind}, webhookUrl: '{url}'}}\n"));
    }
    configuration.push_str("  - {kind: webhook, endpointUrl: 'http://127.0.0.1:9/s3cr3t', secret: s3cr3t}\n");
    insta::assert_snapshot!(place.check(&configuration, &["notifiers"]), @"
    FLAG SET  KIND  NOTIFIER  RESULT  TIME
    default  slack  http://127.0.0.1:1/***  answers  1 ms
    default  discord  http://127.0.0.1:1/***  answers  1 ms
    default  microsoftteams  http://127.0.0.1:1/***  answers  1 ms
    default  webhook  http://127.0.0.1:9/***  fails  1 ms
      error: the request failed: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111) (target: http://127.0.0.1:9/***)
      help: nobody listens there: check host and port, and that the server runs

    relay.yaml: 3 work, 1 fails
    exit 1
    ");
    assert!(server.requests().iter().all(|request| request.line == "HEAD /"));
    let shown = place.check(&configuration, &["notifiers", "--send-test"]);
    assert_eq!(
        shown.matches("1 notification delivered").count(),
        kinds.len(),
        "{shown}"
    );
    let told = server.requests();
    assert_eq!(told.len(), kinds.len());
    for request in told {
        assert!(
            request.body.contains("flagstaff-check (a test, no flag changed)"),
            "{}",
            request.body
        );
    }
    server.answer(Answer::status(404));
    let shown = place.check(&configuration, &["notifiers", "--send-test"]);
    assert_eq!(
        shown.matches("nothing at that place: check `webhookUrl`").count(),
        kinds.len(),
        "{shown}"
    );
}

#[test]
fn as_json() {
    let place = Place::new(&[("flags.yaml", GOOD)]);
    let configuration =
        "retriever: {kind: file, path: flags.yaml}\nexporter: {kind: file, name: archive, outputDir: flags.yaml}";
    let shown = place.check(configuration, &["exporters", "--output", "json"]);
    let (document, end) = shown.rsplit_once('\n').expect("a line about the end");
    let mut document: Value = serde_json::from_str(document).expect("it is JSON");
    let report = &mut document["reports"][0];
    assert!(report["seconds"].take().is_f64());
    insta::assert_snapshot!(format!("{document:#}\n{end}"), @r#"
    {
      "file": "relay.yaml",
      "reports": [
        {
          "flagSet": "default",
          "hint": null,
          "kind": "file",
          "message": "the file of events cannot be written (path: flags.yaml): Not a directory (os error 20)",
          "name": "archive",
          "result": "fails",
          "seconds": null,
          "target": "flags.yaml"
        }
      ],
      "subject": "exporters"
    }
    exit 1
    "#);
}

#[test]
fn a_configuration_with_mistakes_is_not_contacted() {
    let place = Place::new(&[]);
    insta::assert_snapshot!(place.check("retriever: {kind: s3, bucket: b}", &["sources"]), @r#"
    error: configuration error
    relay.yaml:1:19: retriever: invalid retriever: no "item" property found for kind "s3"
    exit 1
    "#);
}

/// A server that answers everybody in plain text.
fn plain_server() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            stream?.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
        }
        io::Result::Ok(())
    });
    Ok(address)
}

/// A configuration with every kind of exporter that needs no server of its own.
fn exporters(server: &FlagServer, collector: &Collector) -> String {
    let (url, collector) = (server.url("/s3cr3t?key=s3cr3t"), collector.url());
    format!(
        "retriever: {{kind: file, path: flags.yaml}}
otel: {{exporter: {{otlp: {{endpoint: '{collector}'}}}}}}
exporters:
  - {{kind: file, name: archive, outputDir: events, sampling: 0, aggregate: 10s}}
  - {{kind: file, outputDir: a-file}}
  - {{kind: log}}
  - {{kind: webhook, endpointUrl: '{url}', secret: s3cr3t, headers: {{Authorization: s3cr3t}}}}
  - {{kind: webhook, endpointUrl: 'http://127.0.0.1:9/s3cr3t'}}
  - {{kind: opentelemetry}}
"
    )
}

/// A folder with a configuration.
struct Place(TempDir);

impl Place {
    /// A folder with these files.
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().expect("a temporary folder can be made"));
        for (name, text) in files {
            let path = place.path(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
        }
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// What `flagstaff check` prints about a configuration and how it ends, with one number for every port, every time and every
    /// width. No secret is among it.
    fn check(&self, configuration: &str, arguments: &[&str]) -> String {
        fs::write(self.path("relay.yaml"), configuration).expect("a file can be written");
        let done = Command::new(env!("CARGO_BIN_EXE_flagstaff"))
            .arg("check")
            .args(arguments)
            .args(["--config", "relay.yaml"])
            .current_dir(self.0.path())
            .env_clear()
            .output()
            .expect("the program can be run");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        let code = done.status.code().expect("the program is not killed");
        let shown = format!("{}{}exit {code}", text(done.stdout), text(done.stderr));
        assert!(!shown.contains(SECRET), "{shown}");
        let mut shown = shown.replace(&*self.0.path().to_string_lossy(), "FOLDER");
        for (pattern, replacement) in [
            (r"127\.0\.0\.1:\d{2,}", "127.0.0.1:1"),
            (r"(\d+ ms|\d+\.\d s)\n", "1 ms\n"),
            (r"([^ \n])   *", "$1  "),
            (r"variation-\S+-\d{10}", "variation-HOST-1"),
            (r#""ts":[0-9.]+"#, r#""ts":1"#),
            (r"\d{4}-\d\d-\d\dT\S+", "TIME"),
        ] {
            let pattern = Regex::new(pattern).expect("a pattern");
            shown = pattern.replace_all(&shown, replacement).into_owned();
        }
        shown
    }
}
