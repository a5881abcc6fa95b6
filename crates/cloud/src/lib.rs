//! Who a program is at AWS and at Google: the credentials, regions and tokens that the cloud's own programs would find on this
//! machine. Sources of flags and sinks of events share it.
//!
//! ```no_run
//! # #[cfg(feature = "google")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use flagstaff_cloud::google::GoogleAccount;
//!
//! let account = GoogleAccount::of_machine("https://www.googleapis.com/auth/pubsub")?;
//! let token = account.token().await?;
//! # Ok(())
//! # }
//! ```

use thiserror::Error;

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "google")]
pub mod google;

/// Looks up a variable of the environment. What it does not know is looked for in the environment of the process by the
/// libraries that find credentials.
pub type Variables<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// What is there to find an account by cannot be used. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name} {problem}")]
pub struct AccountError {
    /// A variable of the environment, or what else names the account.
    pub name: &'static str,
    /// What is wrong.
    pub problem: String,
}
