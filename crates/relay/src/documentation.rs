//! What is served under `/swagger/`: the OpenAPI document, and a page to try it.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};

use crate::answer::{Answer, Problem};
use crate::config::{Mode, Settings};
use crate::openapi;

/// The page loads nothing from elsewhere, and asks whatever server the document names.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src *; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// The document and its page.
pub(crate) struct Documentation {
    document: Bytes,
    page: Arc<utoipa_swagger_ui::Config<'static>>,
}

impl Documentation {
    /// The documentation of a relay, where it is switched on.
    pub(crate) fn new(settings: &Settings) -> Option<Arc<Self>> {
        settings.swagger.enabled.then(|| {
            Arc::new(Self {
                document: openapi::document(&servers(settings)).into(),
                page: Arc::new(utoipa_swagger_ui::Config::new(["doc.json"])),
            })
        })
    }

    /// A file by its name.
    pub(crate) fn answer(&self, file: &str) -> Result<Answer, Problem> {
        // GO Feature Flag redirects to a path with two slashes, which somebody may have kept
        let file = file.trim_start_matches('/');
        match file {
            "" => {
                let answer = Answer::with_status(StatusCode::MOVED_PERMANENTLY, Bytes::new());
                return Ok(answer.header(LOCATION, HeaderValue::from_static("index.html")));
            }
            "doc.json" => return Ok(Answer::json(self.document.clone())),
            _ => {}
        }
        let found = utoipa_swagger_ui::serve(file, Arc::clone(&self.page))
            .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let content_type = content_type(file);
        let Some(found) = found else {
            return Ok(Answer::with_status(StatusCode::NOT_FOUND, "Not Found").of_type(content_type));
        };
        let answer = Answer::text(content_type, found.bytes.into_owned());
        Ok(match file {
            "index.html" => answer.header(CONTENT_SECURITY_POLICY, POLICY),
            _ => answer,
        })
    }
}

/// Where the relay is reached: as `swagger.host` says, and as `server.publicUrl` does.
fn servers(settings: &Settings) -> Vec<String> {
    let (server, host) = (&settings.server, &settings.swagger.host);
    let scheme = if server.tls.is_some() { "https" } else { "http" };
    let port = match server.mode {
        Mode::Http { port } => format!(":{port}"),
        Mode::UnixSocket { .. } | Mode::Lambda(_) => String::new(),
    };
    let public = settings.ofrep.public_url.iter().map(ToString::to_string);
    let named = format!("{scheme}://{host}{port}{}", server.base_path);
    std::iter::once(named).chain(public).collect()
}

fn content_type(file: &str) -> HeaderValue {
    HeaderValue::from_static(match file.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "application/javascript",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    })
}
