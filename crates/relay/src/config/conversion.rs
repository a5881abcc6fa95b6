//! From what was written to what works: defaults, deprecated spellings, ranges, and what must be there.

use std::path::PathBuf;
use std::time::Duration;

use flagstaff_retrievers::Surroundings;
use flagstaff_telemetry::logging::{AccessLog, LogFormat, LogLevel};

use super::Sources;
use super::decode::Written;
use super::file::{RootFile, ServerFile, StreamsFile};
use super::report::{Origin, Report};
use super::settings::{LambdaEvent, LambdaFunction, Logging, Mode, Server, Settings, Streams, Swagger};

mod admission;
mod backend;
mod cross_origin;
mod exporters;
mod flag_sets;
mod keys;
mod limits;
mod notifiers;
mod ofrep;
mod tls;
mod tokens;
mod traces;

const DEFAULT_PORT: u16 = 1031;
const DEFAULT_HOST: &str = "0.0.0.0";
const DEFAULT_SWAGGER_HOST: &str = "localhost";
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(15);
const DEFAULT_RETRY: Duration = Duration::from_secs(3);
/// Where AWS Lambda hands out events: no setting, the service sets it.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const DEFAULT_OPEN_STREAMS: usize = 20_000;

/// Converts a file. What does not fit is reported and replaced by its default, so that everything is looked at.
pub(super) fn convert(file: RootFile, sources: &Sources, report: &mut Report) -> Settings {
    let logging = Logging {
        level: choice(
            file.log_level.as_ref(),
            "log level",
            LogLevel::parse,
            LogLevel::NAMES,
            report,
        ),
        format: log_format(file.log_format.as_ref(), report),
        access: choice(
            file.access_log.as_ref(),
            "choice of requests to log",
            AccessLog::parse,
            AccessLog::NAMES,
            report,
        ),
    };
    let swagger_file = file.swagger.as_ref().map(|swagger| &swagger.value);
    let switches = [
        swagger_file.and_then(|swagger| swagger.enabled.as_ref()),
        file.enable_swagger.as_ref(),
    ];
    let switched_on = switches.into_iter().flatten().find(|written| written.value);
    if let Some(Written { origin, path, .. }) = switched_on.filter(|_| !cfg!(feature = "swagger")) {
        let message = "has no effect: this build is without the page, build with --features swagger";
        report.notice(origin, path, message);
    }
    let swagger = Swagger {
        enabled: switched_on.is_some(),
        host: text(swagger_file.and_then(|swagger| swagger.host.as_ref()))
            .or_else(|| text(file.host.as_ref()))
            .unwrap_or_else(|| DEFAULT_SWAGGER_HOST.into()),
    };
    let server = server(&file, sources, report);
    let streams = streams(file.streams.as_ref().map(|streams| &streams.value), report);
    let ofrep = ofrep::convert(&file, report);
    let traces = traces::convert(&file, &sources.environment, report);
    let mut keys = keys::Collection::new(&sources.working_directory);
    let mut flag_sets = flag_sets::convert(
        file.options,
        file.flag_sets,
        file.authorized_keys.as_ref().map(|keys| &keys.value),
        file.api_keys.as_ref(),
        &Surroundings::new(sources.environment.iter().cloned()),
        &mut keys,
        report,
    );
    flag_sets.lead_traces(traces.as_ref());
    let jwt = file
        .authentication
        .as_ref()
        .and_then(|authentication| authentication.value.jwt.as_ref());
    let tokens = jwt.and_then(|jwt| tokens::convert(jwt, report));
    if jwt.is_some() {
        keys.keys.require();
    }
    Settings {
        server,
        swagger,
        logging,
        streams,
        ofrep,
        hide_banner: is_set(file.hide_banner.as_ref()),
        enable_pprof: is_set(file.enable_pprof.as_ref()),
        version_header: !is_set(file.disable_version_header.as_ref()),
        bulk_metric_flag_names: is_set(file.enable_bulk_metric_flag_names.as_ref()),
        keys: keys.keys,
        tokens,
        files: report.files().to_vec(),
        flag_sets,
        traces,
    }
}

