//! `configmap` on the API server of Kubernetes.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::kubernetes::{self, Kubernetes};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "configmap",
    variant: "",
    needs: &[&kubernetes::PACKAGE, &kubernetes::ETCD],
    run: |stage| stage.prove_retriever(&mut ConfigMap::start(stage)?),
}];

const NAME: &str = "flags";

const KEY: &str = "flags.yaml";

struct ConfigMap {
    kubernetes: Kubernetes,
    meter: Meter,
    /// What a pod finds in its service account's folder: `ca.crt` and `token`.
    account: PathBuf,
    /// The same with a token that nobody issued.
    stranger: PathBuf,
}

impl ConfigMap {
    fn start(stage: &Stage) -> Result<Self> {
        let trust = Trust::new(stage.folder())?;
        let kubernetes = Kubernetes::start(stage.cache(), stage.folder(), &trust)?;
        let meter = Meter::before(kubernetes.port)?;
        let folder = |name: &str, token: &str| -> Result<PathBuf> {
            let folder = stage.folder().join(name);
            fs::create_dir(&folder)?;
            fs::copy(&trust.authority, folder.join("ca.crt"))?;
            fs::write(folder.join("token"), token)?;
            Ok(folder)
        };
        Ok(Self {
            account: folder("account", &kubernetes.token)?,
            stranger: folder("stranger", "wrong-secret-81")?,
            kubernetes,
            meter,
        })
    }

    fn setup(&self, account: &PathBuf, name: &str) -> Setup {
        let variables = [
            ("KUBERNETES_SERVICE_HOST", "127.0.0.1".to_owned()),
            ("KUBERNETES_SERVICE_PORT", self.meter.port().to_string()),
        ];
        Setup {
            options: json!({
                "kind": "configmap", "namespace": "default", "configmap": name, "key": KEY,
                "serviceAccountPath": account,
            }),
            variables: variables.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            ..Setup::default()
        }
    }
}

impl Source for ConfigMap {
    fn setup(&self) -> Setup {
        self.setup(&self.account, NAME)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.kubernetes.put(NAME, KEY, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.kubernetes.put(NAME, KEY, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![
            Refusal {
                what: "wrong token",
                setup: self.setup(&self.stranger, NAME),
                kind: ErrorKind::Denied,
            },
            Refusal {
                what: "no such ConfigMap",
                setup: self.setup(&self.account, "others"),
                kind: ErrorKind::NotFound,
            },
        ]
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.kubernetes.token.clone(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.kubernetes.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
