//! `directory`: a file for each flag, in folders of this machine.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use flagstaff_retrievers::ErrorKind;
use serde_json::{Map, Value, json};

use crate::case::{Case, Role};
use crate::contract::Setup;
use crate::contract::edition::{BROKEN_DOCUMENT, FLAG, flags};
use crate::contract::retriever::{Refusal, Source};
use crate::meter::Meter;
use crate::server::Server;

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Retriever,
    kind: "directory",
    variant: "",
    needs: &[],
    run: |stage| {
        let path = stage.folder().join("flags");
        let aside = stage.folder().join("aside");
        stage.prove_retriever(&mut Directory { path, aside })
    },
}];

struct Directory {
    path: PathBuf,
    /// Where the folder is while it is taken away.
    aside: PathBuf,
}

impl Source for Directory {
    fn setup(&self) -> Setup {
        json!({"kind": "directory", "path": self.path, "glob": "teams/**/*.yaml"}).into()
    }

    fn put(&mut self, edition: &str) -> Result<()> {
        for (key, flag) in flags(edition) {
            let folder = self.path.join("teams").join(&key);
            fs::create_dir_all(&folder)?;
            let file = Value::Object(Map::from_iter([(key, flag)]));
            fs::write(folder.join("flags.yaml"), file.to_string())?;
        }
        Ok(())
    }

    fn corrupt(&mut self) -> Result<()> {
        Ok(fs::write(
            self.path.join("teams").join(FLAG).join("flags.yaml"),
            BROKEN_DOCUMENT,
        )?)
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such folder",
            setup: json!({"kind": "directory", "path": self.path.with_extension("others")}).into(),
            kind: ErrorKind::NotFound,
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
        Ok(fs::rename(&self.path, &self.aside)?)
    }

    fn revive(&mut self) -> Result<()> {
        Ok(fs::rename(&self.aside, &self.path)?)
    }
}
