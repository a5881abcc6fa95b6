//! `cargo xtask clients`: published providers of OpenFeature, installed as their users install them, against the relay.
//!
//! The web provider for OFREP is told by the relay's event stream when to fetch again, and by nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::process::Process;
use flagstaff_testkit::relay::Workspace;

use crate::build::debug_program;

/// How long a start or a change may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is installed, with exact versions.
const PACKAGE: &str = include_str!("clients/package.json");

/// A page that shows a flag.
const PAGE: &str = include_str!("clients/ofrep-web.mjs");

/// A way to reach the relay.
struct Case {
    title: &'static str,
    /// What is configured besides.
    settings: &'static str,
    /// Whether the relay is told where clients reach it.
    public: bool,
    key: Option<&'static str>,
}

const CASES: &[Case] = &[
    Case {
        title: "without keys",
        settings: "",
        public: false,
        key: None,
    },
    Case {
        title: "with the key of a browser",
        settings: "authorizedKeys: {evaluation: [{key: web-secret, scope: client}, back-secret]}\n",
        public: false,
        key: Some("web-secret"),
    },
    Case {
        title: "under a public URL",
        settings: "authorizedKeys: {evaluation: [web-secret]}\n",
        public: true,
        key: Some("web-secret"),
    },
];

/// Installs the providers beside the built program, and has them follow changes; `false` when one missed something.
pub(crate) fn run() -> Result<bool> {
    let program = debug_program("flagstaff")?;
    let folder = program.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    let installed = folder.join("clients");
    install(&installed)?;
    let mut missed = 0;
    for case in CASES {
        match case.check(&program, &installed) {
            Ok(()) => println!("ok      OFREP web provider {}", case.title),
            Err(error) => {
                println!("MISSED  OFREP web provider {}: {error:#}", case.title);
                missed += 1;
            }
        }
    }
    println!("{} passed, {missed} failed", CASES.len() - missed);
    Ok(missed == 0)
}

/// Installs the packages, unless just these are there already.
fn install(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("ofrep-web.mjs"), PAGE)?;
    let (package, complete) = (folder.join("package.json"), folder.join("complete.json"));
    if fs::read_to_string(&complete).is_ok_and(|installed| installed == PACKAGE) {
        return Ok(());
    }
    fs::write(package, PACKAGE)?;
    let missing =
        "the clients are NOT CHECKED: their packages cannot be installed (Debian packages nodejs and npm, Node 20)";
    let status = Command::new("npm")
        .args([
            "install",
            "--no-package-lock",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .args(["--engine-strict", "--loglevel=error"])
        .current_dir(folder)
        .status()
        .context(missing)?;
    ensure!(status.success(), missing);
    fs::write(complete, PACKAGE)?;
    Ok(())
}

impl Case {
    /// A page is told of two edits of a flag, and of one that was made while the relay was away.
    fn check(&self, program: &Path, installed: &Path) -> Result<()> {
        let workspace = Workspace::new().context("cannot make a temporary folder")?;
        let port = workspace.port();
        workspace.write("goff-proxy.yaml", &self.configuration(port))?;
        let edit = |value: &str| {
            let flag = format!("banner: {{variations: {{shown: {value}}}, defaultRule: {{variation: shown}}}}\n");
            workspace.write("flags.yaml", &flag)
        };
        edit("first")?;
        let relay = serve(program, &workspace)?;
        let mut command = Command::new("node");
        command
            .args(["ofrep-web.mjs", &format!("http://127.0.0.1:{port}")])
            .args(self.key)
            .current_dir(installed);
        let mut page = Process::start("the page", command, workspace.path("page.log"))?;
        shows(&mut page, "begins with first")?;
        edit("second")?;
        shows(&mut page, "changes to second")?;
        edit("third")?;
        shows(&mut page, "changes to third")?;
        drop(relay);
        edit("fourth")?;
        let _relay = serve(program, &workspace)?;
        shows(&mut page, "changes to fourth")
    }

    fn configuration(&self, port: u16) -> String {
        let public_url = if self.public {
            format!("publicUrl: 'http://localhost:{port}'")
        } else {
            String::new()
        };
        format!(
            "server: {{host: 127.0.0.1, port: {port}, {public_url}}}\n\
             ofrep: {{dialect: standard, tokenSecret: of-all-replicas}}\n\
             streams: {{retry: 1s}}\n\
             retriever: {{kind: file, path: flags.yaml}}\n{}",
            self.settings
        )
    }
}

/// Starts a relay and waits until it serves.
fn serve(program: &Path, workspace: &Workspace) -> Result<Process> {
    let mut command = Command::new(program);
    command
        .args(["relay", "--config", "goff-proxy.yaml"])
        .current_dir(workspace.path(""))
        .env_clear();
    let mut relay = Process::start("the relay", command, workspace.path("relay.log"))?;
    wait(&mut relay, "does not serve", |_| {
        let connection = Connection::open(workspace.address());
        let answer = connection.and_then(|mut connection| connection.send(&Request::get("/health")));
        answer.is_ok_and(|answer| answer.status == 200)
    })?;
    Ok(relay)
}

/// Waits until a page shows a line.
fn shows(page: &mut Process, line: &str) -> Result<()> {
    let problem = format!("does not show {line:?}");
    wait(page, &problem, |page| page.log().lines().any(|shown| shown == line))
}

fn wait(process: &mut Process, problem: &str, holds: impl Fn(&Process) -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !holds(process) {
        let is_hopeful = process.ended()?.is_none() && Instant::now() < deadline;
        ensure!(is_hopeful, "{} {problem}:\n{}", process.name(), process.log());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
