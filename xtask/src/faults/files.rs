//! What people and tools do to a flag file.

use std::fs::{self, File};
use std::io;
use std::time::Duration;

use anyhow::{Context, Result};
use flagstaff_testkit::relay::Workspace;

use super::case::{Case, Findings, Stage};
use super::flags;
use super::load::Load;
use super::relay::FLAG_FILE;

/// How long a change of the file may take. A file is left to settle for a second, and polled once in a second.
const RECOVERY: Duration = Duration::from_secs(10);

/// Answers before, in the middle of and after a fault.
const ANSWERS: u64 = 500;

/// What reading a file again may take.
const ALLOWANCE: u64 = 24 << 20;

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
logLevel: warn
pollingInterval: 1000
retriever: {kind: file, path: flags.yaml}
";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "file-broken-edit",
        promise: "no request fails, the last good flags stay, the log names line and column; the next good edit counts",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            survive(
                stage,
                findings,
                r#""file":"flags.yaml","line":3,"column":"#,
                |workspace| {
                    let broken = format!("{}: [\n{}", flags::EDITED, flags::file("broken"));
                    workspace.write(FLAG_FILE, &broken)
                },
            )
        },
    },
    Case {
        name: "file-truncated",
        promise: "the same for a file that ends inside of a flag",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            survive(stage, findings, "truncated-document", |workspace| {
                let whole = flags::file("truncated");
                let end = whole.find("steady-050:").unwrap_or_default() + "steady-050:\n  variations:\n    ri".len();
                File::options()
                    .write(true)
                    .open(workspace.path(FLAG_FILE))?
                    .set_len(end as u64)
            })
        },
    },
    Case {
        name: "file-empty",
        promise: "the same for a file without a byte",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            survive(stage, findings, "empty-document", |workspace| {
                fs::write(workspace.path(FLAG_FILE), "")
            })
        },
    },
    Case {
        name: "file-removed",
        promise: "the same for a file that is gone",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            survive(stage, findings, "no such file", |workspace| {
                fs::remove_file(workspace.path(FLAG_FILE))
            })
        },
    },
];

/// A relay lives through a damage of its file, which it complains about with a text.
fn survive(
    stage: &Stage,
    findings: &mut Findings,
    complaint: &str,
    damage: fn(&Workspace) -> io::Result<()>,
) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    damage(relay.workspace()).context("the flag file cannot be damaged")?;
    relay.wait_for_log(complaint, RECOVERY)?;
    load.wait_for(ANSWERS)?;
    let served = relay.edition();
    findings.check(served.as_ref().is_some_and(|value| value == "before"), || {
        format!("serves {served:?} while the file is damaged")
    });
    relay.workspace().write(FLAG_FILE, &flags::file("after"))?;
    findings.recovered(relay.time_to_edition("after", RECOVERY), RECOVERY)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}
