//! Google Cloud: the application default credentials, which are the file that `GOOGLE_APPLICATION_CREDENTIALS` names, that of gcloud, or
//! the machine's account; or credentials that somebody wrote down. Service accounts, users, external and impersonated accounts.

use google_cloud_auth::build_errors;
use google_cloud_auth::credentials::service_account::AccessSpecifier;
use google_cloud_auth::credentials::{
    AccessTokenCredentials, Builder, external_account, impersonated, service_account, user_account,
};
use serde_json::Value;
use thiserror::Error;

use crate::AccountError;

/// Somebody at Google. Tokens are renewed ahead of time, by a task of the tokio runtime in which the account was made.
#[derive(Debug, Clone)]
pub struct GoogleAccount {
    credentials: AccessTokenCredentials,
}

/// There is no token just now. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no token of Google: {cause}")]
pub struct NoToken {
    /// Whether it may pass by itself.
    pub is_temporary: bool,
    cause: String,
}

impl GoogleAccount {
    /// Whoever this machine is. Reads the file of credentials. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the file of credentials is there and cannot be used.
    pub fn of_machine(scope: &str) -> Result<Self, AccountError> {
        let credentials = Builder::default().with_scopes([scope]).build_access_token_credentials();
        let credentials = credentials.map_err(|error| AccountError {
            name: "the application default credentials of Google",
            problem: format!("cannot be used: {error}"),
        })?;
        Ok(Self { credentials })
    }

    /// Whoever these credentials belong to: the text of a JSON file as Google gives it out, without a `type` that of a service
    /// account. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When it is no JSON, or lacks something. The text is not quoted: it is a secret.
    pub fn of_json(text: &str, scope: &str) -> Result<Self, AccountError> {
        let written: Value = serde_json::from_str(text).map_err(|_| unusable("are not JSON"))?;
        let built = match written["type"].as_str().unwrap_or_default() {
            "authorized_user" => user_account::Builder::new(written)
                .with_scopes([scope])
                .build_access_token_credentials(),
            "impersonated_service_account" => impersonated::Builder::new(written)
                .with_scopes([scope])
                .build_access_token_credentials(),
            "external_account" => external_account::Builder::new(written)
                .with_scopes([scope])
                .build_access_token_credentials(),
            _ => service_account::Builder::new(written)
                .with_access_specifier(AccessSpecifier::from_scopes([scope]))
                .build_access_token_credentials(),
        };
        let credentials = built.map_err(|error| unusable(problem(&error)))?;
        Ok(Self { credentials })
    }

    /// A token for a header `Authorization: Bearer`.
    ///
    /// # Errors
    /// When Google does not give one out.
    pub async fn token(&self) -> Result<String, NoToken> {
        match self.credentials.access_token().await {
            Ok(token) => Ok(token.token),
            Err(error) => Err(NoToken {
                is_temporary: error.is_transient(),
                cause: error.to_string().replace('\n', " "),
            }),
        }
    }
}

fn unusable(problem: &str) -> AccountError {
    AccountError {
        name: "the credentials of Google",
        problem: problem.to_owned(),
    }
}

fn problem(error: &build_errors::Error) -> &'static str {
    if error.is_missing_field() || error.is_parsing() {
        "are not complete: take the JSON file as Google gives it out"
    } else if error.is_unknown_type() || error.is_not_supported() {
        "are of a type that cannot be used here"
    } else {
        "cannot be used"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn credentials_that_are_not_complete_are_not_quoted() {
        for (text, expected) in [
            ("secret", "are not JSON"),
            ("[]", "are not complete: take the JSON file as Google gives it out"),
            (
                r#"{"type": "service_account", "private_key": "secret"}"#,
                "are not complete: take the JSON file as Google gives it out",
            ),
            (
                r#"{"type": "authorized_user", "client_secret": "secret"}"#,
                "are not complete: take the JSON file as Google gives it out",
            ),
            (
                r#"{"type": "external_account", "audience": "secret"}"#,
                "are not complete: take the JSON file as Google gives it out",
            ),
        ] {
            let error = GoogleAccount::of_json(text, "scope").unwrap_err();
            assert_eq!(error.problem, expected, "{text}");
        }
    }
}
