//! What a route answers, before it becomes an HTTP response.

use std::borrow::Cow;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::{json, problem};
use http::header::{
    ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use crate::coding::{self, Coding, Renditions};
use crate::content::Content;

/// JSON.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Text.
pub(crate) const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// An answer. Headers that every answer carries are added by the [service](crate::service).
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    body: Content,
    /// Makes the answer conditional.
    tag: Option<EntityTag>,
    last_modified: Option<SystemTime>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// How the body looks in other codings, where many ask for it.
    renditions: Option<Arc<Renditions>>,
}

/// What a request asks of the form of its answer.
#[derive(Debug)]
pub(crate) struct Form<'h> {
    /// The request.
    pub(crate) request: &'h Parts,
    /// Indents JSON.
    pub(crate) pretty: bool,
    /// Encodes the body as the caller wants it.
    pub(crate) coded: bool,
}

impl Form<'_> {
    /// The tag by which the caller knows an answer already: its own, or that of the answer in some coding.
    pub(crate) fn known(&self, tag: EntityTag) -> Option<EntityTag> {
        let lines = self.request.headers.get_all(IF_NONE_MATCH);
        lines.iter().next()?;
        let is_known = |tag: EntityTag| lines.iter().any(|line| tag.matches(line.as_bytes()));
        let plain = self.tag(tag);
        let forms = iter::once(plain).chain(Coding::ALL.map(|coding| coded_tag(plain, coding)));
        forms.into_iter().find(|tag| is_known(*tag))
    }

    /// Whether the body is left out.
    fn is_head(&self) -> bool {
        self.request.method == Method::HEAD
    }

    /// The tag of a JSON answer in this form.
    fn tag(&self, mut tag: EntityTag) -> EntityTag {
        if self.pretty {
            tag.add(PRETTY);
        }
        tag
    }
}

impl Answer {
    /// 200 with a JSON body.
    pub(crate) fn json(body: impl Into<Bytes>) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// Any status with a JSON body.
    pub(crate) fn with_status(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: Some(JSON),
            body: Content::Whole(body.into()),
            tag: None,
            last_modified: None,
            headers: Vec::new(),
            renditions: None,
        }
    }

    /// 200 with a body of another type.
    pub(crate) fn text(content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self::json(body).of_type(content_type)
    }

    /// The same with a body of another type.
    pub(crate) fn of_type(self, content_type: HeaderValue) -> Self {
        Self {
            content_type: Some(content_type),
            ..self
        }
    }

    /// 200 with a body that goes on.
    pub(crate) fn stream(content_type: HeaderValue, body: Content) -> Self {
        Self {
            content_type: Some(content_type),
            body,
            ..Self::json(Bytes::new())
        }
    }

    /// 101: what follows is no HTTP any more.
    pub(crate) fn switching_protocols() -> Self {
        Self {
            content_type: None,
            ..Self::with_status(StatusCode::SWITCHING_PROTOCOLS, Bytes::new())
        }
    }

    /// What the libraries below GO Feature Flag's server say of a request that they refuse.
    pub(crate) fn refusal(status: StatusCode, text: &'static str) -> Self {
        let no_sniffing = HeaderValue::from_static("nosniff");
        Self {
            content_type: Some(PLAIN_TEXT),
            ..Self::with_status(status, text)
        }
        .header(X_CONTENT_TYPE_OPTIONS, no_sniffing)
    }

    /// Makes the answer conditional on its tag.
    pub(crate) fn tagged(self, tag: EntityTag) -> Self {
        Self { tag: Some(tag), ..self }
    }

    /// Keeps what the body looks like in other codings, or takes it from there.
    pub(crate) fn rendered(self, renditions: Option<Arc<Renditions>>) -> Self {
        Self { renditions, ..self }
    }

    /// 304: the caller has what it asks for under this tag, which is taken as it [knows](Form::known) it.
    pub(crate) fn not_modified(tag: EntityTag) -> Self {
        Self {
            content_type: None,
            ..Self::with_status(StatusCode::NOT_MODIFIED, Bytes::new())
        }
        .header(ETAG, tag_value(tag))
    }

    /// Says since when the content is what it is.
    pub(crate) fn modified(self, at: SystemTime) -> Self {
        Self {
            last_modified: Some(at),
            ..self
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer in the form that was asked for: status, body, and its headers added to `headers`.
    pub(crate) async fn into_parts(self, form: &Form<'_>, headers: &mut HeaderMap) -> (StatusCode, Content) {
        if self.status == StatusCode::SWITCHING_PROTOCOLS {
            // nothing else is understood by whoever speaks the new protocol
            headers.clear();
        }
        if let Some(at) = self.last_modified {
            headers.insert(LAST_MODIFIED, header_value(&httpdate::fmt_http_date(at)));
        }
        if self.status == StatusCode::NOT_MODIFIED {
            return self.unchanged(form, headers);
        }
        headers.extend(self.headers);
        if let Some(tag) = self.tag {
            if let Some(known) = form.known(tag) {
                return Self::not_modified(known).unchanged(form, headers);
            }
            headers.insert(ETAG, tag_value(form.tag(tag)));
        }
        if form.is_head() && !self.status.is_success() {
            return (self.status, Content::default());
        }
        let pretty = form.pretty && self.content_type == Some(JSON);
        let is_text = self.content_type.as_ref().is_some_and(is_text);
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        let body = match self.body {
            // nobody listens
            Content::Stream(_) if form.is_head() => return (self.status, Content::default()),
            Content::Stream(stream) => return (self.status, Content::Stream(stream)),
            Content::Whole(bytes) if pretty => json::pretty(&bytes).into(),
            Content::Whole(bytes) => bytes,
        };
        if body.len() < coding::LEAST || !form.coded || !is_text {
            return (self.status, Content::Whole(body));
        }
        headers.append(VARY, CODING_VARIES);
        let wanted = Coding::wanted(&form.request.headers).filter(|_| !form.is_head());
        let Some(coding) = wanted else {
            return (self.status, Content::Whole(body));
        };
        let coded = match self.renditions.filter(|_| !pretty) {
            Some(renditions) => renditions.coded(coding, body.clone()).await,
            None => coding.encode(body.clone()).await,
        };
        let Some(coded) = coded else {
            return (self.status, Content::Whole(body));
        };
        headers.insert(CONTENT_ENCODING, coding.name());
        if let Some(tag) = self.tag {
            headers.insert(ETAG, tag_value(coded_tag(form.tag(tag), coding)));
        }
        (self.status, Content::Whole(coded))
    }

    /// The parts of 304, which names what the answer varies with like the answer itself.
    fn unchanged(self, form: &Form<'_>, headers: &mut HeaderMap) -> (StatusCode, Content) {
        headers.extend(self.headers);
        if form.coded {
            headers.append(VARY, CODING_VARIES);
        }
        (self.status, self.body)
    }
}

const CODING_VARIES: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// Tells the tag of an indented text from that of the compact one.
const PRETTY: u64 = 1;

/// What was encoded otherwise is another answer, byte by byte.
fn coded_tag(mut tag: EntityTag, coding: Coding) -> EntityTag {
    tag.add(PRETTY + 1 + coding as u64);
    tag
}

fn tag_value(tag: EntityTag) -> HeaderValue {
    HeaderValue::from_bytes(&tag.text()).expect("a tag is printable ASCII")
}

/// Whether a body of this type gets smaller.
fn is_text(content_type: &HeaderValue) -> bool {
    let name = content_type.as_bytes();
    name == JSON.as_bytes()
        || name.starts_with(b"text/")
        || [&b"javascript"[..], b"json", b"xml"]
            .iter()
            .any(|part| name.windows(part.len()).any(|window| window == *part))
}

/// A header value of a text that has only printable ASCII.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("the text is printable ASCII")
}

