//! AWS Lambda: requests come as events of API Gateway or of a load balancer, one at a time, and answers go back as documents.
//!
//! Events are handed out by the [runtime API](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), which also takes the
//! answers.

mod event;
mod reply;

use std::error::Error;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use http_body_util::BodyExt;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{BoxError, PooledClient, build_request};
use serde_json::json;

use crate::RunError;
use crate::config::LambdaFunction;
use crate::route::Listener;
use crate::service::respond;
use crate::state::State;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const FAILED_START: &str = "/2018-06-01/runtime/init/error";

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");

/// There is one way in, so the monitoring routes are answered there too.
const LISTENER: Listener = Listener::Api { monitoring: true };

/// The invocations of a Lambda function.
pub(crate) struct Invocations {
    runtime_api: PooledClient,
    function: LambdaFunction,
}

/// An event that waits for its answer.
struct Invocation {
    id: String,
    event: Bytes,
}

impl Invocations {
    /// The invocations of this function.
    ///
    /// # Errors
    /// When the process does not run inside of AWS Lambda.
    pub(crate) fn new(function: &LambdaFunction) -> Result<Self, RunError> {
        let address = function.runtime_api.as_deref().unwrap_or_default();
        let endpoint = format!("http://{address}").parse::<Uri>();
        let endpoint = endpoint.map_err(|_| RunError::OutsideOfLambda)?;
        Ok(Self {
            runtime_api: PooledClient::builder().with_endpoint(endpoint).build(),
            function: function.clone(),
        })
    }

    /// Tells that there will be no function.
    pub(crate) async fn give_up(&self, reason: &RunError) {
        if let Err(error) = self.report(FAILED_START, "Runtime.InitError", reason).await {
            tracing::warn!(error, "the runtime api of aws lambda is not told of the failed start");
        }
    }

    /// Answers invocations until `stop` resolves.
    ///
    /// # Errors
    /// When the runtime API hands out no events any more.
    pub(crate) async fn serve(self, state: Arc<State>, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let mut stop = pin!(stop);
        loop {
            let invocation = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                invocation = self.next() => invocation.map_err(RunError::RuntimeApi)?,
            };
            self.answer(&state, invocation).await;
        }
    }

    /// Waits for an event, for as long as it takes.
    async fn next(&self) -> Result<Invocation, BoxError> {
        let request = build_request().uri(NEXT).body(Body::empty())?;
        let (head, body) = self.runtime_api.call(request).await?.into_parts();
        let event = body.collect().await?.to_bytes();
        if head.status != StatusCode::OK {
            return Err(format!("it answers with {}", head.status).into());
        }
        let id = head.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        Ok(Invocation {
            id: id.ok_or("it names no request id")?.to_owned(),
            event,
        })
    }

    /// Makes a request of an event, and a document of the answer.
    async fn answer(&self, state: &Arc<State>, Invocation { id, event }: Invocation) {
        let path = |end| format!("/2018-06-01/runtime/invocation/{id}/{end}");
        let adapter = self.function.event;
        let told = match event::read(adapter, &self.function.base_path, &event) {
            Ok((caller, request)) => {
                let response = respond(state, LISTENER, &caller, request).await;
                let reply = reply::write(adapter, response);
                match self.post(&path("response"), None, reply).await {
                    Ok(()) => return,
                    // too long, most likely
                    Err(error) => self.report(&path("error"), "Runtime.Response", &*error).await,
                }
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn Error, "an event is no request");
                self.report(&path("error"), "Runtime.Event", &error).await
            }
        };
        if let Err(error) = told {
            tracing::error!(error, "an invocation stays without an answer");
        }
    }

    /// Tells of a failure.
    async fn report(&self, path: &str, kind: &'static str, failure: &(dyn Error + Sync)) -> Result<(), BoxError> {
        let mut message = failure.to_string();
        let mut causes = failure.source();
        while let Some(cause) = causes {
            message = format!("{message}: {cause}");
            causes = cause.source();
        }
        let report = json!({"errorType": kind, "errorMessage": message});
        self.post(path, Some(kind), report.to_string().into_bytes()).await
    }

    async fn post(&self, path: &str, error_type: Option<&'static str>, document: Vec<u8>) -> Result<(), BoxError> {
        let length = document.len();
        let mut request = build_request()
            .method(Method::POST)
            .uri(path)
            .body(Body::from(document))?;
        if let Some(kind) = error_type {
            request.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(kind));
        }
        let response = self.runtime_api.call(request).await?;
        let status = response.status();
        // a connection whose answer is read can be used again
        response.into_body().collect().await?;
        if status.is_success() {
            return Ok(());
        }
        Err(format!("the runtime api of aws lambda refuses {length} bytes with {status}").into())
    }
}
