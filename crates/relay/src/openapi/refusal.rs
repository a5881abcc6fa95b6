//! Answers that any route may give instead of its own.

use http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

/// An answer that any route may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Unauthorized,
    Forbidden,
    MethodNotAllowed,
    Timeout,
    TooLarge,
    TooManyRequests,
    HeadTooLarge,
    Defect,
    Unavailable,
}

impl Refusal {
    pub(super) const ALL: [Self; 9] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::MethodNotAllowed,
        Self::Timeout,
        Self::TooLarge,
        Self::TooManyRequests,
        Self::HeadTooLarge,
        Self::Defect,
        Self::Unavailable,
    ];

    /// Name of the component that describes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Timeout => "Timeout",
            Self::TooLarge => "TooLarge",
            Self::TooManyRequests => "TooManyRequests",
            Self::HeadTooLarge => "HeadTooLarge",
            Self::Defect => "Defect",
            Self::Unavailable => "Unavailable",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Defect => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn response(self) -> Response {
        let response = ResponseBuilder::new().description(match self {
            Self::Unauthorized => "There is no key, or nobody knows it.",
            Self::Forbidden => "The key is known, and its scope does not include this.",
            Self::MethodNotAllowed => "The path is asked with another method.",
            Self::Timeout => "The request did not arrive in time.",
            Self::TooLarge => "The body is larger than `server.limits` allow.",
            Self::TooManyRequests => "The key, or the address, asked more often than its limit allows.",
            Self::HeadTooLarge => "Request line and headers are too large.",
            Self::Defect => "A defect of the relay.",
            Self::Unavailable => "More is asked than can be answered, or the relay is about to end.",
        });
        let response = match self {
            Self::MethodNotAllowed => response.header("Allow", text("The methods it is asked with.")),
            Self::TooManyRequests | Self::Unavailable => {
                response.header("Retry-After", text("Seconds after which to try again."))
            }
            _ => response,
        };
        let message = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Message")))
            .build();
        response.content("application/json", message).build()
    }
}

/// A header that holds a text.
pub(super) fn text(about: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(about))
        .build()
}
