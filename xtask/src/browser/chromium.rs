//! Chromium without a window, driven over its developer tools.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use data_encoding::BASE64;
use flagstaff_testkit::process::Process;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// How long the browser may take to start, or to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser. Ends when it is dropped.
pub(super) struct Chromium {
    process: Process,
    socket: WebSocket<TcpStream>,
    calls: u64,
    complaints: Vec<String>,
}

/// A page of a browser.
pub(super) struct Tab<'c> {
    chromium: &'c mut Chromium,
    session: String,
}

impl Chromium {
    /// Starts a browser with a profile of its own.
    pub(super) fn start(profile: &Path) -> Result<Self> {
        let mut command = Command::new("chromium");
        command
            // it shows nothing but pages of ours, and its sandbox does not work for root
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args([
                "--no-first-run",
                "--disable-background-networking",
                "--window-size=1200,900",
            ])
            .args(["--remote-debugging-port=0", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.display()));
        let mut process = Process::start("chromium", command, profile.with_extension("log"))
            .context("the pages are NOT CHECKED: install chromium (Debian package chromium)")?;
        let (port, path) = developer_tools(&mut process, &profile.join("DevToolsActivePort"))?;
        let stream = TcpStream::connect(("127.0.0.1", port)).context("cannot reach the developer tools")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}{path}"), stream)
            .map_err(|error| io::Error::other(error.to_string()))
            .context("the developer tools refuse")?;
        Ok(Self {
            process,
            socket,
            calls: 0,
            complaints: Vec::new(),
        })
    }

    /// Opens an empty page in a context of its own, without cookies or passwords of others.
    pub(super) fn tab(&mut self) -> Result<Tab<'_>> {
        let context = self.call("Target.createBrowserContext", &json!({}), None)?;
        let page = json!({"url": "about:blank", "browserContextId": context["browserContextId"]});
        let page = self.call("Target.createTarget", &page, None)?;
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", &attach, None)?;
        let session = attached["sessionId"]
            .as_str()
            .context("there is no session")?
            .to_owned();
        let mut tab = Tab {
            chromium: self,
            session,
        };
        for domain in ["Page", "DOM", "Log", "Runtime", "Network"] {
            tab.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(tab)
    }

    /// Errors of scripts, and whatever pages were not allowed to do.
    pub(super) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Calls a method and waits for its answer; what happens meanwhile is noted.
    fn call(&mut self, method: &str, parameters: &Value, session: Option<&str>) -> Result<Value> {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        self.socket.send(Message::text(call.to_string()))?;
        loop {
            let message = self
                .socket
                .read()
                .with_context(|| format!("{method} is not answered:\n{}", self.process.log()))?;
            let Message::Text(text) = message else { continue };
            let mut message: Value = serde_json::from_str(&text)?;
            if message["id"] == self.calls {
                ensure!(message["error"].is_null(), "{method} fails: {}", message["error"]);
                return Ok(message["result"].take());
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let event = &message["params"];
        match message["method"].as_str() {
            Some("Log.entryAdded") if event["entry"]["level"] == "error" => {
                self.complaints.push(event["entry"]["text"].to_string());
            }
            Some("Runtime.exceptionThrown") => self.complaints.push(event["exceptionDetails"].to_string()),
            _ => {}
        }
    }
}

impl Tab<'_> {
    /// Calls a method of the developer tools for this page.
    pub(super) fn call(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.chromium.call(method, parameters, Some(&self.session))
    }

    /// Goes to an address.
    pub(super) fn open(&mut self, address: &str) -> Result<()> {
        let went = self.call("Page.navigate", &json!({"url": address}))?;
        ensure!(went["errorText"].is_null(), "{address}: {}", went["errorText"]);
        Ok(())
    }

    /// The page as it is now, as HTML.
    pub(super) fn page(&mut self) -> Result<String> {
        let document = self.call("DOM.getDocument", &json!({"depth": 0}))?;
        let node = json!({"nodeId": document["root"]["nodeId"]});
        // between two pages there may be none
        let html = self.call("DOM.getOuterHTML", &node);
        Ok(html
            .map(|html| html["outerHTML"].as_str().unwrap_or_default().to_owned())
            .unwrap_or_default())
    }

    /// Keeps a picture of the whole page.
    pub(super) fn screenshot(&mut self, path: &Path) -> Result<()> {
        let metrics = self.call("Page.getLayoutMetrics", &json!({}))?;
        let size = &metrics["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let options = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.call("Page.captureScreenshot", &options)?;
        let picture = BASE64.decode(picture["data"].as_str().unwrap_or_default().as_bytes())?;
        fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Where the developer tools listen: the browser writes port and path into a file.
fn developer_tools(process: &mut Process, file: &Path) -> Result<(u16, String)> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some((port, path)) = text.trim().split_once('\n') {
            return Ok((port.parse()?, path.to_owned()));
        }
        let ended = process.ended()?.is_some();
        ensure!(
            !ended && Instant::now() < deadline,
            "chromium does not start:\n{}",
            process.log()
        );
        thread::sleep(Duration::from_millis(50));
    }
}