/// Why a request is not answered as asked. One place makes the body of it.
#[derive(Debug)]
pub(crate) enum Problem {
    /// `{"message": ...}`
    Message {
        /// HTTP status.
        status: StatusCode,
        /// What the caller is told.
        message: Cow<'static, str>,
        /// What is added where debugging is on.
        internal: Option<String>,
    },
    /// 405, naming the method that is allowed.
    Method(&'static str),
    /// 429, naming the time after which the caller may ask again.
    TooManyRequests(Duration),
    /// 503: it may be different in a second.
    Busy(&'static str),
    /// An answer in a form of its own.
    Answer(Box<Answer>),
}

impl Problem {
    /// A status and what the caller is told.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Message {
            status,
            message: message.into(),
            internal: None,
        }
    }

    /// 404.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 401.
    pub(crate) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 403: the key is known, and its scope does not include what it was used for.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "the scope of this key does not include this endpoint",
        )
    }

    /// 400 with an answer in OFREP's form.
    pub(crate) fn invalid_context(details: &str, key: Option<&str>) -> Self {
        let body = flagstaff_protocol::ofrep::invalid_context(details, key);
        Answer::with_status(StatusCode::BAD_REQUEST, body).into()
    }

    /// What happened, for those who look inside; `None` where the answer says it all.
    pub(crate) fn cause(&self) -> Option<String> {
        match self {
            Self::Answer(_) => None,
            Self::Method(_) => Some(cause(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", None)),
            Self::TooManyRequests(_) => Some(cause(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", None)),
            Self::Busy(message) => Some(cause(StatusCode::SERVICE_UNAVAILABLE, message, None)),
            Self::Message {
                status,
                message,
                internal,
            } => Some(cause(*status, message, internal.as_deref())),
        }
    }

    /// The answer; `debug` adds what happened inside.
    pub(crate) fn into_answer(self, debug: bool) -> Answer {
        match self {
            Self::Answer(answer) => *answer,
            Self::Method(allowed) => {
                let status = StatusCode::METHOD_NOT_ALLOWED;
                Self::new(status, "Method Not Allowed")
                    .into_answer(debug)
                    .header(ALLOW, HeaderValue::from_static(allowed))
            }
            Self::TooManyRequests(wait) => {
                // whole seconds, and not too few
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Self::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
                    .into_answer(debug)
                    .header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
            }
            Self::Busy(message) => Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
                .into_answer(debug)
                .header(RETRY_AFTER, HeaderValue::from_static("1")),
            Self::Message {
                status,
                message,
                internal,
            } => {
                let cause = debug.then(|| cause(status, &message, internal.as_deref()));
                Answer::with_status(status, problem::message(&message, cause.as_deref()))
            }
        }
    }
}

fn cause(status: StatusCode, message: &str, internal: Option<&str>) -> String {
    let internal = internal
        .map(|internal| format!(", internal={internal}"))
        .unwrap_or_default();
    format!("code={}, message={message}{internal}", status.as_u16())
}

impl From<Answer> for Problem {
    fn from(answer: Answer) -> Self {
        Self::Answer(Box::new(answer))
    }
}
