//! `s3`, `googleStorage` and `azureBlobStorage`: each batch is an object of lines of JSON.

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
use flagstaff_events::ErrorKind;
use serde_json::{Map, Value, json};

use crate::case::{Case, Role, Stage};
use crate::clients::azure::AzureClient;
use crate::clients::boto3::Boto3;
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::azurite::{self, ACCOUNT, Azurite, KEY};
use crate::servers::gcs::{self, GoogleStorage};
use crate::servers::minio::{self, Minio};
use crate::servers::moto::{self, Moto};
use crate::servers::nginx;
use crate::servers::versitygw::{self, SECRET_KEY, Versitygw};

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "s3",
        variant: "",
        needs: &[&versitygw::PACKAGE, &moto::PACKAGE],
        run: |stage| {
            let versitygw = Versitygw::start(stage.cache(), stage.folder())?;
            s3(stage, versitygw.server, versitygw.port, true)
        },
    },
    Case {
        role: Role::Exporter,
        kind: "s3",
        variant: "",
        needs: &[&minio::PACKAGE, &moto::PACKAGE],
        run: |stage| {
            let minio = Minio::start(stage.cache(), stage.folder())?;
            s3(stage, minio.server, minio.port, true)
        },
    },
    Case {
        role: Role::Exporter,
        kind: "s3",
        variant: "",
        needs: &[&moto::PACKAGE],
        run: |stage| {
            let moto = Moto::start(stage.cache(), stage.folder())?;
            s3(stage, moto.server, moto.port, false)
        },
    },
    Case {
        role: Role::Exporter,
        kind: "googleStorage",
        variant: "",
        needs: &[&gcs::PACKAGE, &nginx::PACKAGE],
        run: |stage| {
            let store = Store::Google(GoogleStorage::start_writable(stage.cache(), stage.folder())?);
            stage.prove_exporter(&mut Objects { store })
        },
    },
    Case {
        role: Role::Exporter,
        kind: "azureBlobStorage",
        variant: "",
        needs: &[&azurite::PACKAGE],
        run: |stage| {
            let azurite = Azurite::start(stage.cache(), stage.folder())?;
            let client = AzureClient::new(stage.cache().need(&azurite::PACKAGE)?, azurite.url());
            let store = Store::Azure {
                meter: Meter::before(azurite.port)?,
                client,
                _server: azurite,
            };
            stage.prove_exporter(&mut Objects { store })
        },
    },
];

/// The bucket or container.
const BUCKET: &str = "events";

/// What the names of objects begin with.
const PATH: &str = "team/web";

fn s3(stage: &Stage, server: Server, port: u16, checks_signatures: bool) -> Result<()> {
    let installed = stage.cache().need(&moto::PACKAGE)?;
    let client = Boto3::new(installed, versitygw::variables(port, SECRET_KEY));
    let store = Store::S3 {
        server,
        meter: Meter::before(port)?,
        client,
        checks_signatures,
    };
    stage.prove_exporter(&mut Objects { store })
}

struct Objects {
    store: Store,
}

enum Store {
    S3 {
        server: Server,
        meter: Meter,
        client: Boto3,
        checks_signatures: bool,
    },
    Google(GoogleStorage),
    Azure {
        meter: Meter,
        client: AzureClient,
        _server: Azurite,
    },
}

impl Store {
    fn meter(&self) -> &Meter {
        match self {
            Self::S3 { meter, .. } | Self::Azure { meter, .. } => meter,
            Self::Google(storage) => &storage.meter,
        }
    }
}

impl Objects {
    fn setup(&self, bucket: &str, secret: &str) -> Setup {
        let port = self.store.meter().port();
        match &self.store {
            Store::S3 { .. } => Setup {
                options: json!({"kind": "s3", "bucket": bucket, "path": PATH}),
                variables: versitygw::variables(port, secret),
                ..Setup::default()
            },
            Store::Google(storage) => Setup {
                options: json!({"kind": "googleStorage", "bucket": bucket, "path": PATH}),
                variables: storage.variables(),
                ..Setup::default()
            },
            Store::Azure { .. } => {
                let options = json!({
                    "kind": "azureBlobStorage", "accountName": ACCOUNT, "accountKey": secret,
                    "serviceUrl": azurite::url(port), "container": bucket, "path": PATH,
                });
                options.into()
            }
        }
    }

    fn secret(&self) -> &'static str {
        match &self.store {
            Store::Azure { .. } => KEY,
            _ => SECRET_KEY,
        }
    }
}

impl Sink for Objects {
    fn setup(&self) -> Setup {
        self.setup(BUCKET, self.secret())
    }

    fn prepare(&mut self) -> Result<()> {
        match &self.store {
            Store::S3 { client, .. } => client.make(BUCKET),
            Store::Google(storage) => storage.make(BUCKET),
            Store::Azure { client, .. } => client.make(BUCKET),
        }
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let objects = match &self.store {
            Store::S3 { client, .. } => client.dump(BUCKET)?,
            Store::Google(storage) => storage.dump(BUCKET)?,
            Store::Azure { client, .. } => client.dump(BUCKET)?,
        };
        let mut events = Vec::new();
        for (name, content) in contents(&objects)? {
            anyhow::ensure!(name.starts_with(PATH), "an object is called {name}");
            for line in content.lines() {
                events.push(serde_json::from_str(line).with_context(|| format!("{name} holds {line}"))?);
            }
        }
        Ok(events)
    }

    fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = vec![Refusal {
            what: "no such bucket",
            setup: self.setup("no-events", self.secret()),
            kind: ErrorKind::NotFound,
        }];
        let wrong = match &self.store {
            Store::S3 {
                checks_signatures: true,
                ..
            } => "wrong-secret-81",
            Store::Azure { .. } => azurite::WRONG_KEY,
            _ => return refusals,
        };
        refusals.push(Refusal {
            what: "wrong secret",
            setup: self.setup(BUCKET, wrong),
            kind: ErrorKind::Denied,
        });
        refusals
    }

    fn secrets(&self) -> Vec<String> {
        [SECRET_KEY, KEY, "wrong-secret-81", azurite::WRONG_KEY]
            .map(str::to_owned)
            .to_vec()
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        match &mut self.store {
            Store::S3 {
                server,
                checks_signatures: true,
                ..
            } => server,
            // these would forget everything
            Store::S3 { meter, .. } | Store::Azure { meter, .. } => meter,
            Store::Google(storage) => &mut storage.meter,
        }
    }
}

/// Objects by name, from their contents in hexadecimal.
fn contents(objects: &Map<String, Value>) -> Result<Vec<(String, String)>> {
    let read = |(name, content): (&String, &Value)| {
        let content = content.as_str().context("a content is hexadecimal")?;
        let content = HEXLOWER
            .decode(content.as_bytes())
            .context("a content is hexadecimal")?;
        Ok((name.clone(), String::from_utf8(content)?))
    };
    objects.iter().map(read).collect()
}
