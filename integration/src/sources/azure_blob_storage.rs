//! `azureBlobStorage` on Azurite.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role};
use crate::clients::azure::AzureClient;
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::azurite::{self, ACCOUNT, Azurite, KEY, WRONG_KEY};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "azureBlobStorage",
    variant: "",
    needs: &[&azurite::PACKAGE],
    run: |stage| {
        let azurite = Azurite::start(stage.cache(), stage.folder())?;
        let client = AzureClient::new(stage.cache().need(&azurite::PACKAGE)?, azurite.url());
        let meter = Meter::before(azurite.port)?;
        stage.prove_retriever(&mut AzureBlobStorage { azurite, client, meter })
    },
}];

const CONTAINER: &str = "flags";

const BLOB: &str = "team/flags.yaml";

struct AzureBlobStorage {
    azurite: Azurite,
    client: AzureClient,
    meter: Meter,
}

impl AzureBlobStorage {
    fn setup(&self, blob: &str, key: &str) -> Setup {
        let options = json!({
            "kind": "azureBlobStorage",
            "accountName": ACCOUNT,
            "accountKey": key,
            "serviceUrl": azurite::url(self.meter.port()),
            "container": CONTAINER,
            "object": blob,
        });
        options.into()
    }
}

impl Source for AzureBlobStorage {
    fn setup(&self) -> Setup {
        self.setup(BLOB, KEY)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.client.put(CONTAINER, BLOB, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.client.put(CONTAINER, BLOB, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![
            Refusal {
                what: "wrong key",
                setup: self.setup(BLOB, WRONG_KEY),
                kind: ErrorKind::Denied,
            },
            Refusal {
                what: "no such blob",
                setup: self.setup("team/others.yaml", KEY),
                kind: ErrorKind::NotFound,
            },
        ]
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), WRONG_KEY.to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.azurite.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
