//! What a store answered instead of success.

use std::error::Error;
use std::fmt;

use http::StatusCode;
use object_store::client::{HttpError, HttpErrorKind};

/// A failed exchange with a store: one line for people, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    status: Option<StatusCode>,
    code: Option<String>,
    message: String,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// No such object, or no such container.
    NotFound,
    /// The object is still the one that the caller knows.
    NotModified,
    /// There is such an object already, or it is not the one that was expected.
    Conflict,
    /// Credentials are missing, wrong or not sufficient.
    Denied,
    /// The store cannot be reached, broke off, or cannot answer just now.
    Unreachable,
    /// No complete answer within the time limit.
    TimedOut,
    /// The store does not take the request, and would not take it later.
    Refused,
}

impl Failure {
    /// Describes an error of the library.
    pub fn new(error: &object_store::Error) -> Self {
        let cause = cause(error);
        let transport = cause.downcast_ref::<HttpError>().map(HttpError::kind);
        let text = cause.to_string();
        let answer = Answer::parse(&text);
        let kind = match (error, transport, answer.as_ref().map(|answer| answer.status)) {
            (object_store::Error::NotFound { .. }, ..) => FailureKind::NotFound,
            (object_store::Error::NotModified { .. }, ..) => FailureKind::NotModified,
            (object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }, ..) => {
                FailureKind::Conflict
            }
            (object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }, ..) => {
                FailureKind::Denied
            }
            (_, Some(HttpErrorKind::Timeout), _) => FailureKind::TimedOut,
            (_, Some(_), _) => FailureKind::Unreachable,
            (_, _, Some(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)) => FailureKind::Unreachable,
            (_, _, Some(status)) if status.is_server_error() => FailureKind::Unreachable,
            (_, _, Some(_)) => FailureKind::Refused,
            _ if cause.is::<NoCredentials>() => FailureKind::Denied,
            _ => FailureKind::Refused,
        };
        let message = match &answer {
            Some(answer) => answer.to_string(),
            None => transport.map_or_else(|| first_line(&text), |_| one_line(cause)),
        };
        Self {
            kind,
            status: answer.as_ref().map(|answer| answer.status),
            code: answer.and_then(|answer| answer.code),
            message,
        }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The status of the answer, if the library told it.
    pub fn status(&self) -> Option<u16> {
        self.status.map(|status| status.as_u16())
    }

    /// The store's own name for the problem, like `EntityTooLarge`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// Nothing to sign or ask with was found where the cloud's own programs look.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(any(feature = "gcs", feature = "s3")),
    expect(dead_code, reason = "of these clouds only")
)]
#[error("{0}")]
pub(crate) struct NoCredentials(pub(crate) String);

/// A status and the store's own name for the problem.
struct Answer {
    status: StatusCode,
    code: Option<String>,
}

impl Answer {
    /// Reads the library's text about an answer: its body is no text for people, and quotes what was signed.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("status code: ")?;
        let (status, body) = rest.split_at_checked(3)?;
        let code = body
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"))
            .map(|(code, _)| code.trim().to_owned());
        Some(Self {
            status: status.parse().ok()?,
            code: code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric())),
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store answered with code {}", self.status.as_u16())?;
        match &self.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

/// The innermost error that still says whether it was about transport.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut cause = error;
    while cause.downcast_ref::<HttpError>().is_none()
        && let Some(source) = cause.source()
    {
        cause = source;
    }
    cause
}

/// An error of transport with its causes. The library has taken URLs out.
fn one_line(error: &dyn Error) -> String {
    let mut text = first_line(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = first_line(&error.to_string());
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}
