//! `file`: a folder of this machine, whose Parquet files are read by others' programs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flagstaff_events::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::clients::parquet;
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::package::Installed;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "file",
        variant: "JSON",
        needs: &[],
        run: |stage| prove(stage, None),
    },
    Case {
        role: Role::Exporter,
        kind: "file",
        variant: "Parquet",
        needs: &[&parquet::PACKAGE],
        run: |stage| prove(stage, Some(stage.cache().need(&parquet::PACKAGE)?)),
    },
];

fn prove(stage: &Stage, readers: Option<Installed>) -> Result<()> {
    stage.prove_exporter(&mut Folder {
        path: stage.folder().join("events"),
        aside: stage.folder().join("aside"),
        readers,
    })
}

struct Folder {
    path: PathBuf,
    /// Where the folder is while it is taken away.
    aside: PathBuf,
    /// What reads Parquet; `None` for lines of JSON.
    readers: Option<Installed>,
}

impl Folder {
    fn setup(&self, path: &Path) -> Setup {
        let format = if self.readers.is_some() { "Parquet" } else { "JSON" };
        json!({"kind": "file", "outputDir": path, "format": format}).into()
    }
}

impl Sink for Folder {
    fn setup(&self) -> Setup {
        self.setup(&self.path)
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        if let Some(readers) = &self.readers {
            return parquet::rows(readers, &self.path);
        }
        let mut events = Vec::new();
        for file in fs::read_dir(&self.path)? {
            for line in fs::read_to_string(file?.path())?.lines() {
                events.push(serde_json::from_str(line).with_context(|| format!("a line is {line}"))?);
            }
        }
        Ok(events)
    }

    fn shape(&self, event: &Value) -> Value {
        let mut event = event.clone();
        if self.readers.is_none() {
            return event;
        }
        // a column has one type and is always there: values are JSON text, maps are of texts
        let maps: &[&str] = match event.get_mut("value") {
            Some(value) => {
                *value = value.to_string().into();
                &["metadata"]
            }
            None => &["evaluationContext", "trackingEventDetails"],
        };
        if event["contextKind"].is_null() {
            event["contextKind"] = "".into();
        }
        for map in maps {
            if event[*map].is_null() {
                event[*map] = json!({});
            }
            for (_, value) in event[*map].as_object_mut().into_iter().flatten() {
                if !value.is_string() {
                    *value = value.to_string().into();
                }
            }
        }
        event
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "below a file",
            setup: self.setup(Path::new("/proc/version/events")),
            kind: ErrorKind::Settings,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        self
    }
}

impl Lifeline for Folder {
    fn cut(&mut self) -> Result<()> {
        fs::rename(&self.path, &self.aside)?;
        // a folder that is only missing would be made
        Ok(fs::write(&self.path, "no folder")?)
    }

    fn mend(&mut self) -> Result<()> {
        fs::remove_file(&self.path)?;
        Ok(fs::rename(&self.aside, &self.path)?)
    }
}
