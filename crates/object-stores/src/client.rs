//! What the clients of all stores have in common.

use std::time::Duration;

use http::HeaderValue;
use object_store::{ClientOptions, RetryConfig};

/// Time for a whole exchange when nothing else is written.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Limits and name of a client.
pub(crate) fn options(timeout: Duration) -> ClientOptions {
    ClientOptions::new()
        .with_user_agent(HeaderValue::from_static(concat!(
            "flagstaff/",
            env!("CARGO_PKG_VERSION")
        )))
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout(timeout)
}

/// One try: whoever asks knows when to ask again.
pub(crate) fn no_retry() -> RetryConfig {
    RetryConfig {
        max_retries: 0,
        ..RetryConfig::default()
    }
}
