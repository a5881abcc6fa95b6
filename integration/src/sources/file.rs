//! Files of this machine, which need no server.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::json;

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, document};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "file",
    variant: "",
    needs: &[],
    run: |stage| {
        let path = stage.folder().join("flags.yaml");
        stage.prove_retriever(&mut File { path })
    },
}];

/// A file that is written in place.
struct File {
    path: PathBuf,
}

impl Source for File {
    fn setup(&self) -> Setup {
        json!({"kind": "file", "path": self.path}).into()
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        Ok(fs::write(&self.path, document(edition))?)
    }

    fn corrupt(&mut self) -> Result<()> {
        Ok(fs::write(&self.path, BROKEN_DOCUMENT)?)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "a directory",
            setup: json!({"kind": "file", "path": self.path.parent()}).into(),
            kind: ErrorKind::Refused,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn server(&mut self) -> Option<&mut Server> {
        None
    }

    fn meter(&self) -> Option<&Meter> {
        None
    }

    fn kill(&mut self) -> Result<()> {
        Ok(fs::remove_file(&self.path)?)
    }

    fn revive(&mut self) -> Result<()> {
        Ok(())
    }
}
