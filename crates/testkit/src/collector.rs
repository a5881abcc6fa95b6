//! A collector of traces that keeps what it is sent.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A collector on a free port of this machine. It goes on until the test ends.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

/// What was sent so far.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// Header lines of every batch, names in lower case.
    pub headers: Vec<BTreeMap<String, String>>,
    /// The spans in the order in which they ended.
    pub spans: Vec<Span>,
}

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// Hexadecimal digits.
    pub trace: String,
    /// Hexadecimal digits.
    pub id: String,
    /// Hexadecimal digits, none at the root.
    pub parent: String,
    /// `SPAN_KIND_SERVER` and so on.
    pub kind: &'static str,
    /// Whether it is marked as an error.
    pub error: bool,
    /// Attributes as texts.
    pub attributes: BTreeMap<String, String>,
    /// Attributes of the process.
    pub resource: BTreeMap<String, String>,
}

impl Collector {
    /// Listens to protocol buffers over HTTP.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn over_http() -> Self {
        let (listener, collector) = Self::bind();
        let received = Arc::clone(&collector.received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let received = Arc::clone(&received);
                // whoever connects may break off, the next one may not
                thread::spawn(move || stream.and_then(|stream| receive(stream, &received)));
            }
        });
        collector
    }

    /// Listens to gRPC.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn over_grpc() -> Self {
        let (listener, collector) = Self::bind();
        let service = TraceServiceServer::new(Service(Arc::clone(&collector.received)));
        let service = service.accept_compressed(CompressionEncoding::Gzip);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async move {
                listener.set_nonblocking(true)?;
                let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?);
                let server = tonic::transport::Server::builder().add_service(service);
                server.serve_with_incoming(incoming).await.map_err(io::Error::other)
            })
        });
        collector
    }

    fn bind() -> (TcpListener, Self) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let received = Arc::default();
        (listener, Self { address, received })
    }

    /// Where it listens, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was sent so far.
    pub fn received(&self) -> Received {
        lock(&self.received).clone()
    }
}

fn lock(received: &Mutex<Received>) -> std::sync::MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of a connection.
fn receive(stream: TcpStream, received: &Mutex<Received>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut headers = BTreeMap::from([("request".to_owned(), line.trim().to_owned())]);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim().split_once(": ") else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let request = ExportTraceServiceRequest::decode(&*body).map_err(io::Error::other)?;
        keep(received, headers, request);
        reader
            .get_mut()
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")?;
    }
}

struct Service(Arc<Mutex<Received>>);

#[tonic::async_trait]
impl TraceService for Service {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().as_ref().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        keep(&self.0, headers, request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn keep(received: &Mutex<Received>, headers: BTreeMap<String, String>, request: ExportTraceServiceRequest) {
    let mut received = lock(received);
    received.headers.push(headers);
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.map(|resource| texts(resource.attributes));
        let resource = resource.unwrap_or_default();
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            received.spans.push(Span {
                kind: span.kind().as_str_name(),
                error: span.status.as_ref().is_some_and(|status| status.code == 2),
                name: span.name,
                trace: hexadecimal(&span.trace_id),
                id: hexadecimal(&span.span_id),
                parent: hexadecimal(&span.parent_span_id),
                attributes: texts(span.attributes),
                resource: resource.clone(),
            });
        }
    }
}

fn texts(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Option<Value>| match value {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pair = |attribute: KeyValue| (attribute.key, text(attribute.value.and_then(|value| value.value)));
    attributes.into_iter().map(pair).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
