//! Services of AWS.

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use flagstaff_backend::Surroundings;
use flagstaff_cloud::aws;
use flagstaff_events::{Contact, ErrorKind, ExportError};

use crate::may_not_look;

/// What is quoted of a message at most, in characters.
const LONGEST_MESSAGE: usize = 300;

/// What a client of a service is made with; the service by its name in variables, like `SQS`. Requests are not repeated: whoever
/// asks knows when to ask again.
///
/// The region is the one of this machine, or else the one that the name of the resource holds.
pub(crate) async fn config(
    surroundings: &Surroundings,
    service: &str,
    resource_region: Option<&str>,
) -> Result<SdkConfig, ExportError> {
    let variables = |name: &str| surroundings.variable(name).map(str::to_owned);
    let shared = aws::shared(&variables)
        .await
        .map_err(|error| ExportError::new(ErrorKind::Settings, error.to_string()))?;
    let endpoint = aws::endpoint(&variables, service);
    let region = shared.region().cloned();
    let region = region.or_else(|| resource_region.map(|region| Region::new(region.to_owned())));
    let region = match region {
        Some(region) => region,
        // what is not AWS mostly does not care
        None if endpoint.is_some() || shared.endpoint_url().is_some() => Region::new("us-east-1"),
        None => {
            return Err(ExportError::new(
                ErrorKind::Settings,
                "the region is not known, set AWS_REGION",
            ));
        }
    };
    let mut config = shared
        .into_builder()
        .region(region)
        .retry_config(RetryConfig::disabled());
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(config.build())
}

/// Describes what a service answered instead of success.
pub(crate) fn failure<E>(error: &SdkError<E, HttpResponse>) -> ExportError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let (code, message) = (refusal.err().code(), refusal.err().message());
            let code = code.map_or_else(|| status.to_string(), str::to_owned);
            let error = ExportError::new(kind(&code, status), "the request failed").context("code", code);
            match message {
                Some(message) if !message.is_empty() => error.context("message", first_line(message)),
                _ => error,
            }
        }
        SdkError::TimeoutError(_) => ExportError::new(ErrorKind::TimedOut, "no answer in time"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ExportError::new(ErrorKind::TimedOut, "no answer in time")
        }
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.as_other().is_some() => {
            ExportError::new(ErrorKind::Unreachable, "the connection failed").context("cause", causes(error))
        }
        // a request is not sent when there is nothing to sign it with
        SdkError::DispatchFailure(_) => {
            ExportError::new(ErrorKind::Denied, "the request was not sent").context("cause", causes(error))
        }
        SdkError::ResponseError(_) => {
            ExportError::new(ErrorKind::Unreachable, "the answer is not understood").context("cause", causes(error))
        }
        _ => ExportError::new(ErrorKind::Settings, "the request cannot be built").context("cause", causes(error)),
    }
}

/// What came of asking a service about what events go to.
pub(crate) fn contact<T, E>(
    answer: Result<T, SdkError<E, HttpResponse>>,
    describe: impl FnOnce(T) -> String,
) -> Result<Contact, ExportError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let error = match answer {
        Ok(answer) => return Ok(Contact::Answers(describe(answer))),
        Err(error) => error,
    };
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code {
        Some(code) if code.contains("AccessDenied") || code.contains("NotAuthorized") => Ok(may_not_look(code)),
        _ => Err(failure(&error)),
    }
}

/// What kind of failure a code means, or else a status.
fn kind(code: &str, status: u16) -> ErrorKind {
    let means = |words: &[&str]| words.iter().any(|word| code.contains(word));
    if means(&["TooLong", "TooLarge"]) {
        ErrorKind::TooLarge
    } else if status >= 500
        || status == 429
        || means(&["Throttl", "ThroughputExceeded", "LimitExceeded", "Unavailable"])
    {
        ErrorKind::Unreachable
    } else if means(&["NotFound", "NonExistent", "DoesNotExist"]) {
        ErrorKind::NotFound
    } else if matches!(status, 401 | 403)
        || means(&["Denied", "Token", "Signature", "UnrecognizedClient", "NotAuthorized"])
    {
        ErrorKind::Denied
    } else {
        ErrorKind::Refused
    }
}

/// The causes of an error on one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    first_line(&texts.join(": "))
}

pub(crate) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    line.chars().take(LONGEST_MESSAGE).collect()
}
