//! Traces: the settings under `otel` and `jaeger`, and the variables that OpenTelemetry's specification names.
//!
//! Those variables keep their names whatever `envVariablePrefix` says, and win over the file. None of them switches traces on
//! by itself: that takes an endpoint among the settings. What cannot be used is announced and replaced by its default, since a
//! relay without traces is better than none.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_telemetry::traces::{Batches, Collector, Destination, Sampler, TraceSettings, Transport};
use http::Uri;

use super::{is_set, shown, text};
use crate::config::decode::Written;
use crate::config::file::{OtelFile, RootFile};
use crate::config::report::{Origin, Report};
use crate::route::percent_decode;

const SERVICE_NAME: &str = "go-feature-flag";
const JAEGER_MANAGER: &str = "http://localhost:5778/sampling";
const JAEGER_REFRESH: Duration = Duration::from_secs(60);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The settings of traces; `None` where they are off.
pub(super) fn convert(file: &RootFile, environment: &[(String, String)], report: &mut Report) -> Option<TraceSettings> {
    let otel = file.otel.as_ref().map(|otel| &otel.value);
    let otlp = otel
        .and_then(|otel| otel.exporter.as_ref())
        .and_then(|exporter| exporter.value.otlp.as_ref())
        .map(|otlp| &otlp.value);
    let written = |value: Option<&Written<Box<str>>>| value.filter(|written| !written.value.is_empty()).cloned();
    let variables = Variables(environment);
    // looked at in any case, so that what is wrong with them shows
    let sampler = sampler(
        file,
        written(
            otel.and_then(|otel| otel.traces.as_ref())
                .and_then(|traces| traces.value.sampler.as_ref()),
        ),
        &variables,
        report,
    );
    let batches = batches(&variables, report);
    let endpoint = written(otlp.and_then(|otlp| otlp.endpoint.as_ref()))
        .or_else(|| written(file.open_telemetry_otlp_endpoint.as_ref()))?;
    let sdk = otel.and_then(|otel| otel.sdk.as_ref());
    if is_set(sdk.and_then(|sdk| sdk.value.disabled.as_ref())) {
        return None;
    }
    let destination = match variables.get("OTEL_TRACES_EXPORTER") {
        Some(exporter) if *exporter.value == *"none" => return None,
        Some(exporter) if matches!(&*exporter.value, "console" | "stdout") => Destination::Console,
        exporter => {
            if let Some(exporter) = exporter.filter(|exporter| *exporter.value != *"otlp") {
                exporter.replaced(report, "is not an exporter of otlp, console and none: otlp is used");
            }
            let protocol = written(otlp.and_then(|otlp| otlp.protocol.as_ref()));
            Destination::Collector(Box::new(collector(endpoint, protocol, &variables, report)?))
        }
    };
    Some(TraceSettings {
        destination,
        sampler,
        resource: resource(otel),
        batches,
    })
}

/// Where batches are sent, and how; `None` when that is no URL.
fn collector(
    endpoint: Written<Box<str>>,
    protocol: Option<Written<Box<str>>>,
    variables: &Variables<'_>,
    report: &mut Report,
) -> Option<Collector> {
    let transport = match variables.of_traces("PROTOCOL").or(protocol) {
        Some(protocol) if *protocol.value == *"grpc" => Transport::Grpc,
        Some(protocol) if *protocol.value != *"http/protobuf" => {
            protocol.replaced(
                report,
                "is not a protocol of http/protobuf and grpc: http/protobuf is used",
            );
            Transport::Http
        }
        _ => Transport::Http,
    };
    let own = variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let (endpoint, path) = match own {
        // the endpoint of traces alone is the whole URL
        Some(own) => (own, ""),
        None => (
            variables.get("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or(endpoint),
            "/v1/traces",
        ),
    };
    let insecure = variables
        .of_traces("INSECURE")
        .is_some_and(|insecure| insecure.value.eq_ignore_ascii_case("true"));
    let url = match transport {
        Transport::Http => format!("{}{path}", endpoint.value.trim_end_matches('/')),
        Transport::Grpc if endpoint.value.contains("://") => endpoint.value.to_string(),
        Transport::Grpc => format!("{}://{}", if insecure { "http" } else { "https" }, endpoint.value),
    };
    let is_url = |url: Uri| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https"));
    if !Uri::from_str(&url).is_ok_and(is_url) {
        endpoint.replaced(report, "is not a URL like http://collector:4318: there are no traces");
        return None;
    }
    let file = |name| variables.of_traces(name).map(|path| PathBuf::from(&*path.value));
    Some(Collector {
        transport,
        url: url.into(),
        headers: variables
            .of_traces("HEADERS")
            .map(|headers| pairs(&headers, report))
            .unwrap_or_default(),
        timeout: milliseconds(variables.of_traces("TIMEOUT"), TIMEOUT, report),
        gzip: match variables.of_traces("COMPRESSION") {
            Some(compression) if *compression.value == *"gzip" => true,
            Some(compression) if *compression.value != *"none" => {
                compression.replaced(report, "is not a compression of gzip and none: none is used");
                false
            }
            _ => false,
        },
        certificates: file("CERTIFICATE"),
        identity: file("CLIENT_CERTIFICATE").zip(file("CLIENT_KEY")),
    })
}

/// What is said about the process; its own name and version win over attributes of their names.
fn resource(otel: Option<&OtelFile>) -> Vec<(Box<str>, Box<str>)> {
    let name = otel
        .and_then(|otel| otel.service.as_ref())
        .and_then(|service| service.value.name.as_ref());
    let own: [(Box<str>, Box<str>); 2] = [
        ("service.name".into(), text(name).unwrap_or_else(|| SERVICE_NAME.into())),
        ("service.version".into(), crate::VERSION.into()),
    ];
    let attributes = otel
        .and_then(|otel| otel.resource.as_ref())
        .and_then(|resource| resource.value.attributes.as_ref());
    let attributes = attributes.iter().flat_map(|attributes| &attributes.value.0);
    let others = attributes.filter(|(name, _)| own.iter().all(|(own, _)| own != name));
    let others: Vec<_> = others.cloned().collect();
    own.into_iter().chain(others).collect()
}

/// Which requests are traced: all, unless something else is written.
fn sampler(
    file: &RootFile,
    written: Option<Written<Box<str>>>,
    variables: &Variables<'_>,
    report: &mut Report,
) -> Sampler {
    let jaeger = jaeger(file);
    let Some(written) = variables.get("OTEL_TRACES_SAMPLER").or(written) else {
        return Sampler::AlwaysOn;
    };
    let mut ratio = || {
        let Some(argument) = variables.get("OTEL_TRACES_SAMPLER_ARG") else {
            return Sampler::Ratio(1.0);
        };
        match argument.value.parse() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => Sampler::Ratio(ratio),
            _ => {
                argument.replaced(report, "is not a share between 0 and 1: all is sampled");
                Sampler::Ratio(1.0)
            }
        }
    };
    let by_parent = |root| Sampler::ParentBased(Box::new(root));
    match &*written.value {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => ratio(),
        "parentbased_always_on" => by_parent(Sampler::AlwaysOn),
        "parentbased_always_off" => by_parent(Sampler::AlwaysOff),
        "parentbased_traceidratio" => by_parent(ratio()),
        "jaeger_remote" => jaeger,
        "parentbased_jaeger_remote" => by_parent(jaeger),
        _ => {
            written.replaced(
                report,
                "is not a sampler of always_on, always_off, traceidratio, jaeger_remote, and those with parentbased_ before: \
                 parentbased_always_on is used",
            );
            by_parent(Sampler::AlwaysOn)
        }
    }
}

