//! `cargo xtask browser`: the pages that people look at, in a real browser, with and without scripts.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::process::Process;
use flagstaff_testkit::relay::Workspace;
use serde_json::json;

use crate::build::debug_program;

mod chromium;

use chromium::{Chromium, Tab};

/// How long a page may take to show something. One without scripts loads itself again every ten seconds.
const PATIENCE: Duration = Duration::from_secs(30);

const CONFIGURATION: &str = "goff-proxy.yaml";

const FLAGS: &str = "\
new-checkout: {variations: {on: true, off: false}, defaultRule: {variation: on}}
banner: {variations: {calm: navy, loud: coral}, defaultRule: {variation: calm}}
";

/// The same, and one of them names a variation that there is not.
const REFUSED: &str = "\
new-checkout: {variations: {on: true, off: false}, defaultRule: {variation: on}}
banner: {variations: {calm: navy, loud: coral}, defaultRule: {variation: green}}
";

/// What the page says about [`REFUSED`].
const COMPLAINT: &str = "checkout.yaml:2:74";

/// Looks at the operator's page and at the API's, and keeps screenshots beside the built program.
pub(crate) fn run() -> Result<bool> {
    let program = debug_program("flagstaff")?;
    let folder = program.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    let screenshots = folder.join("browser");
    fs::create_dir_all(&screenshots).with_context(|| format!("cannot make {}", screenshots.display()))?;
    let relay = Relay::start(&program)?;
    let mut chromium = Chromium::start(&relay.workspace.path("profile"))?;

    operator_with_scripts(&relay, chromium.tab()?, &screenshots.join("operator.png"))?;
    operator_without_scripts(
        &relay,
        chromium.tab()?,
        &screenshots.join("operator-without-scripts.png"),
    )?;
    api(&relay, chromium.tab()?, &screenshots.join("api.png"))?;

    for complaint in chromium.complaints() {
        println!("the browser complains: {complaint}");
    }
    println!("3 pages, screenshots in {}", screenshots.display());
    Ok(chromium.complaints().is_empty())
}

/// What is edited while somebody looks is shown, and nothing is loaded again for it.
fn operator_with_scripts(relay: &Relay, mut tab: Tab<'_>, screenshot: &Path) -> Result<()> {
    relay.workspace.write("checkout.yaml", FLAGS)?;
    tab.call(
        "Network.setExtraHTTPHeaders",
        &json!({"headers": {"X-API-Key": "admin-secret"}}),
    )?;
    tab.open(&format!("{}/", relay.monitoring()))?;
    wait(&mut tab, "the page of an administrator", |page| {
        page.contains("on-call") && page.contains(">Live<") && !page.contains(COMPLAINT)
    })?;
    tab.call(
        "Runtime.evaluate",
        &json!({"expression": "document.documentElement.lang = 'loaded-once'"}),
    )?;
    relay.workspace.write("checkout.yaml", REFUSED)?;
    wait(&mut tab, "a flag that was refused", |page| page.contains(COMPLAINT))?;
    let page = tab.page()?;
    ensure!(
        page.contains("loaded-once"),
        "the page was loaded again: it is not live"
    );
    ensure!(!page.contains("-secret"), "the page shows a key:\n{page}");
    let configuration = relay.workspace.path(CONFIGURATION);
    let good = fs::read_to_string(&configuration)?;
    relay
        .workspace
        .write(CONFIGURATION, &format!("{good}logLevel: chatty\n"))?;
    wait(&mut tab, "an edit that is not in effect", |page| {
        page.contains("goff-proxy.yaml:8:11")
    })?;
    tab.screenshot(screenshot)?;
    relay.workspace.write(CONFIGURATION, &good)?;
    wait(&mut tab, "that the edit was mended", |page| {
        !page.contains("not in effect")
    })
}

/// Everything is there without scripts, and loaded again now and then.
fn operator_without_scripts(relay: &Relay, mut tab: Tab<'_>, screenshot: &Path) -> Result<()> {
    relay.workspace.write("checkout.yaml", FLAGS)?;
    tab.call("Emulation.setScriptExecutionDisabled", &json!({"value": true}))?;
    tab.open(&format!("{}/", relay.monitoring()))?;
    let refused = "<b>1</b><span>flags refused as written</span>";
    wait(&mut tab, "the page of anybody", |page| {
        page.contains("checkout") && !page.contains(refused) && !page.contains("on-call")
    })?;
    ensure!(!tab.page()?.contains(">Live<"), "scripts ran");
    relay.workspace.write("checkout.yaml", REFUSED)?;
    wait(&mut tab, "a flag that was refused", |page| page.contains(refused))?;
    tab.screenshot(screenshot)
}

/// The page that tries the API is drawn from the document.
fn api(relay: &Relay, mut tab: Tab<'_>, screenshot: &Path) -> Result<()> {
    tab.open(&format!("{}/swagger/", relay.api()))?;
    wait(&mut tab, "the operations of the API", |page| {
        // the library breaks lines within a path
        page.replace('\u{200b}', "").contains("/v1/data/collector") && page.contains("Evaluates a flag")
    })?;
    tab.screenshot(screenshot)
}

/// Waits until a page shows something.
fn wait(tab: &mut Tab<'_>, what: &str, shows: impl Fn(&str) -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let page = tab.page()?;
        if shows(&page) {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("{what} is not shown:\n{page}");
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// A relay with something to show.
struct Relay {
    process: Process,
    workspace: Workspace,
    monitoring: u16,
}

impl Relay {
    fn start(program: &Path) -> Result<Self> {
        let workspace = Workspace::new().context("cannot make a temporary folder")?;
        let monitoring = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let port = workspace.port();
        let configuration = format!(
            "server: {{host: 127.0.0.1, port: {port}, monitoringPort: {monitoring}}}\n\
             swagger: {{enabled: true, host: 127.0.0.1}}\n\
             pollingInterval: 1000\n\
             authorizedKeys: {{admin: [{{key: admin-secret, name: on-call}}]}}\n\
             flagSets:\n\
             \x20 - {{name: checkout, apiKeys: [{{key: web-secret, name: web-shop, scope: client}}], \
             retriever: {{kind: file, path: checkout.yaml}}}}\n\
             \x20 - {{name: search, apiKeys: [search-secret], retriever: {{kind: file, path: search.yaml}}}}\n"
        );
        workspace.write(CONFIGURATION, &configuration)?;
        workspace.write("checkout.yaml", FLAGS)?;
        workspace.write("search.yaml", FLAGS)?;
        let mut command = Command::new(program);
        command
            .args(["relay", "--config", CONFIGURATION])
            .current_dir(workspace.path(""))
            .env_clear();
        let process = Process::start("the relay", command, workspace.path("log"))?;
        let mut relay = Self {
            process,
            workspace,
            monitoring,
        };
        relay.wait_until_healthy()?;
        Ok(relay)
    }

    fn wait_until_healthy(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let address = (Ipv4Addr::LOCALHOST, self.monitoring).into();
        loop {
            let answer = Connection::open(address).and_then(|mut connection| connection.send(&Request::get("/health")));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            let ended = self.process.ended()?.is_some();
            ensure!(
                !ended && Instant::now() < deadline,
                "the relay does not serve:\n{}",
                self.process.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.workspace.port())
    }

    fn monitoring(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitoring)
    }
}
