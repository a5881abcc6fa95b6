//! `http` on nginx.

use std::fs;

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::nginx::{self, Nginx};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Retriever,
        kind: "http",
        variant: "password",
        needs: &[&nginx::PACKAGE],
        run: |stage| stage.prove_retriever(&mut Http::start(stage, Protection::Password)?),
    },
    Case {
        role: Role::Retriever,
        kind: "http",
        variant: "TLS",
        needs: &[&nginx::PACKAGE],
        run: |stage| stage.prove_retriever(&mut Http::start(stage, Protection::Tls)?),
    },
    Case {
        role: Role::Retriever,
        kind: "http",
        variant: "mutual TLS",
        needs: &[&nginx::PACKAGE],
        run: |stage| stage.prove_retriever(&mut Http::start(stage, Protection::MutualTls)?),
    },
];

#[derive(Debug, Clone, Copy)]
enum Protection {
    Password,
    Tls,
    MutualTls,
}

struct Http {
    nginx: Nginx,
    meter: Meter,
    trust: Trust,
    protection: Protection,
}

impl Http {
    fn start(stage: &Stage, protection: Protection) -> Result<Self> {
        let trust = Trust::new(stage.folder())?;
        let nginx = Nginx::start(stage.cache(), stage.folder(), &trust)?;
        let meter = Meter::before(match protection {
            Protection::Password => nginx.port,
            Protection::Tls => nginx.tls_port,
            Protection::MutualTls => nginx.mutual_port,
        })?;
        Ok(Self {
            nginx,
            meter,
            trust,
            protection,
        })
    }

    fn url(&self, before_host: &str) -> String {
        format!("{before_host}127.0.0.1:{}/flags.yaml", self.meter.port())
    }
}

impl Source for Http {
    fn setup(&self) -> Setup {
        let (trust, user, password) = (&self.trust, nginx::USER, nginx::PASSWORD);
        let options = match self.protection {
            Protection::Password => json!({"kind": "http", "url": self.url(&format!("http://{user}:{password}@"))}),
            Protection::Tls => json!({"kind": "http", "url": self.url("https://"), "caCertPath": trust.authority}),
            Protection::MutualTls => json!({
                "kind": "http",
                "url": self.url("https://"),
                "caCertPath": trust.authority,
                "clientCertPath": trust.client.certificate,
                "clientKeyPath": trust.client.key,
            }),
        };
        options.into()
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        Ok(fs::write(self.nginx.files.join("flags.yaml"), document(edition))?)
    }

    fn corrupt(&mut self) -> Result<()> {
        Ok(fs::write(self.nginx.files.join("flags.yaml"), BROKEN_DOCUMENT)?)
    }

    fn refusals(&self) -> Vec<Refusal> {
        let missing = json!({
            "kind": "http",
            "url": format!("{}-other", self.url("https://")),
            "caCertPath": self.trust.authority,
        });
        match self.protection {
            Protection::Password => vec![Refusal {
                what: "wrong password",
                setup: json!({"kind": "http", "url": self.url("http://relay:wrong-secret-81@")}).into(),
                kind: ErrorKind::Denied,
            }],
            Protection::Tls => vec![
                Refusal {
                    what: "unknown authority",
                    setup: json!({"kind": "http", "url": self.url("https://")}).into(),
                    kind: ErrorKind::Unreachable,
                },
                Refusal {
                    what: "no such file",
                    setup: missing.into(),
                    kind: ErrorKind::NotFound,
                },
            ],
            Protection::MutualTls => vec![Refusal {
                what: "no certificate",
                setup: json!({"kind": "http", "url": self.url("https://"), "caCertPath": self.trust.authority}).into(),
                kind: ErrorKind::Refused,
            }],
        }
    }

    fn secrets(&self) -> Vec<String> {
        vec![nginx::PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.nginx.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
