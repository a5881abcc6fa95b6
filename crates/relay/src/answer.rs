//! What a route answers, before it becomes an HTTP response.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::{json, problem};
use http::header::{
    ALLOW, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};

use crate::content::Content;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

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
}

/// What a request asks of the form of its answer.
#[derive(Debug)]
pub(crate) struct Form<'h> {
    /// Indents JSON.
    pub(crate) pretty: bool,
    /// Leaves out the body.
    pub(crate) head: bool,
    /// The tags that the caller has, one for each header line.
    pub(crate) if_none_match: http::header::GetAll<'h, HeaderValue>,
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
    pub(crate) fn into_parts(self, form: &Form<'_>, headers: &mut HeaderMap) -> (StatusCode, Content) {
        if self.status == StatusCode::SWITCHING_PROTOCOLS {
            // nothing else is understood by whoever speaks the new protocol
            headers.clear();
        }
        headers.extend(self.headers);
        if let Some(at) = self.last_modified {
            headers.insert(LAST_MODIFIED, header_value(&httpdate::fmt_http_date(at)));
        }
        let pretty = form.pretty && self.content_type == Some(JSON);
        if let Some(mut tag) = self.tag {
            if pretty {
                tag.add(PRETTY);
            }
            headers.insert(
                ETAG,
                HeaderValue::from_bytes(&tag.text()).expect("a tag is printable ASCII"),
            );
            if form.if_none_match.iter().any(|known| tag.matches(known.as_bytes())) {
                return (StatusCode::NOT_MODIFIED, Content::default());
            }
        }
        if form.head && !self.status.is_success() {
            return (self.status, Content::default());
        }
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        let body = match self.body {
            Content::Whole(bytes) if pretty => Content::Whole(json::pretty(&bytes).into()),
            // nobody listens
            Content::Stream(_) if form.head => Content::default(),
            body => body,
        };
        (self.status, body)
    }
}

/// Tells the tag of an indented text from that of the compact one.
const PRETTY: u64 = 1;

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
