//! `flagstaff lint`: everything that is wrong in flag files, with its place.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use flagstaff_definition::diagnostic::{Code, Severity};
use flagstaff_definition::format::Format;
use flagstaff_flagset::{Options, Survey};

use crate::command::{LintArguments, Output};
use crate::flag_file::{FlagFile, now};
use crate::{flag_source, report};

/// Where a flag file is looked for when none is named.
const FOLDERS: &[&str] = &["./", "/goff/", "/etc/opt/goff/"];

/// The extensions that are tried in each folder.
const EXTENSIONS: &[&str] = &["yaml", "toml", "json", "yml"];

/// Examines flags and reports; a failure when they have errors.
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
    let sets = match (flag_source::of_relay(&arguments.relay)?, &arguments.kind) {
        (Some(sets), _) => sets,
        (None, Some(kind)) => {
            let mut options = flag_source::typed_options(&arguments.option)?;
            options.insert("kind".to_owned(), kind.as_str().into());
            vec![flag_source::of_options(
                &options,
                Format::from_setting(&arguments.format),
            )?]
        }
        (None, None) => {
            let (path, format) = locate(arguments)?;
            let name = path.display().to_string();
            let bytes = fs::read(&path).with_context(|| format!("{name}: cannot be read"))?;
            let file = FlagFile::read(&name, &bytes, Format::from_setting(&format), now());
            return print(arguments.output, &format, &[file], None);
        }
    };
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for set in sets {
        fetch(set, &mut files, &mut failures)?;
    }
    print(arguments.output, &arguments.format, &files, Some(&failures))
}

/// Reads every document of a set, and says of which sources there is none.
fn fetch(set: Options, files: &mut Vec<FlagFile>, failures: &mut Vec<String>) -> anyhow::Result<()> {
    let first = files.len();
    let Survey { status, sources, .. } = flag_source::survey(set)?;
    for (source, known) in sources.iter().zip(&status.sources) {
        let read = source
            .files
            .iter()
            .map(|file| FlagFile::read(&file.name, &file.bytes, file.format, now()));
        files.extend(read);
        if let (Some(_), Some(failure)) = (source.failure, &known.failure) {
            failures.push(format!("{}: {failure}", known.label));
        }
    }
    let between = |code| matches!(code, Code::OverriddenFlag | Code::RefusedFlag);
    let found = status.findings.iter().flat_map(|flag| &flag.diagnostics);
    for found in found.filter(|found| between(found.code)) {
        let file = files[first..]
            .iter_mut()
            .find(|file| Some(&file.name) == found.file.as_ref());
        if let Some(file) = file {
            file.add(found.clone());
        }
    }
    Ok(())
}

/// Prints what was found; `failures` where several files may have been meant.
fn print(output: Output, format: &str, files: &[FlagFile], failures: Option<&[String]>) -> anyhow::Result<ExitCode> {
    let mut out = anstream::stdout().lock();
    match output {
        Output::Text => files.iter().try_for_each(|file| report::text::write(&mut out, file))?,
        Output::Json => report::json::write(&mut out, files, failures)?,
        Output::Sarif => report::sarif::write(&mut out, files)?,
        Output::Goff => files
            .iter()
            .try_for_each(|file| report::goff::write(&mut out, &mut io::stderr(), file, format))?,
    }
    out.flush()?;
    let failures = failures.unwrap_or_default();
    for failure in failures {
        eprintln!("error: {failure}");
    }
    let is_good = failures.is_empty() && files.iter().all(|file| file.count(Severity::Error) == 0);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