fn server(file: &RootFile, sources: &Sources, report: &mut Report) -> Server {
    let server = file.server.as_ref().map(|server| &server.value);
    let limits = server
        .and_then(|server| server.limits.as_ref())
        .map(|limits| &limits.value);
    let mode = mode(server, file, &sources.environment, report);
    let monitoring = successor(
        server.and_then(|server| server.monitoring_port.as_ref()),
        file.monitoring_port.as_ref(),
        report,
    );
    let monitoring_port = monitoring.and_then(|written| port(written, report));
    if let (Mode::Http { port }, Some(monitoring), Some(written)) = (&mode, monitoring_port, monitoring)
        && *port == monitoring
    {
        report.problem(
            &written.origin,
            &written.path,
            "is the port of the API, choose another one or leave it out",
        );
    }
    if let (Mode::Lambda(_), Some(written)) = (&mode, monitoring) {
        let message = "has no effect in mode lambda: health and metrics are answered like everything else";
        report.notice(&written.origin, &written.path, message);
    }
    Server {
        mode,
        host: text(server.and_then(|server| server.host.as_ref())).unwrap_or_else(|| DEFAULT_HOST.into()),
        monitoring_port,
        tls: tls::convert(
            server.and_then(|server| server.tls.as_ref()).map(|tls| &tls.value),
            &sources.working_directory,
            report,
        ),
        compression: server
            .and_then(|server| server.compression.as_ref())
            .is_none_or(|written| written.value),
        limits: limits::convert(limits, report),
        base_path: base_path(server.and_then(|server| server.base_path.as_ref()), report),
        cross_origin: cross_origin::convert(
            server
                .and_then(|server| server.cross_origin.as_ref())
                .map(|written| &written.value),
            report,
        ),
        rate_limits: admission::rate_limits(
            server
                .and_then(|server| server.rate_limits.as_ref())
                .map(|limits| &limits.value),
            report,
        ),
        trusted_proxies: admission::trusted_proxies(server.and_then(|server| server.trusted_proxies.as_ref()), report),
        drain_timeout: server
            .and_then(|server| server.drain_timeout.as_ref())
            .map_or(DEFAULT_DRAIN_TIMEOUT, |written| written.value),
        readiness_grace: server
            .and_then(|server| server.readiness_grace.as_ref())
            .map_or(Duration::ZERO, |written| written.value),
    }
}

/// A path that stands before others: with a leading slash and none at its end.
fn base_path(written: Option<&Written<Box<str>>>, report: &mut Report) -> Box<str> {
    let Some(Written { value, origin, path }) = written else {
        return Box::default();
    };
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) || value.contains(['?', '#', '%']) {
        let message = format!("{} is not a path, write one like /flags", shown(value, origin));
        report.problem(origin, path, message);
        return Box::default();
    }
    match value.trim_matches('/') {
        "" => Box::default(),
        path => format!("/{path}").into(),
    }
}

fn streams(file: Option<&StreamsFile>, report: &mut Report) -> Streams {
    let heartbeat = file
        .and_then(|streams| streams.heartbeat.as_ref())
        .filter(|written| !written.value.is_zero());
    if let Some(Written { value, origin, path }) = heartbeat.filter(|written| written.value < Duration::from_secs(1)) {
        let message = format!(
            "{} is too short, write at least 1s",
            shown(&format!("{value:?}"), origin)
        );
        report.problem(origin, path, message);
    }
    Streams {
        heartbeat: heartbeat.map_or(DEFAULT_HEARTBEAT, |written| written.value),
        retry: file
            .and_then(|streams| streams.retry.as_ref())
            .map_or(DEFAULT_RETRY, |written| written.value),
        max_open: file
            .and_then(|streams| streams.max_open.as_ref())
            .and_then(|written| in_range(written, 0, u32::MAX, report))
            .map_or(DEFAULT_OPEN_STREAMS, |streams| streams as usize),
    }
}

fn mode(server: Option<&ServerFile>, file: &RootFile, environment: &[(String, String)], report: &mut Report) -> Mode {
    let written = server
        .and_then(|server| server.mode.as_ref())
        .filter(|mode| !mode.value.is_empty());
    let name = match written {
        Some(mode) => &*mode.value,
        None if is_set(file.start_as_aws_lambda.as_ref()) => {
            deprecated(file.start_as_aws_lambda.as_ref(), "server.mode", report);
            "lambda"
        }
        None => "http",
    };
    match name {
        "unixsocket" => match text(server.and_then(|server| server.unix_socket_path.as_ref())) {
            Some(path) => Mode::UnixSocket {
                path: PathBuf::from(String::from(path)),
            },
            None => {
                let origin = written.map(|mode| mode.origin.clone()).unwrap_or_default();
                let message = "unixSocketPath must be set when server mode is unixsocket";
                report.problem(&origin, "server.unixSocketPath", message);
                Mode::UnixSocket { path: PathBuf::new() }
            }
        },
        "lambda" => Mode::Lambda(lambda(server, file, environment, report)),
        other => {
            if let Some(mode) = written.filter(|_| other != "http") {
                let message = format!(
                    "{} is not a mode, use http, unixsocket or lambda",
                    shown(&mode.value, &mode.origin)
                );
                report.problem(&mode.origin, &mode.path, message);
            }
            let written = successor(
                server.and_then(|server| server.port.as_ref()),
                file.listen.as_ref(),
                report,
            );
            Mode::Http {
                port: written
                    .and_then(|written| port(written, report))
                    .unwrap_or(DEFAULT_PORT),
            }
        }
    }
}

