//! `git` over HTTP.

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;
use crate::servers::git::{self, PASSWORD, USER};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "git",
    variant: "",
    needs: &[&git::PACKAGE],
    run: |stage| {
        let git = git::Git::start(stage.cache(), stage.folder())?;
        let meter = Meter::before(git.port)?;
        stage.prove_retriever(&mut Repository { git, meter })
    },
}];

const PATH: &str = "teams/web/flags.yaml";

struct Repository {
    git: git::Git,
    meter: Meter,
}

impl Repository {
    fn setup(&self, repository: &str, path: &str, password: &str) -> Setup {
        let url = format!("http://127.0.0.1:{}/{repository}", self.meter.port());
        json!({"kind": "git", "url": url, "ref": "main", "path": path, "username": USER, "token": password}).into()
    }
}

impl Source for Repository {
    fn setup(&self) -> Setup {
        self.setup("flags.git", "teams/*/*.yaml", PASSWORD)
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        self.git.put(PATH, &document(edition))
    }

    fn corrupt(&mut self) -> Result<()> {
        self.git.put(PATH, BROKEN_DOCUMENT)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![
            Refusal {
                what: "wrong password",
                setup: self.setup("flags.git", PATH, "wrong-secret-81"),
                kind: ErrorKind::Denied,
            },
            Refusal {
                what: "no such repository",
                setup: self.setup("others.git", PATH, PASSWORD),
                kind: ErrorKind::NotFound,
            },
            Refusal {
                what: "no such file",
                setup: self.setup("flags.git", "teams/others.yaml", PASSWORD),
                kind: ErrorKind::NotFound,
            },
        ]
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(&mut self.git.server)
    }

    fn meter(&self) -> Option<&Meter> {
        Some(&self.meter)
    }
}
