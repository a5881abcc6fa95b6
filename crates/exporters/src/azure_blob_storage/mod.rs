//! Blobs in a container of Azure.
//!
//! ```yaml
//! exporter:
//!   kind: azureBlobStorage
//!   accountName: acme
//!   accountKey: c2VjcmV0                 # without it, the identity of the machine counts
//!   container: events
//!   path: flags/production
//!   serviceUrl: http://127.0.0.1:10000/acme   # an emulator, or another cloud
//! ```

use std::sync::Arc;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_object_stores::azure::AzureContainer;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use crate::kinds::Context;
use crate::objects::{Bucket, ObjectExporter, ObjectOptions};

/// Puts batches into a container of Azure.
pub type AzureBlobStorageExporter = ObjectExporter<AzureContainer>;

/// Reads the options of a configuration: `container` and `accountName` are mandatory, `accountKey` and `serviceUrl` may be there, the
/// others are those of [`ObjectOptions`].
pub(crate) fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<AzureBlobStorageExporter, SettingsError> {
    let optional = |text: String| (!text.is_empty()).then_some(text);
    let container = AzureContainer {
        account_key: optional(settings.text("accountKey")?),
        service_url: optional(settings.text("serviceUrl")?),
        ..AzureContainer::new(settings.required("accountName")?, settings.required("container")?)
    };
    Ok(ObjectExporter::new(
        container,
        ObjectOptions::read(settings, context)?,
        context,
    ))
}

impl Bucket for AzureContainer {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        format!("azure://{}/{}", self.account, self.container)
    }
}
