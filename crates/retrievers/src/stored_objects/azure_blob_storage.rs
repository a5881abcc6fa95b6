//! A blob of Azure Blob Storage.

use std::sync::Arc;

use flagstaff_object_stores::azure::AzureContainer;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use super::{Container, StoredObject};
use crate::settings::{Settings, SettingsError};
use crate::{Surroundings, timeout};

impl Container for AzureContainer {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        self.url()
    }
}

impl StoredObject<AzureContainer> {
    /// `accountName`, `container` and `object`; `accountKey` and `serviceUrl` where they are needed.
    pub fn in_azure(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let optional = |property| {
            let text = settings.text(property)?;
            Ok((!text.is_empty()).then_some(text))
        };
        let container = AzureContainer {
            account_key: optional("accountKey")?,
            service_url: optional("serviceUrl")?,
            timeout: timeout::read(settings)?,
            ..AzureContainer::new(settings.required("accountName")?, settings.required("container")?)
        };
        if let Err(OpenError::Invalid { name, problem }) = container.check() {
            return Err(settings.invalid(name, problem));
        }
        Self::read(container, settings, "object", surroundings)
    }
}