fn jaeger(file: &RootFile) -> Sampler {
    let sampler = file.jaeger.as_ref().and_then(|jaeger| jaeger.value.sampler.as_ref());
    let sampler = sampler.map(|sampler| &sampler.value);
    let host = sampler
        .and_then(|sampler| sampler.manager.as_ref())
        .and_then(|manager| manager.value.host.as_ref());
    Sampler::JaegerRemote {
        manager: text(host.and_then(|host| host.value.port.as_ref())).unwrap_or_else(|| JAEGER_MANAGER.into()),
        refresh_interval: sampler
            .and_then(|sampler| sampler.refresh.as_ref())
            .and_then(|refresh| refresh.value.interval.as_ref())
            .map(|written| written.value)
            .filter(|interval| !interval.is_zero())
            .unwrap_or(JAEGER_REFRESH),
    }
}

fn batches(variables: &Variables<'_>, report: &mut Report) -> Batches {
    let default = Batches::default();
    let mut number = |name, default| match variables.get(name) {
        None => default,
        Some(variable) => variable
            .value
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .unwrap_or_else(|| {
                variable.replaced(report, "is not a number above 0: the default is used");
                default
            }),
    };
    let queue = number("OTEL_BSP_MAX_QUEUE_SIZE", default.queue);
    let size = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", default.size).min(queue);
    Batches {
        queue,
        size,
        delay: milliseconds(variables.get("OTEL_BSP_SCHEDULE_DELAY"), default.delay, report),
        timeout: milliseconds(variables.get("OTEL_BSP_EXPORT_TIMEOUT"), default.timeout, report),
    }
}

fn milliseconds(variable: Option<Written<Box<str>>>, default: Duration, report: &mut Report) -> Duration {
    let Some(variable) = variable else { return default };
    match variable.value.parse().map(Duration::from_millis) {
        Ok(duration) if !duration.is_zero() => duration,
        _ => {
            variable.replaced(report, "is not a number of milliseconds above 0: the default is used");
            default
        }
    }
}

/// `name=value,name=value`, values percent-encoded.
fn pairs(variable: &Written<Box<str>>, report: &mut Report) -> Vec<(Box<str>, Box<str>)> {
    let mut pairs = Vec::new();
    for pair in variable.value.split(',').filter(|pair| !pair.trim().is_empty()) {
        match pair.split_once('=') {
            Some((name, value)) => pairs.push((name.trim().into(), percent_decode(value.trim()).into())),
            None => variable.replaced(report, "has an item that is not name=value, which is ignored"),
        }
    }
    pairs
}

/// The variables of the process by the names of OpenTelemetry's specification.
struct Variables<'e>(&'e [(String, String)]);

impl Variables<'_> {
    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<Written<Box<str>>> {
        let (_, value) = self
            .0
            .iter()
            .find(|(known, value)| known == name && !value.trim().is_empty())?;
        Some(Written {
            value: value.trim().into(),
            origin: Origin::Variable(Arc::from(name)),
            path: String::new(),
        })
    }

    /// The variable of an exporter's option: that of traces, or else that of everything.
    fn of_traces(&self, option: &str) -> Option<Written<Box<str>>> {
        self.get(&format!("OTEL_EXPORTER_OTLP_TRACES_{option}"))
            .or_else(|| self.get(&format!("OTEL_EXPORTER_OTLP_{option}")))
    }
}

impl Written<Box<str>> {
    /// Announces that a value is not used, and what is instead.
    fn replaced(&self, report: &mut Report, message: &str) {
        let shown = shown(&self.value, &self.origin);
        report.notice(&self.origin, &*self.path, format!("{shown} {message}"));
    }
}
