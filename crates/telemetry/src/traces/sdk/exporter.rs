//! The connection to where spans go.

use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{self, ClientTlsConfig};
use opentelemetry_otlp::{Compression, Protocol, WithExportConfig, WithHttpConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;
use reqwest::{Certificate, Client, Identity};

use super::outbox::Outbox;
use crate::metrics::Spans;
use crate::traces::{Collector, Destination, TraceError, TraceSettings, Transport};

/// What spans are sent with.
#[derive(Debug)]
pub(super) enum Connection {
    /// To a collector.
    Collector(Box<opentelemetry_otlp::SpanExporter>),
    /// To standard output.
    Console(opentelemetry_stdout::SpanExporter),
}

/// Starts to send spans to where they shall go.
pub(super) fn start(settings: &TraceSettings, resource: &Resource, spans: Spans) -> Result<Outbox, TraceError> {
    let (place, batches) = (settings.destination.place(), settings.batches);
    Ok(match connect(settings, resource)? {
        Connection::Collector(exporter) => Outbox::start(*exporter, place, batches, spans),
        Connection::Console(exporter) => Outbox::start(exporter, place, batches, spans),
    })
}

/// Prepares to send spans to where they shall go.
pub(super) fn connect(settings: &TraceSettings, resource: &Resource) -> Result<Connection, TraceError> {
    Ok(match &settings.destination {
        Destination::Console => {
            let mut exporter = opentelemetry_stdout::SpanExporter::default();
            exporter.set_resource(resource);
            Connection::Console(exporter)
        }
        Destination::Collector(collector) => {
            let mut exporter = match collector.transport {
                Transport::Http => over_http(collector)?,
                Transport::Grpc => over_grpc(collector)?,
            };
            exporter.set_resource(resource);
            Connection::Collector(Box::new(exporter))
        }
    })
}

fn over_http(collector: &Collector) -> Result<opentelemetry_otlp::SpanExporter, TraceError> {
    let mut client = client(collector.certificates.as_deref())?;
    if let Some((certificate, key)) = &collector.identity {
        let mut pem = read(certificate)?;
        pem.push(b'\n');
        pem.extend(read(key)?);
        client = client.identity(Identity::from_pem(&pem).map_err(|error| unusable(certificate, error))?);
    }
    let client = client.timeout(collector.timeout).build().map_err(connection)?;
    let headers = collector.headers.iter();
    let mut builder = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&*collector.url)
        .with_timeout(collector.timeout)
        .with_headers(
            headers
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        );
    if collector.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    builder.build().map_err(connection)
}

fn over_grpc(collector: &Collector) -> Result<opentelemetry_otlp::SpanExporter, TraceError> {
    let headers: HeaderMap = collector
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value).ok()?;
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
        })
        .collect();
    let mut builder = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&*collector.url)
        .with_timeout(collector.timeout)
        .with_metadata(MetadataMap::from_headers(headers));
    if collector.url.starts_with("https:") {
        let mut tls = ClientTlsConfig::new().with_native_roots();
        if let Some(path) = &collector.certificates {
            tls = tls.ca_certificate(transport::Certificate::from_pem(read(path)?));
        }
        if let Some((certificate, key)) = &collector.identity {
            tls = tls.identity(transport::Identity::from_pem(read(certificate)?, read(key)?));
        }
        builder = builder.with_tls_config(tls);
    }
    if collector.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    builder.build().map_err(connection)
}

/// A client that trusts the system's certificates and those of a file.
pub(super) fn client(certificates: Option<&Path>) -> Result<reqwest::ClientBuilder, TraceError> {
    let mut trusted = Vec::new();
    if let Some(path) = certificates {
        trusted = Certificate::from_pem_bundle(&read(path)?).map_err(|error| unusable(path, error))?;
    }
    // a batch that is sent twice is counted twice: a collector does not move
    let client = Client::builder().redirect(reqwest::redirect::Policy::none());
    Ok(client.tls_certs_merge(trusted))
}

fn read(path: &Path) -> Result<Vec<u8>, TraceError> {
    std::fs::read(path).map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> TraceError {
    TraceError::File {
        path: path.display().to_string(),
        cause: Box::new(error),
    }
}

pub(super) fn connection(error: impl std::error::Error + Send + Sync + 'static) -> TraceError {
    TraceError::Connection(Box::new(error))
}
