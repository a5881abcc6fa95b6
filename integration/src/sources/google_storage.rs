//! `googleStorage` on what plays it.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::gcs;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "googleStorage",
    variant: "",
    needs: &[&gcs::PACKAGE],
    run: |stage| {
        let storage = gcs::GoogleStorage::start(stage.cache(), stage.folder())?;
        stage.prove_retriever(&mut GoogleStorage { storage })
    },
}];

const BUCKET: &str = "flags";

const OBJECT: &str = "flags.yaml";

struct GoogleStorage {
    storage: gcs::GoogleStorage,
}

impl GoogleStorage {
    fn setup(&self, bucket: &str, object: &str) -> Setup {
        Setup {
            options: json!({"kind": "googleStorage", "bucket": bucket, "object": object}),
            variables: self.storage.variables(),
            ..Setup::default()
        }
    }
}

impl Source for GoogleStorage {
    fn setup(&self) -> Setup {
        self.setup(BUCKET, OBJECT)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.storage.put(BUCKET, OBJECT, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.storage.put(BUCKET, OBJECT, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such object",
            setup: self.setup(BUCKET, "others.yaml"),
            kind: ErrorKind::NotFound,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.storage.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.storage.meter)
    }

    /// What plays it answers conditional requests in full; the tests of `flagstaff-retrievers` see to them.
    fn is_conditional(&self) -> bool {
        false
    }
}