fn lambda(
    server: Option<&ServerFile>,
    file: &RootFile,
    environment: &[(String, String)],
    report: &mut Report,
) -> LambdaFunction {
    let adapter = successor(
        server.and_then(|server| server.aws_lambda_adapter.as_ref()),
        file.aws_lambda_adapter.as_ref(),
        report,
    );
    let base_path = successor(
        server.and_then(|server| server.aws_api_gateway_base_path.as_ref()),
        file.aws_api_gateway_base_path.as_ref(),
        report,
    );
    let event = match adapter.map(|adapter| adapter.value.to_ascii_lowercase()).as_deref() {
        None | Some("" | "apigatewayv2") => LambdaEvent::ApiGatewayV2,
        Some("apigatewayv1") => LambdaEvent::ApiGatewayV1,
        Some("alb") => LambdaEvent::Alb,
        Some(_) => {
            if let Some(Written { value, origin, path }) = adapter {
                let message = format!(
                    "{} is not an adapter, APIGatewayV2 is used; others are APIGatewayV1 and ALB",
                    shown(value, origin)
                );
                report.notice(origin, path, message);
            }
            LambdaEvent::ApiGatewayV2
        }
    };
    let base_path = match base_path.map(|written| written.value.trim_end_matches('/')) {
        None | Some("") => Box::from(""),
        Some(path) if path.starts_with('/') => path.into(),
        Some(path) => format!("/{path}").into(),
    };
    let runtime_api = environment.iter().find(|(name, _)| name == RUNTIME_API);
    LambdaFunction {
        event,
        base_path,
        runtime_api: runtime_api.map(|(_, address)| address.as_str().into()),
    }
}

/// A setting or, unless it was written (0 and empty count as not written), its deprecated spelling, which is announced.
fn successor<'a, T: PartialEq + Default>(
    written: Option<&'a Written<T>>,
    old: Option<&'a Written<T>>,
    report: &mut Report,
) -> Option<&'a Written<T>> {
    let is_written = |written: &&Written<T>| written.value != T::default();
    let old = old.filter(is_written);
    match (written.filter(is_written), old) {
        (Some(written), Some(_)) => {
            deprecated(old, &written.path, report);
            Some(written)
        }
        (Some(written), None) => Some(written),
        (None, old) => {
            deprecated(old, "its place under server", report);
            old
        }
    }
}

/// Announces a deprecated spelling.
fn deprecated<T>(written: Option<&Written<T>>, instead: &str, report: &mut Report) {
    if let Some(Written { origin, path, .. }) = written {
        report.notice(origin, path, format!("is deprecated, use {instead}"));
    }
}

/// A port; 0 means none.
fn port(written: &Written<i64>, report: &mut Report) -> Option<u16> {
    in_range(written, 0, u16::MAX, report).filter(|port| *port != 0)
}

/// A number of bytes; 0 means the default.
fn bytes(written: Option<&Written<i64>>, default: usize, report: &mut Report) -> usize {
    let bytes = written
        .and_then(|written| in_range(written, 0, u32::MAX, report))
        .unwrap_or(0);
    if bytes == 0 { default } else { bytes as usize }
}

/// A number between two bounds.
fn in_range<T: TryFrom<i64> + Into<i64> + Copy>(
    written: &Written<i64>,
    least: T,
    most: T,
    report: &mut Report,
) -> Option<T> {
    let value = T::try_from(written.value)
        .ok()
        .filter(|_| (least.into()..=most.into()).contains(&written.value));
    if value.is_none() {
        let shown = shown(&written.value.to_string(), &written.origin);
        let message = format!("{shown} is not between {} and {}", least.into(), most.into());
        report.problem(&written.origin, &written.path, message);
    }
    value
}

/// One of some words, or the default.
fn choice<T: Default>(
    written: Option<&Written<Box<str>>>,
    what: &str,
    parse: fn(&str) -> Option<T>,
    names: &[&str],
    report: &mut Report,
) -> T {
    let Some(Written { value, origin, path }) = written else {
        return T::default();
    };
    parse(value).unwrap_or_else(|| {
        let message = format!(
            "{} is not a {what}, use one of {}",
            shown(value, origin),
            names.join(", ")
        );
        report.problem(origin, path, message);
        T::default()
    })
}

fn log_format(written: Option<&Written<Box<str>>>, report: &mut Report) -> LogFormat {
    let Some(Written { value, origin, path }) = written else {
        return LogFormat::default();
    };
    LogFormat::parse(value).unwrap_or_else(|| {
        let shown = shown(value, origin);
        let message = format!(
            "invalid log format {}, use one of {}",
            shown.trim_matches('"'),
            LogFormat::NAMES.join(", ")
        );
        report.problem(origin, path, message);
        LogFormat::default()
    })
}

/// How a value is called in a message: a word of the file is quoted, a value of a variable never shown.
fn shown(value: &str, origin: &Origin) -> String {
    match origin {
        Origin::Variable(name) => format!("the value of {name}"),
        _ => format!("{value:?}"),
    }
}

/// Whether a switch was written and is on.
fn is_set(written: Option<&Written<bool>>) -> bool {
    written.is_some_and(|written| written.value)
}

/// A text that was written and is not empty.
fn text(written: Option<&Written<Box<str>>>) -> Option<Box<str>> {
    written
        .map(|written| written.value.clone())
        .filter(|text| !text.is_empty())
}
