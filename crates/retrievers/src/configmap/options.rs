//! What people write about a ConfigMap.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::Surroundings;
use crate::settings::{Settings, SettingsError};

/// Where Kubernetes puts what a pod knows of itself.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// When nothing else is written.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Options of the kind `configmap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigMapOptions {
    /// `configmap`: its name. Mandatory.
    pub name: String,
    /// `namespace`: where it is. Mandatory.
    pub namespace: String,
    /// `key`: the member of its `data` that holds the flags. Mandatory.
    pub key: String,
    /// `serviceAccountPath`: the folder with `token` and `ca.crt`; by default where Kubernetes puts it.
    pub service_account: PathBuf,
    /// The API server, as `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` say; `None` outside of a cluster.
    pub server: Option<Url>,
    /// `timeout`: milliseconds for each exchange; 10,000 by default, also for 0 and below.
    pub timeout: Duration,
}

impl ConfigMapOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let service_account = match settings.text("serviceAccountPath")? {
            path if path.is_empty() => SERVICE_ACCOUNT.into(),
            path => path.into(),
        };
        let timeout = match u64::try_from(settings.integer("timeout")?) {
            Err(_) | Ok(0) => DEFAULT_TIMEOUT,
            Ok(milliseconds) => Duration::from_millis(milliseconds),
        };
        Ok(Self {
            name: settings.required("configmap")?,
            namespace: settings.required("namespace")?,
            key: settings.required("key")?,
            service_account,
            server: server(surroundings),
            timeout,
        })
    }

    /// Where the flags are.
    pub(super) fn place(&self) -> String {
        format!("configmap {}/{} {}", self.namespace, self.name, self.key)
    }
}

fn server(surroundings: &Surroundings) -> Option<Url> {
    let host = surroundings.variable("KUBERNETES_SERVICE_HOST")?;
    let port = surroundings.variable("KUBERNETES_SERVICE_PORT").unwrap_or("443");
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    Url::parse(&format!("https://{host}:{port}/")).ok()
}
