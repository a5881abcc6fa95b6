//! `cargo xtask docs`: pages that are written from the program itself.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};
use flagstaff_definition::diagnostic::{Code, Severity};
use flagstaff_telemetry::metrics::{FAMILIES, FamilyKind, MAX_HOSTS};

use crate::metadata::cargo;

mod schema;
mod setting;
mod settings;

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Writes nothing, and fails when a page is stale
    #[arg(long)]
    check: bool,
}

/// The commands whose help makes up the page of the command line.
const COMMANDS: &[&str] = &[
    "",
    "relay",
    "evaluate",
    "lint",
    "check sources",
    "check exporters",
    "check notifiers",
    "key new",
    "completions",
];

/// Writes the pages, or says which are stale.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let settings = setting::read()?;
    let pages = [
        ("docs/diagnostics.md", diagnostics()?),
        ("docs/cli.md", command_line()?),
        ("docs/settings.md", settings::page(&settings)?),
        ("docs/configuration.schema.json", schema::schema(&settings)?),
        ("docs/openapi.json", example("openapi")?),
        ("docs/metrics.md", metrics()?),
    ];
    let mut fresh = true;
    for (path, text) in pages {
        if fs::read_to_string(path).is_ok_and(|known| known == text) {
            continue;
        }
        if arguments.check {
            println!("{path} is stale: run `cargo xtask docs`");
            fresh = false;
        } else {
            fs::write(path, text).with_context(|| format!("cannot write {path}: run from the repository's root"))?;
            println!("{path} written");
        }
    }
    Ok(fresh)
}

/// Every code with its explanation.
fn diagnostics() -> anyhow::Result<String> {
    let mut page = String::from(
        "<!-- Written by `cargo xtask docs`; edit crates/definition/src/diagnostic/codes.rs instead. -->\n\
         # Findings about flag files\n\n\
         `flagstaff lint` reports them, and the relay logs them when it loads a file. An **error** keeps the flag (or, where it is \
         about the document, every flag) on its last good version. A **warning** loads, but probably does not do what was meant. \
         An **info** is an answer that differs from GO Feature Flag's on purpose.\n\n\
         | Code | Severity |\n|---|---|\n",
    );
    for code in Code::ALL {
        let name = code.name();
        writeln!(page, "| [`{name}`](#{name}) | {} |", severity(code.severity()))?;
    }
    for code in Code::ALL {
        writeln!(page, "\n## {}\n\n*{}*\n", code.name(), severity(code.severity()))?;
        let lines = code
            .explanation()
            .trim()
            .lines()
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        for line in lines {
            // An example and its cure are paragraphs of their own.
            let breaks = line.starts_with("Mend:") && !page.ends_with("\n\n");
            writeln!(page, "{}{}", if breaks { "\n" } else { "" }, line.trim_end())?;
        }
    }
    Ok(page)
}

/// Every metric.
fn metrics() -> anyhow::Result<String> {
    let mut page = format!(
        "<!-- Written by `cargo xtask docs`; edit crates/telemetry/src/metrics/families.rs instead. -->\n\
         # Metrics\n\n\
         `GET /metrics` answers in Prometheus' text format. Names, types and labels that begin with `gofeatureflag_` and `process_` \
         are GO Feature Flag's; what it does not have begins with `flagstaff_`.\n\n\
         Callers cannot make it grow without end: a flag in no flag set counts as `unknown`, hosts after the first {MAX_HOSTS} as \
         `other`, methods of nobody's standard as `other`, and `url` is the route, or `/*` of its group where there is none. \
         `retriever` is the place in the list of retrievers, from 0. Families with labels appear with their first sample.\n\n\
         | Name | Type | Labels | Counts |\n|---|---|---|---|\n",
    );
    for family in FAMILIES {
        let kind = match family.kind {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram(_) => "histogram",
        };
        writeln!(
            page,
            "| `{}` | {kind} | {} | {} |",
            family.name,
            family.labels.join(", "),
            family.help
        )?;
    }
    Ok(page)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The help of every command, as the program prints it.
fn command_line() -> anyhow::Result<String> {
    cargo(&["build", "--quiet", "--package", "flagstaff", "--locked"])?;
    let mut page = String::from(
        "<!-- Written by `cargo xtask docs`; edit crates/flagstaff/src/command.rs instead. -->\n# Command line\n",
    );
    for command in COMMANDS {
        let name = format!("flagstaff {command}").trim_end().to_owned();
        write!(page, "\n## {name}\n\n```text\n{}\n```\n", help(command)?.trim_end())?;
    }
    Ok(page)
}

/// What an example of the relay prints, with everything built in.
fn example(name: &str) -> anyhow::Result<String> {
    cargo(&[
        "run",
        "--quiet",
        "--package",
        "flagstaff-relay",
        "--features",
        "full",
        "--example",
        name,
        "--locked",
    ])
}

fn help(command: &str) -> anyhow::Result<String> {
    let mut arguments = vec!["run", "--quiet", "--package", "flagstaff", "--locked", "--"];
    arguments.extend(command.split_whitespace());
    arguments.push("--help");
    let output = Command::new("cargo")
        .args(&arguments)
        .env_remove("COLUMNS")
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
}
