//! `github`, `gitlab` and `bitbucket`. None of them can be had as a server on its own: a real HTTP server has files at the places and
//! behind the tokens where these would have them. Limits of rates are tested beside the retrievers.

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
use crate::servers::nginx::{self, Nginx, TOKEN};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Retriever,
        kind: "github",
        variant: "",
        needs: &[&nginx::PACKAGE],
        run: |stage| prove(stage, "github"),
    },
    Case {
        role: Role::Retriever,
        kind: "gitlab",
        variant: "",
        needs: &[&nginx::PACKAGE],
        run: |stage| prove(stage, "gitlab"),
    },
    Case {
        role: Role::Retriever,
        kind: "bitbucket",
        variant: "",
        needs: &[&nginx::PACKAGE],
        run: |stage| prove(stage, "bitbucket"),
    },
];

fn prove(stage: &Stage, kind: &'static str) -> Result<()> {
    let trust = Trust::new(stage.folder())?;
    let nginx = Nginx::start(stage.cache(), stage.folder(), &trust)?;
    let meter = Meter::before(nginx.hosts_port)?;
    stage.prove_retriever(&mut Repository { kind, nginx, meter })
}

struct Repository {
    kind: &'static str,
    nginx: Nginx,
    meter: Meter,
}

impl Repository {
    fn setup(&self, path: &str, token: &str) -> Setup {
        let url = format!("http://127.0.0.1:{}", self.meter.port());
        json!({"kind": self.kind, "repositorySlug": "team/flags", "path": path, "token": token, "baseUrl": url}).into()
    }
}

impl Source for Repository {
    fn setup(&self) -> Setup {
        self.setup("config/flags.yaml", TOKEN)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        Ok(fs::write(self.nginx.files.join("flags.yaml"), document(edition))?)
    }

    fn corrupt(&mut self) -> Result<()> {
        Ok(fs::write(self.nginx.files.join("flags.yaml"), BROKEN_DOCUMENT)?)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![
            Refusal {
                what: "wrong token",
                setup: self.setup("config/flags.yaml", "wrong-secret-81"),
                kind: ErrorKind::Denied,
            },
            Refusal {
                what: "no such file",
                setup: self.setup("config/others.yaml", TOKEN),
                kind: ErrorKind::NotFound,
            },
        ]
    }

    fn secrets(&self) -> Vec<String> {
        vec![TOKEN.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.nginx.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
