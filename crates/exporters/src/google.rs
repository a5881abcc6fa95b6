//! Services of Google that are spoken to in JSON over HTTP.

use std::time::Duration;

use flagstaff_cloud::AccountError;
use flagstaff_cloud::google::GoogleAccount;
use flagstaff_events::{Contact, ErrorKind, ExportError};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use crate::may_not_look;

/// Time to connect. The time for a whole exchange is whoever's who waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is quoted of a message at most, in characters.
const LONGEST_MESSAGE: usize = 300;

/// One service.
#[derive(Debug)]
pub(crate) struct GoogleService {
    /// Where its paths begin, without a slash at the end.
    base: String,
    identity: Identity,
    connection: OnceCell<Connection>,
}

/// Who asks.
pub(crate) enum Identity {
    /// Nobody: an emulator does not ask.
    None,
    /// The account of this machine.
    Machine {
        /// What it must be allowed to do.
        scope: &'static str,
    },
    /// An account that was written down.
    #[cfg(feature = "bigquery")]
    Written {
        /// Its credentials as JSON.
        credentials: String,
        /// What it must be allowed to do.
        scope: &'static str,
    },
}

#[derive(Debug)]
struct Connection {
    client: Client,
    account: Option<GoogleAccount>,
}

impl GoogleService {
    /// A service at its own place.
    pub(crate) fn new(base: &str, identity: Identity) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            identity,
            connection: OnceCell::new(),
        }
    }

    /// An emulator: a host and a port, with or without a scheme.
    pub(crate) fn emulator(host: &str) -> Self {
        let scheme = if host.contains("://") { "" } else { "http://" };
        Self::new(&format!("{scheme}{host}"), Identity::None)
    }

    /// Posts to a path, which begins with a slash, and reads the answer.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, ExportError> {
        let response = self.send(path, body).await?;
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        response.json().await.map_err(failed)
    }

    /// Posts to a path what shall be made; it may be there already.
    #[cfg(feature = "bigquery")]
    pub(crate) async fn make(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<(), ExportError> {
        let response = self.send(path, body).await?;
        if response.status().is_success() || response.status() == StatusCode::CONFLICT {
            return Ok(());
        }
        Err(refusal(response).await)
    }

    /// Looks at a path.
    pub(crate) async fn contact(&self, path: &str) -> Result<Contact, ExportError> {
        let connection = self.connection.get_or_try_init(|| self.connect()).await?;
        let request = connection.client.get(format!("{}{path}", self.base));
        let response = connection.send(request).await?;
        match response.status() {
            status if status.is_success() => Ok(Contact::Answers("answers".to_owned())),
            StatusCode::FORBIDDEN => Ok(may_not_look("code 403")),
            _ => Err(refusal(response).await),
        }
    }

    async fn send(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Response, ExportError> {
        let connection = self.connection.get_or_try_init(|| self.connect()).await?;
        let request = connection.client.post(format!("{}{path}", self.base)).json(body);
        connection.send(request).await
    }

    async fn connect(&self) -> Result<Connection, ExportError> {
        let unusable = |error: AccountError| ExportError::new(ErrorKind::Settings, error.to_string());
        let account = match &self.identity {
            Identity::None => None,
            Identity::Machine { scope } => Some(GoogleAccount::of_machine(scope).map_err(unusable)?),
            #[cfg(feature = "bigquery")]
            Identity::Written { credentials, scope } => {
                Some(GoogleAccount::of_json(credentials, scope).map_err(unusable)?)
            }
        };
        let mut client = Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // a POST that is redirected may lose its body on the way
            .redirect(reqwest::redirect::Policy::none());
        if self.base.starts_with("http://") {
            // a small container may hold no root certificates at all, and plain HTTP needs none
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| {
            ExportError::new(ErrorKind::Settings, "the HTTP client cannot be set up").caused_by(error.without_url())
        })?;
        Ok(Connection { client, account })
    }
}

impl Connection {
    /// Sends a request as whoever asks.
    async fn send(&self, mut request: RequestBuilder) -> Result<Response, ExportError> {
        if let Some(account) = &self.account {
            let token = account.token().await.map_err(|error| {
                let kind = if error.is_temporary {
                    ErrorKind::Unreachable
                } else {
                    ErrorKind::Denied
                };
                ExportError::new(kind, error.to_string())
            })?;
            request = request.bearer_auth(token);
        }
        request.send().await.map_err(failed)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "nobody",
            Self::Machine { .. } => "the account of this machine",
            #[cfg(feature = "bigquery")]
            Self::Written { .. } => "an account that was written down",
        })
    }
}

/// What stands in an answer that is no success: in an envelope, or bare from some emulators.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    error: Option<Status>,
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
}

async fn refusal(response: Response) -> ExportError {
    let status = response.status();
    let pause = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let problem = response.bytes().await.unwrap_or_default();
    let problem: Problem = serde_json::from_slice(&problem).unwrap_or_default();
    let message = problem.error.map_or(problem.message, |status| status.message);
    let error = ExportError::new(kind(status, &message), "the request failed").context("code", status.as_u16());
    let message: String = message.replace('\n', " ").chars().take(LONGEST_MESSAGE).collect();
    let error = if message.is_empty() {
        error
    } else {
        error.context("message", message)
    };
    error.retry_after(pause)
}

fn kind(status: StatusCode, message: &str) -> ErrorKind {
    match status.as_u16() {
        401 | 403 => ErrorKind::Denied,
        404 | 410 => ErrorKind::NotFound,
        413 => ErrorKind::TooLarge,
        400 if message.contains("payload size exceeds") => ErrorKind::TooLarge,
        408 | 425 | 429 | 500.. => ErrorKind::Unreachable,
        _ => ErrorKind::Refused,
    }
}

fn failed(error: reqwest::Error) -> ExportError {
    let error = error.without_url();
    let (kind, message) = if error.is_timeout() {
        (ErrorKind::TimedOut, "no answer in time")
    } else if error.is_connect() {
        (ErrorKind::Unreachable, "cannot connect")
    } else if error.is_builder() {
        (ErrorKind::Settings, "the request cannot be built")
    } else if error.is_decode() {
        (ErrorKind::Unreachable, "the answer is not understood")
    } else {
        (ErrorKind::Unreachable, "the request failed")
    };
    ExportError::new(kind, message).caused_by(error)
}
