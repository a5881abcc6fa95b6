//! Lines of each format, and levels.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flagstaff_telemetry::logging::{LogFormat, LogHandle, LogLevel, logger};

/// What is logged meanwhile.
fn logged(level: LogLevel, format: LogFormat, log: impl FnOnce(&LogHandle)) -> String {
    let lines = Arc::new(Mutex::new(String::new()));
    let output = {
        let lines = Arc::clone(&lines);
        move |line: &[u8]| {
            lines
                .lock()
                .expect("nobody panics")
                .push_str(&String::from_utf8_lossy(line));
        }
    };
    let clock: fn() -> SystemTime = || UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_250);
    let (subscriber, handle) = logger(level, format, clock, Box::new(output));
    tracing::subscriber::with_default(subscriber, || log(&handle));
    let lines = lines.lock().expect("nobody panics");
    lines.clone()
}

fn events(_: &LogHandle) {
    let nothing: Option<&str> = None;
    tracing::info!(target: "flagstaff::test", key = "a flag", flagset = nothing, count = 3, ratio = 0.5, on = true, "flag added");
    tracing::warn!(target: "flagstaff::test", text = "say \"no\"\n=", "a \"quoted\" message\u{7}");
    tracing::error!(target: "flagstaff::test", empty = "", error = %"ü: broken", "failed");
    tracing::debug!(target: "flagstaff::test", "a detail");
    tracing::info!(target: "somebody::else", "a library's own business");
    tracing::warn!(target: "somebody::else", "a library in trouble");
}

#[test]
fn json() {
    insta::assert_snapshot!(logged(LogLevel::Debug, LogFormat::Json, events), @r#"
    {"level":"info","ts":1700000000.000250,"msg":"flag added","key":"a flag","count":3,"ratio":0.5,"on":true}
    {"level":"warn","ts":1700000000.000250,"msg":"a \"quoted\" message\u0007","text":"say \"no\"\n="}
    {"level":"error","ts":1700000000.000250,"msg":"failed","empty":"","error":"ü: broken"}
    {"level":"debug","ts":1700000000.000250,"msg":"a detail"}
    {"level":"warn","ts":1700000000.000250,"msg":"a library in trouble"}
    "#);
}

#[test]
fn logfmt() {
    insta::assert_snapshot!(logged(LogLevel::Info, LogFormat::Logfmt, events), @r#"
    ts=1700000000.000250 level=info msg="flag added" key="a flag" count=3 ratio=0.5 on=true
    ts=1700000000.000250 level=warn msg="a \"quoted\" message\u0007" text="say \"no\"\n="
    ts=1700000000.000250 level=error msg=failed empty= error="ü: broken"
    ts=1700000000.000250 level=warn msg="a library in trouble"
    "#);
}

#[test]
fn text() {
    insta::assert_snapshot!(logged(LogLevel::Warn, LogFormat::Text, events), @r#"
    22:13:20.000 WARN  a "quoted" message  text="say \"no\"\n="
    22:13:20.000 ERROR failed empty= error="ü: broken"
    22:13:20.000 WARN  a library in trouble
    "#);
}

#[test]
fn the_level_changes_at_run_time() {
    let log = |handle: &LogHandle| {
        let all = || {
            tracing::error!(target: "flagstaff::test", "e");
            tracing::warn!(target: "flagstaff::test", "w");
            tracing::info!(target: "flagstaff::test", "i");
            tracing::debug!(target: "flagstaff::test", "d");
        };
        for level in [
            LogLevel::Debug,
            LogLevel::Fatal,
            LogLevel::Error,
            LogLevel::Info,
            LogLevel::Warn,
        ] {
            handle.set_level(level);
            all();
        }
    };
    let lines = logged(LogLevel::Fatal, LogFormat::Logfmt, log);
    let letters: String = lines.lines().filter_map(|line| line.rsplit('=').next()).collect();
    assert_eq!(letters, ["ewid", "", "e", "ewi", "ew"].concat());
}
