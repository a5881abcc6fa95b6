//! `flagstaff lint`: everything that is wrong in a flag file, with its place.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use flagstaff_definition::diagnostic::Severity;
use flagstaff_definition::format::Format;

use crate::command::{LintArguments, Output};
use crate::flag_file::{FlagFile, now};
use crate::report;

/// Where a flag file is looked for when none is named.
const FOLDERS: &[&str] = &["./", "/goff/", "/etc/opt/goff/"];

/// The extensions that are tried in each folder.
const EXTENSIONS: &[&str] = &["yaml", "toml", "json", "yml"];

/// Examines a file and reports; a failure when it has errors.
pub(crate) fn run(arguments: &LintArguments) -> anyhow::Result<ExitCode> {
    match examine(arguments) {
        Err(error) if arguments.output == Output::Goff => {
            report::goff::write_failure(&mut io::stderr(), &error)?;
            Ok(ExitCode::FAILURE)
        }
        done => done,
    }
}

fn examine(arguments: &LintArguments) -> anyhow::Result<ExitCode> {
    let (path, format) = locate(arguments)?;
    let name = path.display().to_string();
    let bytes = fs::read(&path).with_context(|| format!("{name}: cannot be read"))?;
    let file = FlagFile::read(&name, &bytes, Format::from_setting(&format), now());
    let mut out = anstream::stdout().lock();
    match arguments.output {
        Output::Text => report::text::write(&mut out, &file)?,
        Output::Json => report::json::write(&mut out, &file)?,
        Output::Sarif => report::sarif::write(&mut out, &file)?,
        Output::Goff => report::goff::write(&mut out, &mut io::stderr(), &file, &format)?,
    }
    out.flush()?;
    Ok(if file.count(Severity::Error) > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The file to examine and the name of its format.
fn locate(arguments: &LintArguments) -> anyhow::Result<(PathBuf, String)> {
    let Some(path) = &arguments.file else {
        let candidates = FOLDERS
            .iter()
            .flat_map(|folder| EXTENSIONS.iter().map(move |extension| (folder, extension)));
        for (folder, extension) in candidates {
            let path = Path::new(folder).join(format!("flags.goff.{extension}"));
            if path.is_file() {
                return Ok((path, (*extension).to_owned()));
            }
        }
        bail!(
            "impossible to find config file in the default locations [{}]",
            FOLDERS.join(",")
        );
    };
    if !path.exists() {
        bail!("impossible to find config file {}", path.display());
    }
    Ok((path.clone(), arguments.format.clone()))
}
